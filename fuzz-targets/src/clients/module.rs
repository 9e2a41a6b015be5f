//! A module that follows a script.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use telit_core::at::Command;
use telit_core::commands::SetClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{sleep, timeout};

use super::job::fixtures;

/// What comes without a pause of that length is one thing that the host says.
const BURST: Duration = Duration::from_millis(5);
/// The unit of pauses in a script.
const PAUSE: Duration = Duration::from_millis(100);
/// What every engine asks to find the line again; no script has an answer for it.
pub const PROBE: &[u8] = b"AT+CMEE?\r";

const NEXT: u8 = 0x00;
const WAIT: u8 = 0x01;
const LITERAL: u8 = 0x02;

/// What a module says to each thing that the host says, in order.
#[derive(Debug)]
pub(super) struct Script(VecDeque<Vec<Step>>);

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Say(Vec<u8>),
    Wait(Duration),
}

/// Answers as a script: each ends with `00`, `01 n` is a pause of n times 100 ms, `02 n` is the byte n. In an answer
/// `{ca}`, `{client-certificate}` and `{client-key}` stand for the credentials of the jobs, and `{?clock}` for the
/// time.
#[must_use]
pub fn encode(answers: &[Vec<u8>]) -> Vec<u8> {
    let mut script = Vec::new();
    for answer in answers {
        for byte in answer {
            if matches!(*byte, NEXT | WAIT | LITERAL) {
                script.push(LITERAL);
            }
            script.push(*byte);
        }
        script.push(NEXT);
    }
    script
}

impl Script {
    pub(super) fn decode(script: &[u8]) -> Self {
        let mut answers = VecDeque::from([Vec::new()]);
        let mut rest = script.iter().copied();
        while let Some(byte) = rest.next() {
            match byte {
                NEXT => answers.push_back(Vec::new()),
                WAIT => {
                    let pause = PAUSE * u32::from(rest.next().unwrap_or_default());
                    answers.back_mut().expect("there is one").push(Step::Wait(pause));
                }
                LITERAL => say(&mut answers, rest.next().unwrap_or_default()),
                byte => say(&mut answers, byte),
            }
        }
        if answers.back().is_some_and(Vec::is_empty) {
            answers.pop_back();
        }
        Self(answers)
    }

    /// The answer to this. What the script has no answer for is refused.
    pub(super) fn next(&mut self, said: &[u8]) -> Vec<Step> {
        self.0.pop_front().unwrap_or_else(|| last_answer(said))
    }
}

/// Answers everything that the host says. Probes (see [`PROBE`]) are answered as they should be.
pub(super) async fn play(mut port: DuplexStream, answer: &mut impl FnMut(&[u8]) -> Vec<Step>) {
    while let Some(said) = burst(&mut port).await {
        let answer = match said.ends_with(PROBE) {
            true => vec![Step::Say(b"\r\n+CMEE: 2\r\n\r\nOK\r\n".to_vec())],
            false => answer(&said),
        };
        for step in answer {
            match step {
                Step::Wait(pause) => sleep(pause).await,
                Step::Say(bytes) => {
                    if port.write_all(&filled_in(bytes)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

fn say(answers: &mut VecDeque<Vec<Step>>, byte: u8) {
    let answer = answers.back_mut().expect("there is one");
    match answer.last_mut() {
        Some(Step::Say(bytes)) => bytes.push(byte),
        _ => answer.push(Step::Say(vec![byte])),
    }
}

fn filled_in(mut bytes: Vec<u8>) -> Vec<u8> {
    let clock = clock();
    for (name, content) in fixtures().into_iter().chain([("?clock", clock.as_bytes())]) {
        let name = format!("{{{name}}}").into_bytes();
        if let Some(at) = bytes.windows(name.len()).position(|part| *part == *name) {
            bytes.splice(at..at + name.len(), content.iter().copied());
        }
    }
    bytes
}

/// Now, as a module prints it.
fn clock() -> String {
    let exchange = SetClock(SystemTime::now()).exchange().expect("it is a year that a module knows");
    let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
    line.split('"').nth(1).unwrap_or_default().to_owned()
}

fn last_answer(said: &[u8]) -> Vec<Step> {
    match said {
        b"+++" => vec![Step::Say(b"\r\nOK\r\n".to_vec())],
        said if said.ends_with(b"\r") => vec![Step::Say(b"\r\nERROR\r\n".to_vec())],
        _ => Vec::new(),
    }
}

/// Everything until the host pauses. `None` when it has closed the port.
async fn burst(port: &mut DuplexStream) -> Option<Vec<u8>> {
    let mut said = Vec::new();
    let read = port.read_buf(&mut said).await.ok()?;
    if read == 0 {
        return None;
    }
    while let Ok(Ok(1..)) = timeout(BURST, port.read_buf(&mut said)).await {}
    Some(said)
}
