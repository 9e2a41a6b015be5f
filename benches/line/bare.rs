//! The floor: a loop that writes commands and reads answers, and understands nothing.

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use memchr::memmem;
use telit_core::at::Settings;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};

use super::{Error, Meter, Setting, SharedLine};

const OK: &[u8] = b"\r\nOK\r\n";
const READ_SIZE: usize = 4096;
/// How many exchanges without data are timed.
const QUESTIONS: usize = 20;

/// A loop on a borrowed line. Dropping it gives the line back to the SDK.
#[derive(Debug)]
pub struct Bare {
    line: SharedLine,
    /// What was read and not used.
    rest: Vec<u8>,
    crossed: usize,
}

/// An answer as it came.
pub type Answer = Vec<u8>;

impl Bare {
    pub(super) fn new(line: SharedLine) -> Self {
        Self { line, rest: Vec::new(), crossed: 0 }
    }

    /// Writes a command, or whatever it is.
    ///
    /// # Errors
    /// The line's.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.crossed += bytes.len();
        let mut written = 0;
        while written < bytes.len() {
            let left = bytes.get(written..).unwrap_or_default();
            written += poll_fn(|context| self.line.poll(|stream| stream.poll_write(context, left))).await?;
        }
        Ok(())
    }

    /// Bytes that it has written and read so far.
    #[must_use]
    pub fn crossed(&self) -> usize {
        self.crossed
    }

    /// Some bytes.
    ///
    /// # Errors
    /// The line's.
    pub async fn read(&mut self) -> Result<usize, Error> {
        let mut space = [0; READ_SIZE];
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|context| self.line.poll(|stream| stream.poll_read(context, &mut buffer))).await?;
        if buffer.filled().is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.rest.extend_from_slice(buffer.filled());
        self.crossed += buffer.filled().len();
        Ok(buffer.filled().len())
    }

    /// Everything up to these bytes, and with them.
    ///
    /// # Errors
    /// The line's.
    pub async fn until(&mut self, end: &[u8]) -> Result<Answer, Error> {
        let mut searched = 0;
        loop {
            let from = searched.min(self.rest.len());
            if let Some(at) = memmem::find(self.rest.get(from..).unwrap_or_default(), end) {
                let rest = self.rest.split_off(from + at + end.len());
                return Ok(std::mem::replace(&mut self.rest, rest));
            }
            searched = self.rest.len().saturating_sub(end.len());
            self.read().await?;
        }
    }

    /// A command and its answer, up to `OK`.
    ///
    /// # Errors
    /// The line's.
    pub async fn ask(&mut self, command: &str) -> Result<Answer, Error> {
        self.write(command.as_bytes()).await?;
        self.until(OK).await
    }

    /// Asks the same until the answers have brought `bytes`, with the pause behind each. `data` finds the bytes in an
    /// answer.
    ///
    /// # Errors
    /// The line's.
    pub async fn repeat(
        &mut self,
        setting: &Setting,
        meter: &mut Meter,
        command: &str,
        bytes: usize,
        data: impl Fn(&[u8]) -> &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut received = Vec::with_capacity(bytes);
        while received.len() < bytes {
            let answer = self.ask(command).await?;
            let block = data(&answer);
            received.extend_from_slice(block);
            meter.piece(block.len());
            if setting.has_pause() {
                sleep(setting.pause).await;
            }
        }
        Ok(received)
    }

    /// So many bytes as they come.
    ///
    /// # Errors
    /// The line's.
    pub async fn bulk(&mut self, meter: &mut Meter, bytes: usize) -> Result<Answer, Error> {
        meter.piece(self.rest.len());
        while self.rest.len() < bytes {
            let count = self.read().await?;
            meter.piece(count);
        }
        let rest = self.rest.split_off(bytes);
        Ok(std::mem::replace(&mut self.rest, rest))
    }

    /// Reads until nothing comes for a while.
    ///
    /// # Errors
    /// The line's.
    pub async fn until_silence(&mut self, meter: &mut Meter) -> Result<Answer, Error> {
        while let Ok(read) = timeout(Settings::default().quiet, self.read()).await {
            meter.piece(read?);
        }
        Ok(std::mem::take(&mut self.rest))
    }

    /// How long the line rests for each exchange: the module's turnaround and the pause, as the computer's timers make
    /// them.
    ///
    /// # Errors
    /// The line's.
    pub async fn rest_of_line(&mut self, setting: &Setting) -> Result<Duration, Error> {
        let command = "AT+CGSN\r";
        let length = self.ask(command).await?.len();
        if setting.has_pause() {
            sleep(setting.pause).await;
        }
        let mut meter = Meter::default();
        self.repeat(setting, &mut meter, command, QUESTIONS * length, |answer| answer).await?;
        Ok(meter
            .finish(|_, _| Duration::ZERO)
            .each()
            .saturating_sub(setting.crossing(command.len() + length)))
    }
}

/// The bytes of a block behind `prefix`, its length and a line end.
#[must_use]
pub fn block_behind<'answer>(answer: &'answer [u8], prefix: &str) -> &'answer [u8] {
    let head = || {
        let start = memmem::find(answer, prefix.as_bytes())? + prefix.len();
        let digits = memmem::find(answer.get(start..)?, b"\r\n")?;
        let length: usize = std::str::from_utf8(answer.get(start..start + digits)?).ok()?.parse().ok()?;
        answer.get(start + digits + 2..)?.get(..length)
    };
    head().unwrap_or_default()
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.line.give_back();
    }
}
