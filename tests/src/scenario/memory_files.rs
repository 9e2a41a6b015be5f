//! A file server in memory, and a module on line that finds it: to be used in virtual time.

use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_simulator::peers::{FtpServer, Peers};
use telit_simulator::{Builder, Platform, VirtualModule};

const HOST: &str = "files.test";
const USER: &str = "device";
const PASSWORD: &str = "let-me-in";

pub(super) struct MemoryFiles {
    pub(super) server: FtpServer,
    _module: VirtualModule,
    pub(super) modem: Modem,
}

impl MemoryFiles {
    /// With a module of one's own making.
    pub(super) async fn start(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let peers = Peers::new();
        let server = peers.ftp(HOST, 21);
        server.add_user(USER, PASSWORD);
        let module = configure(VirtualModule::builder(Platform::P37).peers(&peers));
        let module = module.build().expect("the module starts");
        let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await.expect("it answers");
        modem.bring_up().await.expect("it comes on line");
        Self { server, _module: module, modem }
    }

    pub(super) async fn connect(&self) -> FtpsClient {
        // Peers in memory have no certificates.
        let tls = TlsOptions::builder().danger_skip_verification().build().expect("they fit");
        let options = FtpsOptions::new(HOST, USER, PASSWORD, tls);
        FtpsClient::connect(&self.modem, options).await.expect("it logs in")
    }
}
