//! Many messages both ways, in peace and while everything breaks.
//!
//! `TELIT_MQTT_STRESS` says how many messages go on each topic, and makes the outages as long as real ones; without it
//! there are a few hundred, and the outages are short.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use telit_core::modem::ModemBuilder;
use telit_core::{Backoff, Modem};
use telit_mqtt::{
    ClientState, Event, Events, MqttClient, MqttOptions, MqttSecurity, OfflineQueue, Publish, QoS, Reconnect,
    Subscription, WhenFull,
};
use telit_simulator::VirtualModule;
use telit_simulator::servers::TestServers;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::rig::{Rig, in_haste};

pub(crate) const SOON: Duration = Duration::from_secs(120);
/// The largest payload of the module. Source: M37 p1035.
const LARGEST: usize = 65_536;
/// Messages that may be on their way to one subscriber: the module has 30 places.
const ON_THE_WAY: usize = 6;

pub(crate) struct Plan {
    /// Messages a topic.
    pub(crate) messages: usize,
    /// Messages a topic between two faults.
    pub(crate) between_faults: usize,
    /// Outages last as long as real ones.
    long: bool,
}

impl Plan {
    pub(crate) fn from_environment() -> Self {
        match std::env::var("TELIT_MQTT_STRESS") {
            Ok(messages) => {
                let messages = messages.parse().expect("TELIT_MQTT_STRESS is a number");
                Self { messages, between_faults: 200, long: true }
            }
            Err(_) => Self { messages: 120, between_faults: 30, long: false },
        }
    }

    /// How long what breaks with this fault stays broken.
    pub(crate) fn outage(&self, fault: usize) -> Duration {
        match fault % 24 {
            _ if !self.long => Duration::from_millis(300),
            1 => Duration::from_secs(120),
            4 | 9 | 16 | 21 => Duration::from_secs(20),
            _ => Duration::from_secs(1),
        }
    }
}

/// What the message with this number holds: from nothing to the largest, every byte depending on the number.
pub(crate) fn payload(number: usize) -> Bytes {
    let size = match number % 50 {
        0 => 0,
        25 if number % 200 == 25 => LARGEST,
        step => step * step,
    };
    let bytes = (0..size).map(|at| (number.wrapping_mul(31).wrapping_add(at) % 251).to_le_bytes()[0]);
    bytes.collect::<Vec<u8>>().into()
}

/// With the pauses of a real line most of the time would be spent on them.
fn hasty() -> ModemBuilder {
    Modem::builder().settings(in_haste())
}

