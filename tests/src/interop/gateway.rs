//! A thousand virtual modules in one process publish through one mosquitto, and a client of mosquitto counts.

use std::time::Duration;

use telit_core::pool::{ModulePool, PoolOptions, PoolState, PooledModule, WorkError};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::{Platform, VirtualModule};
use tokio::time::{Instant, timeout};

use super::mqtt::{Broker, HOST, Mosquitto};
use crate::fleet::{Fleet, LONG, Ledger, describe, name, print_failures};
use crate::rig::MQTTS;

const MODULES: usize = 1000;
/// Of each module.
const MESSAGES: u32 = 3;

/// Publishes its messages, stays connected, and says goodbye.
async fn publish(module: PooledModule, security: MqttSecurity, ledger: Ledger) -> Result<(), WorkError> {
    ledger.begin(module.name());
    let options = MqttOptions::new(HOST, module.name().as_str(), security);
    let client = MqttClient::connect(module.modem(), options.keep_alive(Duration::from_secs(1200))).await?;
    for _ in 0..MESSAGES {
        let number = ledger.next(module.name());
        let (topic, payload) = (format!("fleet/{}", module.name()), format!("{}:{number}", module.name()));
        client.publish(topic, payload, QoS::AtLeastOnce).await?;
        ledger.acknowledged(module.name(), number);
    }
    module.leaving().await;
    Ok(client.disconnect().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_modules_publish_through_one_broker() {
    raise_limit_of_files();
    // Nothing is dropped because the one who counts is slow.
    let Some(broker) = Mosquitto::start_with(&["max_queued_messages 0"]).await else { return };
    let mut observer = broker.observe_at("fleet/#", QoS::AtLeastOnce).await;
    let address = (std::net::Ipv4Addr::LOCALHOST, broker.port()).into();
    let (fleet, ports) =
        Fleet::new(MODULES, || VirtualModule::builder(Platform::P37).resolve(HOST, MQTTS, address));
    let (ledger, security) = (Ledger::default(), MqttSecurity::Tls(broker.credentials.tls()));
    let work = {
        let ledger = ledger.clone();
        move |module| publish(module, security.clone(), ledger.clone())
    };
    let options = PoolOptions::default().leaving(LONG);
    let pool = ModulePool::new(options, describe, work);
    print_failures(&pool);
    pool.follow(ports);
    let began = Instant::now();
    for index in 0..MODULES {
        fleet.plug_in(index).await;
    }
    let mut arrived = Vec::new();
    while arrived.len() < MODULES * MESSAGES as usize {
        let seen = observer.next_within(LONG).await;
        assert_eq!(seen.qos, 1);
        let payload = String::from_utf8(seen.payload).expect("it is text");
        assert_eq!(seen.topic.strip_prefix("fleet/"), payload.split_once(':').map(|(name, _)| name));
        arrived.push(payload);
    }
    println!("{} messages of {MODULES} modules after {:?}", arrived.len(), began.elapsed());

    let statuses = pool.modules();
    assert_eq!(statuses.len(), MODULES);
    assert!(statuses.iter().all(|status| status.state == PoolState::Up));
    let cut = timeout(LONG, pool.shutdown()).await.expect("it has an end");
    assert!(cut.is_empty(), "{cut:?} did not say goodbye");
    println!("all of them have left after {:?}", began.elapsed());
    // Behind everything that was published before.
    broker.publish("fleet/end", b"the end", QoS::AtLeastOnce).await;
    assert_eq!(observer.next_within(LONG).await.payload, b"the end", "something came twice");

    assert!(ledger.compare(arrived).is_empty(), "something came twice, and something else is missing");
    for index in 0..MODULES {
        let account = ledger.account(&name(index));
        assert_eq!((account.begun, account.acknowledged.len()), (1, MESSAGES as usize), "{}", name(index));
    }
}

/// Each module has a socket, and so has the broker for each.
fn raise_limit_of_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("it may be raised so far");
    assert!(most >= 4096, "{most} open files are too few");
}
