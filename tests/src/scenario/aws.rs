//! AWS IoT with real TLS: the preset, shadows, jobs and provisioning against a broker that keeps the rules of AWS.

use std::collections::BTreeMap;
use std::time::Duration;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::X509Req;
use serde_json::{Value, json};
use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{CaCertificate, CredentialKind, Identity, PrivateKey, inventory};
use telit_mqtt::aws::AwsIot;
use telit_mqtt::aws::jobs::{Jobs, Outcome};
use telit_mqtt::aws::provisioning::{FleetProvisioning, ProvisioningError};
use telit_mqtt::aws::shadow::Shadow;
use telit_mqtt::{ConnectError, MqttClient, QoS, Reconnect};
use telit_simulator::servers::aws::{
    self, Action, AwsIotOptions, CertificateStatus, JobStatus, Policy, ProvisioningTemplate,
};
use telit_simulator::servers::{Authority, CertificateRequest, Issued};
use telit_simulator::{Platform, VirtualModule};
use tokio::time::timeout;

const ENDPOINT: &str = "a1-ats.iot.eu-central-1.amazonaws.com";
const THING: &str = "thing-1";
const SOON: Duration = Duration::from_secs(60);

struct World {
    authority: Authority,
    cloud: aws::AwsIot,
    device: Issued,
    _module: VirtualModule,
    modem: Modem,
}

impl World {
    async fn start(platform: Platform, policy: Policy) -> Self {
        let authority = Authority::new().expect("an authority can be made");
        let certificate = authority.issue(&CertificateRequest::server(ENDPOINT)).expect("it is issued");
        let mut options = AwsIotOptions::new(&certificate, &authority);
        if platform != Platform::P25Linux {
            options = options.require_server_name(ENDPOINT);
        }
        let cloud = aws::AwsIot::start(&options).await.expect("it starts");
        let device = cloud.create_device(THING, policy).expect("it is registered");
        let module = VirtualModule::builder(platform).resolve(ENDPOINT, 8883, cloud.addr());
        let module = module.build().expect("the module starts");
        let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await.expect("it answers");
        modem.bring_up().await.expect("it comes on line");
        Self { authority, cloud, device, _module: module, modem }
    }

    fn aws_identity(&self) -> Identity {
        let (certificate, key) = (self.device.certificate_pem(), self.device.key_pem());
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("they fit")
    }

    fn aws(&self) -> AwsIot {
        let aws = AwsIot::new(ENDPOINT, THING, self.aws_identity()).expect("it is an endpoint");
        aws.trust(CaCertificate::from_pem(self.authority.certificate_pem().as_bytes()).expect("it is a CA"))
    }

    async fn connect(&self) -> MqttClient {
        self.aws().connect(&self.modem).await.expect("it connects")
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work).await.expect("it comes to an end in time")
}

#[tokio::test]
async fn every_platform_shakes_hands_with_a_suite_that_aws_takes() {
    for (platform, suite) in [
        (Platform::P25ThreadX, 0xC02F),
        (Platform::P25Linux, 0x003C),
        (Platform::P30, 0x003C),
        (Platform::P37, 0xC02F),
        (Platform::P52, 0xC02F),
    ] {
        let world = World::start(platform, Policy::everything()).await;
        let aws = world.aws();
        let aws = if platform == Platform::P25Linux { aws.without_server_name() } else { aws };
        let client = aws.connect(&world.modem).await.unwrap_or_else(|error| panic!("{platform:?}: {error}"));
        client.publish("thing-1/telemetry", "21.5", QoS::AtLeastOnce).await.expect("it is published");
        client.disconnect().await.expect("it disconnects");
        let handshakes = world.cloud.handshakes();
        let chosen = handshakes.iter().find_map(|it| it.suite_number);
        assert_eq!(chosen, Some(suite), "{platform:?}: {handshakes:?}");
    }
}

