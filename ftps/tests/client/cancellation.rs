//! Futures that are dropped at any moment: the next operation works, and no file is ever damaged.

use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_ftps::{FtpsClient, TransferMode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{sleep, timeout};

use crate::scripted_module::options;

const STEP: Duration = Duration::from_millis(10);
const OK: &str = "\r\nOK\r\n";
const NOT_CONNECTED: &str = "\r\n+CME ERROR: FTP not connected\r\n";

/// A module with one file behind it, which takes 10 ms for everything.
struct FileModule {
    port: DuplexStream,
    received: Vec<u8>,
    file: Vec<u8>,
    connected: bool,
    restart: usize,
    /// Where the download in command mode is.
    position: Option<usize>,
}

impl FileModule {
    fn start(file: Vec<u8>) -> Modem {
        let (host, port) = duplex(1024 * 1024);
        let module = Self { port, received: Vec::new(), file, connected: false, restart: 0, position: None };
        tokio::spawn(module.run());
        Modem::from_channel(Arc::new(AtPort::start(host, DriverOptions::default())), profile(PlatformId::P37))
    }

    async fn run(mut self) {
        while let Some(line) = self.line().await {
            sleep(STEP).await;
            match line.strip_prefix("AT#FTP") {
                Some(command) if command.starts_with("GET=") && self.connected => self.get().await,
                Some(command) => {
                    let answer = self.answer(command);
                    self.port.write_all(&answer).await.unwrap();
                }
                None if line == "AT+CMEE?" => self.write("\r\n+CMEE: 2\r\n\r\nOK\r\n").await,
                None if line.starts_with("AT") => self.write(OK).await,
                None => self.write("\r\nERROR\r\n").await,
            }
        }
    }

    fn answer(&mut self, command: &str) -> Vec<u8> {
        let (name, value) = command.split_once('=').unwrap_or((command, ""));
        let information = |text: String| format!("\r\n{text}\r\n\r\nOK\r\n").into_bytes();
        match name {
            "CFG" | "CFG?" => {}
            "OPEN" if self.connected => return b"\r\n+CME ERROR: Already connected\r\n".to_vec(),
            "OPEN" => self.connected = true,
            _ if !self.connected => return NOT_CONNECTED.into(),
            "CLOSE" => (self.connected, self.position) = (false, None),
            "FSIZE" => return information(format!("#FTPFSIZE: {}", self.file.len())),
            "REST" => self.restart = value.parse().unwrap(),
            "GETPKT" => self.position = Some(std::mem::take(&mut self.restart)),
            "GETPKT?" => {
                let ended = self.position.is_none_or(|position| position == self.file.len());
                return information(format!("#FTPGETPKT: fw.bin,0,{}", u8::from(ended)));
            }
            "RECV?" => {
                let left = self.position.map_or(0, |position| self.file.len() - position);
                return information(format!("#FTPRECV: {left}"));
            }
            "RECV" => return self.receive(value.parse().unwrap()),
            _ => {}
        }
        OK.into()
    }

    fn receive(&mut self, limit: usize) -> Vec<u8> {
        let Some(position) = self.position else {
            return b"\r\n+CME ERROR: FTP CmdMode data socket closed\r\n".to_vec();
        };
        let end = (position + limit.min(64)).min(self.file.len());
        self.position = Some(end);
        let header = format!("\r\n#FTPRECV: {}\r\n", end - position).into_bytes();
        [&header, &self.file[position..end], b"\r\n\r\nOK\r\n"].concat()
    }

    /// Sends until the end of the file or the escape sequence.
    async fn get(&mut self) {
        let file = self.file[std::mem::take(&mut self.restart)..].to_vec();
        self.write("\r\nCONNECT\r\n").await;
        let mut input = [0; 256];
        for chunk in file.chunks(16) {
            match timeout(STEP, self.port.read(&mut input)).await {
                Err(_) => self.port.write_all(chunk).await.unwrap(),
                Ok(read) => {
                    assert_eq!(&input[..read.unwrap()], b"+++");
                    break;
                }
            }
        }
        self.write("\r\nNO CARRIER\r\n").await;
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\r') {
                let line = String::from_utf8_lossy(&self.received[..end]).into_owned();
                self.received.drain(..=end);
                return Some(line);
            }
            let mut input = [0; 256];
            match self.port.read(&mut input).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.received.extend_from_slice(&input[..count]),
            }
        }
    }

    async fn write(&mut self, text: &str) {
        self.port.write_all(text.as_bytes()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_dropped_at_any_moment_is_resumed_without_damage() {
    // With marks at places where the module could be misunderstood.
    let file: Vec<u8> =
        b"0123456789\r\nNO CARRIER\r\n\r\nOK\r\n+++".iter().copied().cycle().take(900).collect();
    for mode in [TransferMode::Online, TransferMode::Command] {
        let modem = FileModule::start(file.clone());
        let mut client = FtpsClient::connect(&modem, options()).await.unwrap();
        for milliseconds in (1..900).step_by(7) {
            let directory = TempDir::new().unwrap();
            let target = directory.path().join("fw.bin");
            let first = async { client.download_to_file("fw.bin", &target).resume(true).mode(mode).await };
            let finished = timeout(Duration::from_millis(milliseconds), first).await.is_ok();
            assert_eq!(target.exists(), finished, "after {milliseconds} ms");
            let second = client.download_to_file("fw.bin", &target).resume(true).mode(mode).await.unwrap();
            assert_eq!(second.bytes, 900);
            assert_eq!(std::fs::read(&target).unwrap(), file, "dropped after {milliseconds} ms, {mode:?}");
        }
        client.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connect_dropped_at_any_moment_leaves_a_usable_module() {
    let modem = FileModule::start(b"abc".to_vec());
    for milliseconds in (1..900).step_by(13) {
        drop(timeout(Duration::from_millis(milliseconds), FtpsClient::connect(&modem, options())).await);
        let mut client = FtpsClient::connect(&modem, options()).await.unwrap();
        assert_eq!(client.size("fw.bin").await.unwrap(), 3, "dropped after {milliseconds} ms");
        client.close().await.unwrap();
    }
}
