//! Several commands on one line, and answers that are kept for who asks next.
//!
//! Whoever needs answers asks for each of them alone, as if there were nothing else. Whoever knows which of them will be
//! needed asks for all of them [ahead](super::Modem::look_ahead), on one line. Where that fails nothing is kept, and
//! each is asked alone: that is the whole fall-back.

use std::time::Duration;

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use tokio::time::Instant;

use super::Modem;
use crate::at::{Command, Effect, ErrorFamily, Exchange, InvalidValue, Reply, shares};
use crate::driver::{AtChannel, DataStream, Running, Unsolicited};
use crate::error::CommandError;
use crate::platform::Availability;

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(30);
/// So many different lines are tried on a module that has never taken one with several commands.
const TRIES: usize = 2;
/// So many refused lines are remembered.
const REMEMBERED: usize = 16;

/// What became of commands on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// All of them were done.
    Done,
    /// Nothing was sent: the module takes no such lines, or these commands are no such line.
    NotSent,
    /// One of them failed, and nobody knows which: those before it were done, those behind it were not.
    Failed,
}

/// What was read ahead, and what is known of lines with several commands.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    answers: Vec<Answer>,
    pub(super) taken: bool,
    /// Lines that were refused: they are not tried again.
    refused: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Answer {
    line: Vec<u8>,
    name: String,
    reply: Reply,
    until: Instant,
}

impl Ahead {
    /// The answer to this line, once.
    fn take(&mut self, exchange: &Exchange) -> Option<Reply> {
        let now = Instant::now();
        self.answers.retain(|answer| answer.until > now);
        let index = self.answers.iter().position(|it| it.line == exchange.line().as_bytes())?;
        Some(self.answers.remove(index).reply)
    }

    /// What was read of this command is about to change.
    fn forget(&mut self, exchange: &Exchange) {
        self.answers.retain(|answer| answer.name != exchange.line().name());
    }

    /// Each that reads gets the answer to its line.
    pub(super) fn keep(&mut self, members: &[Exchange], distinct: &[Exchange], replies: &[Reply]) {
        let until = Instant::now() + FRESH;
        for member in members.iter().filter(|member| member.effect == Effect::Query) {
            let answered = distinct.iter().zip(replies).find(|(other, _)| other.line() == member.line());
            self.answers.extend(answered.map(|(_, reply)| Answer {
                line: member.line().as_bytes().to_vec(),
                name: member.line().name().to_owned(),
                reply: reply.clone(),
                until,
            }));
        }
    }

    /// How many answers to this line are kept.
    fn count(&self, exchange: &Exchange) -> usize {
        let now = Instant::now();
        let is_kept = |it: &&Answer| it.until > now && it.line == exchange.line().as_bytes();
        self.answers.iter().filter(is_kept).count()
    }

    /// TLS has a new owner: what was read of its settings before may have been changed since, on another channel of the
    /// module too. Test forms stay as they are.
    pub(super) fn forget_tls(&mut self) {
        self.answers.retain(|answer| !answer.name.starts_with("#SSL") || answer.line.ends_with(b"=?"));
    }

    /// What was read may not be so any more.
    pub(super) fn forget_answers(&mut self) {
        self.answers.clear();
    }

    fn may_try(&self, chain: &Exchange) -> bool {
        let hopeless = !self.taken && self.refused.len() >= TRIES;
        !hopeless && !self.refused.iter().any(|line| line == chain.line().as_bytes())
    }

    pub(super) fn refuse(&mut self, chain: &Exchange) {
        if self.refused.len() < REMEMBERED {
            self.refused.push(chain.line().as_bytes().to_vec());
        }
    }

    /// The module takes no line with several commands, as far as is known.
    pub(super) fn refuses_all(&self) -> bool {
        !self.taken && self.refused.len() >= TRIES
    }

    /// It was found out earlier.
    pub(super) fn learn(&mut self, taken: bool) {
        self.taken = taken;
        if !taken {
            self.refused = vec![Vec::new(); TRIES];
        }
    }
}

impl Modem {
    /// To be called whenever a lease on TLS was given.
    pub(crate) fn forget_tls_read_ahead(&self) {
        self.known().ahead.forget_tls();
    }

    /// Whether several commands may go on one line, as far as is known: the modem was opened so, and the module has not
    /// refused it.
    #[must_use]
    pub fn may_chain(&self) -> bool {
        let allowed = self.inner.options.chains && self.profile().line.chains != Availability::No;
        allowed && !self.known().ahead.refuses_all()
    }

    /// Runs commands on one line, from left to right. If all of them are done, the answers of those that only read are
    /// kept for half a minute: [`run`](Self::run) gives each of them once, and asks the module after that.
    ///
    /// The last one has to be one that reads: its answer proves that the module has not stopped before.
    ///
    /// Nothing is sent unless the modem was opened with [`chains`](super::ModemBuilder::chains), nor if there are less than
    /// two, if the line would be too long, if one of them must stand alone since it
    /// carries a secret or asks for data, or if the module takes no such lines: one that has refused two and taken none is
    /// not given another until it restarts.
    ///
    /// Source: M37 p19.
    ///
    /// # Errors
    /// The module is out of reach.
    ///
    /// # Cancel safety
    /// As [`AtChannel::execute`].
    pub async fn together(&self, members: &[Exchange]) -> Result<Together, CommandError> {
        self.boxed_together(members).await
    }

