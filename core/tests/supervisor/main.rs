//! The supervisor over a module by script, in virtual time.

mod channels;
mod fake;
mod losses;
mod remedies;
mod restarts;

use std::time::Duration;

use fake::Fake;
use telit_core::Backoff;
use telit_core::supervisor::{Supervisor, SupervisorEvent, SupervisorEvents, SupervisorOptions};

fn options() -> SupervisorOptions {
    SupervisorOptions::default().backoff(Backoff::new(Duration::from_secs(1), Duration::from_secs(10)))
}

async fn start(fake: &Fake, options: SupervisorOptions) -> Supervisor {
    let port = fake.clone();
    let source = move || port.clone().open();
    Supervisor::start(Fake::builder(), source, options).await.expect("the module is in order")
}

/// The next event that is not about a remedy.
async fn next(events: &mut SupervisorEvents) -> SupervisorEvent {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(3_600), events.next()).await;
        match event.expect("something happens within an hour").expect("the supervisor runs") {
            SupervisorEvent::Trying { .. } => {}
            event => return event,
        }
    }
}
