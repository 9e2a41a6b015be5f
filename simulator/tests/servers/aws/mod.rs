//! AWS IoT Core against clients by hand, and against one that nobody here wrote.

mod ingest;
mod jobs;
mod provisioning;
mod retained;
mod rules;
mod rumqttc;
mod sessions;
mod shadow;
mod tls;

use std::sync::LazyLock;

use serde_json::Value;
use telit_simulator::servers::aws::{AwsIot, AwsIotOptions, Lifecycle, Limits, Policy};
use telit_simulator::servers::{Authority, CertificateRequest, Issued, KeyKind};

use super::client::{Client, Secured, read_all};
use super::mqtt::{Mqtt, text};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().unwrap());
static SERVER: LazyLock<Issued> =
    LazyLock::new(|| AUTHORITY.issue(&CertificateRequest::server("aws.test").dns_name("localhost")).unwrap());

/// Limits that let a test come as often as it wants.
fn unhurried() -> Limits {
    let mut limits = Limits::default();
    limits.connects_per_second = None;
    limits
}

fn options() -> AwsIotOptions {
    AwsIotOptions::new(&SERVER, &AUTHORITY).limits(unhurried())
}

async fn started(options: AwsIotOptions) -> AwsIot {
    AwsIot::start(&options).await.unwrap()
}

/// A certificate that is quick to make, not yet registered.
fn certificate(name: &str) -> Issued {
    AUTHORITY.issue(&CertificateRequest::client(name).key(KeyKind::P256)).unwrap()
}

/// A registered device with a thing of its name.
struct Device {
    certificate_id: String,
    client: Client,
}

impl Device {
    fn new(aws: &AwsIot, thing: &str, policy: Policy) -> Self {
        let issued = certificate(thing);
        let certificate_id = aws.register_certificate(issued.certificate_pem(), policy).unwrap();
        assert!(aws.attach_thing(&certificate_id, thing));
        Self { certificate_id, client: Client::new(&AUTHORITY, "aws.test").identity(&issued) }
    }

    /// Connects under this client id.
    async fn connected(&self, aws: &AwsIot, id: &str) -> Mqtt<Secured> {
        Mqtt::connected(self.stream(aws).await, id).await
    }

    async fn stream(&self, aws: &AwsIot) -> Secured {
        self.client.connect(aws.addr()).await.unwrap()
    }
}

/// Everything allowed, and a client that is connected as `client`.
async fn connected(options: AwsIotOptions) -> (AwsIot, Mqtt<Secured>) {
    let aws = started(options).await;
    let client = Device::new(&aws, "client", Policy::everything()).connected(&aws, "client").await;
    (aws, client)
}

/// The next packet is a PUBLISH on this topic. Gives back its payload.
async fn message_on(client: &mut Mqtt<Secured>, topic: &str) -> Vec<u8> {
    let (header, body) = client.read().await;
    assert_eq!(header & 0xF0, 0x30, "PUBLISH");
    let (topic, length) = (text(topic), topic.len() + 2);
    assert_eq!(String::from_utf8_lossy(&body[..length.min(body.len())]), String::from_utf8_lossy(&topic));
    let rest = &body[length..];
    if header & 0x06 == 0 {
        return rest.to_vec();
    }
    client.write(0x40, &rest[..2]).await;
    rest[2..].to_vec()
}

async fn json_on(client: &mut Mqtt<Secured>, topic: &str) -> Value {
    serde_json::from_slice(&message_on(client, topic).await).unwrap()
}

/// Nothing more has come: the answer to a ping is next.
async fn is_quiet(client: &mut Mqtt<Secured>) {
    client.write(0xC0, b"").await;
    assert_eq!(client.read().await, (0xD0, vec![]), "PINGRESP and nothing before it");
}

/// The connection is closed without another word.
async fn is_closed(client: &mut Mqtt<Secured>) {
    assert_eq!(read_all(&mut client.stream).await, b"");
}

/// Why the last connection was closed or not made, by name and in words.
async fn last_detail(aws: &AwsIot, events: usize) -> (String, String) {
    let last = aws.wait_for_events(events).await.pop();
    let Some(
        Lifecycle::ConnectFailed { reason, detail, .. } | Lifecycle::Disconnected { reason, detail, .. },
    ) = last
    else {
        return Default::default();
    };
    (reason.name().to_owned(), detail)
}
