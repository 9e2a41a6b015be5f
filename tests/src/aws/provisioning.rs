//! Fleet provisioning over the virtual module.

use serde_json::json;
use telit_core::exclusive::Service;
use telit_core::tls::{CredentialError, CredentialKind, Identity, PrivateKey, inventory};
use telit_mqtt::aws::AwsIot;
use telit_mqtt::aws::provisioning::{FleetProvisioning, ProvisioningError};
use telit_mqtt::{Engine, PublishError};
use telit_simulator::Platform;
use telit_simulator::peers::HandshakeFailure;
use telit_simulator::servers::Issued;

use super::{ENDPOINT, World, identity, issued};

const CLAIM: &str = "claim-7";

fn provisioning() -> FleetProvisioning {
    provisioning_with(identity("claim"))
}

fn provisioning_with(claim: Identity) -> FleetProvisioning {
    let claim = AwsIot::new(ENDPOINT, CLAIM, claim).expect("it is an endpoint");
    FleetProvisioning::new(claim, "template-1").expect("it has a name").parameter("SerialNumber", "7")
}

fn give_out(world: &World) -> Issued {
    let issued = issued("thing-7");
    world.cloud.give_out(issued.certificate_pem(), issued.key_pem());
    issued
}

#[tokio::test(start_paused = true)]
async fn a_claim_becomes_a_thing() {
    let world = World::start().await;
    let issued = give_out(&world);
    let new = provisioning().enrol(&world.modem).await.expect("it is provisioned");
    assert_eq!((new.thing(), new.certificate_id()), ("thing-7", "id-1"));
    assert_eq!(new.device_configuration()["colour"], "red");
    assert_eq!(new.certificate_pem(), issued.certificate_pem().as_bytes());
    assert_eq!(world.cloud.registered(), [json!({ "SerialNumber": "7" })]);
    assert_eq!(world.modem.tls_holder(), None, "the claim's session has ended");

    let client = new.activate(&world.modem).await.expect("it connects");
    let ids: Vec<String> = world.cloud.broker.connects().into_iter().map(|it| it.client_id).collect();
    assert_eq!(ids, [CLAIM, "thing-7"]);
    client.disconnect().await.expect("it disconnects");
    let shown = format!("{new:?}");
    assert!(!shown.contains("MII") && !shown.contains("PRIVATE"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_key_of_ones_own_stays_at_home() {
    let world = World::start().await;
    let issued = give_out(&world);
    let key = PrivateKey::from_pem(issued.key_pem().as_bytes()).expect("it is one");
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";
    let new =
        provisioning().signing_request(request, key).enrol(&world.modem).await.expect("it is provisioned");
    assert_eq!(new.private_key_pem(), new.identity().private_key().module_bytes());
    let sent = world.cloud.received("$aws/certificates/create-from-csr/json");
    assert_eq!(sent, [json!({ "certificateSigningRequest": request })]);

    let other = PrivateKey::from_pem(super::issued("other").key_pem().as_bytes()).expect("it is one");
    let error = provisioning()
        .signing_request(request, other)
        .enrol(&world.modem)
        .await
        .expect_err("it is another's");
    let mismatch = matches!(error, ProvisioningError::Credential(CredentialError::KeyMismatch { .. }));
    assert!(mismatch, "{error:?}");
    assert_eq!(world.cloud.registered().len(), 1, "nothing was registered for it");
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told() {
    let world = World::start().await;
    give_out(&world);
    let claim = AwsIot::new(ENDPOINT, CLAIM, identity("claim")).expect("it is an endpoint");
    let nameless = FleetProvisioning::new(claim.clone(), "template-1").expect("it has a name");
    let error = nameless.enrol(&world.modem).await.expect_err("a parameter is missing");
    assert_eq!(error.to_string(), "the provisioning service refused (400 InvalidParameters): it says");
    assert!(FleetProvisioning::new(claim, "a/b").is_err());
    assert_eq!(world.modem.tls_holder(), None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_module_cannot_take_whole_is_refused_clearly() {
    let world = World::start().await;
    give_out(&world);
    world.cloud.cut(Some(1024));
    let error = provisioning().enrol(&world.modem).await.expect_err("its end is missing");
    assert_eq!(error, ProvisioningError::AnswerTooLarge { size: 1024 });
    assert!(error.hint().expect("there is one").contains("signing_request()"));
    assert_eq!(world.cloud.registered(), [] as [serde_json::Value; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_cannot_ask_costs_no_certificate() {
    let world = World::start().await;
    give_out(&world);
    let large = provisioning().parameter("Large", "x".repeat(65_536));
    let error = large.enrol(&world.modem).await.expect_err("it takes no such message");
    let ProvisioningError::Unsendable(PublishError::TooLarge { limit: 65_536, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(world.cloud.broker.connects(), []);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_publishes_no_json_is_provisioned_over_its_tls() {
    let world = World::start_on(Platform::P30).await;
    give_out(&world);
    let new = provisioning().enrol(&world.modem).await.expect("it is provisioned");
    assert_eq!(world.cloud.registered(), [json!({ "SerialNumber": "7" })]);
    let client = new.activate(&world.modem).await.expect("it connects");
    assert_eq!(client.engine().engine, Engine::Host);
    let ids: Vec<String> = world.cloud.broker.connects().into_iter().map(|it| it.client_id).collect();
    assert_eq!(ids, [CLAIM, "thing-7"]);
}

#[tokio::test(start_paused = true)]
async fn the_claim_comes_back_if_the_new_identity_cannot_connect() {
    let world = World::start().await;
    give_out(&world);
    let claim = identity("claim");
    let new = provisioning_with(claim.clone()).enrol(&world.modem).await.expect("it is provisioned");
    world.peers.fail_handshakes(ENDPOINT, 8883, Some(HandshakeFailure::Alert(42)));
    let error = new.activate(&world.modem).await.expect_err("it cannot connect");
    assert_eq!(error.restored, Ok(()));
    assert!(error.to_string().ends_with("; the module has its claim back"), "{error}");
    assert_eq!(held(&world).await, claim.certificate().certificate().fingerprint());

    world.peers.fail_handshakes(ENDPOINT, 8883, None);
    let client = new.activate(&world.modem).await.expect("it connects");
    client.disconnect().await.expect("it disconnects");
    assert_eq!(held(&world).await, new.identity().certificate().certificate().fingerprint());
}

/// The fingerprint of the client certificate on the module.
async fn held(world: &World) -> String {
    let lease = world.modem.acquire_tls(Service::Mqtt).await.expect("nobody has it");
    let stored = inventory(&world.modem, &lease).await.expect("it can be listed");
    lease.release();
    let client = stored.iter().find(|it| it.place.kind == CredentialKind::ClientCertificate);
    client.and_then(|it| it.certificate.as_ref()).expect("there is one").fingerprint()
}
