//! A real broker that is ended, killed and started again, cuts of the network, and restarts of the module, while
//! messages go both ways. `TELIT_MQTT_STRESS` makes it long, as in the scenario of the same name.

use std::time::Duration;

use bytes::Bytes;
use telit_core::Backoff;
use telit_mqtt::{Engine, MqttClient, OfflineQueue, Publish, QoS, Reconnect, Subscription, WhenFull};
use tokio::time::{sleep, timeout};

use super::observer::Observer;
use super::{Broker, HOST, Mosquitto};
use crate::interop::credentials::DEVICE;
use crate::interop::device::Device;
use crate::interop::server::OUTPUT;
use crate::rig::{MQTTS, hostile_payloads};
use crate::scenario::mqtt_stress::{Plan, SOON, payload, restart, watch_returns};

const UP: &str = "stress/up";
const DOWN: &str = "stress/down";
const PROBE: &str = "stress/probe";
const END: &str = "stress/end";

/// Keeps everything at once and for everybody; one message after the other, so that none overtakes another that is sent
/// again.
const KEEPS_EVERYTHING: [&str; 6] = [
    "persistence true",
    "persistence_location ./",
    "autosave_on_changes true",
    "autosave_interval 1",
    "max_inflight_messages 1",
    "max_queued_messages 0",
];

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// The broker is asked to end.
    BrokerEnds,
    /// The broker is killed. What it has acknowledged, but not yet written down for its other clients, it forgets.
    BrokerIsKilled,
    NetworkIsCut,
    ModuleRestarts,
}

const FAULTS: [Fault; 4] =
    [Fault::BrokerEnds, Fault::NetworkIsCut, Fault::ModuleRestarts, Fault::BrokerIsKilled];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_accepted_message_is_lost_whatever_breaks() {
    let Some(mut broker) = Mosquitto::start_with(&KEEPS_EVERYTHING).await else { return };
    let plan = Plan::from_environment();
    let device = Device::supervised(&[(HOST, MQTTS, broker.port())]).await;
    let observer = broker.observe_with("stress/+", QoS::AtLeastOnce, &["-c", "-i", "witness"]).await;
    let witness = tokio::spawn(watch_topic(observer.starts_again()));
    let client = connect(&broker, &device).await;
    let mut down = Down::subscribe(&client).await;
    let mut returns = watch_returns(client.events());

    let mut faults = Vec::new();
    let mut receipts = Vec::new();
    for number in 0..plan.messages {
        let publish = Publish::new(UP, payload(number)).qos(QoS::AtLeastOnce);
        receipts.push(client.enqueue(publish).expect("there is room"));
        if receipts.len() >= 40 {
            for receipt in receipts.drain(..) {
                receipt.await.expect("what was accepted is published");
            }
        }
        if number % plan.between_faults == plan.between_faults / 2 {
            let fault = FAULTS[faults.len() % FAULTS.len()];
            let before = *returns.borrow_and_update();
            strike(&mut broker, &device, fault, &plan, faults.len()).await;
            // An idle client would notice within half of its keep-alive only.
            drop(client.enqueue(Publish::new(PROBE, "")).expect("there is room"));
            down.survives(&broker, faults.len()).await;
            let told = timeout(SOON, returns.wait_for(|returns| *returns > before)).await;
            told.expect("the return is told").expect("events go on");
            faults.push(fault);
        }
    }
    for receipt in receipts {
        receipt.await.expect("what was accepted is published");
    }
    client.publish(END, "", QoS::AtLeastOnce).await.expect("it is published");

    assert!(faults.len() >= FAULTS.len(), "everything has broken once");
    let at_broker = sizes_at_broker(&broker);
    let expected: Vec<usize> = (0..plan.messages).map(|number| payload(number).len()).collect();
    let twice = compare(&at_broker, &expected);
    assert!(twice <= faults.len(), "{twice} came twice with {} faults", faults.len());
    assert!(down.twice <= faults.len(), "{} came twice with {} faults", down.twice, faults.len());
    check_witness(&witness.await.expect("it goes on to the end"), plan.messages, &faults);
}

async fn connect(broker: &Mosquitto, device: &Device) -> MqttClient {
    let quick = Backoff::new(Duration::from_millis(5), Duration::from_millis(100));
    let queue = OfflineQueue::new(50).bytes(8 << 20).when_full(WhenFull::Refuse);
    let options = broker.options(Engine::Module).clean_session(false);
    let options = options.reconnect(Reconnect::default().backoff(quick)).offline_queue(queue);
    MqttClient::connect(&device.modem, options).await.expect("it connects")
}

