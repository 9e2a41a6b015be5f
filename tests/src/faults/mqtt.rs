//! A session with a broker: connect, subscribe, publish, receive.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use telit_core::Modem;
use telit_core::platform::PlatformId;
use telit_core::tls::TlsError;
use telit_mqtt::{
    ClientState, ConnectError, Event, Events, Message, MqttClient, MqttOptions, MqttSecurity, PublishError,
    QoS, SubscribeError, Subscription,
};
use telit_simulator::peers::{self, Broker, Peers};
use telit_simulator::{Builder, Platform};
use tokio::time::sleep;

use super::bench::{Bench, Bound};
use super::credentials::tls;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, held_against, same_bytes};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::strike::Strike;

const HOST: &str = "broker.test";
const CLIENT: &str = "thing";
pub(super) const OUT: &str = "thing/out";
pub(super) const IN: &str = "thing/in";

/// A client whose future was dropped holds TLS until it has connected, in the background.
const TLS_WAIT: Duration = Duration::from_secs(300);

/// As `MqttClient::connect` says: the wait for TLS, 150 s to connect, and the time to store credentials.
pub(super) const CONNECT: Bound = Bound::new("mqtt connect", 300 + 150 + 11 * 60);
/// As `MqttClient::publish` says: 10 s of packet timeout, and 30 s.
const PUBLISH: Bound = Bound::new("mqtt publish", 40 + 60);
const SUBSCRIBE: Bound = Bound::new("mqtt subscribe", 40 + 60);
/// As `Subscription::next` says: half of the keep-alive, if the announcement was lost.
pub(super) const RECEIVE: Duration = Duration::from_secs(31);
/// As `MqttClient` says: a lost connection is noticed within half of the keep-alive.
const NOTICE: Duration = Duration::from_secs(31);
const DISCONNECT: Bound = Bound::new("mqtt disconnect", 60);

/// In memory a message takes no time.
const UNDER_WAY: Duration = Duration::from_millis(1);
/// The module is done with a message, and the broker has heard of it.
const SETTLED: Duration = Duration::from_secs(1);

pub(super) struct Session {
    peers: Peers,
    pub(super) broker: Broker,
}

#[test]
fn mqtt() {
    matrix::<Session>(Platform::P37, SAMPLE);
}

impl Scenario for Session {
    const NAME: &'static str = "mqtt";

    fn new() -> Self {
        let peers = Peers::new();
        let broker = peers.broker(HOST, 8883);
        Self { peers, broker }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let (client, ending) = match bench.within(CONNECT, connect(&modem)).await? {
            Ok(client) => {
                let (ending, _) = self.talk(bench, &client, carried(&modem)).await?;
                (Some(client), ending)
            }
            Err(error) => (None, self.not_connected(bench, &error)?),
        };
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(ending)
    }
}

pub(super) async fn connect(modem: &Modem) -> Result<MqttClient, ConnectError> {
    let options = MqttOptions::new(HOST, CLIENT, MqttSecurity::Tls(tls(modem))).tls_wait(TLS_WAIT);
    MqttClient::connect(modem, options).await
}

impl Session {
    /// Whoever was not connected may have been for a while, unless he was refused before.
    pub(super) fn not_connected(&self, bench: &Bench, error: &ConnectError) -> Result<Ending, Broken> {
        let seen = self.broker.connects().len();
        let told = match error {
            ConnectError::Unsupported { .. }
            | ConnectError::InvalidOption(_)
            | ConnectError::Busy(_)
            | ConnectError::Closed => Ending::NotSent,
            ConnectError::Refused { .. } | ConnectError::Tls { .. } => Ending::Refused,
            // Which step it was is not said.
            _ if seen > 0 => Ending::InDoubt,
            ConnectError::TlsSetup(TlsError::Command(error)) => error.outcome().into(),
            ConnectError::TlsSetup(error) => error.outcome().into(),
            ConnectError::Network(error) | ConnectError::Command(error) => error.outcome().into(),
            ConnectError::NotConnected { .. } => Ending::Refused,
            _ => Ending::InDoubt,
        };
        held_against("the login", told, seen, bench.fault(), error)
    }

    /// The rest of the job, as far as it gets.
    pub(super) async fn talk(
        &self,
        bench: &Bench,
        client: &MqttClient,
        payload: Bytes,
    ) -> Result<(Ending, Option<Subscription>), Broken> {
        let (mark, strike) = (bench.mark(), bench.strike());
        let mut subscription = match bench.within(SUBSCRIBE, client.subscribe(IN, QoS::AtLeastOnce)).await? {
            Ok(subscription) => subscription,
            Err(error) => return Ok((self.not_subscribed(bench, mark, &error)?, None)),
        };
        let subscribed = self.has_subscription(bench, client, strike)?;
        let published = self.publish(bench, client, payload, strike).await?;
        // Another filter was subscribed to.
        if subscribed == Ending::Damaged {
            return Ok((subscribed, None));
        }
        let received = self.receive(bench, client, &mut subscription, payload::hostile(), strike).await?;
        Ok((published.and(received), Some(subscription)))
    }

