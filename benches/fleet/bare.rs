//! The floor: a bare task on a line that knows what it will read.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use crate::Error;
use crate::line::End;
use crate::load::{Publisher, Steps};

/// What the manual asks for behind an answer.
const PAUSE: Duration = Duration::from_millis(20);

/// Writes the bytes of a message and reads as many as the module answers.
#[derive(Debug)]
pub(crate) struct Bare {
    end: End,
    steps: Steps,
    buffer: [u8; 512],
    ready_at: Instant,
}

impl Bare {
    pub(crate) fn new(end: End, steps: Steps) -> Self {
        Self { end, steps, buffer: [0; 512], ready_at: Instant::now() }
    }
}

impl Publisher for Bare {
    async fn publish(&mut self) -> Result<(), Error> {
        sleep_until(self.ready_at).await;
        for (sent, answer) in self.steps.iter() {
            self.end.write_all(sent).await?;
            let mut read = 0;
            while read < answer.len() {
                read += self.end.read(&mut self.buffer).await?;
            }
            if !self.buffer.starts_with(answer) {
                return Err("another answer than in the script".into());
            }
        }
        self.ready_at = Instant::now() + PAUSE;
        Ok(())
    }
}

/// A task that does nothing but wait for bytes.
pub(crate) async fn wait(mut end: End) -> Result<(), Error> {
    let mut buffer = [0; 512];
    while end.read(&mut buffer).await? > 0 {}
    Ok(())
}
