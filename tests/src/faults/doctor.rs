//! A diagnosis of a server that the module connects to.

use telit_core::Modem;
use telit_core::diagnosis::{Cause, Diagnosis, Step, Verdict};
use telit_simulator::peers::{Peers, SocketServer};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::credentials::tls;
use super::fault::Fault;
use super::matrix::sample;
use super::outcome::{Broken, Ending, same_reading};
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};

const HOST: &str = "silent.test";
const PORT: u16 = 7777;

/// As `Examination::run` says: bring-up, nine handshakes of a minute, and an hour.
const EXAMINE: Bound = Bound::new("diagnosis", 180 + 15 * 60 + 9 * 60 + 60 * 60);

/// A diagnosis says more on the line than any other job: of its cases so many fewer are run.
const SAMPLE: u64 = 200;

/// What a diagnosis reads of TLS and puts back.
const SETTINGS: [&str; 4] = ["AT#SSLSECCFG?", "AT#SSLCFG?", "AT#SSLSECCFG2?", "AT#SSLSECCS?"];

pub(super) struct Examined {
    peers: Peers,
    server: SocketServer,
}

#[test]
fn doctor() {
    sample::<Examined>(Platform::P37, SAMPLE);
}

impl Scenario for Examined {
    const NAME: &'static str = "doctor";

    fn new() -> Self {
        let peers = Peers::new();
        let server = peers.sink(HOST, PORT);
        Self { peers, server }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        let before = settings(bench).await;
        bench.begin_job();
        let diagnosis = examine(bench, &modem).await?;
        bench.end_job();
        bench.calm().await;
        let ending = self.told(bench, &diagnosis)?.and(left(bench, &diagnosis, &before).await?);
        let modem = recover(bench, modem).await?;
        let mut next = self.works(bench, &modem).await;
        if bench.may_retry(&next) {
            after_misreading(bench, &modem).await?;
            next = self.works(bench, &modem).await;
        }
        next.map(|()| ending)
    }
}

async fn examine(bench: &Bench, modem: &Modem) -> Result<Diagnosis, Broken> {
    let examined = bench.within(EXAMINE, modem.diagnose(HOST, PORT, tls(modem)).run()).await?;
    examined.map_err(|error| Broken::wrong(format!("the host cannot be said: {error}")))
}

impl Examined {
    /// Whether what it says is true.
    fn told(&self, bench: &Bench, diagnosis: &Diagnosis) -> Result<Ending, Broken> {
        let connections = self.server.connections();
        if connections.iter().any(|connection| connection.secured && connection.received > 0) {
            return Err(Broken::Altered("data were sent".to_owned()));
        }
        let connected = connections.iter().any(|connection| connection.secured);
        match diagnosis.cause {
            Cause::None if !connected => Err(Broken::wrong("healthy, and nothing has connected")),
            Cause::None => Ok(Ending::Right),
            cause if may_be_blamed(cause, bench.fault()) => Ok(Ending::Refused),
            cause => Err(Broken::wrong(format!("{cause} is blamed: {diagnosis:#?}"))),
        }
    }

    /// The next one finds the same.
    async fn works(&self, bench: &Bench, modem: &Modem) -> Result<(), Broken> {
        let diagnosis = examine(bench, modem).await?;
        if diagnosis.cause != Cause::None {
            return Err(Broken::wrong(format!("afterwards {} is blamed: {diagnosis:#?}", diagnosis.cause)));
        }
        match settings_finding(&diagnosis) {
            Some(Verdict::Ok) => Ok(()),
            other => Err(Broken::wrong(format!("afterwards the settings are {other:?}: {diagnosis:#?}"))),
        }
    }
}

/// Whether this may be said because of this fault. Nothing that went wrong for a moment tells of certificates, names and
/// versions; a command that the module refuses, and a byte that differs, may look like anything.
fn may_be_blamed(cause: Cause, fault: Option<Fault>) -> bool {
    match fault {
        None => false,
        Some(fault) if fault.hits_a_byte() => true,
        Some(Fault::Refuse(_) | Fault::Deny(_)) => cause != Cause::NoModule,
        Some(Fault::NetworkLoss) => matches!(
            cause,
            Cause::Registration
                | Cause::Context
                | Cause::NameResolution
                | Cause::Unreachable
                | Cause::Unknown
        ),
        Some(_) => matches!(
            cause,
            Cause::NoModule
                | Cause::Sim
                | Cause::Registration
                | Cause::Context
                | Cause::NameResolution
                | Cause::Unreachable
                | Cause::Unknown
        ),
    }
}

fn settings_finding(diagnosis: &Diagnosis) -> Option<Verdict> {
    let mut findings = diagnosis.findings.iter();
    findings.find(|finding| finding.step == Step::Settings).map(|finding| finding.verdict)
}

/// What is left on the module: settings as they were, unless it says that they may not be.
async fn left(bench: &Bench, diagnosis: &Diagnosis, before: &[String]) -> Result<Ending, Broken> {
    let after = settings(bench).await;
    if settings_finding(diagnosis) == Some(Verdict::Warning) || diagnosis.cause == Cause::NoModule {
        return Ok(Ending::Right);
    }
    let mut ending = Ending::Right;
    for (before, after) in before.iter().zip(&after) {
        let (wanted, got) = (values(before), values(after));
        ending = ending.and(same_reading("a setting of TLS", wanted, got, bench.strike())?);
    }
    same_reading("settings of TLS", &before.len(), &after.len(), None)?;
    Ok(ending)
}

fn values(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(_, values)| values)
}

/// What the module holds for its first socket, line by line.
async fn settings(bench: &Bench) -> Vec<String> {
    // Where it is on already, the module refuses that.
    bench.witness(&["AT#SSLEN=1,1"]).await;
    let answers = bench.witness(&SETTINGS).await;
    bench.witness(&["AT#SSLEN=1,0"]).await;
    let lines = answers.lines().filter(|line| !line.is_empty() && *line != "OK");
    lines.map(str::to_owned).collect()
}
