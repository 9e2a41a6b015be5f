//! Several byte streams on one port.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::line::{Line, State, now};
use super::lost::ChannelLost;
use super::stream::{ChannelStream, Open};
use super::task;
use crate::driver::BoxedStream;
use crate::multiplexer::{ChannelEnd, Dlci, SessionSettings};

/// A port that carries several channels. It is closed when this and all its streams are dropped.
pub struct Multiplexer {
    line: Arc<Open>,
    ended: oneshot::Receiver<Option<BoxedStream>>,
}

impl fmt::Debug for Multiplexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multiplexer").field("line", &self.line).finish_non_exhaustive()
    }
}

/// What became of opening a channel.
enum Opening {
    Pending,
    Done(Result<u64, ChannelLost>),
}

impl Multiplexer {
    /// Begins on a port whose module has just been told to multiplex (`AT+CMUX`), and waits until each channel is
    /// open or refused. `line_rate` is that of a serial line (8N1) whose driver takes bytes before they have crossed it.
    ///
    /// # Time
    /// About 25 ms a channel; a module that answers nothing takes two seconds, by default.
    ///
    /// # Errors
    /// The module does not multiplex, or the port is lost.
    ///
    /// # Cancel safety
    /// Dropping the future closes the multiplexer and the port.
    pub async fn start(
        port: BoxedStream,
        settings: SessionSettings,
        line_rate: Option<u32>,
    ) -> Result<Self, ChannelLost> {
        let dlcis: Vec<Dlci> = (1..=settings.channels).filter_map(Dlci::new).collect();
        let line = Line::begin(settings);
        let ended = task::start(Arc::clone(&line), port, line_rate);
        let multiplexer = Self { line: Arc::new(Open(line)), ended };
        for dlci in dlcis {
            match multiplexer.wait(dlci).await {
                Ok(_) => {}
                Err(reason @ ChannelLost::Channel(_)) => {
                    tracing::info!(%dlci, %reason, "without this channel")
                }
                Err(reason) => return Err(reason),
            }
        }
        Ok(multiplexer)
    }

    /// The stream of a channel. If it has one already, or is closed, it is opened anew.
    ///
    /// # Errors
    /// The module refuses it, or everything is lost.
    ///
    /// # Cancel safety
    /// A channel that opens for a dropped future is given to whoever asks next.
    pub async fn open(&self, dlci: Dlci) -> Result<ChannelStream, ChannelLost> {
        let taken = |opened| ChannelStream::new(Arc::clone(&self.line), dlci, opened);
        if let Some(opened) = self.line.0.with(|state| take(state, dlci)) {
            return Ok(taken(opened));
        }
        self.line.0.with(|state| reopen(state, dlci));
        self.line.0.touched.notify_one();
        self.wait(dlci).await?;
        let opened = self.line.0.with(|state| take(state, dlci));
        opened.map(taken).ok_or(ChannelLost::Channel(ChannelEnd::ByModule))
    }

    /// The channels that are open.
    #[must_use]
    pub fn opened(&self) -> Vec<Dlci> {
        let state = self.line.0.lock();
        state.channels.iter().filter(|channel| channel.is_open).map(|channel| channel.dlci).collect()
    }

    /// Why nothing works any more.
    #[must_use]
    pub fn lost(&self) -> Option<ChannelLost> {
        self.line.0.lock().lost.clone()
    }

    /// Closes all channels and the multiplexer, and gives the port back with the module in plain AT mode. `None` if the
    /// port is lost.
    ///
    /// # Time
    /// Some milliseconds; a module that answers nothing takes four seconds, by default.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it closing.
    pub async fn close(self) -> Option<BoxedStream> {
        self.line.0.with(|state| state.session.close(now()));
        self.line.0.touched.notify_one();
        self.ended.await.ok().flatten()
    }

    /// Waits until a channel is open or refused, or everything is lost.
    async fn wait(&self, dlci: Dlci) -> Result<u64, ChannelLost> {
        let line = &self.line.0;
        loop {
            let mut settled = std::pin::pin!(line.settled.notified());
            settled.as_mut().enable();
            if let Opening::Done(done) = opening(&mut line.lock(), dlci) {
                return done;
            }
            settled.await;
        }
    }
}

/// A channel that is open and has no stream gets one.
fn take(state: &mut State, dlci: Dlci) -> Option<u64> {
    let channel = state.channel(dlci).filter(|channel| channel.is_open && !channel.is_taken)?;
    channel.is_taken = true;
    Some(channel.opened)
}

/// Whatever there is of it is closed first.
fn reopen(state: &mut State, dlci: Dlci) {
    if let Some(channel) = state.channel(dlci) {
        if std::mem::take(&mut channel.is_open) {
            channel.opened += 1;
            state.session.close_channel(now(), dlci);
        }
        state.session.open(now(), dlci);
    }
    if let Some(channel) = state.channel(dlci) {
        channel.end = None;
    }
}

fn opening(state: &mut State, dlci: Dlci) -> Opening {
    if let Some(lost) = &state.lost {
        return Opening::Done(Err(lost.clone()));
    }
    match state.channel(dlci) {
        None => Opening::Done(Err(ChannelLost::Channel(ChannelEnd::Refused))),
        Some(channel) if channel.is_open => Opening::Done(Ok(channel.opened)),
        // It was closed in order to be opened again.
        Some(channel) => match channel.end {
            None | Some(ChannelEnd::ByHost) => Opening::Pending,
            Some(end) => Opening::Done(Err(ChannelLost::Channel(end))),
        },
    }
}
