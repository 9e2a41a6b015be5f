//! The task of a socket in command mode: does what the pump says and tells it what the module says.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::ending::SocketEnding;
use super::error::SocketError;
use super::limits::Sending;
use super::link::{Closed, Done, Link};
use super::loss;
use super::pump::{Action, Pump, PumpSettings};
use super::ring::Ring;
use crate::at::{Command, ErrorFamily, Line};
use crate::commands::{
    ReadSocketCounters, ReadSocketState, ReceiveBlock, SendBlock, SendTerminatedBlock, SocketState,
};
use crate::error::CommandError;
use crate::task::spawn;
use crate::tls::TlsFailure;

/// How often to look whether an announcement or an end was missed.
const LOOK: Duration = Duration::from_secs(15);

pub(super) struct CommandMode {
    link: Link,
    pump: Pump,
    lines_ended: bool,
}

impl CommandMode {
    /// Drives the connection to its end, then closes it.
    pub(super) fn start(link: Link, done: Done) {
        let settings = PumpSettings {
            arrival: link.options.arrival_on(&link.limits),
            receive: link.limits.receive,
            send: link.limits.send,
            counters: link.limits.counters,
            tells_cause: link.limits.tells_cause,
            look: LOOK,
        };
        let pump = Pump::new(now(), settings);
        let task = Self { link, pump, lines_ended: false };
        spawn(Box::pin(task.run(done)));
    }

    async fn run(mut self, done: Done) {
        match self.serve().await {
            Ok(ending) => self.link.ended(ending),
            Err(error) => self.link.failed(loss::explain(&self.link.basis, error).await),
        }
        // Nobody has to wait for the end.
        drop(done.send(self.link.finish().await));
    }

    async fn serve(&mut self) -> Result<SocketEnding, SocketError> {
        loop {
            loss::check(&self.link.basis)?;
            self.hear_what_is_there()?;
            if let Some(ending) = self.pump.closed_by() {
                self.link.buffers.sending_ended(ending);
            }
            match self.pump.next(now(), self.link.buffers.demand()) {
                Action::Ended(ending) => return Ok(ending),
                Action::HangUp => return Ok(SocketEnding::Local),
                Action::Wait { until } => self.wait(until).await?,
                Action::Receive { most } => self.receive(most).await?,
                Action::Send { length } => self.send(length).await?,
                Action::Count => self.count().await?,
                Action::Look => drop(self.look().await?),
            }
        }
    }

    async fn receive(&mut self, most: usize) -> Result<(), SocketError> {
        let timeout = self.link.limits.receive_timeout;
        let deadline = tenths(timeout) + self.link.modem.profile().timeouts.tls_receive_margin;
        let command = ReceiveBlock { socket: self.link.socket(), most, timeout, deadline };
        match self.run_command(command).await? {
            Ok(block) => {
                self.pump.received(now(), block.data.len(), block.disconnected);
                self.link.buffers.push(block.data);
            }
            Err(error) if says_no_connection(&error) => return self.receive_refused(error).await,
            // Bytes may have been lost on the way.
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A module that has restarted refuses like one whose connection has ended.
    async fn receive_refused(&mut self, error: CommandError) -> Result<(), SocketError> {
        if self.look().await? == Some(SocketState::Open) {
            return Err(error.into());
        }
        self.pump.receive_refused(now());
        Ok(())
    }

    async fn send(&mut self, length: usize) -> Result<(), SocketError> {
        let data = self.link.buffers.take(length);
        match self.send_block(data).await? {
            Ok(()) => self.link.buffers.accepted(),
            Err(error) => {
                let useless = error.is_link_lost();
                self.link.buffers.not_accepted(SocketError::not_sent(error.clone()));
                if useless {
                    return Err(error.into());
                }
                self.pump.send_refused(now());
            }
        }
        Ok(())
    }

    async fn send_block(&mut self, data: Bytes) -> Result<Result<(), CommandError>, SocketError> {
        let socket = self.link.socket();
        let timeout = self.link.limits.send_timeout(self.link.options.send_timeout);
        let deadline = tenths(timeout) + self.link.modem.profile().timeouts.tls_send_margin;
        match self.link.limits.sending {
            Sending::Counted => self.run_command(SendBlock { socket, data, timeout, deadline }).await,
            Sending::Terminated => {
                self.run_command(SendTerminatedBlock { socket, data, timeout, deadline }).await
            }
        }
    }

    async fn count(&mut self) -> Result<(), SocketError> {
        match self.run_command(ReadSocketCounters { socket: self.link.socket() }).await? {
            Ok(counters) => self.pump.counted(now(), counters.pending),
            Err(error) if says_nothing_more(&error) => return Err(error.into()),
            Err(CommandError::Refused { .. }) => self.pump.count_refused(now()),
            // It does not say; a read does.
            Err(_) => self.pump.counted(now(), 1),
        }
        Ok(())
    }

    /// The state of the connection; `None` if the module does not say.
    async fn look(&mut self) -> Result<Option<SocketState>, SocketError> {
        match self.run_command(ReadSocketState { socket: self.link.socket() }).await? {
            Ok(report) if report.state == SocketState::Disabled => Err(SocketError::Disabled),
            Ok(report) => {
                self.pump.looked(now(), report.state == SocketState::Open);
                Ok(Some(report.state))
            }
            Err(error) if says_nothing_more(&error) => Err(error.into()),
            // There may be something to read.
            Err(_) => {
                self.pump.looked(now(), true);
                Ok(None)
            }
        }
    }

    /// Runs a command and hears what the module says meanwhile.
    async fn run_command<C>(&mut self, command: C) -> Result<Result<C::Response, CommandError>, SocketError>
    where
        C: Command + Send + Sync,
        C::Response: Send,
    {
        let modem = self.link.modem.clone();
        let work = modem.run(command);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                line = self.link.lines.next(), if !self.lines_ended => self.hear(line)?,
                result = &mut work => {
                    // What an answer says about a module that has restarted is not about this connection.
                    loss::check(&self.link.basis)?;
                    return Ok(result);
                }
                error = loss::lost(&self.link.basis) => return Err(error),
            }
        }
    }