#[tokio::test]
async fn a_shadow_is_followed() {
    let world = World::start(Platform::P37, Policy::everything()).await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Value>::classic(&client, THING).expect("it has a name");
    let mut wanted = shadow.watch().await.expect("it can be followed");
    let wish = json!({ "state": { "desired": { "celsius": 21 } } });
    world.cloud.update_shadow(THING, None, &wish).expect("it is taken");
    let delta = soon(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!(delta.state, json!({ "celsius": 21 }));
    shadow.report(delta.state).await.expect("it is taken");
    let document = shadow.get().await.expect("there is one");
    assert_eq!((document.reported, document.delta), (Some(json!({ "celsius": 21 })), None));

    world.cloud.disconnect(THING);
    // Whatever is sent next finds it out; without that the next look at the connection does.
    drop(client.publish("thing-1/telemetry", "20", QoS::AtLeastOnce).await);
    let wish = json!({ "state": { "desired": { "celsius": 22 } } });
    world.cloud.update_shadow(THING, None, &wish).expect("it is taken");
    let delta = soon(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!(delta.state, json!({ "celsius": 22 }), "it was desired while there was no connection");

    let mut named = Shadow::<Value>::named(&client, THING, "config").expect("it has a name");
    named.report(json!({ "interval": 60 })).await.expect("it is taken");
    assert!(world.cloud.shadow(THING, Some("config")).is_some());
    named.delete().await.expect("it is gone");
    assert!(world.cloud.shadow(THING, Some("config")).is_none());
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn jobs_are_done_one_after_the_other() {
    let world = World::start(Platform::P37, Policy::everything()).await;
    let client = world.connect().await;
    world.cloud.create_job("a", json!({ "n": 1 }), &[THING]).expect("it is made");
    let jobs = Jobs::<Value>::new(&client, THING).expect("it has a name");
    let worker = tokio::spawn(jobs.work(async |job| {
        job.progress([("step", "1")]).await.expect("it is taken");
        match job.document()["n"].as_u64() {
            Some(1) => Outcome::succeeded().detail("n", "1"),
            _ => Outcome::failed("not mine"),
        }
    }));
    let done = soon(world.cloud.wait_for_job("a", THING, JobStatus::Succeeded)).await;
    assert_eq!(done.status_details, BTreeMap::from([("n".to_owned(), "1".to_owned())]));
    world.cloud.create_job("b", json!({ "n": 2 }), &[THING]).expect("it is made");
    let done = soon(world.cloud.wait_for_job("b", THING, JobStatus::Failed)).await;
    assert_eq!(done.status_details, BTreeMap::from([("reason".to_owned(), "not mine".to_owned())]));
    worker.abort();
    client.disconnect().await.expect("it disconnects");
}

#[tokio::test]
async fn what_the_policy_forbids_ends_the_connection() {
    let policy = Policy::nothing().allow(Action::Connect, "other");
    let world = World::start(Platform::P37, policy).await;
    let error = world.aws().connect(&world.modem).await.expect_err("it may not connect");
    assert!(!matches!(error, ConnectError::TlsSetup(_)), "{error:?}");
    assert!(world.cloud.clients().is_empty());

    let policy = Policy::nothing().allow(Action::Connect, THING);
    let world = World::start(Platform::P37, policy).await;
    let options = world.aws().mqtt_options(world.modem.profile()).expect("they fit");
    let client = MqttClient::connect(&world.modem, options.reconnect(Reconnect::never())).await;
    let client = client.expect("it connects");
    client.subscribe("secret", QoS::AtLeastOnce).await.expect_err("it may not");
    assert!(matches!(client.state(), telit_mqtt::ClientState::Lost(_)), "{:?}", client.state());
}

/// Its claim is known to the account, and so is the template.
async fn claimed() -> (World, FleetProvisioning) {
    let world = World::start(Platform::P37, Policy::claim("template-1")).await;
    let template = ProvisioningTemplate::new("template-1", "meter-${SerialNumber}", Policy::everything());
    world
        .cloud
        .set_provisioning_template(template.parameter("SerialNumber").device_configuration("colour", "red"));
    let provisioning = FleetProvisioning::new(world.aws(), "template-1").expect("it has a name");
    (world, provisioning)
}

#[tokio::test]
async fn a_claim_becomes_a_thing_with_a_key_from_aws() {
    let (world, provisioning) = claimed().await;
    let error = provisioning.enrol(&world.modem).await.expect_err("a parameter is missing");
    assert!(matches!(error, ProvisioningError::Rejected { .. }), "{error:?}");
    // AWS lets a client identifier connect once a second.
    let claim = world.aws().client_id("claim-2");
    let provisioning = FleetProvisioning::new(claim, "template-1").expect("it has a name");
    let provisioning = provisioning.parameter("SerialNumber", "7");
    let new = provisioning.enrol(&world.modem).await.expect("it is provisioned");
    assert_eq!((new.thing(), &new.device_configuration()["colour"]), ("meter-7", &json!("red")));
    let client = new.activate(&world.modem).await.expect("it connects");
    assert_eq!(world.cloud.clients(), ["meter-7"]);
    let mut shadow = Shadow::<Value>::classic(&client, new.thing()).expect("it has a name");
    shadow.report(json!({ "celsius": 20 })).await.expect("it is taken");
    client.disconnect().await.expect("it disconnects");
    assert_eq!(held(&world).await, new.identity().certificate().certificate().fingerprint());
}

#[tokio::test]
async fn a_claim_becomes_a_thing_with_a_key_of_its_own() {
    let (world, provisioning) = claimed().await;
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let mut request = X509Req::builder().expect("a request");
    request.set_pubkey(&key).expect("it has a key");
    request.sign(&key, MessageDigest::sha256()).expect("it is signed");
    let request = String::from_utf8(request.build().to_pem().expect("it is PEM")).expect("it is text");
    let key = PrivateKey::from_pem(&key.private_key_to_pem_pkcs8().expect("it is PEM")).expect("it is one");
    let provisioning = provisioning.parameter("SerialNumber", "8").signing_request(request, key);
    let new = provisioning.enrol(&world.modem).await.expect("it is provisioned");
    new.activate(&world.modem).await.expect("it connects");
    assert_eq!(world.cloud.clients(), ["meter-8"]);
}

#[tokio::test]
async fn an_identity_that_aws_does_not_let_in_is_taken_back() {
    let (world, provisioning) = claimed().await;
    let provisioning = provisioning.parameter("SerialNumber", "9");
    let new = provisioning.enrol(&world.modem).await.expect("it is provisioned");
    let status = CertificateStatus::Inactive;
    assert!(world.cloud.set_certificate_status(new.certificate_id(), status), "it is known");
    let error = new.activate(&world.modem).await.expect_err("it is not active");
    assert_eq!(error.restored, Ok(()));
    assert_eq!(held(&world).await, world.aws_identity().certificate().certificate().fingerprint());
}

/// The fingerprint of the client certificate on the module.
async fn held(world: &World) -> String {
    let lease = world.modem.acquire_tls(Service::Mqtt).await.expect("nobody has it");
    let stored = inventory(&world.modem, &lease).await.expect("it can be listed");
    lease.release();
    let client = stored.iter().find(|it| it.place.kind == CredentialKind::ClientCertificate);
    client.and_then(|it| it.certificate.as_ref()).expect("there is one").fingerprint()
}