/// Breaks something and mends it.
async fn strike(broker: &mut Mosquitto, device: &Device, fault: Fault, plan: &Plan, number: usize) {
    let outage = plan.outage(number);
    match fault {
        Fault::BrokerEnds | Fault::BrokerIsKilled => {
            if fault == Fault::BrokerEnds {
                broker.server.terminate().await;
            } else {
                broker.server.kill();
            }
            sleep(outage).await;
            broker.server.start_again().await;
        }
        Fault::NetworkIsCut => {
            device.module.set_network(false);
            sleep(outage).await;
            device.module.set_network(true);
        }
        Fault::ModuleRestarts => restart(&device.module, number),
    }
}

/// What comes down: a message after every fault, by somebody else.
struct Down {
    messages: Subscription,
    last: Option<Bytes>,
    twice: usize,
}

impl Down {
    async fn subscribe(client: &MqttClient) -> Self {
        let messages = client.subscribe(DOWN, QoS::AtLeastOnce).await.expect("it subscribes");
        Self { messages, last: None, twice: 0 }
    }

    /// The client may be away still: the broker keeps it.
    async fn survives(&mut self, broker: &Mosquitto, fault: usize) {
        let hostile = &hostile_payloads()[fault % hostile_payloads().len()];
        let sent = Bytes::from([fault.to_string().as_bytes(), hostile].concat());
        broker.publish(DOWN, &sent, QoS::AtLeastOnce).await;
        loop {
            let arrived = timeout(SOON, self.messages.next()).await.expect("the subscription is back");
            let arrived = arrived.expect("it goes on").payload;
            if self.last.as_ref() != Some(&arrived) {
                assert_eq!(arrived, sent);
                self.last = Some(arrived);
                return;
            }
            self.twice += 1;
        }
    }
}

/// What came up, as another client saw it, to the end.
async fn watch_topic(mut observer: Observer) -> Vec<Bytes> {
    let mut seen = Vec::new();
    loop {
        // Outages are long.
        let message = observer.next_within(Duration::from_secs(600)).await;
        match message.topic.as_str() {
            UP => seen.push(Bytes::from(message.payload)),
            END => return seen,
            _ => {}
        }
    }
}

/// What the broker wrote down of what it was given, before it acknowledged anything.
fn sizes_at_broker(broker: &Mosquitto) -> Vec<usize> {
    let log = broker.server.read(OUTPUT);
    let beginning = format!("Received PUBLISH from {DEVICE} (d");
    let of_topic = log.lines().filter(|line| line.contains(&beginning) && line.contains(&format!("'{UP}'")));
    let size = |line: &str| line.rsplit_once("... (")?.1.strip_suffix(" bytes))")?.parse().ok();
    of_topic.map(|line| size(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// Neighbours differ. Gives how many came twice.
fn compare(arrived: &[usize], expected: &[usize]) -> usize {
    let (mut next, mut twice) = (0, 0);
    for size in arrived {
        if expected.get(next) == Some(size) {
            next += 1;
        } else {
            let before = next.checked_sub(1).map(|before| expected[before]);
            assert_eq!(before, Some(*size), "message {next} is lost or out of order");
            twice += 1;
        }
    }
    assert_eq!(next, expected.len(), "the last ones are missing");
    twice
}

/// Every message is right and in its place. A broker that is killed may have acknowledged one that it had not given to
/// its other client and not written down, and may give it again what it has not written down as given.
fn check_witness(seen: &[Bytes], count: usize, faults: &[Fault]) {
    let (mut next, mut missing, mut twice) = (0, 0, 0);
    for bytes in seen {
        if let Some(ahead) = (next..count.min(next + 3)).position(|number| payload(number) == *bytes) {
            missing += ahead;
            next += ahead + 1;
        } else {
            let again = (next.saturating_sub(2)..next).any(|number| payload(number) == *bytes);
            assert!(again, "message {next} is altered or out of order");
            twice += 1;
        }
    }
    missing += count - next;
    let kills = faults.iter().filter(|fault| **fault == Fault::BrokerIsKilled).count();
    assert!(missing <= kills, "{missing} of {count} are missing after {kills} kills");
    assert!(twice <= 2 * faults.len(), "{twice} came twice with {} faults", faults.len());
}
