//! How much of a serial line a download by HTTPS uses, through the module's own client and from this computer, beside what
//! the exchanges allow.
//!
//! The line's limit is a tenth of its rate in bytes a second (8N1). The computed limit is what is left of it if nothing took
//! time but the bytes of the questions and answers, one after the other, the module's turnaround on each question, and the
//! pause that the manual asks for behind each answer. In online mode there are no questions, and a little comes ahead of the
//! first block, so that a share can be slightly above all.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::{Duration, Instant};

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::driver::Statistics;
use telit_core::socket::ConnectionMode;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_https::{Engine, HttpsClient, HttpsOptions};
use telit_simulator::servers::{TestServers, pattern};
use telit_simulator::{Platform, VirtualModule};

/// Most bytes that the module gives at once.
const BLOCK: u16 = 1500;
/// Seconds that a transfer takes at the limit of the line.
const SECONDS: u32 = 5;
/// What is transferred where the line has no rate: in blocks, and as it comes.
const UNTHROTTLED: u32 = 400_000;
const UNTHROTTLED_ONLINE: u32 = 20_000_000;

type Error = Box<dyn std::error::Error>;

/// Who speaks HTTP, and how the bytes reach it.
#[derive(Clone, Copy)]
enum Way {
    Module,
    SocketInCommandMode,
    SocketOnline,
}

impl Way {
    const ALL: [Self; 3] = [Self::Module, Self::SocketInCommandMode, Self::SocketOnline];

    fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::SocketInCommandMode => "socket, command",
            Self::SocketOnline => "socket, online",
        }
    }

    fn options(self) -> HttpsOptions {
        let options = HttpsOptions::new().block_size(BLOCK);
        match self {
            Self::Module => options.engine(Engine::Module),
            Self::SocketInCommandMode => {
                options.engine(Engine::Socket).connection_mode(ConnectionMode::Command)
            }
            Self::SocketOnline => options.engine(Engine::Socket).connection_mode(ConnectionMode::Online),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    println!("downloads in blocks of {BLOCK} bytes, from the first block to the last");
    println!(
        "{:>11} {:>16} {:>10} {:>9} {:>9} {:>8} {:>8} {:>15}",
        "baud", "engine", "turnaround", "bytes", "kB/s", "share", "limit", "limit in kB/s"
    );
    for baud in [Some(115_200), Some(921_600), None] {
        for way in Way::ALL {
            for turnaround in [5, 20] {
                let turnaround = Duration::from_millis(turnaround);
                let run = download(&servers, baud, turnaround, way).await?;
                let rate = baud.map_or_else(|| "unthrottled".to_owned(), |baud| baud.to_string());
                let limit = run.computed_limit(baud, turnaround);
                println!(
                    "{rate:>11} {:>16} {:>8}ms {:>9} {:>9.2} {:>8} {:>8} {:>15}",
                    way.name(),
                    turnaround.as_millis(),
                    run.bytes,
                    run.bytes / run.took.as_secs_f64() / 1000.0,
                    share(run.bytes, run.took, baud),
                    share(run.bytes, limit, baud),
                    // In online mode there are no questions, and without a rate nothing takes time.
                    if limit.is_zero() {
                        "-".to_owned()
                    } else {
                        format!("{:.2}", run.bytes / limit.as_secs_f64() / 1000.0)
                    },
                );
            }
        }
    }
    Ok(())
}

/// In percent of what the line carries meanwhile.
fn share(bytes: f64, took: Duration, baud: Option<u32>) -> String {
    let of_line = |baud: u32| format!("{:.2}%", 1000.0 * bytes / (took.as_secs_f64() * f64::from(baud)));
    baud.map_or_else(|| "-".to_owned(), of_line)
}

struct Run {
    bytes: f64,
    took: Duration,
    exchanges: u32,
    crossed: f64,
}

impl Run {
    /// How long it takes if only the line, the module's turnaround and the pauses take time.
    fn computed_limit(&self, baud: Option<u32>, turnaround: Duration) -> Duration {
        let line = baud.map_or(0.0, |baud| self.crossed * 10.0 / f64::from(baud));
        Duration::from_secs_f64(line) + (turnaround + Settings::default().pause) * self.exchanges
    }
}

async fn download(
    servers: &TestServers,
    baud: Option<u32>,
    turnaround: Duration,
    way: Way,
) -> Result<Run, Error> {
    let size = match (baud, way) {
        (Some(baud), _) => baud / 10 * SECONDS,
        (None, Way::SocketOnline) => UNTHROTTLED_ONLINE,
        (None, _) => UNTHROTTLED,
    };
    let module = VirtualModule::builder(Platform::P37)
        .resolve(TestServers::REST_NAME, 443, servers.rest().addr())
        .baud(baud)
        .latency(turnaround)
        .build()?;
    let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await?;
    modem.bring_up().await?;
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).build()?;
    let client = HttpsClient::new(&modem, tls).with_options(way.options());
    let url = format!("https://{}/bytes/{size}", TestServers::REST_NAME);
    let mut body = client.get(url).await?.into_body();
    let expected = pattern(usize::try_from(size)?);
    let mut received = body.next().await.ok_or("there is no body")??.to_vec();
    let first = received.len();
    let (begun, before) = (Instant::now(), modem.statistics());
    let (mut took, mut after) = (Duration::ZERO, before);
    while let Some(block) = body.next().await {
        received.extend_from_slice(&block?);
        (took, after) = (begun.elapsed(), modem.statistics());
    }
    if received != expected {
        return Err("the data differ".into());
    }
    module.shutdown().await;
    Ok(Run {
        bytes: f64::from(u32::try_from(received.len() - first)?),
        took,
        exchanges: u32::try_from(after.exchanges - before.exchanges)?,
        crossed: f64::from(crossed(&after, &before)?),
    })
}

/// Bytes on the line in both directions.
fn crossed(after: &Statistics, before: &Statistics) -> Result<u32, Error> {
    let bytes = |of: &Statistics| of.bytes_written + of.bytes_read;
    Ok(u32::try_from(bytes(after) - bytes(before))?)
}
