//! A module that follows a script: it expects exactly these lines and answers them exactly so, in virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use telit_core::Modem;
use telit_core::at::Command;
use telit_core::commands::SetClock;
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::exclusive::{Service, TlsLease};
use telit_core::platform::{PlatformId, profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const OK: &str = "\r\nOK\r\n";

/// One exchange.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    line: String,
    answer: String,
    /// What is expected behind the prompt.
    data: Option<Vec<u8>>,
}

impl Step {
    /// The same with more parameters.
    pub(crate) fn with_tail(mut self, tail: &str) -> Self {
        self.line.push_str(tail);
        self
    }
}

/// A command that succeeds without information.
pub(crate) fn set(line: impl Into<String>) -> Step {
    Step { line: line.into(), answer: OK.into(), data: None }
}

/// A command that is answered with these lines.
pub(crate) fn ask(line: impl Into<String>, information: &str) -> Step {
    let information = information.replace('\n', "\r\n");
    Step { line: line.into(), answer: format!("\r\n{information}\r\n{OK}"), data: None }
}

/// A command that is refused.
pub(crate) fn refuse(line: impl Into<String>, words: &str) -> Step {
    Step { line: line.into(), answer: format!("\r\n+CME ERROR: {words}\r\n"), data: None }
}

/// A command that is never answered.
pub(crate) fn silent(line: impl Into<String>) -> Step {
    Step { line: line.into(), answer: String::new(), data: None }
}

/// Text behind a prompt, closed by Ctrl-Z.
pub(crate) fn store(line: impl Into<String>, text: &[u8]) -> Step {
    let data = [text, b"\x1a"].concat();
    Step { line: format!("{},{}", line.into(), text.len()), answer: "\r\n> ".into(), data: Some(data) }
}

/// As many bytes behind a prompt as were announced.
pub(crate) fn store_binary(line: impl Into<String>, data: &[u8]) -> Step {
    Step {
        line: format!("{},{}", line.into(), data.len()),
        answer: "\r\n> ".into(),
        data: Some(data.to_vec()),
    }
}

/// A module whose clock is right.
pub(crate) fn clock() -> Step {
    let exchange = SetClock(SystemTime::now()).exchange().expect("it encodes");
    let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
    ask("AT+CCLK?", &line.replace("AT+CCLK=", "+CCLK: "))
}

/// What reading a credential gives.
pub(crate) fn held(slot: u8, kind: u8, data: &[u8]) -> Step {
    let text = String::from_utf8_lossy(data);
    ask(format!("AT#SSLSECDATA={slot},2,{kind}"), &format!("#SSLSECDATA: {slot},{kind}\n{}", text.trim_end()))
}

/// A module of this platform behind a script.
pub(crate) struct Scripted {
    pub(crate) modem: Modem,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Step>,
    /// Until the script begins, everything is answered with OK.
    begun: bool,
    unexpected: Vec<String>,
}

impl Scripted {
    pub(crate) fn new(platform: PlatformId) -> Self {
        let (host, module) = tokio::io::duplex(64 * 1024);
        let state = Arc::new(Mutex::new(State::default()));
        tokio::spawn(follow(module, Arc::clone(&state)));
        let port = AtPort::start(host, DriverOptions::default());
        Self { modem: Modem::from_channel(Arc::new(port), profile(platform)), state }
    }

    pub(crate) async fn lease(&self, service: Service) -> TlsLease {
        self.modem.acquire_tls(service).await.expect("TLS is free")
    }

    /// From now on exactly these exchanges are expected.
    pub(crate) fn expect(&self, steps: impl IntoIterator<Item = Step>) {
        let mut state = self.state.lock().expect("no panic");
        state.begun = true;
        state.steps.extend(steps);
    }

    /// All of them came, and nothing else.
    #[track_caller]
    pub(crate) fn finish(&self) {
        let state = self.state.lock().expect("no panic");
        assert_eq!(state.unexpected, [""; 0], "instead of {:?}", state.steps.front());
        assert!(state.steps.is_empty(), "still to come: {:#?}", state.steps);
    }
}

async fn follow(mut module: DuplexStream, state: Arc<Mutex<State>>) {
    while let Some(line) = read_line(&mut module).await {
        let step = state.lock().expect("no panic").next(&line);
        if module.write_all(step.answer.as_bytes()).await.is_err() {
            return;
        }
        let Some(expected) = step.data else { continue };
        let mut data = vec![0; expected.len()];
        if module.read_exact(&mut data).await.is_err() {
            return;
        }
        if data != expected {
            state.lock().expect("no panic").unexpected.push(String::from_utf8_lossy(&data).into_owned());
        }
        if module.write_all(OK.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_line(module: &mut DuplexStream) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match module.read_u8().await {
            Ok(b'\r') => return Some(String::from_utf8_lossy(&line).into_owned()),
            Ok(byte) => line.push(byte),
            Err(_) => return None,
        }
    }
}

impl State {
    fn next(&mut self, line: &str) -> Step {
        if !self.begun {
            return set(line);
        }
        if self.steps.front().is_some_and(|step| step.line == line) {
            return self.steps.pop_front().unwrap_or_else(|| set(line));
        }
        self.unexpected.push(line.to_owned());
        refuse(line, "operation not allowed")
    }
}
