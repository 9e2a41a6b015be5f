//! Modules come on line one after the other, and are tried again until they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use telit_core::Category;
use telit_core::pool::{AddError, ModuleChange, ModulePool, PoolEvent, PoolOptions, PoolState, PortChange};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::Fake;
use crate::{HOUR, Notes, describe, idle_pool, name, never_opens, next, options, port, started, until};

#[tokio::test(start_paused = true)]
async fn a_module_comes_on_line_is_shown_and_leaves() {
    let pool = idle_pool(options());
    let mut events = pool.events();
    let fake = Fake::new();
    pool.add("left", port(&fake)).unwrap();
    assert_eq!(pool.module(&name("left")).unwrap().state, PoolState::Waiting);
    assert_eq!(next(&mut events).await, ("left".into(), ModuleChange::Added));
    let model = "ME310G1-WW".to_owned();
    assert_eq!(next(&mut events).await, ("left".into(), ModuleChange::Started { model: model.clone() }));
    let status = pool.module(&name("left")).unwrap();
    assert_eq!((status.state, status.model), (PoolState::Up, Some(model)));
    assert_eq!((status.figures.starts, status.figures.failed_starts), (1, 0));
    assert!(
        status.figures.port.exchanges > 5 && status.figures.port.bytes_read > 100,
        "{:?}",
        status.figures
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(pool.modules()[0].figures.time_on_line, Duration::from_secs(10));
    assert!(pool.remove(&name("left")).await);
    assert_eq!(next(&mut events).await, ("left".into(), ModuleChange::Removed));
    assert!(pool.modules().is_empty());
    assert!(!pool.remove(&name("left")).await, "there is none");
}

#[tokio::test(start_paused = true)]
async fn starts_are_staggered() {
    let notes = Notes::default();
    let pool = idle_pool(options().start_interval(Duration::from_millis(50)));
    for number in 0..40 {
        let (notes, fake) = (notes.clone(), Fake::new());
        let source = move || {
            notes.note(number.to_string());
            fake.clone().open()
        };
        pool.add(format!("m{number:02}"), source).unwrap();
    }
    let mut events = pool.events();
    started(&mut events, "m39").await;
    let times = notes.times();
    assert_eq!(times.len(), 40);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(50)));
    assert_eq!(
        notes.all(),
        (0..40).map(|number| number.to_string()).collect::<Vec<_>>(),
        "first come, first served"
    );
}

