//! A module that the test plays.

use std::sync::{Arc, Mutex};

use telit_core::Modem;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_core::tls::{CipherPolicy, TlsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Instead of an unsolicited line: from now on the module says nothing.
pub(crate) const DEAD: &[u8] = b"dead";
/// Instead of an unsolicited line: the module restarts. It echoes, and has no TLS, until it is told otherwise.
pub(crate) const RESTART: &[u8] = b"restart";
/// Instead of an unsolicited line: the port is pulled.
pub(crate) const PULL: &[u8] = b"pull";
pub(crate) const OK: &[u8] = b"\r\nOK\r\n";

/// What the module answers to a line, or to a block of data; `None` is the ordinary answer.
pub(crate) type Answer = fn(&str) -> Option<&'static [u8]>;

/// A module that answers `OK` to everything but what the test is about.
pub(crate) struct Module {
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    pub(crate) modem: Modem,
    pub(crate) urc: tokio::sync::mpsc::UnboundedSender<&'static [u8]>,
}

pub(crate) fn module(answer: Answer) -> Module {
    module_of(PlatformId::P37, answer)
}

pub(crate) fn module_of(platform: PlatformId, answer: Answer) -> Module {
    let (host, port) = duplex(1 << 20);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(play(port, answer, Arc::clone(&lines), urcs));
    let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
    Module { lines, modem: Modem::from_channel(channel, profile(platform)), urc }
}

/// A module whose health the sockets follow.
pub(crate) async fn watched(answer: Answer) -> Module {
    watched_of(PlatformId::P37, answer).await
}

pub(crate) async fn watched_of(platform: PlatformId, answer: Answer) -> Module {
    let (host, port) = duplex(1 << 20);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(play(port, answer, Arc::clone(&lines), urcs));
    let modem = Modem::builder().platform(platform).open(host).await.unwrap();
    Module { lines, modem, urc }
}

pub(crate) async fn play(
    mut port: DuplexStream,
    answer: Answer,
    lines: Arc<Mutex<Vec<String>>>,
    mut urcs: tokio::sync::mpsc::UnboundedReceiver<&'static [u8]>,
) {
    let mut received = Vec::new();
    let mut counted: Option<usize> = None;
    let (mut echo, mut restarted) = (false, false);
    loop {
        let byte = tokio::select! {
            byte = port.read_u8() => byte,
            Some(urc) = urcs.recv() => {
                if urc == DEAD {
                    std::future::pending::<()>().await;
                }
                if urc == PULL {
                    return;
                }
                if urc == RESTART {
                    (echo, restarted) = (true, true);
                    continue;
                }
                port.write_all(urc).await.unwrap();
                continue;
            }
        };
        let Ok(byte) = byte else { return };
        received.push(byte);
        let whole = match counted {
            Some(length) => received.len() == length,
            None => byte == b'\r' || byte == 0x1a || received == b"+++",
        };
        if !whole {
            continue;
        }
        let said = String::from_utf8_lossy(&received).trim_end_matches('\r').to_owned();
        let data = counted.take().is_some();
        lines.lock().unwrap().push(said.clone());
        if echo && !data {
            port.write_all(&received).await.unwrap();
        }
        received.clear();
        echo &= !said.starts_with("ATE0");
        restarted &= !said.starts_with("AT#SSLEN=1,1");
        let without_tls = if restarted { after_restart(&said) } else { None };
        let reply = without_tls.or_else(|| answer(&said)).unwrap_or_else(|| ordinary(&said));
        if !data && reply == b"\r\n> " && said.starts_with("AT#SSLSENDEXT") {
            counted = said.split(',').nth(1).and_then(|length| length.parse().ok());
        }
        port.write_all(reply).await.unwrap();
    }
}

/// What a module answers that knows of no connection.
fn after_restart(line: &str) -> Option<&'static [u8]> {
    match line {
        "+++" => Some(b""),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,0\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSL") && line.contains("=1") && !line.ends_with("=?") => {
            (!line.starts_with("AT#SSLEN")).then_some(b"\r\nERROR\r\n")
        }
        _ => None,
    }
}

pub(crate) fn ordinary(line: &str) -> &'static [u8] {
    match line {
        line if line.starts_with("AT#SSLSEND") && !line.ends_with("=?") => b"\r\n> ",
        line if line.starts_with("AT#SSLRECV=1") => b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLS=1") => b"\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLI=1") => b"\r\n#SSLI: 1,0,0,0,0\r\n\r\nOK\r\n",
        "AT+CMEE?" => b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
        "AT+CGMM" => b"\r\nME910C1-WW\r\n\r\nOK\r\n",
        "AT+CGMR" => b"\r\n37.00.000\r\n\r\nOK\r\n",
        "AT#E2ESC?" => b"\r\n#E2ESC: 0\r\n\r\nOK\r\n",
        "ATS12?" => b"\r\n050\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLO=1") => b"\r\nCONNECT\r\n",
        _ => OK,
    }
}

impl Module {
    pub(crate) fn connector(&self) -> TlsConnector {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        TlsConnector::new(&self.modem, tls)
    }

    pub(crate) fn connector_2g(&self) -> TlsConnector {
        let tls = TlsOptions::builder().danger_skip_verification().without_server_name();
        let tls = tls.cipher_policy(CipherPolicy::Compatible).build().unwrap();
        TlsConnector::new(&self.modem, tls)
    }

    pub(crate) async fn connect(&self) -> TlsSocket {
        self.connector().connect("peer.example", 7).await.unwrap()
    }

    /// A restart that somebody else's command shows.
    pub(crate) async fn restart_and_tell(&self) {
        self.urc.send(RESTART).unwrap();
        let told = self.modem.run(telit_core::commands::ReadErrorFormat).await;
        assert_eq!((told, self.modem.health().now().restarts), (Ok(2), 1));
    }

    pub(crate) fn sent(&self, line: &str) -> bool {
        self.count(line) > 0
    }

    /// How often it was sent.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|sent| sent.starts_with(line)).count()
    }
}

pub(crate) fn socket_error(error: std::io::Error) -> SocketError {
    *error.into_inner().unwrap().downcast().unwrap()
}

pub(crate) const ONE_SOCKET: &[u8] = b"\r\n#SSLEN: (1),(0,1)\r\n\r\nOK\r\n";

pub(crate) fn thousand_bytes() -> &'static [u8] {
    Box::leak([&b"\r\n#SSLRECV: 1000\r\n"[..], &[b'x'; 1000], b"\r\n\r\nOK\r\n"].concat().into_boxed_slice())
}
