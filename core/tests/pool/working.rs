//! The work of modules fails, panics, ends; and modules are given up and started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use telit_core::Category;
use telit_core::commands::Model;
use telit_core::pool::{ModuleChange, PoolState, PooledModule, WorkError};
use telit_core::supervisor::SupervisorEvent;
use tokio::time::{Instant, sleep};

use crate::fake::Fake;
use crate::{Notes, name, next, options, pool, port, started, until};

#[tokio::test(start_paused = true)]
async fn work_that_fails_or_panics_begins_again_for_its_module_alone() {
    let times = Arc::new(AtomicUsize::new(0));
    let pool = pool(options(), move |module: PooledModule| {
        let times = Arc::clone(&times);
        async move {
            if module.name().as_str() == "good" {
                module.leaving().await;
                return Ok(());
            }
            match times.fetch_add(1, Ordering::Relaxed) {
                0 => Err("no broker".into()),
                1 => panic!("index {} out of range", 7),
                _ => Ok(()),
            }
        }
    });
    let mut events = pool.events();
    pool.add("good", port(&Fake::new())).unwrap();
    pool.add("bad", port(&Fake::new())).unwrap();
    started(&mut events, "bad").await;
    for expected in ["no broker", "it panicked: index 7 out of range"] {
        let failed = Instant::now();
        let (module, change) = next(&mut events).await;
        let ModuleChange::WorkFailed { because, again } = change else { panic!("{module}: {change:?}") };
        assert_eq!((module.as_str(), because.as_str()), ("bad", expected));
        assert!(again <= Duration::from_secs(8) && failed.elapsed() <= Duration::from_secs(8));
    }
    assert_eq!(next(&mut events).await, ("bad".into(), ModuleChange::WorkDone));
    for (module, failures) in [("bad", 2), ("good", 0)] {
        let status = pool.module(&name(module)).unwrap();
        assert_eq!((status.state, status.figures.failed_work), (PoolState::Up, failures), "{module}");
        assert_eq!(status.figures.starts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_module_that_is_given_up_ends_its_work_and_is_started_again() {
    let notes = Notes::default();
    let noted = notes.clone();
    let pool = pool(options(), move |module: PooledModule| {
        let notes = noted.clone();
        async move {
            notes.note("begins");
            module.leaving().await;
            assert!(module.is_leaving());
            notes.note("says goodbye");
            Ok(())
        }
    });
    let mut events = pool.events();
    let fake = Fake::new();
    pool.add("m", port(&fake)).unwrap();
    started(&mut events, "m").await;
    sleep(Duration::from_secs(100)).await;
    fake.state().port_missing = true;
    fake.unplug();
    let gave_up =
        |change: &ModuleChange| matches!(change, ModuleChange::Supervisor(SupervisorEvent::GaveUp { .. }));
    until(&mut events, "m", gave_up).await;
    let (_, stopped) = next(&mut events).await;
    assert!(
        matches!(stopped, ModuleChange::Stopped { again } if again <= Duration::from_secs(8)),
        "{stopped:?}"
    );
    assert_eq!(notes.all(), ["begins", "says goodbye"]);
    let status = pool.module(&name("m")).unwrap();
    assert_eq!((status.state, status.figures.time_on_line), (PoolState::Waiting, Duration::from_secs(100)));
    assert_eq!(status.figures.port_losses, 1);
    let before = status.figures.port.exchanges;
    until(&mut events, "m", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
    fake.state().port_missing = false;
    started(&mut events, "m").await;
    assert_eq!(notes.all(), ["begins", "says goodbye", "begins"]);
    let figures = pool.module(&name("m")).unwrap().figures;
    assert!(figures.port.exchanges > before + 5, "they add up: {figures:?}");
    assert_eq!((figures.starts, figures.port_losses), (figures.failed_starts + 2, 1));
}

#[tokio::test(start_paused = true)]
async fn work_goes_on_over_a_lost_port() {
    let pool = pool(options(), async |module: PooledModule| {
        let mut health = module.modem().health();
        while health.now().port_losses == 0 {
            health.changed().await;
        }
        health.up().await?;
        module.modem().run(Model).await?;
        Ok(())
    });
    let mut events = pool.events();
    let fake = Fake::new();
    pool.add("m", port(&fake)).unwrap();
    started(&mut events, "m").await;
    fake.unplug();
    let (_, lost) = next(&mut events).await;
    assert!(matches!(lost, ModuleChange::Supervisor(SupervisorEvent::Lost { .. })), "{lost:?}");
    assert_eq!(pool.modules()[0].state, PoolState::Recovering);
    let back =
        |change: &ModuleChange| matches!(change, ModuleChange::Supervisor(SupervisorEvent::Recovered { .. }));
    until(&mut events, "m", back).await;
    let ended = until(&mut events, "m", |change| !matches!(change, ModuleChange::Supervisor(_))).await;
    assert_eq!(ended, ModuleChange::WorkDone);
    let figures = pool.modules()[0].figures;
    assert_eq!((figures.recoveries, figures.port_losses, fake.state().openings), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_by_category() {
    let pool = pool(options(), async |module: PooledModule| {
        module.record_error(Category::Network);
        module.record_error(Category::Verification);
        module.record_error(Category::Network);
        module.leaving().await;
        Ok::<(), WorkError>(())
    });
    let mut events = pool.events();
    let fake = Fake::new();
    pool.add("m", port(&fake)).unwrap();
    started(&mut events, "m").await;
    sleep(Duration::from_secs(1)).await;
    let errors = pool.modules()[0].figures.errors;
    assert_eq!((errors.of(Category::Network), errors.of(Category::Verification)), (2, 1));
    assert_eq!(errors.of(Category::Refused), pool.modules()[0].figures.port.refusals);
}
