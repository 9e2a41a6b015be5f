//! Playing a recording on a port.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use telit_transcript::{Part, Text};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::script::{Act, Recording, Saying, Step};
use super::wanted::Heard;
use crate::clock::{self, Clock};
use crate::serve::{Master, Pty};
use crate::timing::wait_until;

/// A secret of unknown length has ended when nothing more has come for so long.
const SILENCE: Duration = Duration::from_millis(200);
/// How long what comes behind a difference is waited for, so that it can be shown, and how much of it.
const AFTERMATH: Duration = Duration::from_millis(300);
const SHOWN: usize = 200;
/// What a host may say while the module is to speak. More is not read, which the host feels as flow control.
const INPUT_LIMIT: usize = 1 << 20;

/// A module that answers as one did in a [`Recording`], whatever it was, and knows nothing else.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use telit_simulator::{Recording, ReplayedModule};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let recording = Recording::parse(b"0.000 > AT+CGMM\\r\n0.020 < \\r\\nLE910C4-EU\\r\\n\\r\\nOK\\r\\n\n")?;
/// let (mut host, port) = tokio::io::duplex(1024);
/// let mut module = ReplayedModule::new(recording, port);
/// let asked = async {
///     host.write_all(b"AT+CGMM\r").await?;
///     let mut answer = [0; 20];
///     host.read_exact(&mut answer).await?;
///     Ok::<_, std::io::Error>(answer)
/// };
/// let (played, answer) = tokio::join!(module.play(), asked);
/// played?;
/// assert_eq!(&answer?, b"\r\nLE910C4-EU\r\n\r\nOK\r\n");
/// # Ok(())
/// # }
/// ```
pub struct ReplayedModule {
    recording: Recording,
    port: Pin<Box<dyn Port>>,
    /// Said by the host and not compared yet.
    heard: Vec<u8>,
    /// What of the host's last words the recording hides: the module echoes it.
    secrets: VecDeque<Vec<u8>>,
    /// As the host has set it.
    clock: Option<Clock>,
    /// When the last thing happened.
    at: Instant,
}

trait Port: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Port for T {}

impl fmt::Debug for ReplayedModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedModule").field("next", &self.next()).finish_non_exhaustive()
    }
}

/// Why a recording was not played to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayStopped {
    /// The host has said something else than it did when it was recorded.
    #[error("line {line}: the host was to say `{wanted}` and said `{got}`")]
    Differs {
        /// Line of the transcript, counted from 1.
        line: usize,
        /// What stands there.
        wanted: String,
        /// What came, control bytes escaped.
        got: String,
    },
    /// The host has closed its end.
    #[error("line {line}: the host has closed the port before `{next}`")]
    Closed {
        /// Line of the transcript, counted from 1.
        line: usize,
        /// What stands there.
        next: String,
    },
    /// The port has failed.
    #[error("the port has failed")]
    Port(#[from] io::Error),
}

impl ReplayedModule {
    /// A module on any stream. Nothing happens before it is [played](Self::play).
    pub fn new(recording: Recording, port: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self {
            recording,
            port: Box::pin(port),
            heard: Vec::new(),
            secrets: VecDeque::new(),
            clock: None,
            at: Instant::now(),
        }
    }

    /// A module behind a pseudo-terminal, to which `link` leads. It can be opened and closed as often as the host
    /// likes; the conversation goes on where it was.
    ///
    /// # Errors
    /// The system's, if no pseudo-terminal or no link can be made.
    pub fn on_pty(recording: Recording, link: Option<&Path>) -> io::Result<(Self, Pty)> {
        let (master, pty) = Master::open(link)?;
        Ok((Self::new(recording, master), pty))
    }

    /// The line of the transcript that is to come next, counted from 1, and its text. `None`: it was played to its end.
    #[must_use]
    pub fn next(&self) -> Option<(usize, &str)> {
        self.recording.first().map(|step| (step.line, step.text.as_str()))
    }

