//! A host that dies leaves the module in the middle of the multiplexer, and the next one finds it there.

use std::time::Duration;

use telit_core::Modem;
use telit_core::channels::{Channels, MultiplexedBuilder};
use telit_core::commands::SignalQuality;
use telit_core::modem::OpenError;
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};

/// More than any opening says.
const ALL: usize = usize::MAX;
/// What [`ModemBuilder::open`](telit_core::modem::ModemBuilder::open) promises.
const PROMISED: Duration = Duration::from_secs(90);
/// Nobody uses a line of this.
const NEVER_CUT: usize = 4096;

/// The module's port, which stays plugged in while one host after the other holds its end.
struct Port {
    _module: VirtualModule,
    plug: DuplexStream,
}

impl Port {
    fn new() -> Self {
        let module = VirtualModule::builder(Platform::P37).build().expect("the module starts");
        Self { plug: module.attach_duplex(), _module: module }
    }

    /// Serves a host until it has gone, or dies with the byte behind so many of its own. Counts these in `said`.
    async fn serve(&mut self, mut host: DuplexStream, most: usize, said: &mut usize) {
        let (mut here, mut there) = ([0; 2048], [0; 2048]);
        while *said < most {
            tokio::select! {
                count = host.read(&mut here) => {
                    let count = count.unwrap_or(0).min(most - *said);
                    if count == 0 {
                        break;
                    }
                    *said += count;
                    self.plug.write_all(&here[..count]).await.expect("the module stays");
                }
                count = self.plug.read(&mut there) => {
                    let count = count.expect("the module stays");
                    if host.write_all(&there[..count]).await.is_err() {
                        break;
                    }
                }
            }
        }
    }

    /// A host that opens several channels, and dies with the byte behind so many of its own.
    async fn dying_while_entering(&mut self, most: usize) {
        let (host, line) = tokio::io::duplex(NEVER_CUT);
        tokio::spawn(entering().open(host));
        self.serve(line, most, &mut 0).await;
    }

    /// What came of a host that lives.
    async fn living<T>(&mut self, life: impl Future<Output = T>, line: DuplexStream) -> T {
        let mut said = 0;
        tokio::pin!(life);
        tokio::select! {
            biased;
            done = &mut life => return done,
            () = self.serve(line, ALL, &mut said) => {}
        }
        life.await
    }

    /// The next host opens the port plainly.
    async fn open(&mut self) -> Result<(Modem, Duration), OpenError> {
        let (host, line) = tokio::io::duplex(NEVER_CUT);
        let life = async {
            let began = Instant::now();
            let modem = timeout(PROMISED, Modem::builder().open(host)).await.expect("it ends")?;
            let took = began.elapsed();
            modem.run(SignalQuality).await.expect("it answers");
            Ok((modem, took))
        };
        self.living(life, line).await
    }

    /// The next host opens several channels again.
    async fn open_channels(&mut self) -> Channels {
        let (host, line) = tokio::io::duplex(NEVER_CUT);
        let life = async {
            let channels =
                timeout(PROMISED, entering().open(host)).await.expect("it ends").expect("it opens");
            for (_, modem) in channels.iter() {
                modem.run(SignalQuality).await.expect("each channel answers");
            }
            channels
        };
        self.living(life, line).await
    }
}

fn entering() -> MultiplexedBuilder {
    Modem::builder().multiplexed().expect("the options are good").channels(2)
}

/// How many bytes a host says until its channels are open.
async fn entry() -> usize {
    let mut port = Port::new();
    let (host, line) = tokio::io::duplex(NEVER_CUT);
    let mut said = 0;
    tokio::select! {
        biased;
        opened = entering().open(host) => drop(opened.expect("it multiplexes")),
        () = port.serve(line, ALL, &mut said) => unreachable!("the host stays"),
    }
    said
}

#[tokio::test(start_paused = true)]
async fn the_plain_opening_takes_a_module_back_that_multiplexes() {
    let mut port = Port::new();
    port.dying_while_entering(entry().await).await;
    let (modem, took) = port.open().await.expect("the module is found");
    assert_eq!(modem.model(), "ME310G1-WW");
    assert!(took > Duration::from_secs(20) && took < Duration::from_secs(26), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_dies_while_it_enters_the_multiplexer_keeps_nobody_from_the_module() {
    for most in 0..=entry().await {
        let mut port = Port::new();
        port.dying_while_entering(most).await;
        if let Err(error) = port.open().await {
            panic!("plainly, behind {most} bytes: {error}");
        }
        let mut port = Port::new();
        port.dying_while_entering(most).await;
        assert_eq!(port.open_channels().await.len(), 2, "behind {most} bytes");
    }
}

/// The module waits for the rest of a frame, and takes for it what the next host says.
#[tokio::test(start_paused = true)]
async fn a_host_that_dies_in_the_middle_of_a_frame_keeps_nobody_from_the_module() {
    let entry = entry().await;
    let head = b"\xf9\x07\xef\x00\x08";
    let frame = [&head[..], &[b'x'; 512]].concat();
    for cut in (1..=head.len()).chain([6, 100, 511, 512, frame.len()]) {
        let mut port = Port::new();
        port.dying_while_entering(entry).await;
        port.plug.write_all(&frame[..cut]).await.expect("the module stays");
        if let Err(error) = port.open().await {
            panic!("plainly, behind {cut} bytes of a frame: {error}");
        }
        let mut port = Port::new();
        port.dying_while_entering(entry).await;
        port.plug.write_all(&frame[..cut]).await.expect("the module stays");
        assert_eq!(port.open_channels().await.len(), 2, "behind {cut} bytes of a frame");
    }
}

/// Where nothing multiplexes the frame comes behind everything else, and changes nothing.
#[tokio::test(start_paused = true)]
async fn a_port_with_nothing_on_it_is_no_module_in_a_time_that_is_bounded() {
    let (host, mut line) = tokio::io::duplex(NEVER_CUT);
    let began = Instant::now();
    let opening = tokio::spawn(Modem::builder().open(host));
    let mut said = Vec::new();
    while !opening.is_finished() && line.read_buf(&mut said).await.expect("it can be read") > 0 {}
    assert_eq!(opening.await.expect("it ends").expect_err("nothing is there"), OpenError::NoModule);
    assert_eq!(began.elapsed().as_millis(), 23_340);
    assert!(said.ends_with(b"\xf9\x03\xef\x05\xc3\x01\xf2\xf9\rAT+CMEE?\r"), "{}", said.escape_ascii());
}
