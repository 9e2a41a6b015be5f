//! What stands behind the doors.

use std::sync::Arc;
use std::time::SystemTime;

use telit_simulator::servers::{
    Broker, BrokerOptions, CertificateRequest, FrontOptions, FtpsOptions, FtpsServer, RestOptions, RestServer,
};
use telit_simulator::{Platform, VirtualModule};

use super::planted::{FTP, MQTT, Planted};

pub(super) const BROKER: &str = "broker.test";
pub(super) const REST: &str = "rest.test";
pub(super) const FILES: &str = "files.test";
pub(super) const USER: &str = "device";

/// Servers that want the planted secrets, and speak what old platforms do.
pub(super) struct Servers {
    pub(super) planted: Planted,
    broker: Broker,
    rest: RestServer,
    files: FtpsServer,
}

impl Servers {
    pub(super) async fn start(planted: Planted) -> Self {
        let authority = &planted.authority;
        let server = CertificateRequest::server(BROKER).dns_name(REST).dns_name(FILES);
        let server = authority.issue(&server).expect("a certificate");
        let front = FrontOptions::new(&server).danger_accept_everything();
        let front = front.require_client_certificate(authority);
        let broker = BrokerOptions::with_front(front.clone()).user(USER, MQTT);
        let files = FtpsOptions::new(&server).user(USER, FTP);
        let files = FtpsServer::start(&files).await.expect("the file server starts");
        files.put_file("file.txt", b"content").expect("the folder is writable");
        Self {
            broker: Broker::start(&broker).await.expect("the broker starts"),
            rest: RestServer::start(&RestOptions::with_front(front)).await.expect("the server starts"),
            files,
            planted,
        }
    }
}

/// A module that finds the servers.
pub(super) struct Bench {
    pub(super) servers: Arc<Servers>,
    pub(super) module: VirtualModule,
}

impl Bench {
    pub(super) fn start(platform: Platform, servers: Arc<Servers>, faults: &[&str]) -> Self {
        let mut builder = VirtualModule::builder(platform)
            .clock(SystemTime::now())
            .resolve(BROKER, 8883, servers.broker.addr())
            .resolve(REST, 443, servers.rest.addr())
            .resolve(FILES, 21, servers.files.addr());
        for fault in faults {
            builder = builder.fault(fault.parse().expect("it is a fault"));
        }
        Self { servers, module: builder.build().expect("the platform can be simulated") }
    }
}
