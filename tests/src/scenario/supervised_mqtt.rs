//! MQTT on a supervised module: it restarts, is unplugged and loses its network; the broker drops it. The session comes
//! back with its subscriptions, and events say so.

use std::time::Duration;

use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use telit_core::supervisor::{Cause, Supervisor, SupervisorEvent, SupervisorEvents};
use telit_core::{Backoff, Category};
use telit_mqtt::{
    ClientState, Event, Events, LossReason, MqttClient, PublishError, QoS, Reconnect, Subscription,
};
use tokio::time::timeout;

use crate::rig::Rig;

const SOON: Duration = Duration::from_secs(60);

struct Bench {
    rig: Rig,
    supervisor: Supervisor,
    told: SupervisorEvents,
    client: MqttClient,
    events: Events,
    commands: Subscription,
    status: Subscription,
}

impl Bench {
    async fn start(client_id: &str, clean_session: bool) -> Self {
        let (rig, supervisor) = Rig::supervised().await;
        let quick = Backoff::new(Duration::from_millis(5), Duration::from_millis(100));
        let options = rig.mqtt(client_id).reconnect(Reconnect::default().backoff(quick));
        let options = options.clean_session(clean_session);
        let client = MqttClient::connect(&rig.modem, options).await.expect("it connects");
        let commands = client.subscribe("commands/#", QoS::AtLeastOnce).await.expect("it subscribes");
        let status = client.subscribe("status/+", QoS::ExactlyOnce).await.expect("it subscribes");
        let (told, events) = (supervisor.events(), client.events());
        let mut bench = Self { rig, supervisor, told, client, events, commands, status };
        bench.exchange("before").await;
        bench
    }

    /// Messages of somebody else arrive, and ours are published.
    async fn exchange(&mut self, payload: &'static str) {
        let broker = self.rig.servers.broker();
        broker.publish("commands/1", payload);
        broker.publish("status/1", payload);
        for subscription in [&mut self.commands, &mut self.status] {
            let message = timeout(SOON, subscription.next()).await.expect("it arrives in time");
            assert_eq!(message.expect("the subscription goes on").payload, payload);
        }
        let published = broker.messages().len();
        self.client.publish("telemetry", payload, QoS::AtLeastOnce).await.expect("it is published");
        let messages = self.rig.servers.broker().wait_for_messages(published + 1).await;
        let last = messages.last().expect("it was published");
        assert_eq!((last.topic.as_str(), &last.payload[..]), ("telemetry", payload.as_bytes()));
    }

    /// The next event that is not about one attempt.
    async fn next_event(&mut self) -> Event {
        loop {
            match timeout(SOON, self.events.next())
                .await
                .expect("it is told in time")
                .expect("the client runs")
            {
                Event::Reconnecting { .. } | Event::ReconnectFailed { .. } => {}
                event => return event,
            }
        }
    }

    /// Publishes until the broken connection is noticed. It may be back by then.
    async fn publish_until_lost(&mut self) {
        let lost = async {
            loop {
                // Whether it is published does not matter: what it meets does.
                drop(self.client.publish("telemetry", "x", QoS::AtLeastOnce).await);
                tokio::select! {
                    biased;
                    event = self.events.next() => break event.expect("the client runs"),
                    () = std::future::ready(()) => {}
                }
            }
        };
        let event = timeout(SOON, lost).await.expect("it is noticed in time");
        assert!(matches!(event, Event::State(ClientState::Reconnecting(_))), "{event:?}");
    }

    /// It was lost for this reason and is back; gives how many logins that took.
    async fn lost_and_resumed(&mut self, reason: LossReason) -> u32 {
        assert_eq!(self.next_event().await, Event::State(ClientState::Reconnecting(reason)));
        assert_eq!(self.next_event().await, Event::State(ClientState::Connected));
        match self.next_event().await {
            Event::Resumed { attempts, subscriptions: 2, .. } => attempts,
            other => panic!("{other:?}"),
        }
    }

    /// What the supervisor tells next that is not about one remedy.
    async fn next_told(&mut self) -> SupervisorEvent {
        loop {
            match timeout(SOON, self.told.next())
                .await
                .expect("it is told in time")
                .expect("the supervisor runs")
            {
                SupervisorEvent::Trying { .. } => {}
                event => return event,
            }
        }
    }

