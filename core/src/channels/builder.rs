//! How the channels of a module are opened.

use tokio::io::{AsyncRead, AsyncWrite};

use super::enter::{Wish, enter};
use super::error::ChannelsError;
use super::{Channels, recorders};
use crate::commands::SerialNumber;
use crate::driver::{BoxedStream, Recorder};
use crate::modem::{Blueprint, Modem, ModemBuilder, PinMemory};
use crate::multiplexer::SessionSettings;

/// N1 that is asked for. A longer frame carries more for its six or seven octets around it, and holds up other channels
/// longer: 44 ms at 115200 baud.
const FRAME_SIZE: u16 = 512;

/// Options for opening the channels of one module. All have defaults.
#[derive(Debug)]
#[must_use = "nothing is opened until one of the open functions is called"]
pub struct MultiplexedBuilder {
    pub(super) blueprint: Blueprint,
    pub(super) recorder: Option<Recorder>,
    pub(super) wish: Wish,
    #[cfg(feature = "serial")]
    serial: crate::modem::SerialOptions,
}

impl MultiplexedBuilder {
    /// How many channels. Default as many as the platform has AT instances, which is 3. Source: IPE28 p187.
    pub fn channels(mut self, channels: u8) -> Self {
        self.wish.channels = Some(channels);
        self
    }

    /// N1, the most octets in one frame. Default 512, or what the module takes of it. Source: M37 p108.
    pub fn frame_size(mut self, octets: u16) -> Self {
        self.wish.frame_size = octets;
        self
    }

    /// Times and limits of the multiplexer. The number of channels and N1 are taken from here and from the module.
    pub fn session(mut self, settings: SessionSettings) -> Self {
        self.wish.settings = settings;
        self
    }

    /// What an earlier start has found out about the PIN, and where this one notes it.
    pub(crate) fn pin_memory(mut self, memory: &PinMemory) -> Self {
        self.blueprint.set_pin_memory(memory);
        self
    }

    /// What is opened with, where it is opened again and again.
    pub(crate) fn into_parts(self) -> (Blueprint, Option<Recorder>, Wish) {
        (self.blueprint, self.recorder, self.wish)
    }

    /// Opens a serial port by its [name](crate::transport::PortName), and the channels on it.
    ///
    /// # Errors
    /// See [`ChannelsError`].
    ///
    /// # Cancel safety
    /// As [`open`](Self::open).
    #[cfg(feature = "serial")]
    pub async fn open_serial<N>(self, name: N) -> Result<Channels, ChannelsError>
    where
        N: TryInto<crate::transport::PortName>,
        N::Error: Into<crate::transport::InvalidPortName>,
    {
        let Self { mut blueprint, recorder, wish, serial } = self;
        let stream = serial.port(name).open().map_err(crate::modem::OpenError::from)?;
        blueprint.set_line_rate(serial.baud_rate);
        Self { blueprint, recorder, wish, serial }.open(stream).await
    }

    /// Identifies the module on any byte stream in whatever state an earlier owner left it, starts its multiplexer, and
    /// opens the channels: each with its echo off and its errors in words.
    ///
    /// # Time
    /// About two seconds. An earlier process that went without closing its multiplexer costs one more.
    ///
    /// # Errors
    /// See [`ChannelsError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream. From the moment the module is asked about its multiplexer that takes up to
    /// two seconds, six if it does not answer: it is taken back to plain AT first, as long as the runtime lives.
    pub async fn open<T>(self, transport: T) -> Result<Channels, ChannelsError>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let port: BoxedStream = Box::pin(transport);
        let recorders = recorders::Recorders::new(self.recorder);
        let (part, multiplexer) = enter(&self.blueprint, &self.wish, port, recorders.plain()).await?;
        let mut modems = Vec::new();
        for dlci in multiplexer.opened() {
            let stream = multiplexer.open(dlci).await?;
            let number = dlci.number();
            let modem = self.blueprint.another(stream, recorders.channel(number), part.clone()).await?;
            modems.push((number, modem));
        }
        Channels::new(modems, Some(multiplexer))
    }
}

impl ModemBuilder {
    /// Several AT channels on one port, by the multiplexer of the module (`AT+CMUX`).
    ///
    /// Fails when nothing can carry the options: see [`open`](MultiplexedBuilder::open).
    ///
    /// # Errors
    /// A name or PIN that no command can carry.
    pub fn multiplexed(self) -> Result<MultiplexedBuilder, ChannelsError> {
        #[cfg(feature = "serial")]
        let serial = self.serial_options();
        let (blueprint, recorder) = self.into_blueprint()?;
        let wish = Wish { channels: None, frame_size: FRAME_SIZE, settings: SessionSettings::default() };
        Ok(MultiplexedBuilder {
            blueprint,
            recorder,
            wish,
            #[cfg(feature = "serial")]
            serial,
        })
    }

    /// Several ports of one module as its channels, in this order: the AT ports of its USB interface, or a UART and
    /// one of those. That they belong to one module is verified by its serial number.
    ///
    /// # Errors
    /// See [`ChannelsError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the streams.
    pub async fn open_ports(self, ports: Vec<BoxedStream>) -> Result<Channels, ChannelsError> {
        let (blueprint, recorder) = self.into_blueprint()?;
        let recorders = recorders::Recorders::new(recorder);
        let mut modems: Vec<(u8, Modem)> = Vec::new();
        let mut expected = None;
        for (port, number) in ports.into_iter().zip(1_u8..) {
            let recorder = recorders.channel(number);
            let modem = match modems.first() {
                None => blueprint.identify(port, recorder).await?,
                Some((_, first)) => blueprint.another_port(port, recorder, first.part()).await?,
            };
            let serial_number = modem.run(SerialNumber).await?;
            let expected = expected.get_or_insert_with(|| serial_number.clone());
            if *expected != serial_number {
                let (port, expected) = (usize::from(number), expected.clone());
                return Err(ChannelsError::OtherModule { port, serial_number, expected });
            }
            modems.push((number, modem));
        }
        Channels::new(modems, None)
    }

    /// As [`open_ports`](Self::open_ports), by the [names](crate::transport::PortName) of serial ports.
    ///
    /// # Errors
    /// See [`ChannelsError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the ports.
    #[cfg(feature = "serial")]
    pub async fn open_serial_ports<N>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Channels, ChannelsError>
    where
        N: TryInto<crate::transport::PortName>,
        N::Error: Into<crate::transport::InvalidPortName>,
    {
        let serial = self.serial_options();
        let open = |name| -> Result<BoxedStream, ChannelsError> {
            Ok(Box::pin(serial.port(name).open().map_err(crate::modem::OpenError::from)?))
        };
        let ports = names.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        self.line_rate(serial.baud_rate).open_ports(ports).await
    }
}
