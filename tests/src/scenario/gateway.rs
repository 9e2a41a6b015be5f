//! A pool of modules that publish all the time, while plugs are pulled, work crashes, and modules are removed: what
//! happens to one of them does not touch the others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use telit_core::commands::SerialNumber;
use telit_core::driver::BoxedStream;
use telit_core::pool::{
    ModuleChange, ModuleName, ModulePool, ModuleSetup, PoolEvents, PoolOptions, PoolState, PooledModule,
    WorkError,
};
use telit_core::supervisor::PortSource;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_core::{Backoff, Category, Modem};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS, Reconnect};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};
use tokio::time::{sleep, timeout};

use crate::fleet::{Fleet, LONG, Ledger, describe, name, print_failures, until};
use crate::rig::module_for;

const MODULES: usize = 20;
/// Messages of a module that show that it works.
const SOME: u32 = 5;

const PULLED_FOR_LONG: usize = 5;
const PANICS: usize = 8;
const FAILS: usize = 11;
const REMOVED: usize = 14;
const DISTURBED: [usize; 4] = [PULLED_FOR_LONG, PANICS, FAILS, REMOVED];

fn quick() -> Backoff {
    Backoff::new(Duration::from_millis(5), Duration::from_millis(100))
}

fn tls(servers: &TestServers) -> TlsOptions {
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes());
    let client = servers.client();
    let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes());
    let builder = TlsOptions::builder().ca(ca.expect("it is a CA certificate"));
    builder.identity(identity.expect("they fit")).build().expect("they fit together")
}

