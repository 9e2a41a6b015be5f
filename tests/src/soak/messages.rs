//! Messages both ways while MQTT has the module's TLS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telit_core::Backoff;
use telit_mqtt::{ClientState, Event, MqttClient, MqttOptions, MqttSecurity, QoS, Reconnect, Subscription};
use telit_simulator::servers::TestServers;
use tokio::time::sleep;

use super::ledger::{DOWN, Ledger, Published, UP, payload};
use super::timeline::Told;
use super::world::World;

/// How long messages are exchanged before the transfers get their turn.
const ROUND: Duration = Duration::from_secs(4);
/// How often resuming is tried.
const TRIES: u32 = 20;
const PACE: Duration = Duration::from_millis(60);
/// No publish takes longer, whatever happens.
const BOUND: Duration = Duration::from_secs(240);

pub(super) struct Messages {
    world: Arc<World>,
    ledger: Ledger,
    client: MqttClient,
}

impl Messages {
    pub(super) async fn start(world: Arc<World>, ledger: Ledger) -> Self {
        let security = MqttSecurity::Tls(world.tls());
        let reconnect =
            Reconnect::default().backoff(Backoff::new(Duration::from_millis(200), Duration::from_secs(2)));
        let options = MqttOptions::new(TestServers::BROKER_NAME, "soak", security)
            .reconnect(reconnect)
            .keep_alive(Duration::from_secs(60))
            .packet_timeout(Duration::from_secs(5))
            .tls_wait(Duration::from_secs(60));
        let client = MqttClient::connect(world.modem(), options).await.expect("it connects");
        let subscription = client.subscribe(DOWN, QoS::AtMostOnce).await.expect("it subscribes");
        let unmatched = client.unmatched().await.expect("it is open");
        tokio::spawn(read(subscription, ledger.clone()));
        tokio::spawn(read(unmatched, ledger.clone()));
        tokio::spawn(follow(client.clone(), ledger.clone()));
        Self { world, ledger, client }
    }

    /// A few seconds of messages in both directions.
    pub(super) async fn exchange(&self) {
        let until = Instant::now() + ROUND;
        while Instant::now() < until {
            if self.client.state() == ClientState::Connected {
                let number = self.ledger.sending_down();
                self.world.servers.broker().publish(DOWN, payload(number));
            }
            self.publish().await;
            sleep(PACE).await;
        }
    }

    async fn publish(&self) {
        let number = self.ledger.next_up();
        let publishing = self.client.publish(UP, payload(number), QoS::AtLeastOnce);
        let outcome = tokio::time::timeout(BOUND, publishing).await.expect("a publish ends");
        self.ledger.published(match &outcome {
            Ok(()) => Published::Acknowledged,
            Err(error) if error.may_have_been_published() => Published::InDoubt,
            Err(_) => Published::NotSent,
        });
        self.ledger.operation("publish", outcome.map(|()| 0).map_err(|error| error.category()));
    }

    /// Leaves TLS to the transfers.
    pub(super) async fn step_aside(&self) {
        self.wait_for_the_last().await;
        let paused = tokio::time::timeout(BOUND, self.client.pause()).await.expect("pausing ends");
        self.ledger.operation("pause", paused.map(|()| 0).map_err(|error| error.category()));
    }

    /// A resume that fails leaves the client paused: it is asked for again, as any application would.
    pub(super) async fn come_back(&self) {
        for _ in 0..TRIES {
            if self.client.state() != ClientState::Paused {
                return;
            }
            self.world.up().await;
            self.resume().await;
        }
    }

    async fn resume(&self) {
        let resumed = tokio::time::timeout(BOUND, self.client.resume()).await.expect("resuming ends");
        self.ledger.operation("resume", resumed.map(|()| 0).map_err(|error| error.category()));
    }

    /// What is on its way arrives while there is a connection.
    async fn wait_for_the_last(&self) {
        for _ in 0..30 {
            if self.ledger.missing() == 0 || self.client.state() != ClientState::Connected {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// In peace everything works again.
    pub(super) async fn settle(&self) {
        self.world.up().await;
        self.come_back().await;
        let settled = async {
            while !self.works().await {
                sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::timeout(BOUND, settled).await.expect("messages go both ways when nothing fails");
    }

    /// Whether a message goes through in each direction.
    async fn works(&self) -> bool {
        if self.client.state() != ClientState::Connected {
            return false;
        }
        self.publish().await;
        let number = self.ledger.sending_down();
        self.world.servers.broker().publish(DOWN, payload(number));
        self.wait_for_the_last().await;
        self.ledger.has_down(number)
    }
}

async fn read(mut subscription: Subscription, ledger: Ledger) {
    let mut missed = 0;
    while let Some(message) = subscription.next().await {
        ledger.received(&message.payload);
        ledger.told_missing(subscription.missed() - missed);
        missed = subscription.missed();
    }
    ledger.failure("a subscription has ended");
}

async fn follow(client: MqttClient, ledger: Ledger) {
    let mut events = client.events();
    drop(client);
    while let Some(event) = events.next().await {
        match event {
            Event::State(ClientState::Connected) => ledger.told(Told::Connected),
            Event::State(ClientState::Paused) => ledger.told(Told::Paused),
            Event::State(_) => ledger.told(Told::Lost),
            Event::SlotsFull | Event::Unreadable => ledger.told_missing(1),
            Event::GaveUp { error } => ledger.failure(format!("the client has given up: {error}")),
            _ => {}
        }
    }
}