    fn not_subscribed(&self, bench: &Bench, mark: usize, error: &SubscribeError) -> Result<Ending, Broken> {
        let told = match error {
            SubscribeError::Command(error) => error.outcome().into(),
            // The broker keeps nothing of a clean session that has ended with the module.
            SubscribeError::ModuleRestarted(_) => return Ok(Ending::InDoubt),
            SubscribeError::Refused(_) => Ending::Refused,
            _ => Ending::NotSent,
        };
        if told == Ending::InDoubt && !bench.has_said(mark, "AT#MQSUB") {
            return Err(Broken::wrong(format!("in doubt, and nothing was sent: {error}")));
        }
        let seen = self.filters().len();
        held_against("subscribing", told, seen, bench.fault(), error)
    }

    /// Whoever has subscribed is subscribed at the broker as long as he is connected.
    fn has_subscription(
        &self,
        bench: &Bench,
        client: &MqttClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let (clients, filters) = (self.broker.clients(), self.filters());
        match (clients.as_slice(), filters.as_slice()) {
            ([id], [filter]) => {
                let known = same_bytes("client identifier", CLIENT.as_bytes(), id.as_bytes(), strike)?;
                Ok(known.and(same_bytes("filter", IN.as_bytes(), filter.as_bytes(), strike)?))
            }
            ([], _) => Ok(Ending::Right),
            _ => {
                let (state, fault) = (client.state(), bench.fault());
                Err(Broken::wrong(format!("subscribed ({state}, {fault:?}), and the broker has {filters:?}")))
            }
        }
    }

    /// What is subscribed to, by whomever the broker takes the client for.
    fn filters(&self) -> Vec<String> {
        let of = |client: String| self.broker.subscriptions(&client);
        self.broker.clients().into_iter().flat_map(of).map(|(filter, _)| filter).collect()
    }

    /// Publishes, and asks the broker whether the answer is true.
    async fn publish(
        &self,
        bench: &Bench,
        client: &MqttClient,
        payload: Bytes,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let (before, mark) = (self.arrived().len(), bench.mark());
        let publish = client.publish(OUT, payload.clone(), QoS::AtLeastOnce);
        let published = bench.within(PUBLISH, publish).await?;
        // What was already under way to the broker arrives.
        sleep(UNDER_WAY).await;
        let arrived = self.arrived().split_off(before);
        match (published, arrived.as_slice()) {
            (Ok(()), [message]) => same_message(&payload, message, strike),
            (Ok(()), arrived) => {
                Err(Broken::wrong(format!("published, and {} messages came", arrived.len())))
            }
            (Err(error), arrived) => {
                let told = told(&error);
                if told == Ending::InDoubt && !bench.has_said(mark, "AT#MQPUB") {
                    return Err(Broken::wrong(format!("in doubt, and nothing was sent: {error}")));
                }
                let fault = strike.map(|strike| strike.fault);
                let ending = held_against("publishing", told, arrived.len(), fault, &error)?;
                match arrived {
                    [message] if !bench.filled_up(strike, &payload, &message.payload) => {
                        Ok(ending.and(same_message(&payload, message, strike)?))
                    }
                    _ => Ok(ending),
                }
            }
        }
    }

    /// Lets the broker send a message, which has to come once, or else the client says that something got lost.
    pub(super) async fn receive(
        &self,
        bench: &Bench,
        client: &MqttClient,
        subscription: &mut Subscription,
        payload: Bytes,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let mut events = client.events();
        let unmatched = client.unmatched().await;
        if !self.broker.clients().is_empty() {
            self.broker.publish(IN, payload.clone(), 1);
        }
        let next = async {
            tokio::select! {
                biased;
                message = subscription.next() => message.ok_or(()),
                () = told_lost(client, &mut events) => Err(()),
            }
        };
        match bench.wait(RECEIVE, next).await {
            Some(Ok(message)) => {
                let ending = same_bytes("received payload", &payload, &message.payload, strike)?;
                match bench.wait(SETTLED, subscription.next()).await.flatten() {
                    Some(_) => Err(Broken::wrong("a message came twice")),
                    None => Ok(ending),
                }
            }
            // The client tells that a message or the connection is lost.
            Some(Err(())) => Ok(Ending::InDoubt),
            None => match unmatched.ok().and_then(|mut unmatched| unmatched.try_next()) {
                Some(message) => strayed(&payload, &message, strike),
                // The module gave it out and said that it had not: there is no such message for anybody.
                None if strike.is_some_and(|it| matches!(it.fault, Fault::Deny(_))) => Ok(Ending::Misled),
                None => Err(Broken::Untold("a message was lost, and nothing tells".to_owned())),
            },
        }
    }

