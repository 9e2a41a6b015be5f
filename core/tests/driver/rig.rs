//! A port, and the module's end of its line.

use telit_core::at::{CommandLine, Effect, Exchange, Expect, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DataStream, DriverOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) fn start() -> (AtPort, DuplexStream) {
    let (host, module) = tokio::io::duplex(64 * 1024);
    (AtPort::start(host, DriverOptions::default()), module)
}

/// The module gets exactly these bytes next.
pub(crate) async fn expect(module: &mut DuplexStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    module.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(bytes));
}

/// The next command that the module gets, without its carriage return; `None` when the port is closed.
pub(crate) async fn next_command(module: &mut DuplexStream) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match module.read_u8().await.ok()? {
            b'\r' => return Some(String::from_utf8(line).unwrap()),
            byte => line.push(byte),
        }
    }
}

pub(crate) async fn send(module: &mut DuplexStream, text: &str) {
    module.write_all(text.as_bytes()).await.unwrap();
}

pub(crate) fn read(name: &'static str) -> Exchange {
    Exchange::new(CommandLine::read(name), Expect::lines(name)).effect(Effect::Query)
}

pub(crate) fn dial(ending: StreamEnding) -> Exchange {
    stream("#SSLO", ending)
}

pub(crate) fn stream(name: &'static str, ending: StreamEnding) -> Exchange {
    Exchange::new(CommandLine::execute(name), Expect::stream(ending))
}

/// Opens a stream.
pub(crate) async fn online(port: &AtPort, module: &mut DuplexStream, ending: StreamEnding) -> DataStream {
    let opening = tokio::spawn({
        let port = port.clone();
        async move { port.open_stream(dial(ending)).await }
    });
    expect(module, b"AT#SSLO\r").await;
    send(module, "\r\nCONNECT\r\n").await;
    opening.await.unwrap().unwrap()
}
