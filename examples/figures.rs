//! A recorder for the `metrics` crate that prints. A real gateway takes an exporter from crates.io instead.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// All counters and gauges of the process. Shown in the format of Prometheus.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    values: Arc<Mutex<BTreeMap<String, Value>>>,
}

#[derive(Clone, Debug)]
struct Value {
    bits: Arc<AtomicU64>,
    is_gauge: bool,
}

impl Figures {
    /// Collects everything from now on.
    ///
    /// # Errors
    /// The process has a recorder already.
    pub fn install() -> Result<Self> {
        let figures = Self::default();
        metrics::set_global_recorder(figures.clone()).map_err(|error| anyhow!("{error}"))?;
        Ok(figures)
    }

    fn value(&self, key: &Key, is_gauge: bool) -> Arc<AtomicU64> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}=\"{}\"", label.key(), label.value())).collect();
        let key = format!("{}{{{}}}", key.name(), labels.join(","));
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(key).or_insert_with(|| Value { bits: Arc::default(), is_gauge });
        Arc::clone(&value.bits)
    }
}

impl Recorder for Figures {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.value(key, false))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.value(key, true))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in self.values.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let bits = value.bits.load(Ordering::Relaxed);
            match value.is_gauge {
                true => writeln!(f, "{key} {}", f64::from_bits(bits))?,
                false => writeln!(f, "{key} {bits}")?,
            }
        }
        Ok(())
    }
}
