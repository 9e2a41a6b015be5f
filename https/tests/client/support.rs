//! The module's end of the line, played by the test, behind the real port and engine.

use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, Profile, profile};
use telit_core::tls::TlsOptions;
use telit_https::{Engine, HttpsClient, HttpsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) const OK: &str = "\r\nOK\r\n";
pub(crate) const TLS_ON: &str = "AT#HTTPCFG=0,\"api.example\",443,0,,,1,120,1";
pub(crate) const TLS_OFF: &str = "AT#HTTPCFG=0,\"api.example\",443,0,,,0,120,1";
pub(crate) const RECEIVE: &str = "AT#HTTPRCV=0,1500";
const UNUSED_PROFILE: &str = "0,\"\",80,0,\"\",\"******\",0,120,1,1500,0,0";

/// A module whose general and TLS commands answer by themselves.
pub(crate) struct Module {
    line: DuplexStream,
    /// It has restarted and was not told yet not to echo.
    pub(crate) echo: bool,
    /// What answered by itself, in order.
    pub(crate) set_up: Vec<String>,
    /// Profile 0 in the answer to `AT#HTTPCFG?`.
    pub(crate) stored_profile: String,
    /// The answer to `AT#HTTPCFG=?`.
    pub(crate) configure_ranges: String,
    /// The answer to `AT#HTTPSND=?`.
    pub(crate) send_ranges: String,
}

pub(crate) fn start(options: HttpsOptions) -> (HttpsClient, Modem, Module) {
    let (modem, module) = start_on(profile(PlatformId::P37));
    let client = HttpsClient::new(&modem, tls()).with_options(options.engine(Engine::Module));
    (client, modem, module)
}

/// A module whose health the client follows.
pub(crate) async fn start_watched(options: HttpsOptions) -> (HttpsClient, Modem, Module) {
    let (host, line) = tokio::io::duplex(1 << 20);
    let mut module = Module::on(line);
    let opening = Modem::builder().platform(PlatformId::P37).open(host);
    let modem = tokio::select! {
        modem = opening => modem.unwrap(),
        line = module.next() => panic!("unexpected {line}"),
    };
    let client = HttpsClient::new(&modem, tls()).with_options(options.engine(Engine::Module));
    (client, modem, module)
}

/// A module of another kind.
pub(crate) fn start_on(profile: &'static Profile) -> (Modem, Module) {
    let (host, line) = tokio::io::duplex(1 << 20);
    let port = AtPort::start(host, DriverOptions::default());
    (Modem::from_channel(Arc::new(port), profile), Module::on(line))
}

pub(crate) fn tls() -> TlsOptions {
    TlsOptions::builder().danger_skip_verification().build().unwrap()
}

pub(crate) fn url(text: &str) -> url::Url {
    text.parse().unwrap()
}

/// How a block of a body arrives.
pub(crate) fn block(body: &[u8]) -> Vec<u8> {
    [b"\r\n<<<", body, OK.as_bytes()].concat()
}

pub(crate) fn ring(fields: &str) -> String {
    format!("\r\n#HTTPRING: {fields}\r\n")
}

impl Module {
    fn on(line: DuplexStream) -> Self {
        Self {
            line,
            echo: false,
            set_up: Vec::new(),
            stored_profile: UNUSED_PROFILE.to_owned(),
            configure_ranges: "(0-2),63,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-5),(0-1500),(0),(0)"
                .to_owned(),
            send_ranges: "# HTTPSND: (0-2),(0-1),150,(1-4096),50,100".to_owned(),
        }
    }

    /// Restarts.
    pub(crate) fn restart(&mut self) {
        self.echo = true;
    }

    /// Answers what answers by itself until this is done.
    pub(crate) async fn serve<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            line = self.next() => panic!("unexpected {line}"),
        }
    }

    /// The next command that does not answer by itself.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            let line = self.raw_line().await;
            let Some(answer) = self.own_answer(&line) else {
                return line;
            };
            self.set_up.push(line);
            self.say(answer).await;
        }
    }

    /// Expects exactly this command and answers it.
    pub(crate) async fn expect(&mut self, line: &str, answer: impl AsRef<[u8]>) {
        assert_eq!(self.next().await, line);
        self.say(answer).await;
    }

    /// Expects exactly these bytes, as data behind a prompt.
    pub(crate) async fn expect_data(&mut self, data: &[u8]) {
        let mut received = vec![0; data.len()];
        self.line.read_exact(&mut received).await.unwrap();
        assert_eq!(received, data);
    }

    pub(crate) async fn say(&mut self, answer: impl AsRef<[u8]>) {
        self.line.write_all(answer.as_ref()).await.unwrap();
    }

    /// Expects that the host stays silent for a while.
    pub(crate) async fn expect_silence(&mut self) {
        let next = tokio::time::timeout(Duration::from_secs(3), self.next()).await;
        assert!(next.is_err(), "unexpected {next:?}");
    }

    /// The next command, whatever it is.
    pub(crate) async fn raw_line(&mut self) -> String {
        let mut line = Vec::new();
        loop {
            match self.line.read_u8().await.unwrap() {
                b'\r' => break,
                byte => line.push(byte),
            }
        }
        let line = String::from_utf8(line).unwrap();
        if self.echo {
            self.say(format!("{line}\r")).await;
            self.echo = !line.starts_with("ATE0");
        }
        line
    }

    fn own_answer(&self, line: &str) -> Option<String> {
        Some(match line {
            "AT#HTTPCFG=?" => lines(&format!("#HTTPCFG: {}", self.configure_ranges)),
            "AT#HTTPQRY=?" => lines("#HTTPQRY: (0-2),(0-2),150,100"),
            "AT#HTTPSND=?" => lines(&self.send_ranges),
            "AT#HTTPCFG?" => lines(&format!("#HTTPCFG: {}", self.stored_profile)),
            "ATE0V1Q0" | "AT+CMEE=2" => OK.to_owned(),
            "AT+CGMM" => lines("ME910C1-WW"),
            "AT+CGMR" => lines("37.00.000"),
            "AT+CMEE?" => lines("+CMEE: 2"),
            _ if ["AT#SSL", "AT#MQ", "AT#FTP"].iter().any(|prefix| line.starts_with(prefix)) => OK.to_owned(),
            _ => return None,
        })
    }
}

fn lines(line: &str) -> String {
    format!("\r\n{line}\r\n{OK}")
}
