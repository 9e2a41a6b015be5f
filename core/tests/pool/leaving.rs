//! Modules are removed, and pools are shut down, whatever they are at.

use std::time::Duration;

use telit_core::Modem;
use telit_core::commands::Model;
use telit_core::pool::{ModuleChange, PoolState, PooledModule};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::fake::Fake;
use crate::{Notes, idle_pool, name, never_opens, next, options, pool, port, started};

#[tokio::test(start_paused = true)]
async fn a_module_is_removed_while_it_waits_starts_or_rests() {
    let pool = idle_pool(options().starting_at_once(1));
    let mut events = pool.events();
    let missing = Fake::new();
    missing.state().port_missing = true;
    pool.add("rests", port(&missing)).unwrap();
    sleep(Duration::from_millis(10)).await;
    pool.add("starts", never_opens).unwrap();
    pool.add("waits", port(&Fake::new())).unwrap();
    sleep(Duration::from_millis(30)).await;
    let state = |module: &str| pool.module(&name(module)).unwrap().state;
    assert_eq!(state("starts"), PoolState::Starting);
    assert_eq!(state("waits"), PoolState::Waiting);
    let now = Instant::now();
    for module in ["rests", "starts", "waits"] {
        assert!(pool.remove(&name(module)).await);
    }
    assert_eq!(now.elapsed(), Duration::ZERO);
    let mut removed = Vec::new();
    while removed.len() < 3 {
        if let (module, ModuleChange::Removed) = next(&mut events).await {
            removed.push(module);
        }
    }
    assert_eq!(removed, ["rests", "starts", "waits"]);
    // Its place is free again.
    pool.add("next", port(&Fake::new())).unwrap();
    started(&mut events, "next").await;
}

#[tokio::test(start_paused = true)]
async fn work_may_say_goodbye_and_what_takes_too_long_is_dropped() {
    let notes = Notes::default();
    let noted = notes.clone();
    let pool = pool(options().leaving(Duration::from_secs(3)), move |module: PooledModule| {
        let notes = noted.clone();
        async move {
            module.leaving().await;
            let takes = if module.name().as_str() == "slow" { 4 } else { 2 };
            sleep(Duration::from_secs(takes)).await;
            // It still talks to its module.
            notes.note(format!("{}: {}", module.name(), module.modem().run(Model).await?));
            Ok(())
        }
    });
    let mut events = pool.events();
    for module in ["quick", "slow"] {
        pool.add(module, port(&Fake::new())).unwrap();
        started(&mut events, module).await;
    }
    let began = Instant::now();
    let cut = pool.shutdown().await;
    assert!(began.elapsed() >= Duration::from_secs(3) && began.elapsed() < Duration::from_secs(4));
    assert_eq!(cut, [name("slow")]);
    assert_eq!(notes.all(), ["quick: ME310G1-WW"]);
    let mut changes = Vec::new();
    while changes.len() < 3 {
        changes.push(next(&mut events).await);
    }
    let expected = [
        ("quick".to_owned(), ModuleChange::Removed),
        ("slow".to_owned(), ModuleChange::WorkCut),
        ("slow".to_owned(), ModuleChange::Removed),
    ];
    assert_eq!(changes, expected);
    drop(pool);
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_last_words_harms_nobody() {
    let pool = pool(options(), async |module: PooledModule| {
        module.leaving().await;
        assert_ne!(module.name().as_str(), "bad", "it panics");
        Ok(())
    });
    let mut events = pool.events();
    for module in ["bad", "good"] {
        pool.add(module, port(&Fake::new())).unwrap();
        started(&mut events, module).await;
    }
    assert!(pool.shutdown().await.is_empty());
    assert!(pool.modules().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_port_closes_although_somebody_kept_a_handle() {
    let (sender, mut kept) = mpsc::unbounded_channel::<Modem>();
    let pool = pool(options(), move |module: PooledModule| {
        let sender = sender.clone();
        async move {
            sender.send(module.modem().clone()).expect("somebody listens");
            module.leaving().await;
            Ok(())
        }
    });
    let mut events = pool.events();
    let fake = Fake::new();
    pool.add("m", port(&fake)).unwrap();
    started(&mut events, "m").await;
    let modem = kept.recv().await.unwrap();
    assert!(pool.remove(&name("m")).await);
    let error = modem.run(Model).await.unwrap_err();
    assert!(error.is_link_lost(), "{error}");
    let asked = fake.times("AT+CGMM");
    pool.add("m", port(&fake)).unwrap();
    started(&mut events, "m").await;
    assert!(fake.times("AT+CGMM") > asked, "it can be opened again");
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_the_pool() {
    let notes = Notes::default();
    let noted = notes.clone();
    let pool = pool(options(), move |module: PooledModule| {
        let notes = noted.clone();
        async move {
            module.leaving().await;
            notes.note("goodbye");
            Ok(())
        }
    });
    let mut events = pool.events();
    pool.add("m", port(&Fake::new())).unwrap();
    started(&mut events, "m").await;
    let clone = pool.clone();
    drop(pool);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(clone.modules()[0].state, PoolState::Up);
    drop(clone);
    assert_eq!(next(&mut events).await, ("m".into(), ModuleChange::Removed));
    assert_eq!(events.next().await, None);
    assert_eq!(notes.all(), ["goodbye"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_not_waited_for_goes_on() {
    let pool = idle_pool(options());
    let mut events = pool.events();
    pool.add("m", port(&Fake::new())).unwrap();
    started(&mut events, "m").await;
    let waited = tokio::time::timeout(Duration::ZERO, pool.shutdown()).await;
    drop(waited);
    assert_eq!(next(&mut events).await, ("m".into(), ModuleChange::Removed));
}
