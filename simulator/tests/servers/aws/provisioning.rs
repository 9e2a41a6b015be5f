use std::time::Duration;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name, X509Req};
use serde_json::{Value, json};
use telit_simulator::servers::aws::{Action, AwsIot, CertificateStatus, Policy, ProvisioningTemplate};

use super::super::client::{Client, Secured, within};
use super::super::mqtt::Mqtt;
use super::{AUTHORITY, Device, is_closed, is_quiet, json_on, options, started};

const CREATE: &str = "$aws/certificates/create/json";
const FROM_REQUEST: &str = "$aws/certificates/create-from-csr/json";
const REGISTER: &str = "$aws/provisioning-templates/fleet/provision/json";

fn template() -> ProvisioningTemplate {
    let policy = Policy::nothing().allow(Action::Connect, "${iot:Connection.Thing.ThingName}");
    ProvisioningTemplate::new("fleet", "meter-${SerialNumber}", policy)
        .parameter("SerialNumber")
        .only("SerialNumber", &["17", "18"])
        .device_configuration("url", "https://files.test")
}

/// A device with a claim certificate that has subscribed to the answers.
async fn claimant() -> (AwsIot, Mqtt<Secured>) {
    let aws = started(options()).await;
    aws.set_provisioning_template(template());
    let mut client = Device::new(&aws, "claim", Policy::claim("fleet")).connected(&aws, "new").await;
    for topic in [CREATE, FROM_REQUEST, REGISTER] {
        for suffix in ["accepted", "rejected"] {
            client.subscribe(&format!("{topic}/{suffix}"), 1).await;
        }
    }
    (aws, client)
}

