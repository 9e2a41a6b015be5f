//! A virtual module on line, and the SDK connected to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::supervisor::Supervisor;
use telit_simulator::{Builder, Platform, VirtualModule};
use tempfile::TempDir;

use crate::rig::{in_haste, recorder, supervise};

/// What the SDK and the module said to each other is shown when the test fails.
pub(super) struct Device {
    pub(super) modem: Modem,
    pub(super) module: Arc<VirtualModule>,
    _supervisor: Option<Supervisor>,
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
        Self::open(platform, servers, in_haste()).await
    }

    /// The same under supervision and in haste, with a module that starts quickly.
    pub(super) async fn supervised(servers: &[(&str, u16, u16)]) -> Self {
        let builder = builder(Platform::P37, servers).start_up(Duration::from_millis(100));
        let module = Arc::new(builder.build().expect("the module starts"));
        let (folder, transcript) = transcript();
        let opening = Modem::builder().settings(in_haste()).recorder(recorder(&transcript));
        let supervisor = supervise(&module, opening).await;
        let modem = supervisor.modem().clone();
        Self { modem, module, _supervisor: Some(supervisor), transcript, _folder: folder }
    }

    async fn open(platform: Platform, servers: &[(&str, u16, u16)], settings: Settings) -> Self {
        let module = Arc::new(builder(platform, servers).build().expect("the module starts"));
        let (folder, transcript) = transcript();
        let opening = Modem::builder().apn("iot.test").settings(settings).recorder(recorder(&transcript));
        let modem = opening.open(module.attach_duplex()).await.expect("the module answers");
        modem.bring_up().await.expect("the module comes on line");
        Self { modem, module, _supervisor: None, transcript, _folder: folder }
    }
}

fn builder(platform: Platform, servers: &[(&str, u16, u16)]) -> Builder {
    servers.iter().fold(VirtualModule::builder(platform), |builder, (host, port, real)| {
        builder.resolve(*host, *port, SocketAddr::from((Ipv4Addr::LOCALHOST, *real)))
    })
}

fn transcript() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let transcript = folder.path().join("transcript");
    (folder, transcript)
}

impl Drop for Device {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let transcript = std::fs::read_to_string(&self.transcript).unwrap_or_default();
            println!("--- transcript\n{transcript}");
        }
    }
}
