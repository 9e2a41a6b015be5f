//! Sessions of the SDK, as a gateway has them.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use telit_core::Modem;
use telit_core::driver::{BoxedStream, ByteStream};
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use tokio::task::JoinSet;

use crate::Error;

pub(crate) const HOST: &str = "broker.test";
pub(crate) const PORT: u16 = 8883;
const TOPIC: &str = "things/device/state";
/// What is published.
pub(crate) const MESSAGE: &[u8; 100] = &[b'm'; 100];

const AUTHORITY: &str = include_str!("../../tests/src/faults/credentials/authority.pem");
const CERTIFICATE: &str = include_str!("../../tests/src/faults/credentials/client.pem");
const KEY: &str = include_str!("../../tests/src/faults/credentials/client_key.pem");

/// The conversation has to be the same each time.
fn some_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// Opens a module and brings it on line.
pub(crate) async fn open(stream: impl ByteStream + 'static) -> Result<Modem, Error> {
    let modem = Modem::builder().apn("iot.test").computer_time(some_time).open(stream).await?;
    modem.bring_up().await?;
    Ok(modem)
}

/// Connects over TLS with a certificate of its own. It looks after the connection every ten minutes.
pub(crate) async fn connect(modem: &Modem) -> Result<MqttClient, Error> {
    let ca = CaCertificate::from_pem(AUTHORITY.as_bytes())?;
    let identity = Identity::from_pem(CERTIFICATE.as_bytes(), KEY.as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).identity(identity).build()?;
    let options =
        MqttOptions::new(HOST, "device", MqttSecurity::Tls(tls)).keep_alive(Duration::from_secs(1200));
    Ok(MqttClient::connect(modem, options).await?)
}

/// Ends clients while their modules still answer. One that is only dropped says goodbye as well, and to a module that has
/// gone it does so for minutes: with deadlines, and with questions to find the line again.
pub(crate) async fn end(clients: Vec<MqttClient>) -> Result<(), Error> {
    let mut ending: JoinSet<_> =
        clients.into_iter().map(|client| async move { client.disconnect().await }).collect();
    while let Some(ended) = ending.join_next().await {
        ended??;
    }
    Ok(())
}

/// Publishes a message and waits for the broker's acknowledgement.
pub(crate) async fn publish(client: &MqttClient) -> Result<(), Error> {
    Ok(client.publish(TOPIC, &MESSAGE[..], QoS::AtLeastOnce).await?)
}

/// Opens a module under supervision and brings it on line.
pub(crate) async fn supervise(
    stream: impl ByteStream + 'static,
    options: SupervisorOptions,
) -> Result<Supervisor, Error> {
    let builder = Modem::builder().apn("iot.test").computer_time(some_time);
    let stream = Mutex::new(Some(Box::pin(stream) as BoxedStream));
    let source = move || {
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        std::future::ready(stream.ok_or_else(|| io::ErrorKind::NotFound.into()))
    };
    Ok(Supervisor::start(builder, source, options).await?)
}
