//! What a transcript is played on: a virtual module, and the server that it talks to.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use telit_simulator::servers::{
    Authority, Broker, BrokerOptions, CertificateRequest, Front, FrontOptions, FtpsOptions, FtpsServer,
    Issued, KeyKind,
};
use telit_simulator::{Platform, VirtualModule};
use telit_transcript::Fixtures;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;

use super::Header;
use super::header::{Server, ServerKind};

/// The address in the guide's examples of sockets.
const GUIDE_ADDRESS: Ipv4Addr = Ipv4Addr::new(123, 124, 125, 126);
pub(super) const USER: &str = "device";
pub(super) const PASSWORD: &str = "let-me-in";
/// What lies on the file server.
const FILE: &str = "file.txt";
/// What a scripted server sends where its content does not matter, as the guide's `<300 bytes>`.
const ANSWER: usize = 400;

pub(crate) struct Stage {
    pub(super) module: VirtualModule,
    pub(super) fixtures: Fixtures,
    pub(super) server: Option<Backend>,
}

/// The server behind the module; dropping it ends it.
pub(super) enum Backend {
    Scripted(Script),
    Mqtt { _broker: Broker },
    Ftps { _server: FtpsServer },
}

/// A server that does what the transcript says, behind TLS of any version and suite.
pub(super) struct Script {
    pub(super) listener: TcpListener,
    pub(super) connection: Option<TcpStream>,
    _front: Front,
}

impl Stage {
    /// Starts the server that the header names, and a module of this platform that finds it. The module's clock is
    /// right.
    pub(crate) async fn set(platform: Platform, header: &Header) -> Self {
        let keys = Keys::get().await;
        let mut fixtures = keys.fixtures();
        fixtures.insert("cid".to_owned(), internet(platform).to_string().into_bytes());
        let mut builder = VirtualModule::builder(platform).clock(SystemTime::now());
        let mut backend = None;
        if let Some(server) = &header.server {
            fixtures.insert("host".to_owned(), server.host.clone().into_bytes());
            fixtures.insert("port".to_owned(), server.port.to_string().into_bytes());
            let (started, address) = Backend::start(server, keys, &fixtures).await;
            builder = builder.resolve(server.host.as_str(), server.port, address);
            backend = Some(started);
        }
        let module = builder.build().expect("the platform can be simulated");
        Self { module, fixtures, server: backend }
    }
}

/// The context of the Internet. That of an LE866-SV1 is the third: IPE28 p39.
fn internet(platform: Platform) -> u8 {
    if platform == Platform::P23 { 3 } else { 1 }
}

impl Backend {
    async fn start(server: &Server, keys: &Keys, fixtures: &Fixtures) -> (Self, SocketAddr) {
        match server.kind {
            ServerKind::Scripted => Self::script(keys).await,
            ServerKind::Mqtt => {
                let front = keys.front().require_client_certificate(&keys.authority);
                let broker =
                    Broker::start(&BrokerOptions::with_front(front)).await.expect("the broker starts");
                let address = broker.addr();
                (Self::Mqtt { _broker: broker }, address)
            }
            ServerKind::Ftps => {
                let options = FtpsOptions::new(&keys.server).user(USER, PASSWORD);
                let server = FtpsServer::start(&options).await.expect("the file server starts");
                server.put_file(FILE, &fixtures["file"]).expect("the folder is writable");
                let address = server.addr();
                (Self::Ftps { _server: server }, address)
            }
        }
    }

    async fn script(keys: &Keys) -> (Self, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let plain = listener.local_addr().expect("it is bound");
        let front = Front::start(&keys.front(), plain).await.expect("the TLS front starts");
        let address = front.addr();
        (Self::Scripted(Script { listener, connection: None, _front: front }), address)
    }
}

/// One authority, one server certificate and one client certificate for all transcripts.
struct Keys {
    authority: Authority,
    server: Issued,
    client: Issued,
}

impl Keys {
    async fn get() -> &'static Self {
        static KEYS: OnceCell<Keys> = OnceCell::const_new();
        let generated = || async { tokio::task::spawn_blocking(Self::generate).await.expect("it ends") };
        KEYS.get_or_init(generated).await
    }

    fn generate() -> Self {
        let authority = Authority::new().expect("an authority");
        let server = CertificateRequest::server("www.server.test")
            .dns_name("broker.test")
            .dns_name("files.test")
            .address(GUIDE_ADDRESS);
        let server = authority.issue(&server).expect("a certificate");
        // Small enough for ID 10, which takes 1535 bytes. Source: SSL guide 6.5.
        let client = CertificateRequest::client("module").key(KeyKind::Rsa(1024));
        let client = authority.issue(&client).expect("a certificate");
        Self { authority, server, client }
    }

    /// Old platforms have nothing but old suites.
    fn front(&self) -> FrontOptions {
        FrontOptions::new(&self.server).danger_accept_everything()
    }

    fn fixtures(&self) -> Fixtures {
        let ca = self.authority.certificate_pem();
        let (certificate, key) = (self.client.certificate_pem(), self.client.key_pem());
        let text = |text: &str| text.as_bytes().to_vec();
        [
            ("ca", text(&ca)),
            ("ca-der", der(&ca)),
            ("client-certificate", text(certificate)),
            ("client-certificate-der", der(certificate)),
            ("client-key", text(key)),
            ("client-key-der", der(key)),
            ("user", text(USER)),
            ("password", text(PASSWORD)),
            ("file", text("The content of file.txt,\r\nOK\r\nand its end.\n")),
            ("answer", (0..ANSWER).map(|index| b"0123456789abcdef"[index % 16]).collect()),
        ]
        .map(|(name, content)| (name.to_owned(), content))
        .into()
    }
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(base64).expect("PEM is base64")
}
