//! Fleet provisioning.

use std::sync::OnceLock;

use serde_json::json;
use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{CredentialKind, Identity, inventory};
use telit_mqtt::aws::AwsIot;
use telit_mqtt::aws::provisioning::{FleetProvisioning, NewIdentity};
use telit_simulator::servers::Issued;

use super::super::super::bench::{Bench, Bound};
use super::super::super::mqtt::CONNECT;
use super::super::super::outcome::{Broken, same_reading};
use super::super::super::set_up::on_line;
use super::super::{at_every_await, failed, in_step, interrupted, tls_comes_back};
use super::{ENDPOINT, Services};
use crate::aws::{identity, issued};

/// Connecting, two questions, and disconnecting.
const ENROL: Bound = Bound::new("enrol", 1010 + 2 * 330 + 60);

fn provisioning() -> FleetProvisioning {
    static CLAIM: OnceLock<Identity> = OnceLock::new();
    let claim = CLAIM.get_or_init(|| identity("claim")).clone();
    let claim = AwsIot::new(ENDPOINT, "claim-7", claim).expect("it is an endpoint");
    FleetProvisioning::new(claim, "template-1").expect("it has a name").parameter("SerialNumber", "7")
}

fn give_out(services: &Services) {
    static GIVEN: OnceLock<Issued> = OnceLock::new();
    let issued = GIVEN.get_or_init(|| issued("thing-7"));
    services.cloud.give_out(issued.certificate_pem(), issued.key_pem());
}

async fn enrolled(bench: &Bench, modem: &Modem) -> Result<NewIdentity, Broken> {
    let provisioning = provisioning();
    bench.within(ENROL, Box::pin(provisioning.enrol(modem))).await?.map_err(failed("enrol"))
}

/// The new identity connects, and the module holds it and no other.
async fn activated(bench: &Bench, modem: &Modem, new: &NewIdentity) -> Result<(), Broken> {
    let client = bench.within(CONNECT, new.activate(modem)).await?.map_err(failed("activate"))?;
    client.disconnect().await.map_err(failed("disconnect"))?;
    let lease = modem.acquire_tls(Service::Mqtt).await.map_err(failed("TLS"))?;
    let stored = inventory(modem, &lease).await.map_err(failed("inventory"))?;
    lease.release();
    let held = stored.iter().find(|it| it.place.kind == CredentialKind::ClientCertificate);
    let held = held.and_then(|it| it.certificate.as_ref()).map(|certificate| certificate.fingerprint());
    let new = new.identity().certificate().certificate().fingerprint();
    same_reading("the certificate on the module", &Some(new), &held, None).map(drop)
}

#[test]
fn enrolling() {
    at_every_await("FleetProvisioning::enrol", async |services: &Services, bench, moments| {
        let modem = on_line(bench).await?;
        give_out(services);
        let new = interrupted(bench, moments, provisioning().enrol(&modem)).await;
        let done = new.transpose().map_err(failed("enrol"))?.is_some();
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        let new = enrolled(bench, &modem).await?;
        // A thing that was registered for nobody may be left.
        let registered = services.cloud.registered();
        let as_often = (1..=2).contains(&registered.len());
        let parameters = registered.iter().all(|it| *it == json!({ "SerialNumber": "7" }));
        same_reading("registrations", &(true, true), &(as_often, parameters), None)?;
        activated(bench, &modem, &new).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn activating() {
    at_every_await("NewIdentity::activate", async |services: &Services, bench, moments| {
        let modem = on_line(bench).await?;
        give_out(services);
        let new = enrolled(bench, &modem).await?;
        let client = interrupted(bench, moments, new.activate(&modem)).await;
        let done = client.transpose().map_err(failed("activate"))?.is_some();
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        activated(bench, &modem, &new).await?;
        Ok(step.completed(done))
    });
}
