//! The client against a small module that is not the SDK's: real engine, exact bytes, paused clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

mod connecting;
mod fake;
mod lifecycle;
mod publishing;
mod receiving;

use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity};

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
