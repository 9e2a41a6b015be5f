//! How to open a module.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_core::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::blueprint::Blueprint;
use super::greeting::Greeting;
use super::known::PinMemory;
use super::{ClockSource, Modem, OpenError, StoredProfile};
use crate::at::{Command, Settings};
use crate::commands::{
    DefineContext, EchoOff, EnterPin, FirmwareRevision, Model, SelectSyntax, SerialNumber, SoftwarePackage,
    SynchroniseClock, TestForm, VerboseErrors,
};
use crate::driver::{AtChannel, AtChannelExt, AtPort, BoxedStream, PortSlot, Recorder};
use crate::error::CommandError;
use crate::platform::{self, Identification, PlatformId, Profile};

/// Options for opening a [`Modem`]. All have defaults.
#[derive(Debug)]
#[must_use = "nothing is opened until one of the open functions is called"]
pub struct ModemBuilder {
    network: NetworkOptions,
    platform: Option<PlatformId>,
    settings: Settings,
    recorder: Option<Recorder>,
    line_rate: Option<u32>,
    powered_on: bool,
    stored: Option<StoredProfile>,
    #[cfg(feature = "serial")]
    baud_rate: u32,
    #[cfg(feature = "serial")]
    hardware_flow_control: bool,
}

/// What bring-up needs to know.
#[derive(Clone)]
pub(super) struct NetworkOptions {
    pub(super) apn: Option<String>,
    pub(super) context_id: Option<u8>,
    pub(super) pin: Option<String>,
    pub(super) danger_last_pin_attempt: bool,
    pub(super) registration_timeout: Duration,
    pub(super) clock: ClockSource,
    /// Several commands may go on one line.
    pub(super) chains: bool,
    /// This computer's time.
    pub(super) now: fn() -> SystemTime,
    pub(super) pin_memory: PinMemory,
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkOptions")
            .field("apn", &self.apn)
            .field("context_id", &self.context_id)
            .field("pin", &self.pin.as_ref().map(|_| "[redacted]"))
            .field("danger_last_pin_attempt", &self.danger_last_pin_attempt)
            .field("registration_timeout", &self.registration_timeout)
            .field("clock", &self.clock)
            .finish()
    }
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            apn: None,
            context_id: None,
            pin: None,
            danger_last_pin_attempt: false,
            registration_timeout: Duration::from_secs(180),
            clock: ClockSource::default(),
            chains: false,
            now: SystemTime::now,
            pin_memory: PinMemory::default(),
        }
    }
}

impl NetworkOptions {
    /// Refuses what no command can carry, before the first command is sent.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        if let Some(apn) = self.apn.clone() {
            DefineContext { id: 1, apn }.exchange()?;
        }
        if let Some(pin) = self.pin.clone() {
            EnterPin(pin).exchange()?;
        }
        if let ClockSource::TimeServer { host, port } = self.clock.clone() {
            SynchroniseClock { host, port }.exchange()?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) model: String,
    pub(super) firmware: String,
}

impl ModemBuilder {
    pub(super) fn new() -> Self {
        Self {
            network: NetworkOptions::default(),
            platform: None,
            settings: Settings { unknown_state: true, ..Settings::default() },
            recorder: None,
            line_rate: None,
            powered_on: false,
            stored: None,
            #[cfg(feature = "serial")]
            baud_rate: crate::transport::DEFAULT_BAUD_RATE,
            #[cfg(feature = "serial")]
            hardware_flow_control: false,
        }
    }

    /// The access point name. Without it the context is used as it is defined on the module, and defined with the
    /// network's own choice where it is not.
    pub fn apn(mut self, apn: impl Into<String>) -> Self {
        self.network.apn = Some(apn.into());
        self
    }

    /// The packet data context of all services. Default: the one that the model uses for the Internet, which is 1,
    /// or 3 on the builds whose operator keeps 1 and 2 for itself (LE866-SV1, ME866A1-NV, LE910-SV).
    /// Source: M37 p701; IPE28 p37-39.
    pub fn context_id(mut self, context_id: u8) -> Self {
        self.network.context_id = Some(context_id);
        self
    }

    /// The SIM's PIN. It is sent only if the SIM asks for it, only once unless it was right, and not at all if the SIM
    /// has one attempt left: a program that is started again and again with a wrong PIN does not block its SIM.
    /// [`danger_last_pin_attempt`](Self::danger_last_pin_attempt) takes that one, too. A module that cannot tell how
    /// many are left gets the PIN once for each start of the program.
    pub fn pin(mut self, pin: impl Into<String>) -> Self {
        self.network.pin = Some(pin.into());
        self
    }

