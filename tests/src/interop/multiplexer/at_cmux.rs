//! The crate `at-cmux`: written for embedded devices that use modules of other makers.

use std::io;
use std::time::Duration;

use ::at_cmux::{Channel, Mux, Runner};
use embedded_io_async::{ErrorType, Read, Write};
use telit_simulator::peers::{Peers, pattern};
use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

/// Channels, and how much each of them holds at the host.
const CHANNELS: usize = 3;
const HELD: usize = 2048;

type Line<'mux> = Runner<'mux, CHANNELS, HELD>;

/// The host's end of the serial line, as the crate wants it.
struct Receiver(BufReader<ReadHalf<DuplexStream>>);
struct Sender(WriteHalf<DuplexStream>);

impl ErrorType for Receiver {
    type Error = io::Error;
}

impl ErrorType for Sender {
    type Error = io::Error;
}

impl Read for Receiver {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl embedded_io_async::BufRead for Receiver {
    async fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf().await
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl Write for Sender {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

fn builder(peers: &Peers) -> Builder {
    VirtualModule::builder(Platform::P37).peers(peers)
}

/// Brings the line into frames of this size and does `work` on the channels.
async fn multiplexed(
    builder: Builder,
    frame_size: usize,
    work: impl AsyncFnOnce([Channel<'_, HELD>; CHANNELS]),
) {
    let module = builder.build().expect("the module starts");
    let (receiver, mut sender) = tokio::io::split(module.attach_duplex());
    let mut receiver = BufReader::new(receiver);
    let command = format!("ATE0\rAT+CMUX=0,0,5,{frame_size}\r");
    sender.write_all(command.as_bytes()).await.expect("the line is there");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\nOK\r\n\r\nOK\r\n") {
        answer.push(receiver.read_u8().await.expect("the line is there"));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut multiplexer = Box::new(Mux::new());
    let (mut line, channels): (Line<'_>, _) = multiplexer.start();
    tokio::select! {
        ended = line.run(Receiver(receiver), Sender(sender), frame_size) => panic!("{ended:?}"),
        () = async { work(opened(channels).await).await } => {}
    }
}

/// Waits until the module has told of all channels. The crate listens to those that were open when it last sent something,
/// so that it has to send something then.
async fn opened(mut channels: [Channel<'_, HELD>; CHANNELS]) -> [Channel<'_, HELD>; CHANNELS] {
    while !channels.iter().all(|channel| channel.get_lines().0.rtc()) {
        tokio::task::yield_now().await;
    }
    let [first, ..] = &mut channels;
    ask(first, "AT", "AT\r\r\nOK\r\n").await;
    channels
}

/// Exactly this comes next.
async fn hear(channel: &mut Channel<'_, HELD>, text: &str) {
    assert_eq!(String::from_utf8_lossy(&listen(channel, text.len()).await), text);
}

async fn listen(channel: &mut Channel<'_, HELD>, count: usize) -> Vec<u8> {
    let mut heard = vec![0; count];
    let read = tokio::time::timeout(Duration::from_secs(600), channel.read_exact(&mut heard)).await;
    read.expect("it comes in time").expect("the channel is open");
    heard
}

async fn say(channel: &mut Channel<'_, HELD>, bytes: &[u8]) {
    channel.write_all(bytes).await.expect("the channel is open");
}

async fn ask(channel: &mut Channel<'_, HELD>, command: &str, answer: &str) {
    say(channel, format!("{command}\r").as_bytes()).await;
    hear(channel, answer).await;
}

/// Echo off, and a connection in data mode.
async fn connect(channel: &mut Channel<'_, HELD>) {
    ask(channel, "ATE0", "ATE0\r\r\nOK\r\n").await;
    ask(channel, "AT+CGDCONT=1,\"IP\",\"a\"", "\r\nOK\r\n").await;
    ask(channel, "AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    let settings = "AT#SKIPESC=1;#SSLEN=1,1;#SSLCFG=1,1,300,90,100,1;#SSLSECCFG=1,0xC02F,0";
    ask(channel, settings, "\r\nOK\r\n").await;
    ask(channel, "AT#SSLD=1,443,\"peer.test\",0,0", "\r\nCONNECT\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn three_channels_are_three_parsers() {
    multiplexed(builder(&Peers::new()), 122, async |[mut first, mut second, mut third]| {
        // All at once, before anybody listens.
        say(&mut first, b"ATE0\r").await;
        say(&mut second, b"AT+CMEE=1;#SSLO=1\r").await;
        say(&mut third, b"AT+CMEE=2;#SSLO=1\r").await;
        hear(&mut third, "AT+CMEE=2;#SSLO=1\r\r\n+CME ERROR: SSL not activated\r\n").await;
        hear(&mut second, "AT+CMEE=1;#SSLO=1\r\r\n+CME ERROR: 1000\r\n").await;
        hear(&mut first, "ATE0\r\r\nOK\r\n").await;
        ask(&mut first, "AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    })
    .await;
}

/// In real time: the crate never rests while it waits for its channels, so that no clock would go on by itself.
#[tokio::test]
async fn data_come_whole_beside_commands_in_frames_of_every_size() {
    for frame_size in [31, 122, 256] {
        let peers = Peers::new();
        peers.source("peer.test", 443, 60_000);
        let paced = builder(&peers).baud(Some(921_600));
        multiplexed(paced, frame_size, async |[mut first, mut second, _third]| {
            ask(&mut second, "ATE0", "ATE0\r\r\nOK\r\n").await;
            connect(&mut first).await;
            let polls = async {
                for _ in 0..50 {
                    ask(&mut second, "AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
                }
            };
            let (data, ()) = tokio::join!(listen(&mut first, 60_000), polls);
            assert!(data == pattern(60_000), "frames of {frame_size}");
        })
        .await;
    }
}

/// The crate stops a channel that is full with MSC, and holds the whole line until there is room.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_loses_nothing() {
    let peers = Peers::new();
    peers.source("peer.test", 443, 50_000);
    multiplexed(builder(&peers), 122, async |[mut first, ..]| {
        connect(&mut first).await;
        let mut data = Vec::new();
        while data.len() < 50_000 {
            data.extend(listen(&mut first, 500).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(data == pattern(50_000));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn data_go_and_come_back_and_the_host_escapes() {
    let peers = Peers::new();
    peers.echo("peer.test", 443);
    multiplexed(builder(&peers), 122, async |[_first, mut second, _third]| {
        connect(&mut second).await;
        let (mut hears, mut says, _) = second.split();
        let sent = pattern(60_000);
        let sends = async { says.write_all(&sent).await.expect("the channel is open") };
        let mut heard = vec![0; sent.len()];
        let ((), read) = tokio::join!(sends, hears.read_exact(&mut heard));
        read.expect("the channel is open");
        assert!(heard == sent);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        says.write_all(b"+++").await.expect("the channel is open");
        let mut answer = [0; 6];
        hears.read_exact(&mut answer).await.expect("the channel is open");
        assert_eq!(answer, *b"\r\nOK\r\n");
    })
    .await;
}
