//! A peer: the client of the atat crate on the same line.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use atat::asynch::{AtatClient, Client};
use atat::digest::ParseError;
use atat::{AtDigester, AtatIngress, Config, Ingress, InternalError, Parser, ResponseSlot, UrcChannel};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use crate::Error;
use crate::line::End;
use crate::load::{Publisher, Steps};

// What the crate locks with on a computer.
use critical_section as _;

const BUFFER: usize = 1024;
const LINES: usize = 8;

/// An unsolicited line.
#[derive(Clone, Debug)]
struct Line {
    _text: [u8; 128],
}

impl atat::AtatUrc for Line {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut text = [0; 128];
        text.get_mut(..line.len())?.copy_from_slice(line);
        Some(Self { _text: text })
    }
}

/// Nothing unsolicited comes in this conversation.
#[derive(Debug)]
struct None;

impl Parser for None {
    fn parse(_: &[u8]) -> Result<(&[u8], usize), ParseError> {
        Err(ParseError::NoMatch)
    }
}

struct Writer(WriteHalf<End>);

impl embedded_io_async::ErrorType for Writer {
    type Error = io::Error;
}

impl embedded_io_async::Write for Writer {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

/// Bytes that are written as they are; their answer is not looked into.
struct Raw<'a>(&'a [u8]);

struct Done;

impl atat::AtatResp for Done {}

impl atat::AtatCmd for Raw<'_> {
    type Response = Done;
    const MAX_TIMEOUT_MS: u32 = 5000;

    fn write(&self, buffer: &mut [u8]) -> usize {
        let count = self.0.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), self.0.get(..count)) {
            to.copy_from_slice(from);
        }
        count
    }

    fn parse(&self, answer: Result<&[u8], InternalError<'_>>) -> Result<Done, atat::Error> {
        Ok(answer.map(|_| Done)?)
    }
}

/// A session. Its buffers live as long as the process, as the crate is meant to be used.
pub(crate) struct Atat {
    client: Client<'static, Writer, BUFFER>,
    steps: Steps,
    _reading: Arc<JoinHandle<()>>,
}

impl Atat {
    pub(crate) fn new(end: End, steps: Steps) -> Self {
        let (reader, writer) = tokio::io::split(end);
        let slot: &'static ResponseSlot<BUFFER> = Box::leak(Box::new(ResponseSlot::new()));
        let lines: &'static UrcChannel<Line, LINES, 1> = Box::leak(Box::new(UrcChannel::new()));
        let input: &'static mut [u8; BUFFER] = Box::leak(Box::new([0; BUFFER]));
        let output: &'static mut [u8; BUFFER] = Box::leak(Box::new([0; BUFFER]));
        let digester = AtDigester::<None>::new().with_custom_prompt(prompt);
        let ingress = Ingress::new(digester, input, slot, lines);
        let reading = tokio::spawn(read(reader, ingress));
        let client = Client::new(Writer(writer), slot, output, Config::new());
        Self { client, steps, _reading: Arc::new(reading) }
    }
}

/// `>>>`, which stands for itself.
fn prompt(bytes: &[u8]) -> Result<(u8, usize), ParseError> {
    match bytes.ends_with(b">>>") {
        true => Ok((b'>', bytes.len())),
        false => Err(ParseError::NoMatch),
    }
}

async fn read(
    mut reader: ReadHalf<End>,
    mut ingress: Ingress<'static, AtDigester<None>, Line, BUFFER, LINES, 1>,
) {
    while let Ok(count) = reader.read(ingress.write_buf()).await {
        if count == 0 || ingress.try_advance(count).is_err() {
            return;
        }
    }
}

impl Publisher for Atat {
    async fn publish(&mut self) -> Result<(), Error> {
        for (sent, _) in self.steps.iter() {
            self.client.send(&Raw(sent)).await.map_err(|error| format!("atat: {error:?}"))?;
        }
        // It counts its pause from sending.
        tokio::time::sleep(Duration::ZERO).await;
        Ok(())
    }
}