    /// The next operations work on the same client; one whose connection is lost is resumed.
    async fn again(&self, bench: &Bench, modem: &Modem, client: Option<MqttClient>) -> Result<(), Broken> {
        let client = match client {
            Some(client) if bench.fault() != Some(Fault::Unplug) => client,
            _ => self.connect_again(bench, modem).await?,
        };
        if matches!(bench.fault(), Some(Fault::Reboot | Fault::NetworkLoss)) {
            self.lost_is_noticed(bench, &client).await?;
        }
        let mut worked = self.works(bench, &client).await;
        if bench.may_retry(&worked) {
            worked = self.works(bench, &client).await;
        }
        worked?;
        self.end(bench, client).await
    }

    /// A client that the broker does not have any more says so in time.
    pub(super) async fn lost_is_noticed(&self, bench: &Bench, client: &MqttClient) -> Result<(), Broken> {
        let mut events = client.events();
        let noticed = async {
            while self.broker.clients().is_empty() && client.state() == ClientState::Connected {
                if events.next().await.is_none() {
                    break;
                }
            }
        };
        let untold = || Broken::Untold("the connection is lost, and nothing tells".to_owned());
        bench.wait(NOTICE, noticed).await.ok_or_else(untold)
    }

    pub(super) async fn connect_again(&self, bench: &Bench, modem: &Modem) -> Result<MqttClient, Broken> {
        let mut connected = self.connected(bench, modem).await;
        if bench.may_retry(&connected) {
            after_misreading(bench, modem).await?;
            connected = self.connected(bench, modem).await;
        }
        connected
    }

    async fn connected(&self, bench: &Bench, modem: &Modem) -> Result<MqttClient, Broken> {
        let connected = bench.within(CONNECT, connect(modem)).await?;
        connected.map_err(|error| Broken::wrong(format!("afterwards connect fails: {error}")))
    }

    pub(super) async fn works(&self, bench: &Bench, client: &MqttClient) -> Result<(), Broken> {
        let failed =
            |what: &str, error: &dyn Display| Broken::wrong(format!("afterwards {what} fails: {error}"));
        bench.within(CONNECT, client.resume()).await?.map_err(|error| failed("resume", &error))?;
        let subscribed = bench.within(SUBSCRIBE, client.subscribe(IN, QoS::AtLeastOnce)).await?;
        let mut subscription = subscribed.map_err(|error| failed("subscribe", &error))?;
        let published = self.publish(bench, client, Bytes::from_static(b"again"), None).await?;
        let payload = Bytes::from_static(b"once more");
        let received = self.receive(bench, client, &mut subscription, payload, None).await?;
        match published.and(received) {
            Ending::Right => Ok(()),
            ending => Err(Broken::wrong(format!("afterwards publish and receive end as: {ending}"))),
        }
    }

    pub(super) async fn end(&self, bench: &Bench, client: MqttClient) -> Result<(), Broken> {
        let ended = bench.within(DISCONNECT, client.disconnect()).await?;
        ended.map_err(|error| Broken::wrong(format!("afterwards disconnect fails: {error}")))?;
        sleep(UNDER_WAY).await;
        match self.broker.clients().as_slice() {
            [] => Ok(()),
            clients => Err(Broken::wrong(format!("after disconnect the broker still has {clients:?}"))),
        }
    }

    /// What the broker got from the client.
    pub(super) fn arrived(&self) -> Vec<peers::Message> {
        self.broker.messages().into_iter().filter(|message| message.client_id.is_some()).collect()
    }
}

/// What the module can publish: only printable characters where it takes no counted blocks. Source: M37 p1029-1036.
pub(super) fn carried(modem: &Modem) -> Bytes {
    match modem.profile().id {
        PlatformId::P37 | PlatformId::P52 => payload::hostile(),
        _ => Bytes::from_static(b"21.5 C"),
    }
}

/// What an error says about the message.
fn told(error: &PublishError) -> Ending {
    match error {
        error if error.may_have_been_published() => Ending::InDoubt,
        PublishError::Refused(_) => Ending::Refused,
        _ => Ending::NotSent,
    }
}

/// Until the client says that the connection or a message is lost.
async fn told_lost(client: &MqttClient, events: &mut Events) {
    while client.state() == ClientState::Connected {
        match events.next().await {
            Some(Event::SlotsFull | Event::Unreadable | Event::Missed(_)) => return,
            Some(Event::State(state)) if state != ClientState::Connected => return,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

fn same_message(payload: &[u8], message: &peers::Message, strike: Option<&Strike>) -> Result<Ending, Broken> {
    let topic = same_bytes("topic", OUT.as_bytes(), message.topic.as_bytes(), strike)?;
    Ok(topic.and(same_bytes("published payload", payload, &message.payload, strike)?))
}

/// With a byte of its topic hit a message belongs to no subscription; it is the right one all the same.
fn strayed(payload: &[u8], message: &Message, strike: Option<&Strike>) -> Result<Ending, Broken> {
    let topic = same_bytes("topic", IN.as_bytes(), message.topic.as_bytes(), strike)?;
    same_bytes("strayed payload", payload, &message.payload, None)?;
    match topic {
        Ending::Damaged => Ok(topic),
        _ => Err(Broken::wrong("a message went to nobody")),
    }
}
