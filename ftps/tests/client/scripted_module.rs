//! A module that follows a script, byte by byte.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telit_core::Modem;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, Profile, profile};
use telit_core::tls::TlsOptions;
use telit_ftps::{FtpsClient, FtpsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::sleep;

const OK: &[u8] = b"\r\nOK\r\n";
/// What the port asks to get back in step after an escape sequence.
const PROBE: &str = "AT+CMEE?";

pub(crate) const CONFIGURE: &str = "AT#FTPCFG=600,1,1,1";
pub(crate) const CONFIGURE_OFF: &str = "AT#FTPCFG=600,1,0,1";
pub(crate) const OPEN: &str = "AT#FTPOPEN=\"files.example:21\",\"user\",\"swordfish\",1,1";
pub(crate) const CLOSE: &str = "AT#FTPCLOSE";
pub(crate) const BINARY: &str = "AT#FTPTYPE=0";

/// What the host must send next, and what the module answers.
struct Step {
    expected: Vec<u8>,
    answer: Vec<u8>,
    delay: Duration,
    /// The module restarts before it is told, or when it has answered: it echoes from then on.
    restart: Option<Restart>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Restart {
    Before,
    Behind,
}

#[derive(Default)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
}

/// The running script.
pub(crate) struct Module {
    task: JoinHandle<VecDeque<Step>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A script that begins with a successful connection.
    pub(crate) fn connected() -> Self {
        Self::new().reopened()
    }

    pub(crate) fn reopened(self) -> Self {
        self.ok(CONFIGURE).ok(OPEN).ok(BINARY)
    }

    /// The session is closed and opened again.
    pub(crate) fn closed_and_reopened(self) -> Self {
        self.ok(CLOSE).reopened()
    }

    pub(crate) fn on(self, line: &str, answer: impl AsRef<[u8]>) -> Self {
        let expected = format!("{line}\r").into_bytes();
        self.push(expected, answer.as_ref())
    }

    fn push(mut self, expected: Vec<u8>, answer: &[u8]) -> Self {
        let answer = answer.to_vec();
        self.steps.push_back(Step { expected, answer, delay: Duration::ZERO, restart: None });
        self
    }

    /// The answer to the last step comes later.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.steps.back_mut().unwrap().delay = delay;
        self
    }

    pub(crate) fn ok(self, line: &str) -> Self {
        self.on(line, OK)
    }

    pub(crate) fn says(self, line: &str, information: &str) -> Self {
        self.on(line, format!("\r\n{information}\r\n\r\nOK\r\n"))
    }

    pub(crate) fn refuses(self, line: &str, error: &str) -> Self {
        self.on(line, format!("\r\n+CME ERROR: {error}\r\n"))
    }

    /// A module that has restarted: it echoes again, and knows of no session.
    pub(crate) fn restarted(self, line: &str) -> Self {
        self.on(line, "\r\nERROR\r\n").with_restart(Restart::Before)
    }

    /// A module that restarts behind the last step.
    pub(crate) fn restarts(self) -> Self {
        self.with_restart(Restart::Behind)
    }

    fn with_restart(mut self, restart: Restart) -> Self {
        self.steps.back_mut().unwrap().restart = Some(restart);
        self
    }

    /// Raw bytes from the host, such as the data of a prompt or the escape sequence.
    pub(crate) fn raw(self, expected: impl AsRef<[u8]>, answer: impl AsRef<[u8]>) -> Self {
        self.push(expected.as_ref().to_vec(), answer.as_ref())
    }

    pub(crate) fn last_message(self, message: &str) -> Self {
        self.says("AT#FTPMSG", message)
    }

    pub(crate) fn size(self, path: &str, size: u64) -> Self {
        self.says(&format!("AT#FTPFSIZE=\"{path}\""), &format!("#FTPFSIZE: {size}"))
    }

    pub(crate) fn restart(self, offset: u64) -> Self {
        self.ok(&format!("AT#FTPREST={offset}"))
    }

    /// An online download that the module ends behind `data`.
    pub(crate) fn get(self, path: &str, data: &[u8]) -> Self {
        let answer = [b"\r\nCONNECT\r\n", data, b"\r\nNO CARRIER\r\n"].concat();
        self.on(&format!("AT#FTPGET=\"{path}\""), answer)
    }

    /// A block in command mode.
    pub(crate) fn block(self, limit: usize, data: &[u8]) -> Self {
        let header = format!("\r\n#FTPRECV: {}\r\n", data.len()).into_bytes();
        self.on(&format!("AT#FTPRECV={limit}"), [&header, data, b"\r\n\r\nOK\r\n"].concat())
    }

    /// Behind the last block nothing is left to read.
    pub(crate) fn nothing_more(self) -> Self {
        self.says("AT#FTPRECV?", "#FTPRECV: 0")
    }

    pub(crate) fn start(self) -> (Modem, Module) {
        self.start_on(profile(PlatformId::P37), 1)
    }

    /// As [`connect`](Self::connect); the port follows the health of the module.
    pub(crate) async fn connect_watched(self) -> (Modem, FtpsClient, Module) {
        let (modem, module) = self.start_watched().await;
        let client = FtpsClient::connect(&modem, options()).await.unwrap();
        (modem, client, module)
    }

    /// As [`start`](Self::start); the port follows the health of the module.
    pub(crate) async fn start_watched(self) -> (Modem, Module) {
        let (host, module) = self.play();
        let builder = Modem::builder().platform(PlatformId::P37).context_id(1);
        (builder.open(host).await.unwrap(), module)
    }

    fn play(self) -> (DuplexStream, Module) {
        let (host, port) = duplex(1024 * 1024);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(follow(self.steps, port, Arc::clone(&lines)));
        (host, Module { task, lines })
    }

    /// A module of another kind, and the packet data context that it is to use.
    pub(crate) fn start_on(self, profile: &'static Profile, context: u8) -> (Modem, Module) {
        let (host, module) = self.play();
        let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
        let modem = Modem::builder().context_id(context).on_channel(channel, profile);
        (modem, module)
    }

    pub(crate) async fn connect(self) -> (FtpsClient, Module) {
        let (modem, module) = self.start();
        (FtpsClient::connect(&modem, options()).await.unwrap(), module)
    }
}

