//! How much of a serial line a download by HTTPS uses, through the module's own client and from this computer, beside what
//! the exchanges allow.
//!
//! The line's limit is a tenth of its rate in bytes a second (8N1). The computed limit is what is left of it if nothing took
//! time but the bytes of the questions and answers, one after the other, the module's turnaround on each question, and the
//! pause that the manual asks for behind each answer. In online mode there are no questions, and a little comes ahead of the
//! first block, so that a share can be slightly above all.
//!
//! A download to a file chooses its mode by itself: online if its hash is known. Without a hash it stays in command mode, where
//! every block is counted, since nothing else would tell that the line has lost bytes before a cut.

use std::time::Duration;

use sha2::{Digest, Sha256};
use telit_benches::line::{Error, Measured, Meter, Rig, Setting, is_quick, run_alone};
use telit_benches::{Report, Row, Target};

use telit_core::Modem;
use telit_core::driver::Statistics;
use telit_core::socket::ConnectionMode;
use telit_https::download::Retry;
use telit_https::{Engine, HttpsClient, HttpsOptions};
use telit_simulator::servers::{TestServers, pattern};

/// Most bytes that the module's client gives at once, and a TLS socket.
const BLOCK: usize = 1500;
const SOCKET_BLOCK: usize = 1000;
/// The command, what stands around the bytes, an announcement.
const AROUND_A_BLOCK: usize = 70;

const WITHOUT_A_HASH: &str = "A choice, no cost: in online mode nobody counts bytes on the line, and what it lost before a cut \
    would be missing in a file that goes on behind the cut. So a file whose hash nobody knows is fetched in counted \
    blocks, with the manual's pause between commands. With its hash, or with `connection_mode`, it goes online.";

const METHOD: &str = "HTTPS downloads from a server on loopback by a virtual module of platform 37, over a paced line in \
    memory. The SDK is alone on its thread; the module and the server are on others. The time counts from the first \
    piece to the last. The computed limit: the bytes that crossed the line, one after the other, and the turnaround and \
    the pause of each exchange.";

/// Who speaks HTTP, and how the bytes reach it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Module,
    SocketInCommandMode,
    SocketOnline,
    /// To a file, with its hash.
    NotTold,
    /// To a file, without.
    NotToldWithoutHash,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Module => "the module's client",
            Self::SocketInCommandMode => "TLS socket in command mode",
            Self::SocketOnline => "TLS socket in online mode",
            Self::NotTold => "to a file with its hash, engine, mode and block size not told",
            Self::NotToldWithoutHash => "to a file without a hash, engine, mode and block size not told",
        }
    }

    fn options(self) -> HttpsOptions {
        let options = HttpsOptions::new();
        let socket = |mode| HttpsOptions::new().engine(Engine::Socket).connection_mode(mode);
        match self {
            Self::Module => options.engine(Engine::Module),
            Self::SocketInCommandMode => socket(ConnectionMode::Command),
            Self::SocketOnline => socket(ConnectionMode::Online),
            Self::NotTold | Self::NotToldWithoutHash => options,
        }
    }

    fn is_to_file(self) -> bool {
        matches!(self, Self::NotTold | Self::NotToldWithoutHash)
    }

    fn is_online(self) -> bool {
        matches!(self, Self::SocketOnline | Self::NotTold)
    }

    fn bytes(self, setting: &Setting) -> usize {
        let block = match self {
            Self::Module => BLOCK,
            Self::SocketInCommandMode | Self::NotToldWithoutHash => SOCKET_BLOCK,
            Self::SocketOnline | Self::NotTold => return setting.online_bytes(is_quick()),
        };
        block * setting.exchanges(block + AROUND_A_BLOCK, is_quick())
    }
}

fn main() -> Result<(), Error> {
    let rig = Rig::start()?;
    let mut report = Report::new("https_transfers", "HTTPS downloads: share of the line", METHOD);
    run_alone(async {
        for setting in Setting::all_with_pauses() {
            measure(&rig, setting, &mut report).await?;
        }
        Ok(())
    })?;
    Ok(report.finish()?)
}

async fn measure(rig: &Rig, setting: Setting, report: &mut Report) -> Result<(), Error> {
    let (module, _line, modem) = rig.modem(&setting).await?;
    let mut best = 0.0_f64;
    let ways =
        [Way::Module, Way::SocketInCommandMode, Way::SocketOnline, Way::NotTold, Way::NotToldWithoutHash];
    for way in ways {
        // Without commands there are no pauses.
        if setting.pause != Setting::MANUAL_PAUSE && (way.is_online() || way.is_to_file()) {
            continue;
        }
        let run = match way.is_to_file() {
            true => download_to_file(rig, &modem, &setting, way).await?,
            false => download(rig, &modem, &setting, way).await?,
        };
        let figure = setting.figure(run.measured.bytes, run.measured.took);
        best = best.max(if way.is_to_file() { 0.0 } else { figure });
        push(report, &setting, way, &run, best);
    }
    module.shutdown().await;
    Ok(())
}

