//! A device shadow at AWS IoT, which the virtual network has too.

use std::time::Duration;

use serde_json::{Value, json};
use telit_core::{Category, Modem};
use telit_mqtt::aws::AwsIot;
use telit_mqtt::aws::shadow::Shadow;
use telit_simulator::servers::CertificateRequest;
use telit_simulator::servers::TestServers;
use telit_simulator::servers::aws::{self, AwsIotOptions, Policy};
use tokio::time::timeout;

use super::report::Done;
use super::{differs, module};
use crate::failure::Failure;

/// What the virtual network calls it.
pub(super) const ENDPOINT: &str = "demo-ats.iot.eu-central-1.amazonaws.com";

const THING: &str = TestServers::CLIENT_NAME;

/// How long an application's wish may take on loopback.
const PATIENCE: Duration = Duration::from_secs(30);

/// AWS IoT on loopback, which knows the certificate that the module has.
pub(super) async fn start(servers: &TestServers) -> Result<aws::AwsIot, Failure> {
    let failed = |error| Failure::new(Category::Other, error);
    let request = CertificateRequest::server(ENDPOINT);
    let certificate = servers.authority().issue(&request).map_err(failed)?;
    let options = AwsIotOptions::new(&certificate, servers.authority());
    let cloud = aws::AwsIot::start(&options).await.map_err(failed)?;
    let device = servers.client().certificate_pem();
    let id = cloud.register_certificate(device, Policy::everything()).map_err(failed)?;
    cloud.attach_thing(&id, THING);
    Ok(cloud)
}

/// An application desires something, the device is told, does it and reports it.
pub(super) async fn follow(
    modem: &Modem,
    servers: &TestServers,
    cloud: &aws::AwsIot,
) -> Result<Done<()>, Failure> {
    let device = AwsIot::new(ENDPOINT, THING, module::identity(servers)?)?.trust(module::authority(servers)?);
    let client = device.connect(modem).await?;
    let mut shadow = Shadow::<Value>::classic(&client, THING)?;
    let mut wanted = shadow.watch().await?;
    let wish = &json!({ "state": { "desired": { "celsius": 21 } } });
    cloud.update_shadow(THING, None, wish).map_err(|error| Failure::new(Category::Other, error))?;
    let late = || Failure::new(Category::Network, "the device was not told what is desired");
    let delta = timeout(PATIENCE, wanted.next()).await.ok().flatten().ok_or_else(late)??;
    let version = shadow.report(delta.state).await?.version;
    let document = shadow.get().await?;
    client.disconnect().await?;
    if document.reported != Some(json!({ "celsius": 21 })) || document.delta.is_some() {
        return Err(differs("the shadow"));
    }
    let text = format!("{ENDPOINT}: 21 degrees desired, told to the device and reported; version {version}");
    Ok(Done::new((), text).fact("version", version).fact("thing", THING))
}
