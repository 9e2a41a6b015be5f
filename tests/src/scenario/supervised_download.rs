//! A download that outlives a restarted module, a pulled port and a lost network.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_core::at::Settings;
use telit_core::driver::BoxedStream;
use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use telit_core::supervisor::{Supervisor, SupervisorEvent, SupervisorEvents, SupervisorOptions};
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_core::{Backoff, Modem};
use telit_ftps::{DownloadReport, FtpsClient, FtpsOptions, Retry, Retrying, Sha256Digest, TransferMode};
use telit_simulator::servers::{TestServers, pattern};
use telit_simulator::{Platform, VirtualModule};

use crate::rig::module_for;

const NAME: &str = "firmware.bin";
const SIZE: usize = 300_000;
/// What happens behind so many bytes.
const CUTS: [u64; 3] = [40_000, 120_000, 250_000];
/// Bits a second: the whole file takes a second and a half.
const RATE: u32 = 2_000_000;

/// Longer than a busy machine stands still.
const STALL: Duration = Duration::from_secs(4);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Reboot,
    Unplug,
    Network,
}

struct Bench {
    servers: TestServers,
    module: Arc<VirtualModule>,
    supervisor: Supervisor,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn start() -> Self {
        let servers = TestServers::start().await.expect("the servers start");
        servers.ftps().put_file(NAME, pattern(SIZE)).expect("it is stored");
        let module = module_for(Platform::P37, &servers, servers.ftps().addr());
        let module = module.baud(Some(RATE)).start_up(Duration::from_millis(300)).build();
        let module = Arc::new(module.expect("it starts"));
        let plugs = Arc::clone(&module);
        let port = move || {
            let stream: BoxedStream = Box::pin(plugs.attach_duplex());
            std::future::ready(Ok(stream))
        };
        let mut settings = Settings::default();
        settings.escape_wait = Duration::from_millis(500);
        let builder = Modem::builder().apn("iot.test").settings(settings);
        let options = SupervisorOptions::default()
            .heartbeat(Some(Duration::from_millis(200)))
            .backoff(Backoff::new(Duration::from_millis(20), Duration::from_millis(100)));
        let supervisor = Supervisor::start(builder, port, options).await.expect("it comes on line");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { servers, module, supervisor, folder }
    }

    fn options(&self) -> FtpsOptions {
        let ca = CaCertificate::from_pem(self.servers.authority().certificate_pem().as_bytes());
        let tls = TlsOptions::builder().ca(ca.expect("it is one")).build().expect("they fit");
        FtpsOptions::new(TestServers::FILES_NAME, TestServers::FTP_USER, TestServers::FTP_PASSWORD, tls)
            .stall_timeout(STALL)
    }

    async fn connect(&self) -> FtpsClient {
        FtpsClient::connect(self.supervisor.modem(), self.options()).await.expect("it logs in")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("fw.bin")
    }

