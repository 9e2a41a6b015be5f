//! A virtual module on line, and the SDK connected to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Settings;
use telit_simulator::{Platform, VirtualModule};
use tempfile::TempDir;

use crate::rig::recorder;

/// What the SDK and the module said to each other is shown when the test fails.
pub(super) struct Device {
    pub(super) modem: Modem,
    _module: VirtualModule,
    transcript: PathBuf,
    _folder: TempDir,
}

impl Device {
    /// Servers by the name and port that the virtual network calls them, and their real ports on loopback.
    pub(super) async fn online(servers: &[(&str, u16, u16)]) -> Self {
        Self::open(Platform::P37, servers, Settings::default()).await
    }

    /// The same with a module of this platform, and no pauses between commands: for those who send thousands.
    pub(super) async fn online_in_haste(platform: Platform, servers: &[(&str, u16, u16)]) -> Self {
        let mut settings = Settings::default();
        settings.pause = Duration::ZERO;
        Self::open(platform, servers, settings).await
    }

    async fn open(platform: Platform, servers: &[(&str, u16, u16)], settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let transcript = folder.path().join("transcript");
        let mut builder = VirtualModule::builder(platform);
        for (host, port, real) in servers {
            builder = builder.resolve(*host, *port, SocketAddr::from((Ipv4Addr::LOCALHOST, *real)));
        }
        let module = builder.build().expect("the module starts");
        let opening = Modem::builder().apn("iot.test").settings(settings).recorder(recorder(&transcript));
        let modem = opening.open(module.attach_duplex()).await.expect("the module answers");
        modem.bring_up().await.expect("the module comes on line");
        Self { modem, _module: module, transcript, _folder: folder }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let transcript = std::fs::read_to_string(&self.transcript).unwrap_or_default();
            println!("--- transcript\n{transcript}");
        }
    }
}