    /// The supervisor's side of it, in whatever order its own events and those of the client come.
    async fn told_of(&mut self, cause: Cause, reason: LossReason) {
        let (mut lost, mut recovered, mut service_lost, mut service_back) = (false, false, false, false);
        while !(lost && recovered && service_lost && service_back) {
            match self.next_told().await {
                SupervisorEvent::Lost { cause: told } if told == cause => lost = true,
                SupervisorEvent::Recovered { cause: told, .. } if told == cause => recovered = true,
                SupervisorEvent::Service(event) => {
                    assert_eq!(event.service, Service::Mqtt);
                    match event.change {
                        ServiceChange::Lost { reason: told } => {
                            assert_eq!(told, reason.to_string());
                            service_lost = true;
                        }
                        ServiceChange::Resumed { .. } => service_back = true,
                        other => panic!("{other:?}"),
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn logins(&self) -> usize {
        self.rig.servers.broker().handshakes().len()
    }
}

#[tokio::test]
async fn a_restarted_module_logs_in_again() {
    let mut bench = Bench::start("restarted", true).await;
    bench.rig.module.reboot();
    assert!(bench.lost_and_resumed(LossReason::ModuleRestarted).await >= 1);
    bench.told_of(Cause::Echo, LossReason::ModuleRestarted).await;
    bench.exchange("after").await;
    assert_eq!(bench.rig.modem.tls_holder(), Some(Service::Mqtt));
    bench.client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn an_unplugged_module_goes_on_where_it_was() {
    let mut bench = Bench::start("unplugged", true).await;
    let logins = bench.logins();
    bench.rig.module.unplug();
    assert_eq!(bench.lost_and_resumed(LossReason::LinkLost).await, 0);
    bench.told_of(Cause::PortLost, LossReason::LinkLost).await;
    bench.exchange("after").await;
    assert_eq!(bench.logins(), logins, "the module had kept the connection");
    bench.client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn a_module_that_restarts_while_it_is_unplugged_logs_in_again() {
    let mut bench = Bench::start("unplugged-and-restarted", true).await;
    let logins = bench.logins();
    bench.rig.module.reboot();
    bench.rig.module.unplug();
    while bench.client.state() != ClientState::Connected || bench.logins() == logins {
        bench.next_event().await;
    }
    bench.exchange("after").await;
}

#[tokio::test]
async fn a_lost_network_that_comes_back_brings_the_session_back() {
    let mut bench = Bench::start("no-network", true).await;
    bench.rig.module.set_network(false);
    let lost = bench.next_told().await;
    assert_eq!(lost, SupervisorEvent::Lost { cause: Cause::ContextLost });
    let error =
        bench.client.publish("telemetry", "x", QoS::AtLeastOnce).await.expect_err("there is no network");
    assert_eq!(error.category(), Category::Network, "{error}");
    bench.rig.module.set_network(true);
    let state = bench.next_event().await;
    assert!(matches!(state, Event::State(ClientState::Reconnecting(_))), "{state:?}");
    assert_eq!(bench.next_event().await, Event::State(ClientState::Connected));
    bench.next_event().await;
    bench.exchange("after").await;
}

#[tokio::test]
async fn a_broker_that_drops_the_session_gets_it_again() {
    let mut bench = Bench::start("dropped", true).await;
    for _ in 0..3 {
        bench.rig.servers.broker().front().disconnect_all();
        bench.publish_until_lost().await;
        assert_eq!(bench.next_event().await, Event::State(ClientState::Connected));
        assert!(matches!(bench.next_event().await, Event::Resumed { subscriptions: 2, .. }));
        bench.exchange("after").await;
    }
}

#[tokio::test]
async fn a_session_that_the_broker_keeps_gets_what_was_published_meanwhile() {
    let mut bench = Bench::start("kept", false).await;
    let lease = {
        // Somebody else has TLS, so that it stays away until then.
        let modem = bench.rig.modem.clone();
        let waiting = tokio::spawn(async move { modem.acquire_tls(Service::Ftp).await });
        bench.rig.servers.broker().front().disconnect_all();
        bench.publish_until_lost().await;
        waiting.await.expect("it runs").expect("its turn comes")
    };
    let error = bench.client.publish("telemetry", "x", QoS::AtLeastOnce).await.expect_err("it is away");
    assert!(matches!(error, PublishError::NotConnected { state: ClientState::Reconnecting(_) }), "{error:?}");
    bench.rig.servers.broker().publish("commands/1", "meanwhile");
    lease.release();
    let message = timeout(SOON, bench.commands.next()).await.expect("it arrives in time");
    assert_eq!(message.expect("the subscription goes on").payload, "meanwhile");
    bench.exchange("after").await;
}

#[tokio::test]
async fn pausing_a_session_on_its_way_back_lets_a_download_have_tls() {
    let mut bench = Bench::start("paused", true).await;
    bench.rig.module.reboot();
    let lost = bench.next_event().await;
    assert_eq!(lost, Event::State(ClientState::Reconnecting(LossReason::ModuleRestarted)));
    bench.client.pause().await.expect("it pauses");
    assert_eq!(bench.client.state(), ClientState::Paused);
    bench.rig.modem.health().up().await.expect("the module comes back");
    bench.rig.modem.try_acquire_tls(Service::Ftp).await.expect("TLS is free").release();
    bench.supervisor.recover().await.expect("it is in order");
    bench.client.resume().await.expect("it resumes");
    bench.exchange("after").await;
}