#[tokio::test(start_paused = true)]
async fn only_so_many_start_at_a_time() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pool = idle_pool(options().starting_at_once(3).start_interval(Duration::ZERO));
    for number in 0..20 {
        let (running, most, fake) = (Arc::clone(&running), Arc::clone(&most), Fake::new());
        let source = move || {
            let (running, most, fake) = (Arc::clone(&running), Arc::clone(&most), fake.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                sleep(Duration::from_secs(2)).await;
                running.fetch_sub(1, Ordering::Relaxed);
                fake.open().await
            }
        };
        pool.add(format!("m{number}"), source).unwrap();
    }
    let mut events = pool.events();
    for _ in 0..20 {
        let is_start = |change: &ModuleChange| matches!(change, ModuleChange::Started { .. });
        while !is_start(&next(&mut events).await.1) {}
    }
    assert_eq!(most.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_holds_up_nobody_for_long() {
    let pool = idle_pool(options().starting_at_once(1));
    let began = Instant::now();
    pool.add("hangs", never_opens).unwrap();
    pool.add("starts", port(&Fake::new())).unwrap();
    let mut events = pool.events();
    started(&mut events, "starts").await;
    assert!(began.elapsed() >= Duration::from_secs(10) && began.elapsed() < Duration::from_secs(12));
    assert_eq!(pool.module(&name("hangs")).unwrap().state, PoolState::Starting);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_start_is_tried_again_ever_more_seldom_and_comes_on_line_in_the_end() {
    let pool = idle_pool(PoolOptions::default());
    let mut events = pool.events();
    let (bad, good) = (Fake::new(), Fake::new());
    bad.state().port_missing = true;
    pool.add("bad", port(&bad)).unwrap();
    pool.add("good", port(&good)).unwrap();
    started(&mut pool.events(), "good").await;
    let mut bound = Duration::from_secs(5);
    for _ in 0..8 {
        let failed = until(&mut events, "bad", |change| *change != ModuleChange::Added).await;
        let ModuleChange::StartFailed { category, because, again } = failed else { panic!("{failed:?}") };
        assert_eq!((category, because.as_str()), (Category::Link, "no port /dev/fake"));
        assert!(again <= bound, "{again:?} of {bound:?}");
        bound = (bound * 2).min(Duration::from_secs(600));
    }
    assert_eq!(pool.module(&name("bad")).unwrap().state, PoolState::Waiting);
    bad.state().port_missing = false;
    started(&mut events, "bad").await;
    let figures = pool.module(&name("bad")).unwrap().figures;
    assert_eq!((figures.starts, figures.failed_starts, figures.errors.of(Category::Link)), (9, 8, 8));
    assert_eq!(good.state().openings, 1, "it was left alone");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_sent_once_however_often_the_module_is_started() {
    let pool = ModulePool::new(
        options(),
        |_| describe(Fake::builder().pin("1111")),
        async |module| {
            module.leaving().await;
            Ok(())
        },
    );
    let mut events = pool.events();
    let fake = Fake::new();
    fake.state().pin = Some("2222");
    pool.add("m", port(&fake)).unwrap();
    let is_failure = |change: &ModuleChange| matches!(change, ModuleChange::StartFailed { .. });
    for _ in 0..5 {
        until(&mut events, "m", is_failure).await;
    }
    assert_eq!(fake.times("AT+CPIN=\"1111\""), 1);
    // By hand it is meant.
    assert!(pool.remove(&name("m")).await);
    pool.add("m", port(&fake)).unwrap();
    for _ in 0..3 {
        until(&mut events, "m", is_failure).await;
    }
    assert_eq!(fake.times("AT+CPIN=\"1111\""), 2);
}

#[tokio::test(start_paused = true)]
async fn what_describes_a_module_may_panic() {
    let pool = ModulePool::new(
        options(),
        |name| if name.as_str() == "bad" { panic!("no such module") } else { describe(Fake::builder()) },
        async |_| Ok(()),
    );
    let mut events = pool.events();
    pool.add("bad", port(&Fake::new())).unwrap();
    pool.add("good", port(&Fake::new())).unwrap();
    let failed = until(&mut events, "bad", |change| *change != ModuleChange::Added).await;
    let ModuleChange::StartFailed { category, because, .. } = failed else { panic!("{failed:?}") };
    assert_eq!((category, because.as_str()), (Category::Other, "it panicked: no such module"));
    started(&mut events, "good").await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_takes_so_many_each_name_once_and_none_when_it_closes() {
    let pool = idle_pool(options().max_modules(2));
    pool.add("a", port(&Fake::new())).unwrap();
    assert_eq!(pool.add("a", port(&Fake::new())), Err(AddError::Exists { name: name("a") }));
    pool.add("b", port(&Fake::new())).unwrap();
    let full = pool.add("c", port(&Fake::new())).unwrap_err();
    assert_eq!(full, AddError::Full { most: 2 });
    assert_eq!(full.to_string(), "the pool has as many modules as it takes: 2");
    assert!(matches!(pool.add("two words", port(&Fake::new())), Err(AddError::Name(_))));
    assert!(pool.remove(&name("a")).await);
    pool.add("c", port(&Fake::new())).unwrap();
    assert!(pool.shutdown().await.is_empty());
    assert_eq!(pool.add("d", port(&Fake::new())), Err(AddError::ShuttingDown));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_is_told_how_much_is_missing() {
    let pool = idle_pool(options().max_modules(5000).starting_at_once(1));
    let mut events = pool.events();
    pool.add("hangs", never_opens).unwrap();
    for number in 0..4200 {
        pool.add(format!("m{number}"), never_opens).unwrap();
    }
    assert_eq!(events.next().await, Some(PoolEvent::Missed(4201 - 4096)));
    assert_eq!(next(&mut events).await.0, "m104");
    let all = timeout(HOUR, pool.shutdown()).await;
    assert!(all.expect("nobody who waits is waited for").is_empty());
}

#[tokio::test(start_paused = true)]
async fn modules_are_added_from_threads_without_a_runtime() {
    let pool = idle_pool(options());
    let mut events = pool.events();
    let (ports, changes) = tokio::sync::mpsc::channel(1);
    let thread = std::thread::spawn({
        let pool = pool.clone();
        move || {
            pool.follow(changes);
            pool.add("added", port(&Fake::new()))
        }
    });
    assert_eq!(thread.join().unwrap(), Ok(()));
    started(&mut events, "added").await;
    ports.send(PortChange::appeared("followed", port(&Fake::new())).unwrap()).await.unwrap();
    started(&mut events, "followed").await;
}

#[test]
fn a_pool_whose_runtime_has_ended_keeps_no_modules() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = runtime.block_on(async {
        let pool = idle_pool(options());
        pool.add("before", never_opens).unwrap();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(pool.modules().len(), 1);
        pool
    });
    drop(runtime);
    pool.add("after", never_opens).unwrap();
    assert!(pool.modules().is_empty());
}

/// An error of a user's port, which panics when it is asked for words.
#[derive(Debug)]
struct Speechless;

#[expect(clippy::panic, reason = "it is what this error does")]
impl std::fmt::Display for Speechless {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no words")
    }
}

impl std::error::Error for Speechless {}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_port_may_panic() {
    let pool = idle_pool(options());
    let mut events = pool.events();
    pool.add("bad", async || Err(std::io::Error::other(Speechless))).unwrap();
    for _ in 0..2 {
        let failed = until(&mut events, "bad", |change| *change != ModuleChange::Added).await;
        let ModuleChange::StartFailed { because, .. } = failed else { panic!("{failed:?}") };
        assert_eq!(because, "it panicked: no words");
    }
}
