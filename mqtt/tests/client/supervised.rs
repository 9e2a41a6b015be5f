//! The client on a module under supervision: it restarts, its port goes and comes back.

use std::time::Duration;

use telit_core::driver::ModuleState;
use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use telit_core::supervisor::{Supervisor, SupervisorEvent, SupervisorEvents, SupervisorOptions};
use telit_core::{Backoff, Category};
use telit_mqtt::{
    ClientState, Event, Events, LossReason, MqttClient, MqttOptions, PublishError, QoS, Reconnect,
    SubscribeError, Subscription,
};

use crate::fake::{Fake, PAYLOAD};
use crate::{next_event, plain, secure, until};

const RESTARTED: ClientState = ClientState::Reconnecting(LossReason::ModuleRestarted);
const AWAY: ClientState = ClientState::Reconnecting(LossReason::LinkLost);

struct Bench {
    supervisor: Supervisor,
    fake: Fake,
    client: MqttClient,
    messages: Subscription,
    events: Events,
}

impl Bench {
    async fn start(options: MqttOptions) -> Self {
        Self::start_with(options, SupervisorOptions::default()).await
    }

    async fn start_with(options: MqttOptions, supervision: SupervisorOptions) -> Self {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let supervision = supervision.heartbeat(Some(Duration::from_secs(10))).backoff(backoff);
        let (supervisor, fake) = Fake::supervised(supervision).await;
        let client = MqttClient::connect(supervisor.modem(), options).await.unwrap();
        let messages = client.subscribe("a/#", QoS::AtLeastOnce).await.unwrap();
        let events = client.events();
        fake.lines();
        Self { supervisor, fake, client, messages, events }
    }

    async fn receives(&mut self) {
        self.fake.publish(1, "a/1", b"after");
        assert_eq!(&self.messages.next().await.unwrap().payload[..], b"after");
    }
}