    /// **Danger:** sends the PIN even if the SIM has one attempt left. If it is wrong, the SIM asks for its PUK, which
    /// its operator has.
    pub fn danger_last_pin_attempt(mut self) -> Self {
        self.network.danger_last_pin_attempt = true;
        self
    }

    /// How long bring-up waits for a network. Default 3 minutes, at most a day.
    pub fn registration_timeout(mut self, timeout: Duration) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        self.network.registration_timeout = timeout.min(DAY);
        self
    }

    /// Whose time the module's clock is to show when it needs setting. Default: this computer's.
    pub fn clock(mut self, source: ClockSource) -> Self {
        self.network.clock = source;
        self
    }

    /// What counts as this computer's time where the module's clock is compared or set. Default [`SystemTime::now`].
    /// For computers that know the time better than their own clock, and for tests that are to be the same each time.
    pub fn computer_time(mut self, now: fn() -> SystemTime) -> Self {
        self.network.now = now;
        self
    }

    /// Sets the module's clock from a time server when it needs setting: [`ClockSource::TimeServer`].
    pub fn time_server(self, host: impl Into<String>, port: u16) -> Self {
        self.clock(ClockSource::TimeServer { host: host.into(), port })
    }

    /// The platform, instead of finding out. Needed for models that are not known here.
    pub fn platform(mut self, platform: PlatformId) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Times and limits of the AT engine.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Settings { unknown_state: true, ..settings };
        self
    }

    /// Whether several commands may go on one line where none of them carries a secret, asks for data or must be told apart
    /// when it fails: far fewer round trips until the first message. What a module refuses is done command by command.
    /// Default no: every command goes alone, as the manual prefers it. Source: M37 p19.
    pub fn chains(mut self, on: bool) -> Self {
        self.network.chains = on;
        self
    }

    /// The module was switched on just now, and nobody has spoken to it since: no half-typed command, open prompt or data
    /// stream of an earlier owner is on the line. So the first line already asks for what is to be known, instead of
    /// looking for the line first, if [`chains`](Self::chains) are allowed. If that is not answered well, everything is done
    /// as without this.
    pub fn powered_on(mut self) -> Self {
        self.powered_on = true;
        self
    }

    /// What was found out of the module at an earlier start, see [`Modem::stored_profile`]. It does not count if the module
    /// is another one or has another firmware.
    pub fn stored_profile(mut self, stored: StoredProfile) -> Self {
        self.stored = Some(stored);
        self
    }

    /// Records the whole conversation, secrets redacted.
    pub fn recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The rate in bits a second of a serial line (8N1) that is opened by other means and given to
    /// [`open`](Self::open). Its driver takes bytes before they have crossed the line, and online mode is left
    /// only after a silence behind them. Not needed for other streams, nor for
    /// [`open_serial`](Self::open_serial). Default unknown: bytes that were written have left.
    pub fn line_rate(mut self, bits_per_second: u32) -> Self {
        self.line_rate = Some(bits_per_second);
        self
    }

    /// What an earlier start has found out about the PIN, and where this one notes it.
    pub(crate) fn pin_memory(mut self, memory: &PinMemory) -> Self {
        self.network.pin_memory = memory.clone();
        self
    }

    /// Lines that the module sends when it has started.
    pub(crate) fn start_up_lines(mut self, lines: &[String]) -> Self {
        self.settings.start_up_lines.extend_from_slice(lines);
        self
    }

    /// The line rate of [`open_serial`](Self::open_serial). Default 115200.
    #[cfg(feature = "serial")]
    pub fn baud_rate(mut self, baud_rate: u32) -> Self {
        self.baud_rate = baud_rate;
        self
    }

    /// RTS/CTS for [`open_serial`](Self::open_serial). Default off.
    #[cfg(feature = "serial")]
    pub fn hardware_flow_control(mut self, on: bool) -> Self {
        self.hardware_flow_control = on;
        self
    }

    /// A module behind any channel, for unit tests with a mocked one. Nothing is sent, and the options of
    /// the port do not matter.
    #[must_use]
    pub fn on_channel(self, channel: Arc<dyn AtChannel>, profile: &'static Profile) -> Modem {
        Modem::new(channel, None, profile, Names::default(), self.network)
    }

    /// Opens a serial port by its [name](crate::transport::PortName) and identifies the module on it.
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the port.
    #[cfg(feature = "serial")]
    pub async fn open_serial<N>(self, name: N) -> Result<Modem, OpenError>
    where
        N: TryInto<crate::transport::PortName>,
        N::Error: Into<crate::transport::InvalidPortName>,
    {
        let port = self.serial_options().port(name);
        self.open_port(port).await
    }

    /// Not in [`open_serial`](Self::open_serial), which is there once for every type of name.
    #[cfg(feature = "serial")]
    fn open_port(self, port: crate::transport::SerialPort) -> BoxFuture<'static, Result<Modem, OpenError>> {
        Box::pin(async move {
            let stream = port.open()?;
            let baud_rate = self.baud_rate;
            self.line_rate(baud_rate).open(stream).await
        })
    }

    /// Identifies the module on any byte stream, in whatever state an earlier owner left the line: echo
    /// on, a half-typed command, an open prompt, online mode, the multiplexer. A payload that this owner had only begun to
    /// send is completed with carriage returns, if nothing milder helps; reset the module first where its receiver must not
    /// get that.
    ///
    /// The task of the port lives in the `tracing` span that is current now, and holds it until the port is closed.
    ///
    /// # Time
    /// A module that answers takes about a second, one that was left multiplexing 22. Finding the line takes at most 35
    /// seconds, and the commands after it have 5 seconds each: 90 seconds in all.
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn open<T>(self, transport: T) -> Result<Modem, OpenError>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (blueprint, recorder) = self.into_blueprint()?;
        blueprint.identify(transport, recorder).await
    }

    /// Like [`open`](Self::open); the modem outlives its stream while the slot exists.
    pub(crate) async fn open_in_slot(self, stream: BoxedStream) -> Result<(Modem, PortSlot), OpenError> {
        let (blueprint, recorder) = self.into_blueprint()?;
        let line_rate = blueprint.line_rate();
        blueprint.identify_in_slot(stream, recorder, line_rate).await
    }

    /// What can be used for several channels, and the recorder.
    pub(crate) fn into_blueprint(self) -> Result<(Blueprint, Option<Recorder>), OpenError> {
        self.network.check()?;
        let Self { network, platform, settings, recorder, line_rate, powered_on, stored, .. } = self;
        Ok((Blueprint { network, platform, settings, line_rate, powered_on, stored }, recorder))
    }

    #[cfg(feature = "serial")]
    pub(crate) fn serial_options(&self) -> SerialOptions {
        SerialOptions { baud_rate: self.baud_rate, hardware_flow_control: self.hardware_flow_control }
    }
}