/// The second client of the module, without TLS.
fn plain(client_id: &str) -> MqttOptions {
    MqttOptions::new(TestServers::BROKER_NAME, client_id, MqttSecurity::DangerPlain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_altered_or_out_of_order_both_ways() {
    let count = Plan::from_environment().messages;
    let rig = Rig::start_with(|module| module, hasty()).await;
    let secure = MqttClient::connect(&rig.modem, rig.mqtt("stress-1")).await.expect("it connects");
    let plain = MqttClient::connect(&rig.modem, plain("stress-2")).await.expect("it connects");
    let mut running = Vec::new();
    for (from, to, name) in [(&secure, &plain, "up"), (&plain, &secure, "down")] {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let topic = format!("stress/{name}/{}", qos.number());
            let inbox = to.subscribe(&topic, qos).await.expect("it subscribes");
            let room = Arc::new(Semaphore::new(ON_THE_WAY));
            running.push(tokio::spawn(send_all(from.clone(), topic, qos, count, Arc::clone(&room))));
            running.push(tokio::spawn(receive_all(inbox, count, room)));
        }
    }
    for task in running {
        task.await.expect("every message is right");
    }
}

async fn send_all(client: MqttClient, topic: String, qos: QoS, count: usize, room: Arc<Semaphore>) {
    for number in 0..count {
        let place = timeout(SOON, room.acquire()).await.expect("messages arrive").expect("it stays open");
        place.forget();
        client.publish(&topic, payload(number), qos).await.expect("it is published");
    }
}

async fn receive_all(mut inbox: Subscription, count: usize, room: Arc<Semaphore>) {
    for number in 0..count {
        let message = timeout(SOON, inbox.next()).await.expect("it arrives in time").expect("it goes on");
        assert!(message.payload == payload(number), "message {number} is lost, altered or out of order");
        room.add_permits(1);
    }
    assert_eq!((inbox.try_next(), inbox.missed()), (None, 0), "nothing came twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_accepted_message_is_lost_whatever_breaks() {
    let plan = Plan::from_environment();
    let count = plan.messages;
    let (rig, supervisor) = Rig::supervised_with(hasty()).await;
    let quick = Backoff::new(Duration::from_millis(5), Duration::from_millis(100));
    let queue = OfflineQueue::new(50).bytes(8 << 20).when_full(WhenFull::Refuse);
    let options = rig.mqtt("stress-3").reconnect(Reconnect::default().backoff(quick)).offline_queue(queue);
    let client = MqttClient::connect(&rig.modem, options).await.expect("it connects");
    let mut down = client.subscribe("stress/last", QoS::AtLeastOnce).await.expect("it subscribes");
    let mut returns = watch_returns(client.events());

    let topics = ["stress/a", "stress/b"];
    let mut faults = 0;
    let mut receipts = Vec::new();
    for number in 0..count {
        for topic in topics {
            let publish = Publish::new(topic, payload(number)).qos(QoS::AtLeastOnce);
            receipts.push(client.enqueue(publish).expect("there is room"));
        }
        if receipts.len() >= 40 {
            for receipt in receipts.drain(..) {
                receipt.await.expect("what was accepted is published");
            }
        }
        if number % plan.between_faults == plan.between_faults / 2 {
            strike(&rig, faults, plan.outage(faults)).await;
            faults += 1;
        }
    }
    for receipt in receipts {
        receipt.await.expect("what was accepted is published");
    }
    timeout(SOON, client.flush()).await.expect("nothing is left");

    // What was published last is the last that the broker writes down.
    client.publish("stress/end", "", QoS::AtLeastOnce).await.expect("it is published");
    let arrived = arrived(&rig).await;
    for topic in topics {
        let of_topic: Vec<&Bytes> =
            arrived.iter().filter(|(known, _)| known == topic).map(|(_, payload)| payload).collect();
        let twice = check_order(&of_topic, count);
        assert!(twice <= faults, "{topic}: {twice} came twice with {faults} faults");
    }
    assert!(faults >= 3, "everything has broken once");
    let told = timeout(SOON, returns.wait_for(|returns| *returns >= faults)).await;
    told.expect("every return is told").expect("events go on");
    rig.servers.broker().publish("stress/last", "here");
    let message = timeout(SOON, down.next()).await.expect("the subscription is back").expect("it goes on");
    assert_eq!(message.payload, "here");
    drop(supervisor);
}

/// Breaks something, and mends it if it does not mend itself.
async fn strike(rig: &Rig, number: usize, outage: Duration) {
    match number % 3 {
        0 => rig.servers.broker().front().disconnect_all(),
        1 => {
            rig.module.set_network(false);
            sleep(outage).await;
            rig.module.set_network(true);
        }
        _ => restart(&rig.module, number),
    }
}

/// As on USB, where the port goes with the module; sometimes as on a line that stays, where a command that is under way
/// waits for its answer in vain, which takes a minute.
pub(crate) fn restart(module: &VirtualModule, fault: usize) {
    module.reboot();
    if fault % 12 != 5 && fault % 12 != 6 {
        module.unplug();
    }
}

/// How often the connection came back after a loss, as the events tell.
pub(crate) fn watch_returns(mut events: Events) -> watch::Receiver<usize> {
    let (returns, receiver) = watch::channel(0);
    tokio::spawn(async move {
        let mut lost = false;
        while let Some(event) = events.next().await {
            match event {
                Event::State(ClientState::Reconnecting(_)) => lost = true,
                Event::Resumed { subscriptions: 1, .. } if lost => {
                    lost = false;
                    returns.send_modify(|returns| *returns += 1);
                }
                _ => {}
            }
        }
    });
    receiver
}

/// Topics and payloads that the broker was given, up to the end.
async fn arrived(rig: &Rig) -> Vec<(String, Bytes)> {
    let mut count = 1;
    loop {
        let seen = timeout(SOON, rig.servers.broker().wait_for_messages(count)).await.expect("it arrives");
        if seen.last().is_some_and(|message| message.topic == "stress/end") {
            return seen.into_iter().map(|message| (message.topic, message.payload)).collect();
        }
        count = seen.len() + 1;
    }
}

/// All numbers are there in order; gives how many came twice.
fn check_order(arrived: &[&Bytes], count: usize) -> usize {
    let (mut next, mut twice) = (0, 0);
    for bytes in arrived {
        if **bytes == payload(next) && next < count {
            next += 1;
        } else {
            let before = next.checked_sub(1).map(payload);
            assert_eq!(before.as_ref(), Some(*bytes), "message {next} is lost, altered or out of order");
            twice += 1;
        }
    }
    assert_eq!(next, count, "the last ones are missing");
    twice
}