fn push(report: &mut Report, setting: &Setting, way: Way, run: &Run, best: f64) {
    let line = if way.is_online() { setting.name() } else { setting.name_with_pause() };
    let name = format!("HTTPS download, {}, {line}", way.name());
    let measured = &run.measured;
    let row =
        Row::new(format!("{name}: rate"), setting.figure(measured.bytes, measured.took), setting.unit());
    report.push(match (way, setting.online_target()) {
        (Way::NotTold, Some(_)) => {
            row.floor("best by hand", best).target(Target::AtLeastPercentOfFloor(98.0))
        }
        (Way::NotToldWithoutHash, Some(_)) => row
            .floor("best by hand", best)
            .target(Target::AtLeastPercentOfFloor(98.0))
            .why_missed(WITHOUT_A_HASH),
        (Way::SocketOnline, Some(target)) => row.target(Target::AtLeast(target)),
        _ => row,
    });
    let limit = run.computed_limit(setting);
    if !way.is_online() && run.exchanges > 0 && !limit.is_zero() {
        let share = 100.0 * limit.as_secs_f64() / measured.took.as_secs_f64();
        let row = Row::new(format!("{name}: share of the computed limit"), share, "%");
        report.push(match setting.blocks_target() {
            Some(target) => row.target(Target::AtLeast(target)),
            None => row,
        });
    }
    report.push(Row::new(format!("{name}: CPU time"), measured.cpu_per_megabyte(), "ms/MB"));
}

struct Run {
    measured: Measured,
    exchanges: u32,
    crossed: usize,
}

impl Run {
    /// How long it takes if only the line, the module's turnaround and the pauses take time.
    fn computed_limit(&self, setting: &Setting) -> Duration {
        setting.crossing(self.crossed) + (setting.turnaround + setting.pause) * self.exchanges
    }
}

async fn download(rig: &Rig, modem: &Modem, setting: &Setting, way: Way) -> Result<Run, Error> {
    let bytes = way.bytes(setting);
    let client = HttpsClient::new(modem, rig.tls()?).with_options(way.options());
    let url = format!("https://{}/bytes/{bytes}", TestServers::REST_NAME);
    let mut body = client.get(url).await?.into_body();
    let (mut meter, mut received) = (Meter::default(), Vec::with_capacity(bytes));
    let mut counters = None;
    while let Some(block) = body.next().await {
        let block = block?;
        meter.piece(block.len());
        let now = modem.statistics();
        counters = Some(counters.map_or((now, now), |(first, _)| (first, now)));
        received.extend_from_slice(&block);
    }
    if received != pattern(bytes) {
        return Err("the data differ".into());
    }
    Run::of(meter, counters, setting, way)
}

async fn download_to_file(rig: &Rig, modem: &Modem, setting: &Setting, way: Way) -> Result<Run, Error> {
    let (bytes, folder) = (way.bytes(setting), tempfile::tempdir()?);
    let (expected, target) = (pattern(bytes), folder.path().join("file"));
    let client = HttpsClient::new(modem, rig.tls()?).with_options(way.options());
    let (mut meter, mut counters, mut come) = (Meter::default(), None, 0);
    let url = format!("https://{}/bytes/{bytes}", TestServers::REST_NAME);
    let download = client.download_to_file(url, &target).retry(Retry::never()).progress(|progress| {
        meter.piece(usize::try_from(progress.bytes - come).unwrap_or(usize::MAX));
        come = progress.bytes;
        let now = modem.statistics();
        counters = Some(counters.map_or((now, now), |(first, _)| (first, now)));
    });
    match way {
        Way::NotTold => download.sha256(<[u8; 32]>::from(Sha256::digest(&expected)).into()).await?,
        _ => download.await?,
    };
    if std::fs::read(target)? != expected {
        return Err("the data differ".into());
    }
    Run::of(meter, counters, setting, way)
}

impl Run {
    fn of(
        meter: Meter,
        counters: Option<(Statistics, Statistics)>,
        setting: &Setting,
        way: Way,
    ) -> Result<Self, Error> {
        let (before, after) = counters.ok_or("there is no body")?;
        let least = |bytes, _| if way.is_online() { setting.crossing(bytes) } else { Duration::ZERO };
        Ok(Self {
            measured: meter.finish(least),
            exchanges: u32::try_from(after.exchanges - before.exchanges)?,
            crossed: crossed(&after, &before)?,
        })
    }
}

/// Bytes on the line in both directions.
fn crossed(after: &Statistics, before: &Statistics) -> Result<usize, Error> {
    let bytes = |of: &Statistics| of.bytes_written + of.bytes_read;
    Ok(usize::try_from(bytes(after) - bytes(before))?)
}