/// How serial ports are opened.
#[cfg(feature = "serial")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct SerialOptions {
    pub(crate) baud_rate: u32,
    hardware_flow_control: bool,
}

#[cfg(feature = "serial")]
impl SerialOptions {
    pub(crate) fn port<N>(self, name: N) -> crate::transport::SerialPort
    where
        N: TryInto<crate::transport::PortName>,
        N::Error: Into<crate::transport::InvalidPortName>,
    {
        let port = crate::transport::SerialPort::new(name).baud_rate(self.baud_rate);
        port.hardware_flow_control(self.hardware_flow_control)
    }
}

/// What is left to do once the port is open.
pub(super) struct Opening {
    pub(super) network: NetworkOptions,
    pub(super) platform: Option<PlatformId>,
    pub(super) powered_on: bool,
    pub(super) stored: Option<StoredProfile>,
}

impl Opening {
    pub(super) fn identify(self, port: AtPort) -> BoxFuture<'static, Result<Modem, OpenError>> {
        Box::pin(async move {
            let greeting = match self.greeting() {
                Some(greeting) => greeting.run(&port).await,
                None => None,
            };
            let (names, serial_number) = match &greeting {
                Some(greeted) => (greeted.names.clone(), Some(greeted.serial_number.clone())),
                None => {
                    synchronise(&port).await?;
                    let (model, firmware) = (ask(&port, Model).await?, ask(&port, FirmwareRevision).await?);
                    (Names { model, firmware }, None)
                }
            };
            let platform = match self.platform {
                Some(platform) => platform,
                // The package, which would be asked for, says no more.
                None => match platform::identify(&names.model, &names.firmware) {
                    Identification::Platform(platform) if greeting.is_some() => platform,
                    _ => identify(&port, &names).await?,
                },
            };
            let profile = platform::profile(platform);
            if profile.line.select_syntax {
                port.run(SelectSyntax).await?;
                port.remember(SelectSyntax.exchange().map_err(CommandError::from)?).await;
            }
            port.health_record().begin();
            let channel: Arc<dyn AtChannel> = Arc::new(port.clone());
            let modem = Modem::new(channel, Some(port), profile, names, self.network);
            if let Some(stored) = self.stored {
                let serial_number = match serial_number {
                    Some(serial_number) => Some(serial_number),
                    None => modem.run(SerialNumber).await.ok(),
                };
                match serial_number {
                    Some(serial) if stored.is_of(modem.model(), modem.firmware(), &serial) => {
                        modem.believe(stored)
                    }
                    _ => tracing::info!("the stored profile is of another module or firmware"),
                }
            }
            if let Some(greeted) = greeting {
                modem.keep_greeting(greeted);
            }
            Ok(modem)
        })
    }

    /// What is asked on the first line; `None`: the line has to be found first.
    fn greeting(&self) -> Option<Greeting> {
        let stored = self.stored.as_ref();
        if !self.powered_on || !self.network.chains || stored.is_some_and(|stored| !stored.chains) {
            return None;
        }
        // With a profile it is known whose module this probably is, and so what bring-up will ask.
        let profile = stored.and_then(|stored| match platform::identify(&stored.model, &stored.firmware) {
            Identification::Platform(platform) => Some(platform::profile(platform)),
            _ => self.platform.map(platform::profile),
        });
        Greeting::new(profile, &self.network)
    }
}