    /// Plays the rest of the recording. The pauses before what the module says are those of the recording. The first line
    /// has as much time as it takes.
    ///
    /// # Errors
    /// [`ReplayStopped`]: at the first line that does not happen as it is written.
    ///
    /// # Cancel safety
    /// Calling it again goes on, unless it was dropped while the module spoke: then a part of that line is said twice.
    pub async fn play(&mut self) -> Result<(), ReplayStopped> {
        self.at = Instant::now();
        while let Some(step) = self.recording.first().cloned() {
            match &step.act {
                Act::Hear(wanted) => match wanted.compare(&self.heard) {
                    Heard::All { length, secrets, clock } => {
                        self.clock = clock.and_then(|clock| set_clock(&clock)).or(self.clock);
                        self.heard_all(length, secrets);
                    }
                    Heard::AllIfSilent { secret } => {
                        if !self.listen(Some(Instant::now() + SILENCE), &step).await? {
                            self.heard_all(self.heard.len(), vec![secret]);
                        }
                    }
                    Heard::Part => {
                        self.listen(None, &step).await?;
                    }
                    Heard::Other => return Err(self.differs(&step).await),
                },
                Act::Say(sayings) => {
                    let due = self.at + step.pause;
                    while self.listen(Some(due), &step).await? {}
                    self.say(sayings).await?;
                    self.happened();
                }
            }
        }
        Ok(())
    }

    fn heard_all(&mut self, length: usize, secrets: Vec<Vec<u8>>) {
        self.heard.drain(..length.min(self.heard.len()));
        self.secrets = secrets.into();
        self.happened();
    }

    fn happened(&mut self) {
        self.at = Instant::now();
        self.recording.drop_first();
    }

    /// Reads something. False: the time was over before anything came.
    async fn listen(&mut self, until: Option<Instant>, step: &Step) -> Result<bool, ReplayStopped> {
        let is_wanted = matches!(step.act, Act::Hear(_));
        let may_read = is_wanted || self.heard.len() < INPUT_LIMIT;
        let read = tokio::select! {
            biased;
            () = wait_until_some(until) => return Ok(false),
            read = self.port.read_buf(&mut self.heard), if may_read => read?,
        };
        if read == 0 {
            return Err(ReplayStopped::Closed { line: step.line, next: step.text.clone() });
        }
        Ok(true)
    }

    async fn say(&mut self, sayings: &[Saying]) -> io::Result<()> {
        for saying in sayings {
            match saying {
                Saying::Bytes(bytes) => self.port.write_all(bytes).await?,
                Saying::Secret => {
                    let secret = self.secrets.pop_front().unwrap_or_else(|| b"[redacted]".to_vec());
                    self.port.write_all(&secret).await?;
                }
                Saying::Clock(then) => {
                    let shown = self.shown_time(then);
                    self.port.write_all(shown.as_bytes()).await?;
                }
            }
        }
        self.port.flush().await
    }

    /// The time that the module shows where it once showed `then`.
    fn shown_time(&self, then: &str) -> String {
        let now = Instant::now();
        let clock = match self.clock {
            Some(clock) => clock,
            // It was wrong, and is about to be set.
            None if self.recording.sets_the_clock() => return then.to_owned(),
            None => match clock::parse(then, 0) {
                Some((_, zone)) => Clock::at(SystemTime::now(), zone, now),
                None => return then.to_owned(),
            },
        };
        format!("{}{}", clock.local_text(now), clock::zone_text(clock.zone()))
    }

    async fn differs(&mut self, step: &Step) -> ReplayStopped {
        // Only to show it.
        let rest = async { while self.port.read_buf(&mut self.heard).await.is_ok_and(|read| read > 0) {} };
        timeout(AFTERMATH, rest).await.unwrap_or_default();
        self.heard.truncate(SHOWN);
        let got = Text::new([Part::Literal(std::mem::take(&mut self.heard))]).to_string();
        let wanted = step.text.split_once(" > ").map_or(step.text.as_str(), |(_, text)| text);
        ReplayStopped::Differs { line: step.line, wanted: wanted.to_owned(), got }
    }
}

fn set_clock(text: &[u8]) -> Option<Clock> {
    let (utc, zone) = clock::parse(str::from_utf8(text).ok()?, 0)?;
    Some(Clock::at(utc, zone, Instant::now()))
}

async fn wait_until_some(until: Option<Instant>) {
    match until {
        Some(until) => wait_until(until).await,
        None => std::future::pending().await,
    }
}
