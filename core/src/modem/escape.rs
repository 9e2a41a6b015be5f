//! How long the module wants silence around the escape sequence.

use std::time::Duration;

use super::Modem;
use crate::at::Exchange;
use crate::commands::{ReadEscapeOverride, ReadEscapeRegister};
use crate::driver::DataStream;
use crate::error::CommandError;
use crate::platform::Availability;

impl Modem {
    /// Opens a data stream, see [`AtChannel::open_stream`](crate::driver::AtChannel::open_stream). Before the first
    /// one since the module has started the module is asked how long the silence around the escape sequence has to be, with which streams are
    /// left; not on a channel that was given to [`from_channel`](Self::from_channel).
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// As [`AtChannel::open_stream`](crate::driver::AtChannel::open_stream).
    pub async fn open_stream(&self, exchange: Exchange) -> Result<DataStream, CommandError> {
        if let Some(port) = &self.inner.port {
            let known = self.known().escape_guard;
            let guard = match known {
                Some(guard) => guard,
                None => self.read_escape_guard().await?,
            };
            self.known().escape_guard = Some(guard);
            port.set_escape_guard(guard).await;
        }
        self.inner.channel.open_stream(exchange).await
    }

    /// `#E2ESC` stands above S12. What the module does not tell is as it left the factory. Source: M37 p138, p168.
    async fn read_escape_guard(&self) -> Result<Duration, CommandError> {
        let escape = &self.profile().escape;
        let seconds = match escape.guard_override {
            Availability::No => None,
            Availability::Yes | Availability::Probe => told(self.run(ReadEscapeOverride).await)?,
        };
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
            return Ok(Duration::from_secs(u64::from(seconds)));
        }
        let mut steps = self.read_escape_register().await?;
        // With too short a silence no stream is ever left. So that a byte which is damaged on the line does not lead
        // there, a short one has to be told twice.
        if steps < escape.guard_default {
            steps = steps.max(self.read_escape_register().await?);
        }
        Ok(escape.guard(steps))
    }

    async fn read_escape_register(&self) -> Result<u8, CommandError> {
        let escape = &self.profile().escape;
        let steps = told(self.run(ReadEscapeRegister).await)?;
        Ok(steps.filter(|steps| escape.guard_steps.contains(steps)).unwrap_or(escape.guard_default))
    }
}

/// `None` if the module does not have the setting, or tells it in a way that nobody knows.
fn told(answer: Result<u8, CommandError>) -> Result<Option<u8>, CommandError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error @ (CommandError::Refused { .. } | CommandError::Unexpected { .. })) => {
            tracing::debug!(%error, "the escape guard time is taken as it left the factory");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
