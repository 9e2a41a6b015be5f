//! The host's end of a line.

use std::time::Duration;

use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) fn builder() -> Builder {
    VirtualModule::builder(Platform::P37)
}

/// A module and its first port, echo off, errors as text, the newest style of commands.
pub(crate) async fn start_newest(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start(builder).await;
    port.ok("AT#SELINT=2").await;
    (module, port)
}

/// The context of the Internet. That of an LE866-SV1 is the third: IPE28 p39.
pub(crate) fn internet(platform: Platform) -> u8 {
    if platform == Platform::P23 { 3 } else { 1 }
}

/// Defines the context of the Internet, as IPv4, and activates it.
pub(crate) async fn go_online(port: &mut Port, platform: Platform) {
    let cid = internet(platform);
    port.ok(&format!("AT+CGDCONT={cid},\"IP\",\"a\"")).await;
    port.ask(&format!("AT#SGACT={cid},1"), &format!("\r\n#SGACT: 10.0.0.{cid}\r\n\r\nOK\r\n")).await;
}

pub(crate) struct Port(DuplexStream);

impl Port {
    pub(crate) fn of(module: &VirtualModule) -> Self {
        Self(module.attach_duplex())
    }

    pub(crate) fn into_stream(self) -> DuplexStream {
        self.0
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Exactly these bytes come next.
    #[track_caller]
    pub(crate) fn expect<'port>(&'port mut self, bytes: &'port str) -> impl Future<Output = ()> + 'port {
        let location = std::panic::Location::caller();
        async move {
            let got = self.read(bytes.len()).await;
            assert_eq!(got, bytes, "at {location}");
        }
    }

    /// So many bytes, or what has come before the line fell silent.
    pub(crate) async fn read(&mut self, length: usize) -> String {
        let mut got = Vec::new();
        while got.len() < length {
            let left = u64::try_from(length - got.len()).unwrap();
            let mut limited = (&mut self.0).take(left);
            match tokio::time::timeout(Duration::from_secs(60), limited.read_buf(&mut got)).await {
                Ok(Ok(count)) if count > 0 => {}
                _ => break,
            }
        }
        String::from_utf8_lossy(&got).into_owned()
    }

    /// Nothing comes for this long.
    pub(crate) async fn silent(&mut self, time: Duration) {
        let mut byte = [0];
        let read = tokio::time::timeout(time, self.0.read(&mut byte)).await;
        assert!(read.is_err(), "{read:?} {byte:?}");
    }

    /// Sends a command with the echo off; the answer is exactly this.
    #[track_caller]
    pub(crate) fn ask<'port>(
        &'port mut self,
        command: &'port str,
        answer: &'port str,
    ) -> impl Future<Output = ()> + 'port {
        let location = std::panic::Location::caller();
        async move {
            self.write(format!("{command}\r")).await;
            let got = self.read(answer.len()).await;
            assert_eq!(got, answer, "{command} at {location}");
        }
    }

    /// Sends a command with the echo off; the whole answer, up to its final result.
    pub(crate) async fn answer(&mut self, command: &str) -> String {
        self.write(format!("{command}\r")).await;
        let mut answer = String::new();
        let is_final = |line: &str| matches!(line, "OK" | "ERROR") || line.starts_with("+CME ERROR");
        while !(answer.ends_with("\r\n") && answer.lines().last().is_some_and(is_final)) {
            let more = self.read(1).await;
            assert!(!more.is_empty(), "{command}: no final result in {answer:?}");
            answer.push_str(&more);
        }
        answer
    }

    /// The same with `OK` alone.
    #[track_caller]
    pub(crate) fn ok<'port>(&'port mut self, command: &'port str) -> impl Future<Output = ()> + 'port {
        self.ask(command, "\r\nOK\r\n")
    }

    /// Echo off, errors as text.
    pub(crate) async fn quiet(&mut self) {
        self.write("ATE0\r").await;
        self.expect("ATE0\r\r\nOK\r\n").await;
        self.ok("AT+CMEE=2").await;
    }
}

/// A module and its first port, echo off, errors as text.
pub(crate) async fn start(builder: Builder) -> (VirtualModule, Port) {
    let module = builder.build().unwrap();
    let mut port = Port::of(&module);
    port.quiet().await;
    (module, port)
}