/// Publishes one message after the other until it has to leave.
async fn publish(module: PooledModule, tls: TlsOptions, ledger: Ledger) -> Result<(), WorkError> {
    let (name, begun) = (module.name().clone(), ledger.begin(module.name()));
    let options = MqttOptions::new(TestServers::BROKER_NAME, name.as_str(), MqttSecurity::Tls(tls));
    // Work that has failed leaves its client behind, which says goodbye first.
    let options = options.reconnect(Reconnect::default().backoff(quick())).tls_wait(Duration::from_secs(30));
    let client = MqttClient::connect(module.modem(), options).await?;
    while !module.is_leaving() {
        let number = ledger.next(&name);
        if begun == 1 && number == SOME {
            crash(&name)?;
        }
        let published = tokio::select! {
            biased;
            () = module.leaving() => break,
            published = client.publish("fleet", format!("{name}:{number}"), QoS::AtLeastOnce) => published,
        };
        match published {
            Ok(()) => ledger.acknowledged(&name, number),
            Err(error) => module.record_error(error.category()),
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(client.disconnect().await?)
}

fn crash(module: &ModuleName) -> Result<(), WorkError> {
    assert_ne!(*module, name(PANICS), "this one panics once");
    if *module == name(FAILS) { Err("this one fails once".into()) } else { Ok(()) }
}

/// Modules that publish.
struct Gateway {
    servers: TestServers,
    fleet: Fleet,
    pool: ModulePool,
    events: PoolEvents,
    ledger: Ledger,
}

impl Gateway {
    /// Whose ports may be away for so long.
    async fn start(count: usize, vanished_for: Duration) -> Self {
        let servers = TestServers::start().await.expect("the servers start");
        let module = || module_for(Platform::P37, &servers, servers.ftps().addr());
        let (fleet, ports) = Fleet::new(count, module);
        let (ledger, tls) = (Ledger::default(), tls(&servers));
        let work = {
            let ledger = ledger.clone();
            move |module| publish(module, tls.clone(), ledger.clone())
        };
        let options = PoolOptions::default().again(quick()).vanished_for(vanished_for).leaving(LONG);
        let pool = ModulePool::new(options.max_modules(count), describe, work);
        print_failures(&pool);
        let events = pool.events();
        pool.follow(ports);
        for index in 0..count {
            fleet.plug_in(index).await;
        }
        Self { servers, fleet, pool, events, ledger }
    }

    /// Waits until a module has published some more.
    async fn goes_on(&self, index: usize) {
        let before = self.ledger.account(&name(index)).acknowledged.len();
        let more = async {
            while self.ledger.account(&name(index)).acknowledged.len() < before + SOME as usize {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(LONG, more).await.unwrap_or_else(|_| panic!("{} does not go on", name(index)));
    }

    fn begun(&self, index: usize) -> usize {
        self.ledger.account(&name(index)).begun
    }

    /// Ends it, and checks that all has arrived and that these have noticed nothing.
    async fn shut_down_and_check(&self, undisturbed: impl Iterator<Item = usize>) {
        let statuses = self.pool.modules();
        assert!(statuses.iter().all(|status| status.state == PoolState::Up), "{statuses:?}");
        assert!(self.pool.shutdown().await.is_empty(), "all of them come to their end");
        let arrived = self.servers.broker().messages();
        let arrived = arrived.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned());
        let twice: BTreeSet<_> = self.ledger.compare(arrived).into_keys().collect();
        for name in undisturbed.map(name) {
            let figures = statuses.iter().find(|status| status.name == name).expect("it is there").figures;
            assert!(!twice.contains(&name), "{name} published something twice");
            let account = self.ledger.account(&name);
            assert_eq!((account.begun, figures.starts, figures.port_losses), (1, 1, 0), "{name}");
            assert!(account.next as usize - account.acknowledged.len() <= 1, "nothing failed: {account:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_one_module_does_not_touch_the_others() {
    let mut gateway = Gateway::start(MODULES, Duration::from_secs(2)).await;
    for index in 0..MODULES {
        gateway.goes_on(index).await;
    }
    gateway.fleet.pull_out(PULLED_FOR_LONG).await;
    let events = &mut gateway.events;
    until(events, PULLED_FOR_LONG, |change| *change == ModuleChange::Vanished).await;
    until(events, PULLED_FOR_LONG, |change| *change == ModuleChange::Removed).await;
    assert_eq!(gateway.pool.module(&name(PULLED_FOR_LONG)), None);
    gateway.fleet.plug_in(PULLED_FOR_LONG).await;
    gateway.goes_on(REMOVED).await;
    assert!(gateway.pool.remove(&name(REMOVED)).await);
    let removed = gateway.ledger.account(&name(REMOVED));
    for index in (0..MODULES).filter(|index| *index != REMOVED) {
        gateway.goes_on(index).await;
    }
    assert_eq!(gateway.ledger.account(&name(REMOVED)).next, removed.next, "it publishes no more");
    assert_eq!(gateway.pool.modules().len(), MODULES - 1);
    gateway.shut_down_and_check((0..MODULES).filter(|index| !DISTURBED.contains(index))).await;
    assert_eq!(gateway.begun(REMOVED), 1);
    // What the work left behind may be in the way of its first attempts to connect again.
    assert!([PULLED_FOR_LONG, PANICS, FAILS].iter().all(|index| gateway.begun(*index) >= 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_module_that_is_pulled_out_for_a_moment_keeps_its_work() {
    const PULLED: usize = 1;
    let mut gateway = Gateway::start(4, LONG).await;
    for index in 0..4 {
        gateway.goes_on(index).await;
    }
    gateway.fleet.pull_out(PULLED).await;
    until(&mut gateway.events, PULLED, |change| *change == ModuleChange::Vanished).await;
    gateway.fleet.plug_in(PULLED).await;
    until(&mut gateway.events, PULLED, |change| *change == ModuleChange::Returned).await;
    for index in 0..4 {
        gateway.goes_on(index).await;
    }
    gateway.shut_down_and_check((0..4).filter(|index| *index != PULLED)).await;
    assert_eq!(gateway.begun(PULLED), 1);
}

/// Opens another port of a virtual module each time.
fn another_port(module: &Arc<VirtualModule>) -> impl PortSource + use<> {
    let module = Arc::clone(module);
    move || {
        let stream: BoxedStream = Box::pin(module.attach_duplex());
        std::future::ready(Ok(stream))
    }
}

/// Asks on both of its channels at the same time, and waits.
async fn ask_twice(module: PooledModule) -> Result<(), WorkError> {
    let (first, second) = (module.channel(1)?, module.channel(2)?);
    let (one, other) = tokio::join!(first.run(SerialNumber), second.run(SerialNumber));
    assert_eq!(one?, other?, "it is one module");
    assert_eq!(first.module_id(), second.module_id());
    assert!(module.channel(9).is_err());
    module.record_error(Category::Other);
    module.leaving().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_with_several_channels_come_go_and_come_again() {
    let module = || {
        let module = VirtualModule::builder(Platform::P37).start_up(Duration::from_millis(100)).build();
        Arc::new(module.expect("the module starts"))
    };
    let (multiplexed, with_ports) = (module(), module());
    let further = Arc::clone(&with_ports);
    let describe = move |name: &ModuleName| {
        let builder = Modem::builder().apn("iot.test");
        match name.as_str() {
            "multiplexed" => ModuleSetup::from(builder.multiplexed().expect("the options are good")),
            _ => ModuleSetup::with_ports(builder, vec![Box::new(another_port(&further))]),
        }
    };
    let pool = ModulePool::new(PoolOptions::default().again(quick()), describe, ask_twice);
    print_failures(&pool);
    for round in 0..3 {
        for (name, module) in [("multiplexed", &multiplexed), ("ports", &with_ports)] {
            pool.add(name, another_port(module)).expect("there is room");
        }
        for name in ["multiplexed", "ports"] {
            let name: ModuleName = name.parse().expect("it is a name");
            let asked = async {
                while pool.module(&name).expect("it is there").figures.errors.of(Category::Other) == 0 {
                    sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(LONG, asked).await.unwrap_or_else(|_| panic!("{name} does not work in round {round}"));
            let figures = pool.module(&name).expect("it is there").figures;
            assert_eq!((figures.starts, figures.failed_starts, figures.failed_work), (1, 0, 0), "{name}");
            assert!(pool.remove(&name).await);
        }
    }
}