pub(super) async fn synchronise(port: &AtPort) -> Result<(), OpenError> {
    match port.run(EchoOff).await {
        Err(
            CommandError::NotResponding { .. }
            | CommandError::TimedOut { .. }
            | CommandError::Restarted { .. },
        ) => {
            return Err(OpenError::NoModule);
        }
        other => other?,
    }
    Ok(port.run(VerboseErrors).await?)
}

/// Asks once more if noise or an unknown code got into the answer.
async fn ask<C>(port: &AtPort, command: C) -> Result<C::Response, CommandError>
where
    C: Command + Copy + Send + Sync,
    C::Response: Send,
{
    match port.run(command).await {
        Err(CommandError::Unexpected { .. }) => port.run(command).await,
        other => other,
    }
}

async fn identify(port: &AtPort, names: &Names) -> Result<PlatformId, OpenError> {
    let package = match ask(port, SoftwarePackage).await {
        Ok(package) => package,
        Err(CommandError::Refused { .. }) => String::new(),
        Err(error) => return Err(error.into()),
    };
    let firmware = if package.is_empty() { &names.firmware } else { &package };
    match platform::identify(&names.model, firmware) {
        Identification::Platform(platform) => Ok(platform),
        Identification::NeedsProbe(candidates) => probe(port, names, candidates).await,
        Identification::Unknown => Err(unknown(names)),
    }
}

/// Asks on where the names leave a choice.
async fn probe(
    port: &AtPort,
    names: &Names,
    candidates: &'static [PlatformId],
) -> Result<PlatformId, OpenError> {
    // The package may be silent where the revision is not.
    if let Identification::Platform(platform) = platform::identify(&names.model, &names.firmware) {
        return Ok(platform);
    }
    let found = match candidates {
        [PlatformId::P25Linux, PlatformId::P25ThreadX] => probe_le910cx(port).await?,
        // Nothing that is documented tells the 2G families apart but the number of their firmware.
        _ => None,
    };
    found.ok_or_else(|| OpenError::Undecided {
        model: names.model.clone(),
        firmware: names.firmware.clone(),
        candidates,
    })
}

/// Two TLS stacks exist under one model name; test forms tell them apart. Source: SSL guide 6.3, 6.7.
async fn probe_le910cx(port: &AtPort) -> Result<Option<PlatformId>, OpenError> {
    let security = test_form(port, "#SSLSECCFG2").await?;
    if let Some(platform) = platform::tell_le910cx_apart(&security.join(",")) {
        return Ok(Some(platform));
    }
    let socket = test_form(port, "#SSLCFG").await?;
    Ok(platform::tell_le910cx_apart_by_fields(socket.len()))
}

/// The fields of a test form; none if the module refuses it, as it may without a SIM.
async fn test_form(port: &AtPort, name: &'static str) -> Result<Vec<String>, OpenError> {
    match port.run(TestForm(name)).await {
        Err(CommandError::Refused { .. }) => Ok(Vec::new()),
        other => Ok(other?),
    }
}

fn unknown(names: &Names) -> OpenError {
    OpenError::UnknownModel { model: names.model.clone(), firmware: names.firmware.clone() }
}
