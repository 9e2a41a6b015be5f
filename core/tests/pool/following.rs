//! Ports come and go.

use std::time::Duration;

use telit_core::Backoff;
use telit_core::pool::{ModuleChange, ModulePool, ModuleSetup, PoolState, PortChange};
use telit_core::supervisor::{SupervisorEvent, SupervisorOptions};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::Fake;
use crate::{HOUR, idle_pool, looked_after, next, options, port, started, until};

fn follow(pool: &ModulePool) -> Sender<PortChange> {
    let (sender, changes) = channel(4);
    pool.follow(changes);
    sender
}

async fn plug_in(ports: &Sender<PortChange>, name: &str, fake: &Fake) {
    fake.state().port_missing = false;
    let change = PortChange::appeared(name, port(fake)).expect("it is a name");
    ports.send(change).await.expect("the pool follows");
}

async fn pull_out(ports: &Sender<PortChange>, name: &str, fake: &Fake) {
    fake.state().port_missing = true;
    fake.unplug();
    let change = PortChange::vanished(name).expect("it is a name");
    ports.send(change).await.expect("the pool follows");
}

fn is_recovered(change: &ModuleChange) -> bool {
    matches!(change, ModuleChange::Supervisor(SupervisorEvent::Recovered { .. }))
}

#[tokio::test(start_paused = true)]
async fn modules_come_and_go_with_their_ports() {
    let pool = idle_pool(options().vanished_for(Duration::from_secs(30)));
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    pull_out(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Vanished).await;
    let vanished = Instant::now();
    until(&mut events, "usb", |change| *change == ModuleChange::Removed).await;
    assert_eq!(vanished.elapsed(), Duration::from_secs(30));
    plug_in(&ports, "usb", &fake).await;
    assert_eq!(next(&mut events).await, ("usb".into(), ModuleChange::Added));
    started(&mut events, "usb").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_soon_keeps_its_place_and_its_work() {
    let pool = ModulePool::new(
        options(),
        |_| looked_after(Fake::builder(), 1000),
        async |module| {
            module.leaving().await;
            Ok(())
        },
    );
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    pull_out(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Vanished).await;
    sleep(Duration::from_secs(6)).await;
    fake.restart();
    plug_in(&ports, "usb", &fake).await;
    // Once more is no news.
    plug_in(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Returned).await;
    let returned = Instant::now();
    until(&mut events, "usb", is_recovered).await;
    assert!(
        returned.elapsed() < Duration::from_secs(1),
        "it does not wait for its next attempt: {:?}",
        returned.elapsed()
    );
    sleep(Duration::from_secs(600)).await;
    let status = &pool.modules()[0];
    assert_eq!((status.state, status.figures.starts), (PoolState::Up, 1));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_went_unnoticed_does_not_hasten_the_attempts_after_a_later_loss() {
    let years = Duration::from_secs(1 << 30);
    let patient = SupervisorOptions::default().backoff(Backoff::new(years, years));
    let pool = ModulePool::new(
        options().vanished_for(years),
        move |_| ModuleSetup::from(Fake::builder()).supervisor(patient.clone()),
        async |module| {
            module.leaving().await;
            Ok(())
        },
    );
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    ports.send(PortChange::vanished("usb").unwrap()).await.unwrap();
    plug_in(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Returned).await;
    sleep(Duration::from_secs(60)).await;
    fake.state().port_missing = true;
    fake.unplug();
    let tries = |change: &ModuleChange| {
        matches!(change, ModuleChange::Supervisor(SupervisorEvent::Trying { attempt: 1, .. }))
    };
    until(&mut events, "usb", tries).await;
    let hastened = timeout(HOUR, events.next()).await;
    assert!(hastened.is_err(), "its wait is not over: {hastened:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_rests_or_waits_for_its_port_is_started_when_it_is_there() {
    let pool = idle_pool(options().vanished_for(Duration::from_secs(900)));
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    pull_out(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| matches!(change, ModuleChange::Stopped { .. })).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(pool.modules()[0].figures.failed_starts, 0, "without a port nothing is tried");
    plug_in(&ports, "usb", &fake).await;
    let returned = Instant::now();
    started(&mut events, "usb").await;
    assert!(returned.elapsed() < Duration::from_secs(2), "{:?}", returned.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_full_pool_tells_whom_it_does_not_take() {
    let pool = idle_pool(options().max_modules(1));
    let mut events = pool.events();
    let ports = follow(&pool);
    plug_in(&ports, "a", &Fake::new()).await;
    plug_in(&ports, "b", &Fake::new()).await;
    let refused = until(&mut events, "b", |_| true).await;
    let because = "the pool has as many modules as it takes: 1".to_owned();
    assert_eq!(refused, ModuleChange::Refused { because });
    // Of one that is not in the pool nothing is known.
    ports.send(PortChange::vanished("c").unwrap()).await.unwrap();
    started(&mut events, "a").await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_remembered_while_the_module_is_away() {
    let pool = ModulePool::new(
        options().vanished_for(Duration::from_secs(1)),
        |_| Fake::builder().pin("1111"),
        async |_| Ok(()),
    );
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    fake.state().pin = Some("2222");
    for _ in 0..3 {
        plug_in(&ports, "usb", &fake).await;
        until(&mut events, "usb", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
        pull_out(&ports, "usb", &fake).await;
        until(&mut events, "usb", |change| *change == ModuleChange::Removed).await;
    }
    assert_eq!(fake.times("AT+CPIN=\"1111\""), 1);
}
