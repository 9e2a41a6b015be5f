//! Looking after a module on several channels.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tracing::Instrument;

use super::follower::{Follower, Restarts};
use super::multiplexed_line::{ChannelSource, MultiplexedLine};
use super::{PortSource, StartError, Supervisor, SupervisorEvents, SupervisorOptions};
use crate::channels::{ChannelsError, MultiplexedBuilder, NoSuchChannel, Recorders};
use crate::commands::SerialNumber;
use crate::driver::{ModuleDown, PortSlot, WeakPortSlot};
use crate::modem::{Modem, ModemBuilder, OpenError};

/// Looks after one module on several channels until it is dropped: a [`Supervisor`] on the first of them, and the others
/// follow it.
///
/// When the port is lost, or the module restarts and its multiplexer with it, all channels are lost. Each comes back,
/// with its echo off and its errors in words, and the clients on it do what they do after a lost port.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::Modem;
/// use telit_core::supervisor::{ChannelSupervisor, SupervisorOptions};
/// use telit_core::transport::SerialPort;
///
/// let builder = Modem::builder().apn("iot.example").multiplexed()?;
/// let port = SerialPort::new("/dev/ttyS1").baud_rate(921_600);
/// let module = ChannelSupervisor::start_multiplexed(builder, port, SupervisorOptions::default()).await?;
/// let (transfers, polls) = (module.channel(1)?, module.channel(2)?);
/// # drop((transfers, polls));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChannelSupervisor {
    lead: Supervisor,
    modems: Vec<(u8, Modem)>,
    followers: Vec<(WeakPortSlot, JoinHandle<()>)>,
    line: Option<Line>,
}

/// The multiplexed port, if it is one.
struct Line(Arc<MultiplexedLine>);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

/// One channel before it is looked after.
struct Channel {
    number: u8,
    modem: Modem,
    slot: PortSlot,
    source: Box<dyn PortSource>,
}

impl ChannelSupervisor {
    /// Opens the port, starts the multiplexer, brings the module on line, and looks after all of it from then on. The
    /// first time everything has to work, as with [`Supervisor::start`].
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the port, as with [`MultiplexedBuilder::open`].
    pub async fn start_multiplexed(
        builder: MultiplexedBuilder,
        source: impl PortSource + 'static,
        options: SupervisorOptions,
    ) -> Result<Self, StartError> {
        let (mut blueprint, recorder, wish) = builder.into_parts();
        if let Some(rate) = source.line_rate() {
            blueprint.set_line_rate(rate);
        }
        blueprint.add_start_up_lines(&options.start_up_lines);
        let recorders = Recorders::new(recorder);
        let started =
            MultiplexedLine::start(Box::new(source), blueprint.clone(), wish, recorders.plain()).await;
        let (line, part, dlcis) = started?;
        let mut channels = Vec::new();
        for dlci in dlcis {
            let number = dlci.number();
            let stream = line.open(dlci).await.map_err(OpenError::from)?;
            let recorder = recorders.channel(number);
            let opening = blueprint.another_in_slot(Box::pin(stream), recorder, part.clone(), None);
            let (modem, slot) = opening.await?;
            let source = Box::new(ChannelSource { line: Arc::clone(&line), dlci });
            channels.push(Channel { number, modem, slot, source });
        }
        Self::adopt(channels, None, Some(line), options).await
    }