impl Module {
    /// Every command line so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Unplugs the module.
    pub(crate) fn unplug(self) {
        self.task.abort();
    }

    /// The script must be at its end once the client, the last handle to the module, is dropped.
    pub(crate) async fn done_after(self, client: FtpsClient) {
        drop(client);
        self.done().await;
    }

    /// The script must be at its end. All handles to the module must be gone.
    pub(crate) async fn done(self) {
        let left = self.task.await.expect("the host kept to the script");
        let left: Vec<_> = left.iter().map(|step| String::from_utf8_lossy(&step.expected)).collect();
        assert!(left.is_empty(), "the host never sent {left:?}");
    }
}

pub(crate) fn options() -> FtpsOptions {
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    FtpsOptions::new("files.example", "user", "swordfish", tls)
}

async fn follow(
    mut steps: VecDeque<Step>,
    mut port: DuplexStream,
    lines: Arc<Mutex<Vec<String>>>,
) -> VecDeque<Step> {
    let (mut received, mut echo) = (Vec::new(), false);
    let mut input = [0; 4096];
    loop {
        while let Some((answer, delay)) = next_answer(&mut steps, &mut received, &lines, &mut echo) {
            sleep(delay).await;
            port.write_all(&answer).await.unwrap();
        }
        match port.read(&mut input).await {
            Ok(0) | Err(_) => {
                assert!(received.is_empty(), "left over: {:?}", String::from_utf8_lossy(&received));
                return steps;
            }
            Ok(count) => received.extend_from_slice(&input[..count]),
        }
    }
}

/// The scripted answer; `OK` for the TLS set-up and for asking what others left, which other tests cover.
fn next_answer(
    steps: &mut VecDeque<Step>,
    received: &mut Vec<u8>,
    lines: &Mutex<Vec<String>>,
    echo: &mut bool,
) -> Option<(Vec<u8>, Duration)> {
    if let Some(step) = steps.front()
        && received.starts_with(&step.expected)
    {
        let step = steps.pop_front().unwrap();
        lines.lock().unwrap().push(String::from_utf8_lossy(&step.expected).trim().to_owned());
        received.drain(..step.expected.len());
        *echo |= step.restart == Some(Restart::Before);
        let answer = if *echo { [step.expected, step.answer].concat() } else { step.answer };
        *echo |= step.restart == Some(Restart::Behind);
        return Some((answer, step.delay));
    }
    let expects_raw = steps.front().is_some_and(|step| !step.expected.ends_with(b"\r"));
    let end = received.iter().position(|&byte| byte == b'\r').filter(|_| !expects_raw)?;
    let line = String::from_utf8_lossy(&received[..end]).into_owned();
    received.drain(..=end);
    if line.is_empty() {
        return Some((Vec::new(), Duration::ZERO));
    }
    let background = [
        "AT#SSL",
        "AT+CCLK",
        "AT#MQ",
        "AT#HTTPCFG?",
        "AT#FTPCFG?",
        "ATE0",
        "AT+CMEE=2",
        "AT+CGM",
        "AT#E2ESC?",
        "ATS12?",
        PROBE,
    ];
    let is_background = background.iter().any(|start| line.starts_with(start)) || line.ends_with("=?");
    let expected = steps.front().map(|step| String::from_utf8_lossy(&step.expected).into_owned());
    assert!(is_background, "the host sent {line:?}, the script expects {expected:?}");
    let answer: &[u8] = match line.as_str() {
        PROBE => b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
        "AT+CGMM" => b"\r\nME910C1-WW\r\n\r\nOK\r\n",
        "AT#E2ESC?" => b"\r\n#E2ESC: 0\r\n\r\nOK\r\n",
        "ATS12?" => b"\r\n050\r\n\r\nOK\r\n",
        "AT+CGMR" => b"\r\n37.00.000\r\n\r\nOK\r\n",
        _ => OK,
    };
    let echoed = if *echo { format!("{line}\r").into_bytes() } else { Vec::new() };
    *echo &= !line.starts_with("ATE0");
    lines.lock().unwrap().push(line);
    Some(([&echoed, answer].concat(), Duration::ZERO))
}
