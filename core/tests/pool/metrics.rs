//! What the recorder of the `metrics` crate gets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use telit_core::Category;
use telit_core::pool::{ModuleChange, PooledModule};
use tokio::time::sleep;

use crate::fake::Fake;
use crate::{name, never_opens, options, pool, port, started, until};

type Values = BTreeMap<String, Arc<AtomicU64>>;

/// Keeps the values by name and labels.
#[derive(Default)]
struct Kept {
    counters: Mutex<Values>,
    gauges: Mutex<Values>,
    described: Mutex<BTreeMap<String, Option<Unit>>>,
}

fn value(values: &Mutex<Values>, key: &Key) -> Arc<AtomicU64> {
    let labels: Vec<String> =
        key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    let key = format!("{}{{{}}}", key.name(), labels.join(","));
    Arc::clone(values.lock().expect("nobody panics with it").entry(key).or_default())
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.described.lock().expect("nobody panics with it").insert(key.as_str().to_owned(), unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe_counter(key, unit, description);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(value(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(value(&self.gauges, key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl Kept {
    fn counter(&self, key: &str) -> u64 {
        let counters = self.counters.lock().expect("nobody panics with it");
        counters.get(key).map_or(u64::MAX, |value| value.load(Ordering::Relaxed))
    }

    fn gauge(&self, key: &str) -> f64 {
        let gauges = self.gauges.lock().expect("nobody panics with it");
        gauges.get(key).map_or(f64::NAN, |value| f64::from_bits(value.load(Ordering::Relaxed)))
    }
}

#[tokio::test(start_paused = true)]
async fn figures_are_handed_over_once_and_with_their_labels() {
    let kept = Kept::default();
    let _recorder = metrics::set_default_local_recorder(&kept);
    let pool = pool(options(), async |module: PooledModule| {
        module.record_error(Category::Network);
        module.leaving().await;
        Ok(())
    });
    let mut events = pool.events();
    pool.add("left", port(&Fake::new())).expect("there is room");
    started(&mut events, "left").await;
    pool.add("right", never_opens).expect("there is room");
    sleep(Duration::from_secs(20)).await;
    for _ in 0..3 {
        pool.report_metrics();
    }
    let figures = pool.module(&name("left")).expect("it is there").figures;
    assert!(figures.port.bytes_read > 100);
    let expected = [
        ("telit_module_received_bytes_total{module=left}", figures.port.bytes_read),
        ("telit_module_sent_bytes_total{module=left}", figures.port.bytes_written),
        ("telit_module_commands_total{module=left}", figures.port.exchanges),
        ("telit_module_starts_total{module=left}", 1),
        ("telit_module_starts_total{module=right}", 1),
        ("telit_module_commands_total{module=right}", 0),
        ("telit_module_on_line_seconds_total{module=left}", 20),
        ("telit_module_errors_total{module=left,category=network}", 1),
        ("telit_module_errors_total{module=left,category=verification}", 0),
        ("telit_module_errors_total{module=right,category=network}", 0),
    ];
    for (key, count) in expected {
        assert_eq!(kept.counter(key), count, "{key}");
    }
    let expected = [
        ("telit_module_on_line{module=left}", 1.0),
        ("telit_module_on_line{module=right}", 0.0),
        ("telit_module_commands_waiting{module=left}", 0.0),
        ("telit_pool_modules{state=up}", 1.0),
        ("telit_pool_modules{state=starting}", 1.0),
        ("telit_pool_modules{state=waiting}", 0.0),
    ];
    for (key, state) in expected {
        assert_eq!(kept.gauge(key).to_bits(), f64::to_bits(state), "{key}");
    }
    let described = kept.described.lock().expect("nobody panics with it");
    assert_eq!(described.get("telit_module_sent_bytes_total"), Some(&Some(Unit::Bytes)));
    let mut named: Vec<String> = described.keys().cloned().collect();
    named.dedup();
    assert_eq!(named.len(), 18, "{named:?}");
}

#[tokio::test(start_paused = true)]
async fn a_module_that_leaves_has_last_words_and_its_namesake_goes_on_counting() {
    let kept = Kept::default();
    // What leaves is handed over where it leaves: in the task of the module, on this thread.
    let _recorder = metrics::set_default_local_recorder(&kept);
    let pool = pool(options(), async |module: PooledModule| {
        module.leaving().await;
        module.record_error(Category::Other);
        Ok(())
    });
    let mut events = pool.events();
    let mut bytes = 0;
    for round in 1..=3 {
        pool.add("m", port(&Fake::new())).expect("there is room");
        started(&mut events, "m").await;
        pool.report_metrics();
        assert_eq!(kept.gauge("telit_module_on_line{module=m}").to_bits(), 1.0_f64.to_bits());
        bytes += pool.module(&name("m")).expect("it is there").figures.port.bytes_read;
        assert!(pool.remove(&name("m")).await);
        until(&mut events, "m", |change| *change == ModuleChange::Removed).await;
        tokio::task::yield_now().await;
        assert_eq!(kept.counter("telit_module_starts_total{module=m}"), round);
        assert_eq!(kept.counter("telit_module_errors_total{module=m,category=other}"), round);
        assert_eq!(kept.counter("telit_module_received_bytes_total{module=m}"), bytes);
        assert_eq!(kept.gauge("telit_module_on_line{module=m}").to_bits(), 0.0_f64.to_bits());
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_done_from_time_to_time_by_itself() {
    let kept = Kept::default();
    let _recorder = metrics::set_default_local_recorder(&kept);
    let pool = pool(options().metrics_interval(Duration::from_secs(60)), async |_| Ok(()));
    pool.add("m", never_opens).expect("there is room");
    sleep(Duration::from_secs(59)).await;
    assert_eq!(kept.gauge("telit_pool_modules{state=waiting}").to_bits(), 1.0_f64.to_bits(), "at once");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(kept.gauge("telit_pool_modules{state=starting}").to_bits(), 1.0_f64.to_bits());
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_over_shows_no_modules() {
    for is_waited_for in [true, false] {
        let kept = Kept::default();
        let _recorder = metrics::set_default_local_recorder(&kept);
        let pool = pool(options(), async |module: PooledModule| {
            module.leaving().await;
            Ok(())
        });
        let mut events = pool.events();
        pool.add("m", port(&Fake::new())).expect("there is room");
        started(&mut events, "m").await;
        pool.report_metrics();
        assert_eq!(kept.gauge("telit_pool_modules{state=up}").to_bits(), 1.0_f64.to_bits());
        if is_waited_for {
            assert!(pool.shutdown().await.is_empty());
        } else {
            drop(pool);
            while events.next().await.is_some() {}
        }
        for state in ["waiting", "starting", "up", "recovering", "down", "leaving"] {
            let shown = kept.gauge(&format!("telit_pool_modules{{state={state}}}"));
            assert_eq!(shown.to_bits(), 0.0_f64.to_bits(), "{state}");
        }
        assert_eq!(kept.counter("telit_module_starts_total{module=m}"), 1);
    }
}

/// Takes nothing.
struct Panics;

#[expect(clippy::panic, reason = "it is what this recorder does")]
impl Recorder for Panics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        panic!("no counter")
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("no gauge")
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("no histogram")
    }
}

#[tokio::test(start_paused = true)]
async fn a_recorder_that_panics_harms_nobody() {
    let _recorder = metrics::set_default_local_recorder(&Panics);
    let pool = pool(options(), async |module: PooledModule| {
        module.leaving().await;
        Ok(())
    });
    let mut events = pool.events();
    for module in ["a", "b"] {
        pool.add(module, port(&Fake::new())).expect("there is room");
        started(&mut events, module).await;
    }
    pool.report_metrics();
    assert!(pool.remove(&name("a")).await);
    until(&mut events, "a", |change| *change == ModuleChange::Removed).await;
    let over = tokio::time::timeout(Duration::from_secs(60), pool.shutdown()).await;
    assert!(over.expect("the recorder holds up nobody").is_empty());
}
