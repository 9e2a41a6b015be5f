//! Who sends the command.

use std::time::Duration;

use atat::asynch::{AtatClient, Client};
use atat::atat_derive::{AtatCmd, AtatResp, AtatUrc};
use atat::{AtDigester, AtatIngress, Config, Ingress, ResponseSlot, UrcChannel};
use telit_core::at::Settings;
use telit_core::commands::SignalQuality;
use telit_core::driver::{AtChannelExt, AtPort, DriverOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::Error;
use super::responder::{ANSWER, COMMAND};

/// Sends the command on this thread.
pub(crate) trait Contestant {
    /// Sends the command, waits for its answer and checks it.
    async fn command(&mut self) -> Result<(), Error>;
}

/// A contestant that can be a task of the runtime.
pub(crate) trait Task: Send + 'static {
    /// As [`Contestant::command`].
    fn ask(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<T: Task> Contestant for T {
    async fn command(&mut self) -> Result<(), Error> {
        self.ask().await
    }
}

/// Writes the command and reads until the answer is there, understanding nothing.
pub(crate) struct Bare<L> {
    line: L,
    buffer: Vec<u8>,
}

impl<L> Bare<L> {
    pub(crate) fn new(line: L) -> Self {
        Self { line, buffer: Vec::with_capacity(4096) }
    }
}

impl<L: AsyncRead + AsyncWrite + Unpin + Send + 'static> Task for Bare<L> {
    async fn ask(&mut self) -> Result<(), Error> {
        self.buffer.clear();
        self.line.write_all(COMMAND).await?;
        while !self.buffer.ends_with(b"OK\r\n") {
            self.line.read_buf(&mut self.buffer).await?;
        }
        if self.buffer == ANSWER { Ok(()) } else { Err("another answer".into()) }
    }
}

pub(crate) struct Sdk(AtPort);

impl Sdk {
    pub(crate) fn new<L: AsyncRead + AsyncWrite + Send + 'static>(line: L) -> Self {
        let mut settings = Settings::default();
        settings.pause = Duration::ZERO;
        Self(AtPort::start(line, DriverOptions { settings, ..DriverOptions::default() }))
    }
}

impl Task for Sdk {
    async fn ask(&mut self) -> Result<(), Error> {
        if self.0.run(SignalQuality).await? == Some(-77) { Ok(()) } else { Err("another answer".into()) }
    }
}

/// Bytes of the buffers of `atat`.
const BUFFER: usize = 256;

type AtatSlot = ResponseSlot<BUFFER>;
type AtatChannel = UrcChannel<Unsolicited, 4, 1>;

#[derive(Clone, AtatCmd)]
#[at_cmd("+CSQ", Signal)]
struct GetSignal;

#[derive(Clone, AtatResp)]
struct Signal {
    #[at_arg(position = 0)]
    level: u8,
    #[at_arg(position = 1)]
    errors: u8,
}

/// There are none.
#[derive(Clone, AtatUrc)]
enum Unsolicited {
    #[at_urc("+CREG")]
    Registration,
}

pub(crate) struct Atat<L: AsyncRead + AsyncWrite + Unpin + 'static>(
    Client<'static, Embedded<WriteHalf<L>>, BUFFER>,
);

impl<L: AsyncRead + AsyncWrite + Unpin + 'static> Atat<L> {
    pub(crate) fn new(line: L) -> Self {
        let (reader, writer) = tokio::io::split(line);
        // Its parts refer to each other for as long as the process lives.
        let slot: &'static AtatSlot = Box::leak(Box::new(AtatSlot::new()));
        let channel: &'static AtatChannel = Box::leak(Box::new(AtatChannel::new()));
        let buffer = Box::leak(Box::new([0; BUFFER]));
        tokio::task::spawn_local(async move {
            let mut ingress = Ingress::new(AtDigester::<Unsolicited>::new(), buffer, slot, channel);
            ingress.read_from(Embedded::<ReadHalf<L>>(reader)).await
        });
        let config = Config::new().cmd_cooldown(embassy_time::Duration::from_ticks(0));
        Self(Client::new(Embedded(writer), slot, Box::leak(Box::new([0; BUFFER])), config))
    }
}

impl<L: AsyncRead + AsyncWrite + Unpin + 'static> Contestant for Atat<L> {
    async fn command(&mut self) -> Result<(), Error> {
        let Signal { level, errors } = self.0.send(&GetSignal).await.map_err(|error| format!("{error:?}"))?;
        if (level, errors) == (18, 99) { Ok(()) } else { Err("another answer".into()) }
    }
}

/// A line of `tokio` as `atat` wants it.
struct Embedded<L>(L);

impl<L> embedded_io_async::ErrorType for Embedded<L> {
    type Error = std::io::Error;
}

impl<L: AsyncRead + Unpin> embedded_io_async::Read for Embedded<L> {
    async fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl<L: AsyncWrite + Unpin> embedded_io_async::Write for Embedded<L> {
    async fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.write(buffer).await
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush().await
    }
}
