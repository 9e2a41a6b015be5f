//! AWS IoT Core as its owner sees it.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::backend::registered_only;
use super::calendar::Calendar;
use super::disruption::Disruption;
use super::hub::Hub;
use super::log::{DisconnectReason, Lifecycle, PublishedMessage, RuleMessage};
use super::options::AwsIotOptions;
use super::policy::Policy;
use super::registry::{CertificateStatus, Registered, certificate_id_of_pem};
use super::session::Session;
use super::state::{Ending, State};
use crate::journal::Journal;
use crate::mqtt_server::packet::Publish;
use crate::servers::front::{Front, Handshake};
use crate::servers::{Authority, CertificateRequest, Issued, ServerError};

/// AWS IoT Core on a loopback port, for any MQTT 3.1.1 client. See the [module](super).
///
/// Dropping it closes the port and all connections.
#[derive(Debug)]
pub struct AwsIot {
    front: Front,
    authority: Authority,
    watching: AbortHandle,
    pub(super) hub: Hub,
}

impl AwsIot {
    /// Starts it; returns once it accepts connections. No certificate is registered yet.
    ///
    /// # Errors
    /// [`ServerError::Tls`] for a TLS set-up that cannot work; [`ServerError::Io`] when the port cannot be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(options: &AwsIotOptions) -> Result<Self, ServerError> {
        let calendar = Calendar::new(SystemTime::now(), Instant::now());
        let mut state = State::new(options.limits.clone(), calendar);
        state.quality_two = options.quality_two;
        state.answers_unsubscribed = options.answers_unsubscribed;
        let hub = Hub::new(state, options.authority.clone());
        let front = options.front.clone().check_client_certificate(registered_only(&hub));
        let front = Front::serve(&front, options.port, hub.clone()).await?;
        let watching = tokio::spawn(hub.clone().watch_deadlines()).abort_handle();
        Ok(Self { front, authority: options.authority.clone(), watching, hub })
    }

    /// The address, which speaks TLS.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// The TLS side, with its log of handshakes.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// Short for [`Front::handshakes`] of [`front`](Self::front).
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.front.handshakes()
    }

    /// Makes a certificate with its key for a device, registers it, active, with what it allows, and attaches the thing
    /// that has the same name.
    ///
    /// Takes about a tenth of a second of computing: call it from `spawn_blocking` where that matters.
    ///
    /// # Errors
    /// [`ServerError::Tls`] when OpenSSL cannot generate the key or sign.
    pub fn create_device(&self, name: &str, policy: Policy) -> Result<Issued, ServerError> {
        let issued = self.authority.issue(&CertificateRequest::client(name))?;
        let id = self.register_certificate(issued.certificate_pem(), policy)?;
        self.attach_thing(&id, name);
        Ok(issued)
    }

    /// Registers a client certificate (PEM) of any authority, active, with what it allows. Gives back its id.
    ///
    /// # Errors
    /// [`ServerError::Tls`] when it is no certificate.
    pub fn register_certificate(&self, pem: &str, policy: Policy) -> Result<String, ServerError> {
        let id = certificate_id_of_pem(pem).map_err(ServerError::tls("read a certificate"))?;
        let registered = Registered { status: CertificateStatus::Active, policy, thing: None };
        self.hub.state().registry.insert(id.clone(), registered);
        Ok(id)
    }

    /// What the account says of a certificate. `None`: it does not know it.
    pub fn certificate_status(&self, id: &str) -> Option<CertificateStatus> {
        self.hub.state().registry.get(id).map(|certificate| certificate.status)
    }

    /// From now on this holds for handshakes with the certificate; connections stay. `false`: it is not known.
    pub fn set_certificate_status(&self, id: &str, status: CertificateStatus) -> bool {
        self.change(id, |certificate| certificate.status = status)
    }

    /// From now on this is what the certificate allows, in connections that are there, too. `false`: it is not known.
    pub fn set_policy(&self, id: &str, policy: Policy) -> bool {
        self.change(id, |certificate| certificate.policy = policy)
    }

    /// Attaches a thing, which is the value of `${iot:Connection.Thing.ThingName}`. `false`: it is not known.
    pub fn attach_thing(&self, id: &str, thing: impl Into<String>) -> bool {
        self.change(id, |certificate| certificate.thing = Some(thing.into()))
    }

    /// The thing that is attached to a certificate.
    pub fn thing(&self, id: &str) -> Option<String> {
        self.hub.state().registry.get(id).and_then(|certificate| certificate.thing.clone())
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Registered)) -> bool {
        self.hub.state().registry.get_mut(id).map(change).is_some()
    }

    /// Publishes a message with quality of service 1, not retained, as an application in the cloud.
    ///
    /// It reaches whoever has subscribed, with the lower of the two qualities. Any topic will do.
    pub fn publish(&self, topic: impl Into<String>, payload: impl Into<Bytes>) {
        self.publish_as(topic.into(), payload.into(), false);
    }

    /// The same, and keeps it for those who subscribe later. An empty one clears what was kept.
    pub fn publish_retained(&self, topic: impl Into<String>, payload: impl Into<Bytes>) {
        self.publish_as(topic.into(), payload.into(), true);
    }

    fn publish_as(&self, topic: String, payload: Bytes, retain: bool) {
        let message = Publish { topic, payload, qos: 1, retain, id: 0, duplicate: false };
        let mut state = self.hub.state();
        state.log.messages.push(PublishedMessage::new(None, &message));
        state.publish(message, Instant::now());
    }

    /// Every message that was published and allowed so far, on whatever topic.
    pub fn messages(&self) -> Vec<PublishedMessage> {
        self.messages_journal().all()
    }

    /// Waits until there are `count` of them since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<PublishedMessage> {
        self.messages_journal().at_least(count).await
    }

    fn messages_journal(&self) -> Journal<PublishedMessage> {
        self.hub.state().log.messages.clone()
    }

    /// What a rule was sent by basic ingest, on topics that begin with `$aws/rules/<rule>/`.
    pub fn rule_messages(&self, rule: &str) -> Vec<RuleMessage> {
        self.rules_journal().picked(sent_to(rule))
    }

    /// Waits until there are `count` of them since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_rule_messages(&self, rule: &str, count: usize) -> Vec<RuleMessage> {
        self.rules_journal().at_least_picked(count, sent_to(rule)).await
    }

    fn rules_journal(&self) -> Journal<(String, RuleMessage)> {
        self.hub.state().log.rules.clone()
    }

    /// Who connected and why connections ended, in order.
    pub fn events(&self) -> Vec<Lifecycle> {
        self.events_journal().all()
    }

    /// Waits until there are `count` of them since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_events(&self, count: usize) -> Vec<Lifecycle> {
        self.events_journal().at_least(count).await
    }

    fn events_journal(&self) -> Journal<Lifecycle> {
        self.hub.state().log.events.clone()
    }

    /// The ids of the clients that are connected, in the order of their ids.
    pub fn clients(&self) -> Vec<String> {
        let state = self.hub.state();
        let connected = state.sessions.iter().filter(|(_, session)| session.connection.is_some());
        connected.map(|(id, _)| id.clone()).collect()
    }

    /// The filters that a client has subscribed to, and the quality of service of each, in the order of the filters.
    pub fn subscriptions(&self, client_id: &str) -> Vec<(String, u8)> {
        let state = self.hub.state();
        let subscriptions =
            state.sessions.get(client_id).into_iter().flat_map(|session| &session.subscriptions);
        subscriptions.map(|(filter, qos)| (filter.clone(), *qos)).collect()
    }

    /// How many messages for a client it has not acknowledged, or not yet been sent.
    pub fn pending(&self, client_id: &str) -> usize {
        self.hub.state().sessions.get(client_id).map_or(0, Session::pending)
    }

    /// Closes the connection of a client. Its will is published. `false` if it has none.
    pub fn disconnect(&self, client_id: &str) -> bool {
        let mut state = self.hub.state();
        let Some(client) = state.client(client_id) else { return false };
        let ending = Ending::new(DisconnectReason::ServerInitiated, "closed for a test");
        state.end(&client, ending, Instant::now());
        true
    }

    /// Makes something go differently from now on.
    pub fn disrupt(&self, disruption: Disruption) {
        self.hub.state().disruptions.set(disruption);
    }

    /// Moves the time of day forward: timestamps and all that AWS lets expire, but for sessions and keep-alives.
    pub fn advance(&self, by: Duration) {
        self.hub.state().calendar.advance(by);
        self.hub.look_at_deadlines();
    }
}

impl Drop for AwsIot {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

fn sent_to(rule: &str) -> impl Fn(&(String, RuleMessage)) -> Option<RuleMessage> {
    move |(to, message)| (to == rule).then(|| message.clone())
}
