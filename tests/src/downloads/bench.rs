//! Servers, a module on a pseudo-terminal, and the folder that a process downloads to.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_simulator::servers::{Direction, TestServers, pattern};
use telit_simulator::{Platform, Pty, VirtualModule};

use super::cut::{Cut, plan};
use super::process::{CA, PORT, Process, REMOTE, TARGET, Told, Way};
use super::relay::Relay;
use crate::rig::{FTP, HTTPS};

/// Bits a second: fast, and slow enough for all cuts.
const RATE: u32 = 8_000_000;
/// What a killed process may have written without having recorded it: 64 KiB and a piece.
const UNRECORDED: u64 = 64 * 1024 + 16 * 1024;

pub(super) struct Bench {
    way: Way,
    size: usize,
    servers: TestServers,
    web: Relay,
    module: Arc<VirtualModule>,
    pty: Pty,
    folder: tempfile::TempDir,
    random: fastrand::Rng,
    seed: u64,
}

impl Bench {
    pub(super) async fn start(way: Way, size: usize) -> Self {
        let seed = env::var("TELIT_DOWNLOAD_SEED").map_or_else(
            |_| fastrand::u64(..1_000_000),
            |seed| seed.parse().expect("TELIT_DOWNLOAD_SEED is a number"),
        );
        println!("{way:?}, TELIT_DOWNLOAD_SEED={seed}");
        let servers = TestServers::start().await.expect("the servers start");
        match way {
            Way::Ftps => servers.ftps().put_file(REMOTE, pattern(size)).expect("it is stored"),
            _ => servers.rest().put_file(REMOTE, pattern(size)),
        }
        let web = Relay::start(servers.rest().addr()).await;
        let module = VirtualModule::builder(Platform::P37)
            .resolve(TestServers::FILES_NAME, FTP, servers.ftps().addr())
            .resolve(TestServers::REST_NAME, HTTPS, web.addr());
        let module = module.baud(Some(RATE)).start_up(Duration::from_millis(100)).build();
        let module = Arc::new(module.expect("it starts"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pty = module.attach_pty(Some(&folder.path().join(PORT))).expect("a pseudo-terminal");
        fs::write(folder.path().join(CA), servers.authority().certificate_pem()).expect("it is writable");
        Self { way, size, servers, web, module, pty, folder, random: fastrand::Rng::with_seed(seed), seed }
    }

    /// Downloads the file with so many cuts, and checks what arrived and what the server was asked for.
    pub(super) async fn download(mut self, cuts: usize, kinds: &[Cut]) {
        let plan = plan(self.size, cuts, kinds, &mut self.random);
        let mut left: VecDeque<_> = plan.iter().copied().collect();
        let mut stops = vec![0];
        while self.run(&mut left, &mut stops).await == Ended::Killed {
            stops.push(self.recorded());
        }
        assert!(left.is_empty(), "there is no end without {left:?}, seed {}", self.seed);
        self.check(stops, &plan);
    }

    /// One process, to its end.
    async fn run(&mut self, left: &mut VecDeque<(u64, Cut)>, stops: &mut Vec<u64>) -> Ended {
        let image = pattern(self.size);
        let hash: String = Sha256::digest(&image).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut process = Process::start(self.way, self.folder.path(), &hash);
        while let Some(told) = process.next().await {
            match told {
                Told::Stopped(bytes) => stops.push(bytes),
                Told::Arrived => {
                    process.ended_well().await;
                    return Ended::Well;
                }
                Told::At(bytes) => {
                    let cut = left.pop_front_if(|(at, _)| *at <= bytes).map(|(_, cut)| cut);
                    if let Some(cut) = cut.filter(|cut| *cut != Cut::Kill) {
                        self.cut(cut).await;
                    }
                    process.go_on().await;
                    if cut == Some(Cut::Kill) {
                        // At no particular moment.
                        tokio::time::sleep(Duration::from_micros(self.random.u64(0..5000))).await;
                        let last = process.kill().await.into_iter();
                        stops.extend(last.filter_map(|told| match told {
                            Told::Stopped(bytes) => Some(bytes),
                            _ => None,
                        }));
                        return Ended::Killed;
                    }
                }
            }
        }
        process.ended_well().await;
        panic!("it ended without a word, seed {}", self.seed);
    }

    /// Does it, and mends what does not mend itself a moment later.
    async fn cut(&mut self, cut: Cut) {
        match cut {
            Cut::Reboot => self.module.reboot(),
            Cut::Unplug => {
                self.module.unplug();
                self.pty.unplugged().await;
                self.module.plug_in_again(&mut self.pty).expect("another pseudo-terminal");
            }
            Cut::Network => {
                self.module.set_network(false);
                let module = Arc::clone(&self.module);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    module.set_network(true);
                });
            }
            Cut::Server => self.web.cut(),
            Cut::Kill => unreachable!("whoever runs the process does it"),
        }
    }

    /// What the state file promises, which is all but the last block of what is there.
    fn recorded(&self) -> u64 {
        let state = fs::read_to_string(self.folder.path().join(format!("{TARGET}.part.state")));
        let state = state.unwrap_or_default();
        let safe = state.lines().find_map(|line| line.strip_prefix("safe "));
        let safe = safe.map_or(0, |safe| safe.parse().expect("it is a number"));
        let part = fs::metadata(self.folder.path().join(format!("{TARGET}.part")));
        let there = part.map_or(0, |part| part.len());
        assert!(safe <= there && there - safe <= UNRECORDED, "{safe} of {there}, seed {}", self.seed);
        safe
    }

    /// Where the server was asked to begin.
    fn begun(&self) -> Vec<u64> {
        if self.way == Way::Ftps {
            let transfers = self.servers.ftps().transfers().into_iter();
            let downloads = transfers.filter(|transfer| transfer.direction == Direction::Download);
            return downloads.map(|transfer| transfer.offset).collect();
        }
        let requests = self.servers.rest().requests().into_iter();
        let from = |range: &str| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok();
        requests.map(|request| request.header("range").map_or(Some(0), from).expect("a place")).collect()
    }

    /// It arrived, every cut was one, and what was safe on the disk was never asked for again.
    fn check(&self, mut stops: Vec<u64>, plan: &[(u64, Cut)]) {
        let arrived = fs::read(self.folder.path().join(TARGET)).expect("it is there");
        assert!(arrived == pattern(self.size), "it is another file, seed {}", self.seed);
        let mut begun = self.begun();
        begun.dedup();
        stops.dedup();
        assert_eq!(begun, stops, "{plan:?}, seed {}", self.seed);
        // What has come already outlives the other cuts.
        let sure = plan.iter().filter(|(_, cut)| matches!(cut, Cut::Reboot | Cut::Unplug)).count();
        assert!(begun.len() > sure, "{plan:?} led to {begun:?}, seed {}", self.seed);
        for name in [format!("{TARGET}.part"), format!("{TARGET}.part.state")] {
            assert!(!self.folder.path().join(&name).exists(), "{name} is left");
        }
    }
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Well,
    Killed,
}