async fn ask(client: &mut Mqtt<Secured>, topic: &str, payload: &Value, suffix: &str) -> Value {
    client.publish(0x00, topic, payload.to_string().as_bytes()).await;
    json_on(client, &format!("{topic}/{suffix}")).await
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

fn registration(token: &str, serial: &str) -> Value {
    json!({ "certificateOwnershipToken": token, "parameters": { "SerialNumber": serial } })
}

#[tokio::test]
async fn a_claim_becomes_a_thing_with_a_certificate_of_its_own() {
    within(async {
        let (aws, mut client) = claimant().await;
        // Nothing at all is a request, too.
        client.publish(0x00, CREATE, b"").await;
        let created = json_on(&mut client, &format!("{CREATE}/accepted")).await;
        let id = text(&created, "certificateId").to_owned();
        assert_eq!(aws.certificate_status(&id), Some(CertificateStatus::Inactive));
        let certificate = X509::from_pem(text(&created, "certificatePem").as_bytes()).unwrap();
        let authority = X509::from_pem(AUTHORITY.certificate_pem().as_bytes()).unwrap();
        assert!(certificate.verify(&authority.public_key().unwrap()).unwrap());
        assert_eq!(certificate.not_after().to_string(), "Dec 31 23:59:59 2049 GMT");
        let digest = certificate.digest(MessageDigest::sha256()).unwrap();
        assert_eq!(id, digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let key = text(&created, "privateKey");
        assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
        let private = PKey::private_key_from_pem(key.as_bytes()).unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&private));

        let token = text(&created, "certificateOwnershipToken");
        let registered = ask(&mut client, REGISTER, &registration(token, "17"), "accepted").await;
        let expected = json!({
            "thingName": "meter-17", "deviceConfiguration": { "url": "https://files.test" }
        });
        assert_eq!(registered, expected);
        assert_eq!(aws.certificate_status(&id), Some(CertificateStatus::Active));
        assert_eq!(aws.thing(&id).as_deref(), Some("meter-17"));

        // The new certificate connects as its thing, and as nothing else.
        let own = Client::new(&AUTHORITY, "aws.test").identity_pem(text(&created, "certificatePem"), key);
        Mqtt::connected(own.connect(aws.addr()).await.unwrap(), "meter-17").await;
        let mut other = Mqtt::connect(own.connect(aws.addr()).await.unwrap(), "meter-18", None).await;
        is_closed(&mut other).await;
        // A token is good once.
        let again = ask(&mut client, REGISTER, &registration(token, "17"), "rejected").await;
        assert_eq!(again["errorCode"], "InvalidCertificateOwnershipToken");
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_signing_request_gets_a_certificate_and_no_key() {
    within(async {
        let (aws, mut client) = claimant().await;
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "mine").unwrap();
        let mut request = X509Req::builder().unwrap();
        request.set_subject_name(&name.build()).unwrap();
        request.set_pubkey(&key).unwrap();
        request.sign(&key, MessageDigest::sha256()).unwrap();
        let pem = String::from_utf8(request.build().to_pem().unwrap()).unwrap();
        let payload = json!({ "certificateSigningRequest": pem });
        let created = ask(&mut client, FROM_REQUEST, &payload, "accepted").await;
        assert_eq!(created.get("privateKey"), None);
        let certificate = X509::from_pem(text(&created, "certificatePem").as_bytes()).unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&key));
        let token = text(&created, "certificateOwnershipToken");
        ask(&mut client, REGISTER, &registration(token, "18"), "accepted").await;
        let key = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        let own = Client::new(&AUTHORITY, "aws.test").identity_pem(text(&created, "certificatePem"), &key);
        Mqtt::connected(own.connect(aws.addr()).await.unwrap(), "meter-18").await;

        for payload in [json!({}), json!({ "certificateSigningRequest": "nothing" })] {
            let rejected = ask(&mut client, FROM_REQUEST, &payload, "rejected").await;
            assert_eq!(rejected["statusCode"], 400);
            assert_eq!(rejected["errorCode"], "InvalidCertificateSigningRequest");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_rejected_with_its_code() {
    within(async {
        let (aws, mut client) = claimant().await;
        let created = ask(&mut client, CREATE, &json!({}), "accepted").await;
        let token = text(&created, "certificateOwnershipToken");
        for (payload, status, code) in [
            (json!([]), 400, "InvalidJson"),
            (json!({ "parameters": { "SerialNumber": "17" } }), 400, "InvalidParameters"),
            (json!({ "certificateOwnershipToken": token }), 400, "InvalidParameters"),
            (
                json!({ "certificateOwnershipToken": token, "parameters": { "SerialNumber": 17 } }),
                400,
                "InvalidParameters",
            ),
            (registration(token, "19"), 403, "AccessDenied"),
            (registration("other", "17"), 400, "InvalidCertificateOwnershipToken"),
        ] {
            let rejected = ask(&mut client, REGISTER, &payload, "rejected").await;
            assert_eq!(
                (&rejected["statusCode"], &rejected["errorCode"]),
                (&json!(status), &json!(code)),
                "{payload}"
            );
            assert!(rejected["errorMessage"].is_string());
        }
        aws.advance(Duration::from_secs(60 * 60));
        let rejected = ask(&mut client, REGISTER, &registration(token, "17"), "rejected").await;
        assert_eq!(rejected["errorCode"], "InvalidCertificateOwnershipToken");

        client.publish(0x00, CREATE, b"{").await;
        let rejected = json_on(&mut client, &format!("{CREATE}/rejected")).await;
        assert_eq!(rejected["errorCode"], "InvalidJson");
        let cbor = "$aws/certificates/create/cbor";
        client.subscribe(&format!("{cbor}/rejected"), 0).await;
        let rejected = ask(&mut client, cbor, &json!({}), "rejected").await;
        assert_eq!(
            (&rejected["statusCode"], &rejected["errorCode"]),
            (&json!(415), &json!("UnsupportedFormat"))
        );
        // A claim is good for its own template alone.
        client.publish(0x00, "$aws/provisioning-templates/other/provision/json", b"{}").await;
        is_closed(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_template_that_is_not_there_is_rejected() {
    within(async {
        let aws = started(options()).await;
        let mut client = Device::new(&aws, "claim", Policy::claim("fleet")).connected(&aws, "new").await;
        client.subscribe(&format!("{REGISTER}/rejected"), 1).await;
        let rejected = ask(&mut client, REGISTER, &registration("any", "17"), "rejected").await;
        assert_eq!(
            (&rejected["statusCode"], &rejected["errorCode"]),
            (&json!(404), &json!("ResourceNotFound"))
        );
    })
    .await;
}
