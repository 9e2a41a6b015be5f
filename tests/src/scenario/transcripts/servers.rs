//! What the jobs talk to.

use std::net::SocketAddr;
use std::time::SystemTime;

use telit_core::Modem;
use telit_core::tls::{CaCertificate, CipherPolicy, Identity, TlsOptions};
use telit_simulator::servers::{
    Authority, Broker, BrokerOptions, CertificateRequest, Front, FrontOptions, FtpsServer, Issued, KeyKind,
    RestOptions, RestServer,
};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::copy;
use tokio::net::TcpListener;

use super::jobs::Job;

pub(super) const BROKER: &str = "broker.test";
pub(super) const REST: &str = "rest.test";
pub(super) const FILES: &str = "files.test";
pub(super) const ECHO: &str = "echo.test";
pub(super) const USER: &str = "device";
pub(super) const PASSWORD: &str = "let-me-in";
pub(super) const CONTENT: &[u8] = b"the content of file.txt";

/// Servers that also speak what old platforms do.
pub(super) struct Servers {
    authority: Authority,
    client: Issued,
    pub(super) broker: Broker,
    rest: RestServer,
    files: FtpsServer,
    echo: Front,
}

impl Servers {
    pub(super) async fn start() -> Self {
        let authority = Authority::new().expect("an authority");
        let names = CertificateRequest::server(BROKER).dns_name(REST).dns_name(FILES).dns_name(ECHO);
        let server = authority.issue(&names).expect("a certificate");
        // Small enough for platform 10.
        let client = CertificateRequest::client("device").key(KeyKind::Rsa(1024));
        let client = authority.issue(&client).expect("a certificate");
        let front = FrontOptions::new(&server).danger_accept_everything();
        let broker = BrokerOptions::with_front(front.clone().require_client_certificate(&authority));
        let files = telit_simulator::servers::FtpsOptions::new(&server).user(USER, PASSWORD);
        let files = FtpsServer::start(&files).await.expect("the file server starts");
        files.put_file("file.txt", CONTENT).expect("the folder is writable");
        Self {
            broker: Broker::start(&broker).await.expect("the broker starts"),
            rest: RestServer::start(&RestOptions::with_front(front.clone())).await.expect("it starts"),
            echo: Front::start(&front, echo().await).await.expect("the front starts"),
            files,
            authority,
            client,
        }
    }

    pub(super) fn module(&self, platform: Platform) -> VirtualModule {
        VirtualModule::builder(platform)
            .clock(SystemTime::now())
            .resolve(BROKER, 8883, self.broker.addr())
            .resolve(REST, 443, self.rest.addr())
            .resolve(FILES, 21, self.files.addr())
            .resolve(ECHO, 7777, self.echo.addr())
            .build()
            .expect("the platform can be simulated")
    }

    pub(super) fn identity(&self) -> Identity {
        let (certificate, key) = (self.client.certificate_pem(), self.client.key_pem());
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("they fit")
    }

    pub(super) fn ca(&self) -> CaCertificate {
        CaCertificate::from_pem(self.authority.certificate_pem().as_bytes()).expect("it is a CA certificate")
    }

    /// From the best to what an old platform can do: the first that is not refused is taken. The file server takes
    /// no suite that only [`CipherPolicy::Compatible`] adds.
    pub(super) fn tls(&self, modem: &Modem, job: Job) -> Vec<TlsOptions> {
        let builder = TlsOptions::builder().ca(self.ca()).identity(self.identity());
        let can = &modem.profile().tls;
        let builder = if can.checks_host_name() { builder } else { builder.danger_skip_host_check() };
        let builder = if can.sends_server_name() { builder } else { builder.without_server_name() };
        let compatible = (!matches!(job, Job::FtpsGet)).then_some(CipherPolicy::Compatible);
        let compatible = compatible.map(|policy| builder.clone().cipher_policy(policy));
        let best = builder.clone();
        let builders = [best].into_iter().chain(compatible).chain([builder.danger_platform_default_suites()]);
        builders.map(|builder| builder.build().expect("they fit together")).collect()
    }
}

/// A plain server that sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                copy(&mut from, &mut to).await
            });
        }
    });
    address
}
