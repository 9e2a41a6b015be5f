//! Ports come and go.

use std::time::Duration;

use telit_core::Backoff;
use telit_core::pool::{
    ModuleChange, ModulePool, ModuleSetup, PoolState, PooledModule, PortChange, WorkError,
};
use telit_core::supervisor::{SupervisorEvent, SupervisorOptions};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::Fake;
use crate::{HOUR, idle_pool, looked_after, name, next, options, pool, port, started, until};

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
    tell_vanished(ports, name).await;
}

async fn tell_vanished(ports: &Sender<PortChange>, name: &str) {
    ports.send(PortChange::vanished(name).expect("it is a name")).await.expect("the pool follows");
}

/// Says goodbye for five seconds.
async fn says_goodbye(module: PooledModule) -> Result<(), WorkError> {
    module.leaving().await;
    sleep(Duration::from_secs(5)).await;
    Ok(())
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
    tell_vanished(&ports, "c").await;
    started(&mut events, "a").await;
}

fn refused(because: &str) -> ModuleChange {
    ModuleChange::Refused { because: because.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn what_a_full_pool_refuses_comes_in_when_there_is_room_if_it_is_still_there() {
    let pool = idle_pool(options().max_modules(2));
    let mut events = pool.events();
    let ports = follow(&pool);
    for module in ["a", "e"] {
        plug_in(&ports, module, &Fake::new()).await;
        started(&mut events, module).await;
    }
    for module in ["d", "b", "f", "c"] {
        plug_in(&ports, module, &Fake::new()).await;
        let full = refused("the pool has as many modules as it takes: 2");
        assert_eq!(next(&mut events).await, (module.into(), full));
        if module == "b" {
            tell_vanished(&ports, "d").await;
        }
    }
    // Only two may wait: b and f. The latter is not wanted any more.
    assert!(!pool.remove(&name("f")).await);
    assert!(pool.remove(&name("a")).await);
    assert_eq!(next(&mut events).await, ("a".into(), ModuleChange::Removed));
    assert_eq!(next(&mut events).await, ("b".into(), ModuleChange::Added));
    started(&mut events, "b").await;
    assert!(pool.remove(&name("e")).await);
    sleep(Duration::from_secs(60)).await;
    let names: Vec<_> = pool.modules().into_iter().map(|status| status.name).collect();
    assert_eq!(names, [name("b")], "nobody else waits");
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_while_it_leaves_comes_in_again() {
    let options = options().vanished_for(Duration::from_secs(30));
    let pool = ModulePool::new(options, |_| looked_after(Fake::builder(), 1000), says_goodbye);
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    pull_out(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Vanished).await;
    sleep(Duration::from_secs(31)).await;
    assert_eq!(pool.modules()[0].state, PoolState::Leaving);
    plug_in(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| *change == refused("the pool has a module usb already")).await;
    until(&mut events, "usb", |change| *change == ModuleChange::Removed).await;
    assert_eq!(next(&mut events).await, ("usb".into(), ModuleChange::Added));
    started(&mut events, "usb").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_in_the_last_moment_is_not_lost() {
    let pool = idle_pool(options().vanished_for(Duration::from_secs(30)));
    let ports = follow(&pool);
    let fake = Fake::new();
    for _ in 0..3 {
        let mut events = pool.events();
        plug_in(&ports, "usb", &fake).await;
        started(&mut events, "usb").await;
        pull_out(&ports, "usb", &fake).await;
        until(&mut events, "usb", |change| *change == ModuleChange::Vanished).await;
        sleep(Duration::from_secs(30)).await;
        plug_in(&ports, "usb", &fake).await;
        started(&mut events, "usb").await;
        sleep(HOUR).await;
        assert_eq!(pool.modules()[0].state, PoolState::Up);
        assert!(pool.remove(&name("usb")).await);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_works_does_not_leave_whatever_a_list_says() {
    let pool = idle_pool(options().vanished_for(Duration::from_secs(30)));
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    tell_vanished(&ports, "usb").await;
    until(&mut events, "usb", |change| *change == ModuleChange::Vanished).await;
    sleep(HOUR).await;
    let status = &pool.modules()[0];
    assert_eq!((status.state, status.figures.starts), (PoolState::Up, 1));
    // Now it is gone.
    fake.state().port_missing = true;
    fake.unplug();
    let is_lost =
        |change: &ModuleChange| matches!(change, ModuleChange::Supervisor(SupervisorEvent::Lost { .. }));
    until(&mut events, "usb", is_lost).await;
    let lost = Instant::now();
    until(&mut events, "usb", |change| *change == ModuleChange::Removed).await;
    assert_eq!(lost.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_return_during_the_goodbye_is_not_overlooked() {
    let options = options().again(Backoff::new(HOUR, HOUR)).vanished_for(HOUR);
    let pool = pool(options, says_goodbye);
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    plug_in(&ports, "usb", &fake).await;
    started(&mut events, "usb").await;
    pull_out(&ports, "usb", &fake).await;
    let gave_up =
        |change: &ModuleChange| matches!(change, ModuleChange::Supervisor(SupervisorEvent::GaveUp { .. }));
    until(&mut events, "usb", gave_up).await;
    sleep(Duration::from_secs(1)).await;
    plug_in(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| matches!(change, ModuleChange::Stopped { .. })).await;
    let stopped = Instant::now();
    started(&mut events, "usb").await;
    assert!(stopped.elapsed() < Duration::from_secs(1), "{:?}", stopped.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_return_during_a_start_is_not_overlooked() {
    let pool = idle_pool(options().again(Backoff::new(HOUR, HOUR)).vanished_for(HOUR));
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    fake.state().port_missing = true;
    let slow = {
        let fake = fake.clone();
        move || {
            let opened = fake.clone().open();
            async move {
                // What it finds is what was there when it began.
                let opened = opened.await;
                sleep(Duration::from_secs(5)).await;
                opened
            }
        }
    };
    ports.send(PortChange::appeared("usb", slow).unwrap()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    tell_vanished(&ports, "usb").await;
    sleep(Duration::from_secs(1)).await;
    plug_in(&ports, "usb", &fake).await;
    until(&mut events, "usb", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
    let failed = Instant::now();
    started(&mut events, "usb").await;
    assert!(failed.elapsed() < Duration::from_secs(10), "{:?}", failed.elapsed());
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

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_of_a_module_that_has_gone_is_forgotten_by_hand() {
    let describe = |_: &_| Fake::builder().pin("1111");
    let pool = ModulePool::new(options().vanished_for(Duration::from_secs(1)), describe, async |_| Ok(()));
    let mut events = pool.events();
    let ports = follow(&pool);
    let fake = Fake::new();
    fake.state().pin = Some("2222");
    for times in 1..=3 {
        plug_in(&ports, "usb", &fake).await;
        until(&mut events, "usb", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
        pull_out(&ports, "usb", &fake).await;
        until(&mut events, "usb", |change| *change == ModuleChange::Removed).await;
        assert_eq!(fake.times("AT+CPIN=\"1111\""), times);
        assert!(!pool.remove(&name("usb")).await, "it has gone");
    }
}

/// The pool remembers one module that has gone, and two have gone.
#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_never_sent_twice_however_many_modules_have_gone() {
    let pool = ModulePool::new(
        options().max_modules(1).vanished_for(Duration::from_secs(1)),
        |_| Fake::builder().pin("1111"),
        async |_| Ok(()),
    );
    let mut events = pool.events();
    let ports = follow(&pool);
    let fakes = [Fake::new(), Fake::new()];
    let names = ["a", "b"];
    for fake in &fakes {
        fake.state().pin = Some("2222");
    }
    for round in 0..3 {
        for (module, fake) in names.into_iter().zip(&fakes) {
            plug_in(&ports, module, fake).await;
            until(&mut events, module, |change| matches!(change, ModuleChange::StartFailed { .. })).await;
            pull_out(&ports, module, fake).await;
            until(&mut events, module, |change| *change == ModuleChange::Removed).await;
            assert_eq!(fake.times("AT+CPIN=\"1111\""), 1, "{module} in round {round}");
        }
    }
    // By hand it is meant.
    assert!(!pool.remove(&name("a")).await);
    plug_in(&ports, "a", &fakes[0]).await;
    until(&mut events, "a", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
    assert_eq!(fakes[0].times("AT+CPIN=\"1111\""), 2);
}