/// What the supervisor tells of the MQTT client next.
async fn next_change(events: &mut SupervisorEvents) -> ServiceChange {
    loop {
        if let SupervisorEvent::Service(event) = events.next().await.unwrap() {
            assert_eq!(event.service, Service::Mqtt);
            return event.change;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_session_comes_back() {
    for options in [secure(), plain()] {
        let mut bench = Bench::start(options).await;
        let mut told = bench.supervisor.events();
        bench.fake.restart();
        assert_eq!(next_event(&mut bench.events).await, Event::State(RESTARTED));
        assert_eq!(next_event(&mut bench.events).await, Event::State(ClientState::Connected));
        let Event::Resumed { took, subscriptions: 1, .. } = next_event(&mut bench.events).await else {
            panic!("it is back")
        };
        let lines = bench.fake.mqtt_lines();
        assert!(!lines.contains(&"AT#MQDISC=1".to_owned()), "nothing is left to be ended: {lines:?}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("AT#MQSUB=")).count(), 1);
        let reason = LossReason::ModuleRestarted.to_string();
        assert_eq!(next_change(&mut told).await, ServiceChange::Lost { reason });
        assert_eq!(next_change(&mut told).await, ServiceChange::Resumed { took });
        bench.receives().await;
        bench.client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_module_kept_goes_on_without_a_login() {
    for options in [secure(), plain()] {
        let mut bench = Bench::start(options).await;
        let mut told = bench.supervisor.events();
        bench.fake.unplug();
        until(&mut bench.events, AWAY).await;
        bench.fake.store(3, "a/3", b"meanwhile");
        assert_eq!(next_event(&mut bench.events).await, Event::State(ClientState::Connected));
        let resumed = next_event(&mut bench.events).await;
        let Event::Resumed { took, attempts: 0, subscriptions: 1 } = resumed else { panic!("{resumed:?}") };
        assert_eq!(&bench.messages.next().await.unwrap().payload[..], b"meanwhile");
        let reads = (1..=3).map(|slot| format!("AT#MQREAD=1,{slot}"));
        let expected: Vec<String> =
            ["AT#MQCONN?", "AT#MQCFG?", "AT#MQREAD?"].map(str::to_owned).into_iter().chain(reads).collect();
        assert_eq!(bench.fake.mqtt_lines(), expected);
        let reason = LossReason::LinkLost.to_string();
        assert_eq!(next_change(&mut told).await, ServiceChange::Lost { reason });
        assert_eq!(next_change(&mut told).await, ServiceChange::Resumed { took });
        bench.receives().await;
        bench.client.disconnect().await.unwrap();
        assert_eq!(bench.fake.mqtt_lines()[1..], ["AT#MQDISC=1", "AT#MQEN=1,0"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_away_for_long_is_waited_for() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.set_port(false);
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    let error = bench.client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert_eq!(error, PublishError::NotConnected { state: AWAY });
    assert_eq!(error.category(), Category::Link);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(bench.client.state(), AWAY);
    bench.fake.set_port(true);
    until(&mut bench.events, ClientState::Connected).await;
    assert!(!bench.fake.mqtt_lines().iter().any(|line| line.starts_with("AT#MQCONN=")));
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_broke_while_the_port_was_away_is_made_again() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.set_connection(2);
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    until(&mut bench.events, ClientState::Connected).await;
    let lines = bench.fake.mqtt_lines();
    assert_eq!(lines[..3], ["AT#MQCONN?", "AT#MQDISC=1", "AT#MQEN=1,0"]);
    assert!(lines.contains(&"AT#MQSUB=1,\"a/#\",1".to_owned()));
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn another_broker_is_not_taken_for_ours() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.answer("AT#MQCFG?", "\r\n#MQCFG: 1,other.example,8883,1,1,1\r\n\r\nOK\r\n");
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    until(&mut bench.events, ClientState::Connected).await;
    let lines = bench.fake.mqtt_lines();
    assert_eq!(lines[..4], ["AT#MQCONN?", "AT#MQCFG?", "AT#MQDISC=1", "AT#MQEN=1,0"]);
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_comes_back_with_a_restarted_module_needs_a_login() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.set_port(false);
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    bench.fake.restart();
    bench.fake.set_port(true);
    assert_eq!(next_event(&mut bench.events).await, Event::State(RESTARTED));
    until(&mut bench.events, ClientState::Connected).await;
    let lines = bench.fake.mqtt_lines();
    assert!(!lines.contains(&"AT#MQDISC=1".to_owned()), "{lines:?}");
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_again_during_the_look_is_waited_for_again() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.answer("AT#MQCONN?", "<unplug>");
    bench.fake.answer("AT#MQCFG?", "<unplug>");
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    until(&mut bench.events, ClientState::Connected).await;
    assert!(matches!(next_event(&mut bench.events).await, Event::Resumed { attempts: 0, .. }));
    let looks = ["AT#MQCONN?", "AT#MQCONN?", "AT#MQCFG?", "AT#MQCONN?", "AT#MQCFG?"];
    assert_eq!(bench.fake.mqtt_lines()[..5], looks);
    assert_eq!(bench.supervisor.modem().health().now().port_losses, 3);
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_an_attempt_is_not_the_brokers_fault() {
    let once = Reconnect::default().max_attempts(1);
    for line in ["AT#MQEN=1,1", "AT#MQCFG=1", "AT#MQCONN=", "AT#MQSUB="] {
        let mut bench = Bench::start(secure().reconnect(once)).await;
        bench.fake.set_connection(2);
        bench.fake.lines();
        bench.fake.saw(line).await;
        bench.fake.restart();
        if line == "AT#MQEN=1,1" {
            // What a module says that has just restarted may sound final.
            bench.fake.answer("AT#MQCFG=1", "\r\n+CME ERROR: MQTT Not Authorised\r\n");
        }
        let resumed = loop {
            match next_event(&mut bench.events).await {
                Event::Resumed { attempts, .. } => break attempts,
                Event::GaveUp { error } => panic!("{line}: {error}"),
                _ => {}
            }
        };
        assert!(resumed >= 1, "{line}");
        bench.receives().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_before_connecting_that_is_noticed_only_then_is_no_loss() {
    let (supervisor, fake) = Fake::supervised(SupervisorOptions::default().heartbeat(None)).await;
    fake.restart();
    fake.set_context(true);
    let client = MqttClient::connect(supervisor.modem(), plain()).await.unwrap();
    assert_eq!(supervisor.modem().health().now().restarts, 1);
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.publish(1, "a", b"");
    assert!(messages.next().await.is_some());
    assert_eq!(client.state(), ClientState::Connected);
    assert_eq!(fake.lines().iter().filter(|line| line.starts_with("AT#MQCONN=")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_was_looked_after_is_asked_at_once() {
    let mut bench = Bench::start(secure().keep_alive(Duration::from_secs(3600))).await;
    bench.fake.set_connection(3);
    bench.supervisor.recover().await.unwrap();
    let start = tokio::time::Instant::now();
    let lost = ClientState::Reconnecting(LossReason::PingUnanswered);
    assert_eq!(next_event(&mut bench.events).await, Event::State(lost));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    until(&mut bench.events, ClientState::Connected).await;
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_is_dropped_at_work_leaves_nobody_waiting() {
    let mut bench = Bench::start(secure()).await;
    let modem = bench.supervisor.modem().clone();
    // The restarted module is never in order again.
    for _ in 0..20 {
        bench.fake.answer("AT+CPIN?", "\r\n+CME ERROR: SIM failure\r\n");
    }
    bench.fake.restart();
    until(&mut bench.events, RESTARTED).await;
    while modem.health().now().state != ModuleState::Recovering {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(bench.supervisor);
    assert_eq!(bench.messages.next().await, None);
    assert_eq!(modem.health().now().state, ModuleState::Down);
    assert_eq!(bench.client.state(), ClientState::Lost(LossReason::ModuleRestarted));
}

#[tokio::test(start_paused = true)]
async fn a_module_that_is_given_up_ends_the_session() {
    let mut bench = Bench::start_with(secure(), SupervisorOptions::default().max_attempts(2)).await;
    let (mut told, modem) = (bench.supervisor.events(), bench.supervisor.modem().clone());
    bench.fake.set_port(false);
    bench.fake.unplug();
    assert_eq!(bench.messages.next().await, None);
    assert_eq!(modem.health().now().state, ModuleState::Down);
    assert_eq!(bench.client.state(), ClientState::Lost(LossReason::LinkLost));
    assert_eq!(modem.tls_holder(), None);
    assert_eq!(next_event(&mut bench.events).await, Event::State(AWAY));
    assert!(matches!(next_event(&mut bench.events).await, Event::GaveUp { .. }));
    let reason = LossReason::LinkLost.to_string();
    assert_eq!(next_change(&mut told).await, ServiceChange::Lost { reason: reason.clone() });
    assert_eq!(next_change(&mut told).await, ServiceChange::GaveUp { reason });

    bench.fake.set_port(true);
    bench.supervisor.recover().await.unwrap();
    bench.client.resume().await.unwrap();
    let mut messages = bench.client.subscribe("a/#", QoS::AtLeastOnce).await.unwrap();
    bench.fake.publish(1, "a/1", b"");
    assert!(messages.next().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn without_reconnecting_a_lost_port_is_the_end() {
    let mut bench = Bench::start(secure().reconnect(Reconnect::never())).await;
    bench.fake.unplug();
    assert_eq!(bench.messages.next().await, None);
    assert_eq!(bench.client.state(), ClientState::Lost(LossReason::LinkLost));
    assert_eq!(bench.supervisor.modem().tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn pausing_while_the_port_is_away() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.set_port(false);
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    let error = bench.client.pause().await.unwrap_err();
    assert_eq!(error.category(), Category::Link, "the module could not be told");
    assert_eq!(bench.client.state(), ClientState::Paused);
    let modem = bench.supervisor.modem().clone();
    assert_eq!(modem.tls_holder(), None);
    bench.fake.set_port(true);
    modem.health().up().await.unwrap();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(bench.client.state(), ClientState::Paused);
    modem.acquire_tls(Service::Ftp).await.unwrap().release();
    let lines = bench.fake.mqtt_lines();
    assert!(
        lines.ends_with(&["AT#MQDISC=1".into(), "AT#MQEN=1,0".into()]),
        "the next owner ends it: {lines:?}"
    );
    bench.client.resume().await.unwrap();
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_client_sits_out_a_lost_port() {
    let mut bench = Bench::start(secure()).await;
    bench.client.pause().await.unwrap();
    bench.fake.unplug();
    let modem = bench.supervisor.modem().clone();
    tokio::time::sleep(Duration::from_secs(60)).await;
    modem.health().up().await.unwrap();
    assert_eq!((modem.health().now().port_losses, bench.client.state()), (1, ClientState::Paused));
    bench.client.resume().await.unwrap();
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_client_while_the_port_is_away() {
    let mut bench = Bench::start(secure()).await;
    bench.fake.set_port(false);
    bench.fake.unplug();
    until(&mut bench.events, AWAY).await;
    drop(bench.client);
    assert_eq!(bench.messages.next().await, None);
    assert_eq!(bench.supervisor.modem().tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_the_restart_swallowed_is_in_doubt_and_says_so() {
    let mut bench = Bench::start(plain()).await;
    bench.fake.answer(PAYLOAD, "");
    let publishing = tokio::spawn({
        let client = bench.client.clone();
        async move { client.publish("t", "x", QoS::AtLeastOnce).await }
    });
    bench.fake.saw("AT#MQPUBS=").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.fake.payloads(), [b"x"]);
    bench.fake.restart();
    let error = publishing.await.unwrap().unwrap_err();
    assert!(matches!(&error, PublishError::ModuleRestarted { in_doubt: true, .. }), "{error:?}");
    assert!(error.may_have_been_published());
    assert_eq!(error.category(), Category::Link);
    until(&mut bench.events, RESTARTED).await;
    until(&mut bench.events, ClientState::Connected).await;
    bench.client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_the_restarted_module_answers_was_not_published() {
    let bench = Bench::start(plain()).await;
    bench.fake.restart();
    let error = bench.client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(&error, PublishError::ModuleRestarted { in_doubt: false, .. }), "{error:?}");
    assert!(!error.may_have_been_published());
    assert_eq!(bench.fake.payloads(), [b""; 0]);
    assert_eq!(bench.client.state(), RESTARTED);
}

#[tokio::test(start_paused = true)]
async fn a_publish_under_way_when_the_port_goes_is_in_doubt() {
    let mut bench = Bench::start(plain()).await;
    bench.fake.answer(PAYLOAD, "<unplug>");
    let error = bench.client.publish("t", "x", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, PublishError::InDoubt(_)), "{error:?}");
    assert_eq!(bench.client.state(), AWAY);
    until(&mut bench.events, ClientState::Connected).await;
    bench.receives().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_meets_a_restart_is_not_made() {
    let bench = Bench::start(plain()).await;
    bench.fake.restart();
    bench.fake.answer("AT#MQSUB=", crate::fake::ERROR);
    let error = bench.client.subscribe("b", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, SubscribeError::ModuleRestarted(_)), "{error:?}");
}