    /// Boxed, so that it is not in whoever waits for it.
    fn boxed_together<'a>(
        &'a self,
        members: &'a [Exchange],
    ) -> BoxFuture<'a, Result<Together, CommandError>> {
        Box::pin(async move {
            let line = &self.profile().line;
            let proves_itself = members.last().is_some_and(|last| last.effect == Effect::Query);
            if !self.may_chain() || !proves_itself {
                return Ok(Together::NotSent);
            }
            // One answer does for all who ask the same.
            let mut distinct: Vec<Exchange> = Vec::new();
            for member in members {
                if member.effect != Effect::Query
                    || !distinct.iter().any(|other| other.line() == member.line())
                {
                    distinct.push(member.clone());
                }
            }
            let chain = Exchange::chain(&distinct, line.command_length);
            let Some(chain) = chain.filter(|chain| self.known().ahead.may_try(chain)) else {
                return Ok(Together::NotSent);
            };
            for member in &distinct {
                self.known().ahead.forget(member);
            }
            let outcome = self.inner.channel.execute(chain.clone()).await;
            let replies = match outcome {
                Ok(reply) => shares(&reply, &distinct),
                Err(error @ (CommandError::LinkLost { .. } | CommandError::NotResponding { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::debug!(%error, "a line with several commands failed");
                    None
                }
            };
            let ahead = &mut self.known().ahead;
            let Some(replies) = replies else {
                ahead.refuse(&chain);
                return Ok(Together::Failed);
            };
            ahead.taken = true;
            ahead.keep(members, &distinct, &replies);
            Ok(Together::Done)
        })
    }

    /// Asks for everything that will be needed on as few lines as possible. What could not be asked for so is asked for
    /// when it is needed.
    ///
    /// Nothing but reads may be given. See [`together`](Self::together).
    ///
    /// # Errors
    /// The module is out of reach.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn look_ahead(&self, reads: &[Exchange]) -> Result<(), CommandError> {
        if !self.may_chain() {
            return Ok(());
        }
        self.read_together(reads).await
    }

    fn read_together<'a>(&'a self, reads: &'a [Exchange]) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(async move {
            let limit = self.profile().line.command_length;
            let missing: Vec<Exchange> =
                reads.iter().filter(|read| self.known().ahead.count(read) == 0).cloned().collect();
            let mut rest = missing.as_slice();
            while !rest.is_empty() {
                let longest = (2..=rest.len()).rev().find(|count| {
                    rest.get(..*count).is_some_and(|some| Exchange::chain(some, limit).is_some())
                });
                let (now, later) = rest.split_at(longest.unwrap_or(1));
                self.together(now).await?;
                rest = later;
            }
            Ok(())
        })
    }

    /// Runs a command that answers nothing, and behind it on the same line those that read what has come of it, for
    /// [`run`](Self::run) afterwards. A module that has not taken such lines before gets the command alone, and so does one
    /// that refuses the whole line with a bare `ERROR`.
    ///
    /// # Errors
    /// Those of the command.
    ///
    /// # Cancel safety
    /// As [`AtChannel::execute`].
    pub async fn run_and_read<C>(&self, command: C, reads: &[Exchange]) -> Result<(), CommandError>
    where
        C: Command<Response = ()> + Send + Sync,
    {
        match self.done_with_reads(command.exchange()?, reads).await? {
            true => Ok(()),
            false => self.run(command).await,
        }
    }

    /// Not in [`run_and_read`](Self::run_and_read), which is there once for every command. False: the module gets the
    /// command alone.
    fn done_with_reads<'a>(
        &'a self,
        command: Exchange,
        reads: &'a [Exchange],
    ) -> BoxFuture<'a, Result<bool, CommandError>> {
        Box::pin(async move {
            let members: Vec<Exchange> = std::iter::once(command).chain(reads.iter().cloned()).collect();
            let chain = Exchange::chain(&members, self.profile().line.command_length);
            let chain = chain.filter(|chain| {
                let known = self.known();
                known.ahead.taken && known.ahead.may_try(chain)
            });
            let Some(chain) = chain else {
                return Ok(false);
            };
            for member in &members {
                self.known().ahead.forget(member);
            }
            match self.inner.channel.execute(chain.clone()).await {
                Ok(reply) => {
                    if let Some(replies) = shares(&reply, &members) {
                        self.known().ahead.keep(&members, &members, &replies);
                    }
                    Ok(true)
                }
                Err(CommandError::Refused { error, .. }) if error.family() == ErrorFamily::Plain => {
                    self.known().ahead.refuse(&chain);
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Not in [`run`](Self::run), which is there once for every command.
    pub(super) fn running(&self, exchange: Result<Exchange, InvalidValue>) -> Running<'_> {
        Running::new(exchange, |exchange| Box::pin(self.execute(exchange)))
    }

    /// Runs an exchange, unless it was answered ahead.
    pub(super) async fn execute(&self, exchange: Exchange) -> Result<Reply, CommandError> {
        let ahead = match exchange.effect {
            Effect::Query => self.known().ahead.take(&exchange),
            _ => {
                self.known().ahead.forget(&exchange);
                None
            }
        };
        match ahead {
            Some(reply) => Ok(reply),
            None => self.inner.channel.execute(exchange).await,
        }
    }
}

/// The channel of a modem, with what was read ahead.
#[derive(Debug)]
pub(super) struct Looking<'a>(pub(super) &'a Modem);

#[async_trait]
impl AtChannel for Looking<'_> {
    async fn execute(&self, exchange: Exchange) -> Result<Reply, CommandError> {
        self.0.execute(exchange).await
    }

    async fn open_stream(&self, exchange: Exchange) -> Result<DataStream, CommandError> {
        self.0.inner.channel.open_stream(exchange).await
    }

    fn unsolicited(&self) -> Unsolicited {
        self.0.inner.channel.unsolicited()
    }
}
