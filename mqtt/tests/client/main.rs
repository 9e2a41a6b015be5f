//! The client against a small module that is not the SDK's: real engine, exact bytes, paused clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

mod connecting;
mod fake;
mod forbidden;
mod idle;
mod instances;
mod last_will;
mod lifecycle;
mod offline;
mod pacing;
mod port_losses;
mod publishing;
mod receiving;
mod reconnecting;
mod stopping;
mod supervised;

use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_mqtt::{ClientState, Event, Events, MqttClient, MqttOptions, MqttSecurity};

use fake::Fake;

fn plain() -> MqttOptions {
    MqttOptions::new("broker.example", "client-1", MqttSecurity::DangerPlain)
}

fn secure() -> MqttOptions {
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    MqttOptions::new("broker.example", "client-1", MqttSecurity::Tls(tls))
}

/// A connected client; what was sent so far is forgotten.
async fn connected(options: MqttOptions) -> (MqttClient, Modem, Fake) {
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, options).await.unwrap();
    fake.lines();
    (client, modem, fake)
}

/// The next event that is not about one attempt.
async fn next_event(events: &mut Events) -> Event {
    loop {
        match events.next().await.unwrap() {
            Event::Reconnecting { .. } | Event::ReconnectFailed { .. } => {}
            event => return event,
        }
    }
}

/// Waits for a state.
async fn until(events: &mut Events, state: ClientState) {
    let arrived = async { while events.next().await.unwrap() != Event::State(state) {} };
    let limit = std::time::Duration::from_secs(3600);
    tokio::time::timeout(limit, arrived).await.unwrap_or_else(|_| panic!("never {state:?}"));
}
