//! How much of a serial line a download uses: the share of the line's limit, in both transfer modes.
//!
//! The limit is what the line carries: a tenth of its rate in bytes a second (8N1).
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::{Duration, Instant};

use telit_core::Modem;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};

const FILE: &str = "firmware.bin";
/// Seconds that a transfer takes at the limit of the line.
const SECONDS: u32 = 8;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    println!("share of the line's limit, measured from the first byte to the last, and from the request");
    println!(
        "{:>8} {:>8} {:>6} {:>10} {:>9} {:>13}",
        "baud", "mode", "delay", "bytes", "flowing", "from request"
    );
    for baud in [115_200, 921_600] {
        for (name, mode) in [("online", TransferMode::Online), ("command", TransferMode::Command)] {
            for delay in [0, 5, 20] {
                let run = download(&servers, baud, Duration::from_millis(delay), mode).await?;
                let share =
                    |took: Duration| 1000.0 * f64::from(run.bytes) / (took.as_secs_f64() * f64::from(baud));
                let (flowing, whole) = (share(run.flowing), share(run.whole));
                let bytes = run.bytes;
                println!("{baud:>8} {name:>8} {delay:>4}ms {bytes:>10} {flowing:>8.2}% {whole:>12.2}%");
            }
        }
    }
    Ok(())
}

struct Run {
    bytes: u32,
    flowing: Duration,
    whole: Duration,
}

/// Downloads as much as the line carries in [`SECONDS`].
async fn download(
    servers: &TestServers,
    baud: u32,
    latency: Duration,
    mode: TransferMode,
) -> Result<Run, Error> {
    let size = baud / 10 * SECONDS;
    let image: Vec<u8> = (0..size).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    servers.ftps().put_file(FILE, &image)?;
    let module = VirtualModule::builder(Platform::P37)
        .resolve(TestServers::FILES_NAME, 21, servers.ftps().addr())
        .baud(Some(baud))
        .latency(latency)
        .build()?;
    let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await?;
    modem.bring_up().await?;
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).build()?;
    let options =
        FtpsOptions::new(TestServers::FILES_NAME, TestServers::FTP_USER, TestServers::FTP_PASSWORD, tls);
    let mut client = FtpsClient::connect(&modem, options).await?;
    let requested = Instant::now();
    let mut download = client.download(FILE).mode(mode).await?;
    let mut received = 0_usize;
    let (mut flowing, mut last) = (None, requested);
    while let Some(data) = download.next().await {
        let data = data?;
        flowing.get_or_insert_with(Instant::now);
        if image.get(received..received + data.len()) != Some(&data[..]) {
            return Err("the data differ".into());
        }
        received += data.len();
        last = Instant::now();
    }
    let flowing = flowing.map_or(Duration::ZERO, |since| last - since);
    let whole = requested.elapsed();
    if received != image.len() {
        return Err("the data are short".into());
    }
    client.close().await?;
    module.shutdown().await;
    Ok(Run { bytes: size, flowing, whole })
}
