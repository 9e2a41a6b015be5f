//! A session with a broker: connect, subscribe, publish, receive.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_mqtt::{ConnectError, MqttClient, MqttOptions, MqttSecurity, QoS, Subscription};
use telit_simulator::peers::{Broker, Message, Peers};
use telit_simulator::{Builder, Platform};
use tokio::time::sleep;

use super::bench::{Bench, Bound};
use super::credentials::credentials;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, truthful};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};

const HOST: &str = "broker.test";
pub(super) const OUT: &str = "thing/out";
pub(super) const IN: &str = "thing/in";

/// A client whose future was dropped holds TLS until it has connected, in the background.
const TLS_WAIT: Duration = Duration::from_secs(300);

/// As `MqttClient::connect` says: the wait for TLS, 150 s to connect, and the time to store credentials.
const CONNECT: Bound = Bound::new("mqtt connect", 300 + 150 + 11 * 60);
/// As `MqttClient::publish` says: 10 s of packet timeout, and 30 s.
const PUBLISH: Bound = Bound::new("mqtt publish", 40 + 60);
const SUBSCRIBE: Bound = Bound::new("mqtt subscribe", 40 + 60);
/// As `Subscription::next` says: half of the keep-alive, if the announcement was lost.
pub(super) const RECEIVE: Duration = Duration::from_secs(31);
const DISCONNECT: Bound = Bound::new("mqtt disconnect", 60);

/// In memory a message takes no time.
const UNDER_WAY: Duration = Duration::from_millis(1);

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
                let ending = self.talk(bench, &client).await?;
                (Some(client), ending)
            }
            Err(error) => (None, Ending::of(error.category())),
        };
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(ending)
    }
}

pub(super) async fn connect(modem: &Modem) -> Result<MqttClient, ConnectError> {
    let tls = TlsOptions::builder().ca(credentials().ca()).build().expect("the options fit together");
    let options = MqttOptions::new(HOST, "thing", MqttSecurity::Tls(tls)).tls_wait(TLS_WAIT);
    MqttClient::connect(modem, options).await
}

impl Session {
    /// The rest of the job, as far as it gets.
    async fn talk(&self, bench: &Bench, client: &MqttClient) -> Result<Ending, Broken> {
        let mut subscription = match bench.within(SUBSCRIBE, client.subscribe(IN, QoS::AtLeastOnce)).await? {
            Ok(subscription) => subscription,
            Err(error) => return Ok(Ending::of(error.category())),
        };
        let published = self.publish(bench, client, payload::hostile(), bench.fault()).await?;
        let received = self.receive(bench, client, &mut subscription, bench.fault()).await?;
        Ok(published.and(received))
    }

    /// Publishes, and asks the broker whether the answer is true.
    async fn publish(
        &self,
        bench: &Bench,
        client: &MqttClient,
        payload: Bytes,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        let before = self.arrived().len();
        let published = bench.within(PUBLISH, client.publish(OUT, payload.clone(), QoS::AtLeastOnce)).await?;
        // What was already under way to the broker arrives.
        sleep(UNDER_WAY).await;
        let arrived = self.arrived().split_off(before);
        match (published, arrived.as_slice()) {
            (Ok(()), [message]) => {
                let topic = same_bytes("topic", OUT.as_bytes(), message.topic.as_bytes(), fault)?;
                Ok(topic.and(same_bytes("published payload", &payload, &message.payload, fault)?))
            }
            (Ok(()), arrived) => {
                Err(Broken::wrong(format!("published, and {} messages came", arrived.len())))
            }
            (Err(error), arrived) => {
                truthful("publishing", arrived.len(), error.may_have_been_published(), &error)?;
                Ok(if error.may_have_been_published() {
                    Ending::Unknown
                } else {
                    Ending::of(error.category())
                })
            }
        }
    }

    /// Lets the broker send a message, which has to come, or else the client says that something got lost.
    async fn receive(
        &self,
        bench: &Bench,
        client: &MqttClient,
        subscription: &mut Subscription,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        let mut events = client.events();
        let payload = payload::hostile();
        self.broker.publish(IN, payload.clone(), 1);
        let next = async {
            tokio::select! {
                biased;
                message = subscription.next() => message.ok_or(None),
                event = events.next() => Err(event),
            }
        };
        match bench.wait(RECEIVE, next).await {
            Some(Ok(message)) => same_bytes("received payload", &payload, &message.payload, fault),
            // The client tells that a message or the connection is lost.
            Some(Err(_)) => Ok(Ending::Unknown),
            // With another byte in its topic it belongs to nobody.
            None if fault.is_some_and(Fault::hits_a_byte) => Ok(Ending::Damaged),
            None => Err(Broken::wrong("a message was lost, and nothing tells")),
        }
    }

    /// The next operations work on the same client; one whose connection is lost is resumed.
    async fn again(&self, bench: &Bench, modem: &Modem, client: Option<MqttClient>) -> Result<(), Broken> {
        let client = match client {
            Some(client) if bench.fault() != Some(Fault::Unplug) => client,
            _ => self.connect_again(bench, modem).await?,
        };
        // That the connection is lost may show only at the command that fails.
        let lost = matches!(bench.fault(), Some(Fault::Reboot | Fault::NetworkLoss));
        match self.works(bench, &client).await {
            Err(Broken::Wrong(_)) if lost => self.works(bench, &client).await?,
            worked => worked?,
        }
        self.end(bench, client).await
    }

    pub(super) async fn connect_again(&self, bench: &Bench, modem: &Modem) -> Result<MqttClient, Broken> {
        if let Ok(client) = bench.within(CONNECT, connect(modem)).await? {
            return Ok(client);
        }
        after_misreading(bench, modem).await?;
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
        let received = self.receive(bench, client, &mut subscription, None).await?;
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
    pub(super) fn arrived(&self) -> Vec<Message> {
        self.broker.messages().into_iter().filter(|message| message.client_id.is_some()).collect()
    }
}
