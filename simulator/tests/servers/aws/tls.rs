use telit_simulator::servers::aws::{AwsIotOptions, CertificateStatus, Policy};
use telit_simulator::servers::{Authority, CertificateRequest, KeyKind};

use super::super::client::{Client, read_all, within};
use super::super::mqtt::Mqtt;
use super::{AUTHORITY, Device, SERVER, certificate, options, started};

/// Whether a client comes as far as CONNACK.
async fn comes_through(client: &Client, aws: &telit_simulator::servers::aws::AwsIot) -> bool {
    let Ok(stream) = client.connect(aws.addr()).await else { return false };
    let mut mqtt = Mqtt::connect(stream, "any", None).await;
    // With TLS 1.3 a client learns of the verdict when it reads.
    read_all_of_connack(&mut mqtt).await == b"\x20\x02\x00\x00"
}

async fn read_all_of_connack(mqtt: &mut Mqtt<super::Secured>) -> Vec<u8> {
    mqtt.write(0xE0, b"").await;
    read_all(&mut mqtt.stream).await
}

#[tokio::test]
async fn only_certificates_that_are_registered_and_active_come_through() {
    within(async {
        let aws = started(options()).await;
        let unregistered = Client::new(&AUTHORITY, "aws.test").identity(&certificate("unknown"));
        assert!(!comes_through(&unregistered, &aws).await);
        assert!(!comes_through(&Client::new(&AUTHORITY, "aws.test"), &aws).await);

        let device = Device::new(&aws, "device", Policy::everything());
        assert!(comes_through(&device.client, &aws).await);
        for status in [CertificateStatus::Inactive, CertificateStatus::Revoked] {
            assert!(aws.set_certificate_status(&device.certificate_id, status));
            assert!(!comes_through(&device.client, &aws).await);
        }
        assert!(aws.set_certificate_status(&device.certificate_id, CertificateStatus::Active));
        assert!(comes_through(&device.client, &aws).await);
        assert!(!aws.set_certificate_status("unknown", CertificateStatus::Active));
    })
    .await;
}

#[tokio::test]
async fn a_registered_certificate_may_be_of_any_authority_but_not_expired() {
    within(async {
        let aws = started(options()).await;
        let request = || CertificateRequest::client("device").key(KeyKind::P256);
        let other = Authority::new().unwrap().issue(&request()).unwrap();
        let own = request().self_signed().unwrap();
        let expired = AUTHORITY.issue(&request().expired()).unwrap();
        for (issued, expected) in [(other, true), (own, true), (expired, false)] {
            aws.register_certificate(issued.certificate_pem(), Policy::everything()).unwrap();
            let client = Client::new(&AUTHORITY, "aws.test").identity(&issued);
            assert_eq!(comes_through(&client, &aws).await, expected);
        }
        assert!(aws.register_certificate("nothing", Policy::everything()).is_err());
    })
    .await;
}

#[tokio::test]
async fn the_server_name_matters_where_it_is_required() {
    within(async {
        let aws = started(options().require_server_name("aws.test")).await;
        let device = Device::new(&aws, "device", Policy::everything());
        assert!(comes_through(&device.client, &aws).await);
        let issued = certificate("other");
        aws.register_certificate(issued.certificate_pem(), Policy::everything()).unwrap();
        let misnamed = Client::new(&AUTHORITY, "localhost").identity(&issued);
        assert!(misnamed.connect(aws.addr()).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_suites_are_those_of_aws() {
    within(async {
        let aws = started(AwsIotOptions::new(&SERVER, &AUTHORITY)).await;
        let device = Device::new(&aws, "device", Policy::everything());
        let version = openssl::ssl::SslVersion::TLS1_2;
        for (suite, expected) in [
            ("AES128-SHA", true),
            ("ECDHE-RSA-AES128-GCM-SHA256", true),
            ("DHE-RSA-AES128-GCM-SHA256", false),
        ] {
            let client = device.client.clone().version(version).cipher_list(suite);
            assert_eq!(client.connect(aws.addr()).await.is_ok(), expected, "{suite}");
        }
    })
    .await;
}
