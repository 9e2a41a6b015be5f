//! The module as its user sees it: open, bring up, ask, and the door to TLS.

mod ahead;
mod basis;
mod blueprint;
mod bring_up;
mod builder;
mod clock;
mod context;
mod error;
mod escape;
mod greeting;
mod known;
mod service_event;
mod shared;
mod stored_profile;

use std::sync::{Arc, MutexGuard};

pub use ahead::Together;
pub use basis::Basis;
pub(crate) use blueprint::{Blueprint, ModulePart};
pub use bring_up::BringUp;
pub use builder::ModemBuilder;
#[cfg(feature = "serial")]
pub(crate) use builder::SerialOptions;
pub(crate) use clock::computer_time;
pub use clock::{ClockCheck, ClockError, ClockSource};
pub use error::{BringUpError, OpenError};
use futures_core::future::BoxFuture;
pub use service_event::{ServiceChange, ServiceEvent, ServiceEvents};
pub use shared::ModuleId;
pub(crate) use shared::Shared;
pub use stored_profile::{InvalidStoredProfile, StoredProfile};

use crate::at::{Command, Exchange};
use crate::commands::{CredentialKind, SerialNumber, TestForm};
use crate::driver::{AtChannel, AtPort, Health, HealthRecord, HealthWatch, RestartSign, Statistics, Typed};
use crate::error::CommandError;
use crate::exclusive::{self, Claim, LeaseError, Service, SocketPool, TlsLease};
use crate::platform::Profile;
use ahead::Looking;
use known::Known;
pub(crate) use known::PinMemory;

/// A handle to a module; clones share it. The port closes when the last one is dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::Modem;
///
/// let modem = Modem::builder().apn("iot.example").open_serial("/dev/ttyUSB2").await?;
/// println!("{} with firmware {}", modem.model(), modem.firmware());
/// modem.bring_up().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Modem {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    channel: Arc<dyn AtChannel>,
    port: Option<AtPort>,
    profile: &'static Profile,
    model: String,
    firmware: String,
    options: builder::NetworkOptions,
    shared: Arc<Shared>,
    health: HealthRecord,
    known: Known,
}

impl Modem {
    /// Starts describing how to open a module.
    pub fn builder() -> ModemBuilder {
        ModemBuilder::new()
    }

    /// A module behind any channel, for unit tests with a mocked one. Nothing is sent. See
    /// [`ModemBuilder::on_channel`] for one with options.
    #[must_use]
    pub fn from_channel(channel: Arc<dyn AtChannel>, profile: &'static Profile) -> Self {
        Self::builder().on_channel(channel, profile)
    }

    fn new(
        channel: Arc<dyn AtChannel>,
        port: Option<AtPort>,
        profile: &'static Profile,
        names: builder::Names,
        options: builder::NetworkOptions,
    ) -> Self {
        Self::sharing(channel, port, profile, names, options, Shared::new(profile))
    }

    /// Another channel of a module.
    fn sharing(
        channel: Arc<dyn AtChannel>,
        port: Option<AtPort>,
        profile: &'static Profile,
        names: builder::Names,
        options: builder::NetworkOptions,
        shared: Arc<Shared>,
    ) -> Self {
        let builder::Names { model, firmware } = names;
        shared.arbiter.add_channel(&channel);
        let health = port.as_ref().map(|port| port.health_record().clone()).unwrap_or_default();
        let inner = Inner {
            channel,
            port,
            profile,
            model,
            firmware,
            options,
            shared,
            health,
            known: Known::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The model, as the module says it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.inner.model
    }

    /// The firmware revision, as the module says it.
    #[must_use]
    pub fn firmware(&self) -> &str {
        &self.inner.firmware
    }

    /// What is known about the module's platform.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.inner.profile
    }

    /// Which module it is, whatever channel this is of it.
    #[must_use]
    pub fn module_id(&self) -> ModuleId {
        ModuleId(Arc::clone(&self.inner.shared))
    }

    /// The packet data context that services use.
    #[must_use]
    pub fn context_id(&self) -> u8 {
        self.inner.options.context_id.unwrap_or_else(|| self.usual_context_id())
    }

