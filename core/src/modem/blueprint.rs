//! Opening several channels of one module in the same way.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use tokio::io::{AsyncRead, AsyncWrite};

use super::builder::{Names, NetworkOptions, Opening, synchronise};
use super::error::OpenError;
use super::known::PinMemory;
use super::{Modem, Shared, StoredProfile};
use crate::at::{Command, Exchange, InvalidValue, Settings};
use crate::commands::{EchoOff, SelectSyntax, VerboseErrors};
use crate::driver::{AtChannel, AtChannelExt, AtPort, BoxedStream, DriverOptions, PortSlot, Recorder};
use crate::error::CommandError;
use crate::platform::{PlatformId, Profile};

/// What a builder says, to be used several times.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    pub(super) network: NetworkOptions,
    pub(super) platform: Option<PlatformId>,
    pub(super) settings: Settings,
    pub(super) line_rate: Option<u32>,
    pub(super) powered_on: bool,
    pub(super) stored: Option<StoredProfile>,
}

/// What is known of a module, for another channel of it.
#[derive(Clone, Debug)]
pub(crate) struct ModulePart {
    profile: &'static Profile,
    names: Names,
    shared: Arc<Shared>,
}

impl Blueprint {
    pub(crate) fn line_rate(&self) -> Option<u32> {
        self.line_rate
    }

    pub(crate) fn set_line_rate(&mut self, line_rate: u32) {
        self.line_rate = Some(line_rate);
    }

    /// As [`ModemBuilder::pin_memory`](super::ModemBuilder::pin_memory).
    pub(crate) fn set_pin_memory(&mut self, memory: &PinMemory) {
        self.network.pin_memory = memory.clone();
    }

    /// Lines that the module sends when it has started.
    pub(crate) fn add_start_up_lines(&mut self, lines: &[String]) {
        self.settings.start_up_lines.extend_from_slice(lines);
    }

    /// Identifies the module on a stream.
    pub(crate) async fn identify<T>(&self, stream: T, recorder: Option<Recorder>) -> Result<Modem, OpenError>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let port = AtPort::start(stream, self.first_options(self.line_rate, recorder)?);
        self.opening().identify(port).await
    }

    /// The same; the modem outlives its stream while the slot exists.
    pub(crate) async fn identify_in_slot(
        &self,
        stream: BoxedStream,
        recorder: Option<Recorder>,
        line_rate: Option<u32>,
    ) -> Result<(Modem, PortSlot), OpenError> {
        let (port, slot) = AtPort::start_in_slot(stream, self.first_options(line_rate, recorder)?);
        Ok((self.opening().identify(port).await?, slot))
    }

    /// Another channel of a module on a multiplexed line.
    pub(crate) async fn another<T>(
        &self,
        stream: T,
        recorder: Option<Recorder>,
        part: ModulePart,
    ) -> Result<Modem, OpenError>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        // Whoever carries the channels knows the line: a flushed stream has crossed it.
        self.prepare(AtPort::start(stream, self.options(None, recorder)?), part).await
    }

    /// The same; the modem outlives its stream while the slot exists.
    pub(crate) async fn another_in_slot(
        &self,
        stream: BoxedStream,
        recorder: Option<Recorder>,
        part: ModulePart,
        line_rate: Option<u32>,
    ) -> Result<(Modem, PortSlot), OpenError> {
        let (port, slot) = AtPort::start_in_slot(stream, self.options(line_rate, recorder)?);
        Ok((self.prepare(port, part).await?, slot))
    }

    /// Another port of a module.
    pub(crate) async fn another_port<T>(
        &self,
        stream: T,
        recorder: Option<Recorder>,
        part: ModulePart,
    ) -> Result<Modem, OpenError>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.prepare(AtPort::start(stream, self.options(self.line_rate, recorder)?), part).await
    }

    /// Echo, the format of errors and the command syntax are of each AT instance.
    async fn prepare(&self, port: AtPort, part: ModulePart) -> Result<Modem, OpenError> {
        let ModulePart { profile, names, shared } = part;
        synchronise(&port).await?;
        if profile.line.select_syntax {
            port.run(SelectSyntax).await?;
            port.remember(SelectSyntax.exchange().map_err(CommandError::from)?).await;
        }
        port.health_record().begin();
        let channel: Arc<dyn AtChannel> = Arc::new(port.clone());
        Ok(Modem::sharing(channel, Some(port), profile, names, self.network.clone(), shared))
    }

    fn opening(&self) -> Opening {
        let (network, stored) = (self.network.clone(), self.stored.clone());
        Opening { network, platform: self.platform, powered_on: self.powered_on, stored }
    }

    /// Of the first channel: a module that was switched on just now has been spoken to by nobody.
    fn first_options(
        &self,
        line_rate: Option<u32>,
        recorder: Option<Recorder>,
    ) -> Result<DriverOptions, OpenError> {
        let mut options = self.options(line_rate, recorder)?;
        options.settings.unknown_state &= !(self.powered_on && self.network.chains);
        Ok(options)
    }

    pub(super) fn options(
        &self,
        line_rate: Option<u32>,
        recorder: Option<Recorder>,
    ) -> Result<DriverOptions, OpenError> {
        let settings = self.settings.clone();
        Ok(DriverOptions { settings, recorder, line_rate, restored: restored()? })
    }
}

/// What is sent again after a restart.
fn restored() -> Result<Cow<'static, [Exchange]>, OpenError> {
    static RESTORED: LazyLock<Result<[Exchange; 2], InvalidValue>> =
        LazyLock::new(|| Ok([EchoOff.exchange()?, VerboseErrors.exchange()?]));
    match &*RESTORED {
        Ok(restored) => Ok(restored.into()),
        Err(error) => Err(CommandError::from(error.clone()).into()),
    }
}

impl Modem {
    /// What another channel of this module has in common with this one.
    pub(crate) fn part(&self) -> ModulePart {
        let names = Names { model: self.inner.model.clone(), firmware: self.inner.firmware.clone() };
        ModulePart { profile: self.inner.profile, names, shared: Arc::clone(&self.inner.shared) }
    }
}
