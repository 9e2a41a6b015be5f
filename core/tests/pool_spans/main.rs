//! What is logged of a module carries its name, and starts and recoveries are spans. It is alone in its process: whether
//! anybody listens to a line of the log is decided once for all threads.

#[path = "../supervisor/fake.rs"]
#[expect(dead_code, reason = "the supervisor's tests use all of it")]
mod fake;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telit_core::pool::{ModuleChange, ModulePool, PoolEvent, PoolEvents, PoolOptions, PooledModule};
use telit_core::supervisor::{PortSource, SupervisorEvent};
use tokio::time::timeout;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Instrument, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use fake::Fake;

#[derive(Clone, Debug)]
struct Span {
    id: Id,
    name: &'static str,
    target: String,
    fields: BTreeMap<&'static str, String>,
    closed: bool,
}

/// The target of an event, and the module that a span around it names.
type Logged = (String, Option<String>);

/// Keeps everything that the SDK logs.
#[derive(Clone, Default)]
struct Log {
    spans: Arc<Mutex<Vec<Span>>>,
    events: Arc<Mutex<Vec<Logged>>>,
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Log {
    fn named(&self, name: &str) -> Vec<Span> {
        let spans = self.spans.lock().expect("nobody panics with it");
        spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    /// The last one: identifiers are used again.
    fn with(&self, id: &Id, act: impl FnOnce(&mut Span)) {
        let mut spans = self.spans.lock().expect("nobody panics with it");
        if let Some(span) = spans.iter_mut().rev().find(|span| span.id == *id) {
            act(span);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let (name, target) = (attributes.metadata().name(), attributes.metadata().target().to_owned());
        let mut span = Span { id: id.clone(), name, target, fields: BTreeMap::new(), closed: false };
        attributes.record(&mut Fields(&mut span.fields));
        self.spans.lock().expect("nobody panics with it").push(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.with(id, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.with(&id, |span| span.closed = true);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut module = None;
        for span in context.event_scope(event).into_iter().flatten() {
            self.with(&span.id(), |span| {
                module = module.take().or_else(|| span.fields.get("module").cloned())
            });
        }
        let target = event.metadata().target().to_owned();
        if target.starts_with("telit_core") {
            self.events.lock().expect("nobody panics with it").push((target, module));
        }
    }
}

fn fields(span: &Span) -> Vec<(&str, &str)> {
    span.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Opening it leaves a task behind in the current span, as opening a multiplexed line does.
fn port(fake: &Fake) -> impl PortSource + use<> {
    let fake = fake.clone();
    move || {
        tokio::spawn(std::future::pending::<()>().in_current_span());
        fake.clone().open()
    }
}

async fn until(events: &mut PoolEvents, module: &str, is_it: impl Fn(&ModuleChange) -> bool) {
    let seen = async {
        while let Some(event) = events.next().await {
            if matches!(event, PoolEvent::Module { name, change } if name.as_str() == module && is_it(&change))
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(3600), seen).await.expect("it happens within an hour");
}

#[tokio::test(start_paused = true)]
async fn whose_a_line_is_can_be_told_and_what_takes_time_is_a_span() {
    let log = Log::default();
    tracing::subscriber::set_global_default(Registry::default().with(log.clone()))
        .expect("it is the only one");
    let pool = ModulePool::new(
        PoolOptions::default(),
        |_| Fake::builder(),
        async |module: PooledModule| {
            module.leaving().await;
            Ok(())
        },
    );
    let mut events = pool.events();
    let (left, right) = (Fake::new(), Fake::new());
    right.state().port_missing = true;
    pool.add("left", port(&left)).expect("there is room");
    pool.add("right", port(&right)).expect("there is room");
    until(&mut events, "left", |change| matches!(change, ModuleChange::Started { .. })).await;
    until(&mut events, "right", |change| matches!(change, ModuleChange::StartFailed { .. })).await;
    left.unplug();
    let is_back =
        |change: &ModuleChange| matches!(change, ModuleChange::Supervisor(SupervisorEvent::Recovered { .. }));
    until(&mut events, "left", is_back).await;
    let starts = log.named("module_start");
    assert_eq!(fields(&starts[0]), [("module", "left"), ("otel.status_code", "OK"), ("outcome", "on line")]);
    let failed =
        [("error.type", "link"), ("module", "right"), ("otel.status_code", "ERROR"), ("outcome", "failed")];
    assert_eq!(fields(&starts[1]), failed);
    let recoveries = log.named("recovery");
    let expected = [
        ("attempts", "0"),
        ("cause", "the port is lost"),
        ("otel.status_code", "OK"),
        ("outcome", "on line"),
    ];
    assert_eq!(fields(&recoveries[0]), expected);
    let lasting = [&starts[0], &starts[1], &recoveries[0]].into_iter().filter(|span| !span.closed);
    assert_eq!(lasting.count(), 0, "each ends with what it is about");
    assert!(log.named("module").iter().all(|span| !span.closed));
    assert!(log.named("module").iter().all(|span| span.target == "telit_core::pool::context"));
    let logged = log.events.lock().expect("nobody panics with it").clone();
    assert!(logged.iter().all(|(_, module)| module.is_some()), "{logged:?}");
    for part in ["telit_core::driver", "telit_core::supervisor", "telit_core::pool"] {
        assert!(logged.iter().any(|(target, _)| target.starts_with(part)), "{part} logs nothing");
    }
}