    /// The context that this model uses for the Internet.
    fn usual_context_id(&self) -> u8 {
        self.inner.profile.context.attach_id_of(&self.inner.model)
    }

    /// The channel for raw exchanges. Settings that the SDK relies on can be changed through it: with
    /// care.
    #[must_use]
    pub fn channel(&self) -> &Arc<dyn AtChannel> {
        &self.inner.channel
    }

    /// The other AT channels of the module that this program has: some of what was begun on one of them the module lets
    /// nobody else end. Only for whoever holds what is at stake, such as the module's TLS.
    #[must_use]
    pub fn other_channels(&self) -> Vec<Arc<dyn AtChannel>> {
        self.inner.shared.arbiter.channels_but(&self.inner.channel)
    }

    /// Runs one typed command.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// As [`AtChannel::execute`].
    pub fn run<'a, C>(&'a self, command: C) -> impl Future<Output = Result<C::Response, CommandError>> + Send
    where
        C: Command + Send + Sync + 'a,
        C::Response: Send,
    {
        Typed::boxed(command, |exchange| self.running(exchange))
    }

    /// The ranges that this firmware takes for a command, one entry a field, from its test form `=?`;
    /// `None` if it does not have the command. The module is asked once, and again after
    /// [`bring_up`](Self::bring_up).
    ///
    /// # Errors
    /// The module cannot be asked.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn test_form(&self, name: &'static str) -> Result<Option<Vec<String>>, CommandError> {
        if let Some(fields) = self.known_form(name) {
            return Ok(fields);
        }
        self.ask_form(name).await
    }

    fn ask_form(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Vec<String>>, CommandError>> {
        Box::pin(async move {
            let fields = match self.run(TestForm(name)).await {
                Ok(fields) => Some(fields),
                Err(CommandError::Refused { .. }) => None,
                Err(error) => return Err(error),
            };
            self.known().test_forms.insert(name, fields.clone());
            Ok(fields)
        })
    }

    fn known_form(&self, name: &str) -> Option<Option<Vec<String>>> {
        let known = self.known();
        let stored = || known.stored.as_ref().and_then(|stored| stored.forms.get(name));
        known.test_forms.get(name).or_else(stored).cloned()
    }

    /// The test forms among these commands that [`test_form`](Self::test_form) would have to ask for, for
    /// [`look_ahead`](Self::look_ahead).
    #[must_use]
    pub fn unknown_forms(&self, names: &[&'static str]) -> Vec<Exchange> {
        let unknown = names.iter().filter(|name| self.known_form(name).is_none());
        unknown.filter_map(|name| TestForm(name).exchange().ok()).collect()
    }

    /// What has been found out of this module, to be kept for its next start. It is worth keeping once everything
    /// works.
    ///
    /// # Errors
    /// The module does not tell its serial number.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn stored_profile(&self) -> Result<StoredProfile, CommandError> {
        let serial_number = self.run(SerialNumber).await?;
        let known = self.known();
        let stored = known.stored.iter().flat_map(|stored| stored.forms.clone());
        let asked = known.test_forms.iter().map(|(name, fields)| ((*name).to_owned(), fields.clone()));
        Ok(StoredProfile {
            model: self.inner.model.clone(),
            firmware: self.inner.firmware.clone(),
            serial_number,
            chains: !known.ahead.refuses_all(),
            forms: stored.chain(asked).collect(),
            credentials: known.credentials.clone(),
        })
    }

    /// Something does not work: what was [stored](ModemBuilder::stored_profile) of the module does not count any more.
    pub fn distrust_stored_profile(&self) {
        self.known().stored = None;
    }

    /// What [`bring_up`](Self::bring_up) was told to believe, once the module has proven to be the same.
    fn believe(&self, stored: StoredProfile) {
        let mut known = self.known();
        known.ahead.learn(stored.chains);
        known.credentials.clone_from(&stored.credentials);
        known.stored = Some(Box::new(stored));
    }

    /// Where our credentials were found or put.
    pub(crate) fn remember_credentials(&self, credentials: Vec<(u8, CredentialKind)>) {
        self.known().credentials = credentials;
    }

    /// Where our credentials were when they were looked for last.
    pub(crate) fn remembered_credentials(&self) -> Vec<(u8, CredentialKind)> {
        self.known().credentials.clone()
    }

    /// A module may refuse test forms only because the SIM is not ready (Source: M37 p874-925), its firmware may have
    /// been updated, and an answer may have been damaged on the line.
    fn forget_test_forms(&self) {
        self.known().test_forms.clear();
    }

    /// What happened on the port so far; zeros on a mocked channel.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.inner.port.as_ref().map(AtPort::statistics).unwrap_or_default()
    }

    /// Commands that wait for their turn on the port; none on a mocked channel.
    #[must_use]
    pub fn commands_waiting(&self) -> usize {
        self.inner.port.as_ref().map(AtPort::commands_waiting).unwrap_or_default()
    }

    /// What is known about the module as a whole: whether it can be used, and how often it has restarted. Sessions
    /// watch it. It is up for ever on a channel that was given to [`from_channel`](Self::from_channel).
    #[must_use]
    pub fn health(&self) -> HealthWatch {
        self.inner.health.watch()
    }

    pub(crate) fn health_record(&self) -> &HealthRecord {
        &self.inner.health
    }

    /// Something has shown that the module has restarted since `known`, or is about to: what it does not keep is sent
    /// again, unless something else has shown that meanwhile.
    pub(crate) async fn restarted(&self, sign: RestartSign, known: Health) {
        if let Some(port) = &self.inner.port {
            port.restore(sign, known).await;
        }
    }

    /// What is known of the module until it restarts. After a restart nothing is, and whoever takes TLS next looks
    /// for what is left of earlier owners.
    fn known(&self) -> MutexGuard<'_, known::State> {
        let (known, forgotten) = self.inner.known.at(self.inner.health.now());
        if forgotten {
            self.inner.shared.arbiter.suspect_leftovers();
        }
        known
    }

    /// Takes the module's TLS for a service, waiting in turn for whoever holds it in this program. What
    /// an earlier program left enabled on the module is switched off first. A [`Service`] alone means the secure
    /// socket that it uses unless told otherwise; a [`Claim`] names another one.
    ///
    /// # Errors
    /// Another AT port of the module holds it, or the module cannot be asked.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub async fn acquire_tls(&self, claim: impl Into<Claim>) -> Result<TlsLease, LeaseError> {
        self.look_for_leftovers().await?;
        let lease = self.inner.shared.arbiter.acquire(claim.into(), &Looking(self)).await?;
        self.forget_tls_read_ahead();
        Ok(lease)
    }

    /// Like [`acquire_tls`](Self::acquire_tls), but refuses at once if a service of this program holds it.
    ///
    /// # Errors
    /// [`LeaseError::Busy`] names the holder.
    ///
    /// # Cancel safety
    /// As [`acquire_tls`](Self::acquire_tls).
    pub async fn try_acquire_tls(&self, claim: impl Into<Claim>) -> Result<TlsLease, LeaseError> {
        self.look_for_leftovers().await?;
        let lease = self.inner.shared.arbiter.try_acquire(claim.into(), &Looking(self)).await?;
        self.forget_tls_read_ahead();
        Ok(lease)
    }

    /// What tells whether somebody has left TLS enabled, if that has to be asked, for [`look_ahead`](Self::look_ahead).
    #[must_use]
    pub fn leftover_reads(&self) -> Vec<Exchange> {
        drop(self.known());
        if self.inner.shared.arbiter.suspects_leftovers() {
            exclusive::reads(self.profile())
        } else {
            Vec::new()
        }
    }

    async fn look_for_leftovers(&self) -> Result<(), CommandError> {
        self.look_ahead(&self.leftover_reads()).await
    }

    /// Which service has TLS enabled on the module, whoever switched it on. Reads only.
    ///
    /// # Errors
    /// The module does not answer.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn tls_owner(&self) -> Result<Option<Service>, CommandError> {
        exclusive::owner(self.inner.channel.as_ref(), self.inner.profile).await
    }

    pub(crate) fn sockets(&self) -> &SocketPool {
        drop(self.known());
        &self.inner.shared.sockets
    }

    /// Which service of this program holds TLS.
    #[must_use]
    pub fn tls_holder(&self) -> Option<Service> {
        self.inner.shared.arbiter.holder()
    }
}
