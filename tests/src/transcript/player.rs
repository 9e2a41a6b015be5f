//! Plays the host's and the server's side of a transcript, and compares the module's.

use std::fmt;
use std::time::Duration;

use telit_transcript::{
    Event, Fixtures, Kind, Matcher, Part, Progress, ServerAct, Text, Transcript, Unknown, content,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Stage;
use super::stage::{Backend, Script};

/// Longer than the module takes for anything in a transcript.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long what comes behind a difference is waited for, so that it can be shown.
const AFTERMATH: Duration = Duration::from_millis(300);

/// Where a conversation left the transcript.
#[derive(Debug)]
pub(crate) struct Divergence {
    line: usize,
    event: String,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error(transparent)]
    Unknown(#[from] Unknown),
    #[error("got `{}`", shown(.0))]
    Differs(Vec<u8>),
    #[error("nothing more within {PATIENCE:?} behind `{}`", shown(.0))]
    Silence(Vec<u8>),
    #[error("the line ended behind `{}`", shown(.0))]
    Ended(Vec<u8>),
    #[error("the server is not scripted")]
    NoScript,
    #[error("the module does not connect to the server")]
    NoConnection,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: `{}`: {}", self.line, self.event, self.why)
    }
}

fn shown(bytes: &[u8]) -> Text {
    Text::new([Part::Literal(bytes.to_vec())])
}

/// Plays a transcript to its end, after which the module must have nothing more to say.
///
/// # Errors
/// The first event that did not happen as written.
pub(crate) async fn play(transcript: &Transcript, stage: Stage) -> Result<(), Divergence> {
    let mut player = Player { stage, ports: Vec::new(), at: Duration::ZERO };
    for (index, event) in transcript.events.iter().enumerate() {
        let diverged = |why| Divergence { line: index + 1, event: event.to_string(), why };
        player.play(event).await.map_err(diverged)?;
    }
    let end = |why| Divergence { line: transcript.events.len(), event: "nothing more".to_owned(), why };
    player.check_silence().await.map_err(end)
}

struct Player {
    stage: Stage,
    ports: Vec<BufReader<DuplexStream>>,
    /// The time of the event before.
    at: Duration,
}

impl Player {
    async fn play(&mut self, event: &Event) -> Result<(), Why> {
        let pause = event.at.saturating_sub(self.at);
        self.at = event.at;
        match &event.kind {
            Kind::Host { port, text } => {
                sleep(pause).await;
                let bytes = content(text, &self.stage.fixtures)?;
                let port = self.port(*port);
                port.write_all(&bytes).await.map_err(|_| Why::Ended(Vec::new()))
            }
            Kind::Module { port, text } => {
                let matcher = Matcher::new(text, &self.stage.fixtures)?;
                expect(self.port(*port), matcher).await
            }
            Kind::Server(act) => {
                sleep(pause).await;
                self.serve(act).await
            }
            Kind::Remark(_) => Ok(()),
        }
    }

    /// Ports are plugged in as they are used, so that the first is the first instance.
    fn port(&mut self, number: u8) -> &mut BufReader<DuplexStream> {
        let number = usize::from(number);
        while self.ports.len() < number {
            self.ports.push(BufReader::new(self.stage.module.attach_duplex()));
        }
        &mut self.ports[number - 1]
    }

    async fn serve(&mut self, act: &ServerAct) -> Result<(), Why> {
        let Some(Backend::Scripted(script)) = &mut self.stage.server else {
            return Err(Why::NoScript);
        };
        script.act(act, &self.stage.fixtures).await
    }

    /// The transcript has left the echo off. Switched on, it tells this answer from one that was still to come.
    async fn check_silence(&mut self) -> Result<(), Why> {
        for port in &mut self.ports {
            for (command, answer) in [("ATE1\r", "\r\nOK\r\n"), ("AT\r", "AT\r\r\nOK\r\n")] {
                port.write_all(command.as_bytes()).await.map_err(|_| Why::Ended(Vec::new()))?;
                let answer = Text::new([Part::Literal(answer.as_bytes().to_vec())]);
                expect(port, Matcher::new(&answer, &Fixtures::new())?).await?;
            }
        }
        Ok(())
    }
}

impl Script {
    async fn act(&mut self, act: &ServerAct, fixtures: &Fixtures) -> Result<(), Why> {
        let connection = self.connection().await?;
        let ended = |_| Why::Ended(Vec::new());
        match act {
            ServerAct::Sends(text) => connection.write_all(&content(text, fixtures)?).await.map_err(ended),
            ServerAct::Receives(text) => expect(connection, Matcher::new(text, fixtures)?).await,
            ServerAct::Closes => {
                self.connection = None;
                Ok(())
            }
            ServerAct::SeesTheEnd => {
                let mut rest = Vec::new();
                let read = timeout(PATIENCE, connection.read_to_end(&mut rest)).await;
                self.connection = None;
                match read {
                    Err(_) => Err(Why::Silence(rest)),
                    // An escape sequence may have been forwarded.
                    Ok(Ok(_)) if !rest.is_empty() && rest != b"+++" => Err(Why::Differs(rest)),
                    Ok(_) => Ok(()),
                }
            }
        }
    }

    async fn connection(&mut self) -> Result<&mut TcpStream, Why> {
        if self.connection.is_none() {
            let accepted = timeout(PATIENCE, self.listener.accept()).await;
            let (connection, _) = accepted.ok().and_then(Result::ok).ok_or(Why::NoConnection)?;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(Why::NoConnection)
    }
}

async fn expect(stream: &mut (impl AsyncRead + Unpin), mut matcher: Matcher) -> Result<(), Why> {
    let mut got = Vec::new();
    while !matcher.is_complete() {
        let byte = match timeout(PATIENCE, stream.read_u8()).await {
            Ok(Ok(byte)) => byte,
            Ok(Err(_)) => return Err(Why::Ended(got)),
            Err(_) => return Err(Why::Silence(got)),
        };
        got.push(byte);
        if matcher.take(byte) == Progress::Differs {
            // Only to show it.
            timeout(AFTERMATH, stream.take(200).read_to_end(&mut got)).await.ok();
            return Err(Why::Differs(got));
        }
    }
    Ok(())
}