    /// Does it, and mends what does not mend itself a moment later.
    fn cut(&self, cut: Cut) {
        match cut {
            Cut::Reboot => self.module.reboot(),
            Cut::Unplug => self.module.unplug(),
            Cut::Network => {
                self.module.set_network(false);
                let module = Arc::clone(&self.module);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    module.set_network(true);
                });
            }
        }
    }

    /// Downloads the file with these cuts, and gives what was told.
    async fn download(&self, mode: TransferMode, cuts: &[(u64, Cut)]) -> (DownloadReport, Vec<Retrying>) {
        let mut client = self.connect().await;
        let image = pattern(SIZE);
        let hash = Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(&image)));
        let mut left = cuts.iter().peekable();
        let mut retries = Vec::new();
        let backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(200));
        let retry = Retry::default().max_attempts(50).backoff(backoff);
        let download = client.download_to_file(NAME, self.target()).mode(mode).sha256(hash).retry(retry);
        let download = download.progress(|progress| {
            if let Some((_, cut)) = left.next_if(|(at, _)| *at <= progress.bytes) {
                self.cut(*cut);
            }
        });
        let report = download.on_retry(|retrying| retries.push(retrying.clone())).await.expect("it arrives");
        assert_eq!(left.next(), None, "it was too fast for a cut");
        assert_eq!((report.bytes, report.sha256, report.resumed_from), (SIZE as u64, hash, 0));
        assert!(std::fs::read(self.target()).expect("it is there") == image);
        client.close().await.expect("it closes");
        assert_eq!(self.supervisor.modem().tls_holder(), None);
        (report, retries)
    }

    /// Not one byte that was safe on the disk was downloaded again, and what was told is true.
    fn check(&self, report: &DownloadReport, retries: &[Retrying], cuts: &[(u64, Cut)]) {
        assert_eq!(report.attempts as usize, retries.len() + 1);
        assert!(retries.len() >= cuts.len(), "{retries:#?}");
        let attempts: Vec<_> = retries.iter().map(|retrying| retrying.attempt).collect();
        assert_eq!(attempts, (2..=report.attempts).collect::<Vec<_>>());
        let mut stops: Vec<_> = retries.iter().map(|retrying| retrying.bytes).collect();
        stops.dedup();
        assert!(stops.len() >= cuts.len(), "each cut stops it: {retries:#?}");
        let mut behind = stops.iter();
        for (at, cut) in cuts {
            assert!(behind.any(|stop| stop >= at), "{cut:?} at {at}: {retries:#?}");
        }
        let mut begun: Vec<_> =
            self.servers.ftps().transfers().iter().map(|transfer| transfer.offset).collect();
        begun.dedup();
        assert_eq!(begun, [&[0], &stops[..]].concat(), "where the server was asked to begin");
    }
}

/// The changes of the FTP service, and how often the module was recovered, until the service is back so many times.
async fn told(events: &mut SupervisorEvents, cuts: usize) -> usize {
    let (mut back, mut recovered) = (0, 0);
    while back < cuts {
        match events.next().await.expect("the supervisor runs") {
            SupervisorEvent::Service(event) => {
                assert_eq!(event.service, Service::Ftp);
                match event.change {
                    ServiceChange::Resumed { .. } => back += 1,
                    ServiceChange::Lost { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            SupervisorEvent::Recovered { .. } => recovered += 1,
            SupervisorEvent::GaveUp { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }
    recovered
}

async fn survives(mode: TransferMode, cut: Cut) {
    let bench = Bench::start().await;
    let mut events = bench.supervisor.events();
    let cuts = CUTS.map(|at| (at, cut));
    let (report, retries) = bench.download(mode, &cuts).await;
    bench.check(&report, &retries, &cuts);
    if cut == Cut::Reboot {
        let named = retries.iter().filter(|retrying| retrying.because.is_module_restart()).count();
        assert!(named >= cuts.len(), "every restart is called one: {retries:#?}");
    }
    assert!(told(&mut events, cuts.len()).await >= cuts.len(), "each time the module is recovered");
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_of_the_module() {
    survives(TransferMode::Online, Cut::Reboot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pulled_ports() {
    survives(TransferMode::Online, Cut::Unplug).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pulled_ports_in_command_mode() {
    survives(TransferMode::Command, Cut::Unplug).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_lost() {
    survives(TransferMode::Online, Cut::Network).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_in_one_download() {
    let bench = Bench::start().await;
    let cuts = [(40_000, Cut::Network), (120_000, Cut::Unplug), (250_000, Cut::Reboot)];
    let (report, retries) = bench.download(TransferMode::Auto, &cuts).await;
    bench.check(&report, &retries, &cuts);
}

/// The same client goes on too; it is in the same directory.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_a_restart_and_a_pulled_port() {
    let bench = Bench::start().await;
    bench.servers.ftps().put_file("images/new.bin", b"new").expect("it is stored");
    let mut client = bench.connect().await;
    client.cwd("images").await.expect("it is there");
    for cut in [Cut::Reboot, Cut::Unplug] {
        let mut health = bench.supervisor.modem().health();
        let before = health.now();
        bench.cut(cut);
        health.lost(before).await;
        health.up().await.expect("it comes back");
        assert_eq!(client.size("new.bin").await.expect("the session is open again"), 3, "{cut:?}");
    }
    client.close().await.expect("it closes");
}