    async fn wait(&mut self, until: Option<std::time::Instant>) -> Result<(), SocketError> {
        let until = until.map(Instant::from_std);
        tokio::select! {
            biased;
            line = self.link.lines.next(), if !self.lines_ended => self.hear(line),
            error = loss::lost(&self.link.basis) => Err(error),
            () = self.link.buffers.changed() => Ok(()),
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => Ok(()),
        }
    }

    fn hear_what_is_there(&mut self) -> Result<(), SocketError> {
        while let Some(line) = self.link.lines.try_next() {
            self.hear(Some(line))?;
        }
        Ok(())
    }

    fn hear(&mut self, line: Option<Result<Line, u64>>) -> Result<(), SocketError> {
        match line {
            Some(Ok(line)) => self.hear_line(&line),
            Some(Err(lost)) => self.lines_were_lost(lost),
            None => {
                // The next command tells what happened to the port.
                self.lines_ended = true;
                self.pump.lines_were_lost(now());
                Ok(())
            }
        }
    }

    fn hear_line(&mut self, line: &Line) -> Result<(), SocketError> {
        if let Some(ring) = Ring::parse(line) {
            return if ring.socket == self.link.socket() { self.hear_ring(ring) } else { Ok(()) };
        }
        match self.link.closure(&line.text()) {
            Some(Closed::This(ending)) => self.pump.closed(now(), ending),
            Some(Closed::Perhaps) => self.pump.closed_somewhere(now()),
            None => {}
        }
        Ok(())
    }

    fn hear_ring(&mut self, ring: Ring) -> Result<(), SocketError> {
        match ring.data {
            Some(data) => self.link.buffers.push_unbridled(data),
            None => {
                self.pump.rang(ring.ready);
                Ok(())
            }
        }
    }

    /// Where the lines carry the data, some of those are lost too.
    fn lines_were_lost(&mut self, lost: u64) -> Result<(), SocketError> {
        if self.pump.is_delivered_to() {
            return Err(SocketError::LinesLost { lines: lost });
        }
        self.pump.lines_were_lost(now());
        Ok(())
    }
}

/// The module has nothing to read because there is no connection; a bare `ERROR` may mean that.
fn says_no_connection(error: &CommandError) -> bool {
    let Some(told) = error.module_error() else {
        return false;
    };
    let ended = matches!(TlsFailure::of(error), Some(TlsFailure::NotConnected | TlsFailure::Disconnected));
    ended || told.family() == ErrorFamily::Plain
}

/// Asking again is of no use.
fn says_nothing_more(error: &CommandError) -> bool {
    matches!(error, CommandError::LinkLost { .. } | CommandError::NotResponding { .. })
}

fn tenths(timeout: u16) -> Duration {
    Duration::from_millis(u64::from(timeout) * 100)
}

/// The clock of the runtime, so that a paused test clock moves the pump too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
