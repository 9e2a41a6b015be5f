//! AWS IoT over the virtual module, in virtual time: the broker in memory and behind it the services, as the
//! documentation of AWS describes them.

pub(crate) mod cloud;
mod connecting;
mod jobs;
mod provisioning;
mod shadow;

use std::time::Duration;

use telit_core::Modem;
use telit_core::tls::Identity;
use telit_mqtt::aws::AwsIot;
use telit_mqtt::{Event, MqttClient};
use telit_simulator::peers::Peers;
use telit_simulator::servers::{Authority, CertificateRequest, Issued};
use telit_simulator::{Platform, VirtualModule};

use cloud::Cloud;

pub(crate) const ENDPOINT: &str = "a1-ats.iot.eu-central-1.amazonaws.com";
pub(crate) const THING: &str = "thing-1";

struct World {
    peers: Peers,
    cloud: Cloud,
    /// It ends when it is dropped.
    _module: VirtualModule,
    modem: Modem,
}

impl World {
    async fn start() -> Self {
        Self::start_on(Platform::P37).await
    }

    async fn start_on(platform: Platform) -> Self {
        let peers = Peers::new();
        let cloud = Cloud::start(peers.broker(ENDPOINT, 8883));
        let module = VirtualModule::builder(platform).peers(&peers).build().expect("the module starts");
        let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await.expect("it answers");
        modem.bring_up().await.expect("it comes on line");
        Self { peers, cloud, _module: module, modem }
    }

    async fn connect(&self) -> MqttClient {
        aws().connect(&self.modem).await.expect("it connects")
    }

    /// Breaks the connection of the thing; the client notices, and waits until it is back.
    async fn break_connection(&self, client: &MqttClient) {
        let mut events = client.events();
        assert!(self.cloud.broker.reset(THING));
        let back = async {
            while !matches!(events.next().await.expect("the client goes on"), Event::Resumed { .. }) {}
        };
        within(back).await;
    }
}

fn aws() -> AwsIot {
    AwsIot::new(ENDPOINT, THING, identity("thing")).expect("it is an endpoint")
}

pub(crate) fn identity(name: &str) -> Identity {
    let issued = issued(name);
    Identity::from_pem(issued.certificate_pem().as_bytes(), issued.key_pem().as_bytes()).expect("they fit")
}

pub(crate) fn issued(name: &str) -> Issued {
    use std::sync::OnceLock;
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    let authority = AUTHORITY.get_or_init(|| Authority::new().expect("an authority can be made"));
    authority.issue(&CertificateRequest::client(name)).expect("it is issued")
}

/// What takes longer never comes.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3600), work).await.expect("it comes to an end")
}