    /// Opens several ports of one module, brings it on line, and looks after all of them from then on. The first port
    /// is the one on which the module is looked after.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the ports.
    pub async fn start_ports(
        builder: ModemBuilder,
        sources: Vec<Box<dyn PortSource>>,
        options: SupervisorOptions,
    ) -> Result<Self, StartError> {
        let (mut blueprint, recorder) = builder.into_blueprint()?;
        blueprint.add_start_up_lines(&options.start_up_lines);
        let recorders = Recorders::new(recorder);
        let mut channels: Vec<Channel> = Vec::new();
        let mut expected = None;
        for (source, number) in sources.into_iter().zip(1_u8..) {
            let stream = source.open().await.map_err(OpenError::from)?;
            let recorder = recorders.channel(number);
            let line_rate = source.line_rate().or_else(|| blueprint.line_rate());
            let (modem, slot) = match channels.first() {
                None => blueprint.identify_in_slot(stream, recorder, line_rate).await?,
                Some(first) => {
                    blueprint.another_in_slot(stream, recorder, first.modem.part(), line_rate).await?
                }
            };
            let serial_number = modem.run(SerialNumber).await.map_err(OpenError::from)?;
            let expected = expected.get_or_insert_with(|| serial_number.clone());
            if *expected != serial_number {
                let (port, expected) = (usize::from(number), expected.clone());
                return Err(ChannelsError::OtherModule { port, serial_number, expected }.into());
            }
            channels.push(Channel { number, modem, slot, source });
        }
        Self::adopt(channels, expected, None, options).await
    }

    async fn adopt(
        channels: Vec<Channel>,
        serial_number: Option<String>,
        line: Option<Arc<MultiplexedLine>>,
        options: SupervisorOptions,
    ) -> Result<Self, StartError> {
        let backoff = options.backoff;
        let modems = channels.iter().map(|channel| (channel.number, channel.modem.clone())).collect();
        let mut channels = channels.into_iter();
        let Some(first) = channels.next() else { return Err(ChannelsError::NoPorts.into()) };
        first.modem.bring_up().await?;
        let lead = Supervisor::adopt(first.modem, first.slot, first.source, options);
        let followers = channels.map(|Channel { modem, slot, source, .. }| {
            let serial_number = serial_number.clone();
            let (look, restarts) = (lead.look(), Restarts::default());
            let (weak, lead) = (slot.downgrade(), lead.modem().health());
            let follower = Follower { modem, slot, source, backoff, serial_number, lead, look, restarts };
            (weak, tokio::spawn(follower.run().in_current_span()))
        });
        let followers = followers.collect();
        Ok(Self { lead, modems, followers, line: line.map(Line) })
    }

    /// The module on one of its channels, counted from 1. Handles stay good over losses.
    ///
    /// # Errors
    /// The module does not have it.
    pub fn channel(&self, number: u8) -> Result<&Modem, NoSuchChannel> {
        let found = self.modems.iter().find(|(known, _)| *known == number);
        found.map(|(_, modem)| modem).ok_or(NoSuchChannel { number })
    }

    /// All channels with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &Modem)> {
        self.modems.iter().map(|(number, modem)| (*number, modem))
    }

    /// What happens to the module from now on.
    #[must_use]
    pub fn events(&self) -> SupervisorEvents {
        self.lead.events()
    }

    /// As [`Supervisor::recover`].
    ///
    /// # Errors
    /// [`ModuleDown`]: nothing helped.
    ///
    /// # Cancel safety
    /// As [`Supervisor::recover`].
    pub async fn recover(&self) -> Result<(), ModuleDown> {
        self.lead.recover().await
    }

    /// What it waits for before its next attempt may have come.
    pub(crate) fn hurry(&self) {
        self.lead.hurry();
    }

    /// As [`close`](Self::close), and closes its ports, whoever still has handles.
    pub(crate) async fn close_ports(mut self) {
        let mut slots = vec![self.lead.stop().await];
        for (slot, follower) in &mut self.followers {
            let slot = slot.upgrade();
            follower.abort();
            drop(follower.await);
            slots.push(slot);
        }
        self.close().await;
        for slot in slots.into_iter().flatten() {
            slot.take_out().await;
        }
    }

    /// Stops looking after the module, and takes it back to plain AT for whoever opens the port next.
    ///
    /// # Time
    /// Some milliseconds; four seconds if the module does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it closing.
    pub async fn close(mut self) {
        let line = self.line.take();
        drop(self);
        if let Some(Line(line)) = line {
            line.close().await;
        }
    }
}

impl Drop for ChannelSupervisor {
    fn drop(&mut self) {
        self.followers.iter().for_each(|(_, follower)| follower.abort());
    }
}
