//! How much of a serial line a download uses: the share of the line's limit, in both transfer modes, beside what is
//! possible.
//!
//! The limit is what the line carries: a tenth of its rate in bytes a second (8N1). In online mode all of it is possible.
//! In command mode the line also carries, for each block, the command and what stands around the bytes, and it rests: the
//! module needs time to answer, and the host has to wait before the next command (Source: M37 p34). How long it rests is
//! measured with a command that brings no data, because the timers of a computer add to what was asked of them; what
//! they should be is printed, too.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::{Duration, Instant};

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::commands::SerialNumber;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};

const FILE: &str = "firmware.bin";
/// Seconds that a transfer takes at the limit of the line.
const SECONDS: u32 = 8;
/// Bytes of a block. Source: M37 p830.
const BLOCK: u32 = 3000;
/// `AT#FTPRECV=3000` and its line end; what stands before the bytes, and behind them. Source: M37 p831.
const AROUND_A_BLOCK: u32 = 16 + 18 + 8;
/// `AT+CGSN`, its answer and all line ends.
const AROUND_NO_DATA: u32 = 8 + 25;
/// How many commands without data are timed.
const COMMANDS: u32 = 40;
/// What must be reached of what is possible.
const WANTED: f64 = 97.0;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    println!("rest: of the line in a turnaround, as it should be and as it is");
    println!(
        "share: of the line's limit, from the first byte to the last; possible: what blocks and rests leave of it"
    );
    println!("    baud     mode  delay  should      is     bytes    share possible  reached");
    let mut missed = 0;
    for baud in [115_200, 921_600, 3_000_000] {
        for (name, mode) in [("online", TransferMode::Online), ("command", TransferMode::Command)] {
            for delay in [5, 20] {
                let latency = Duration::from_millis(delay);
                let run = download(&servers, baud, latency, mode).await?;
                let share = 100.0 * crossing(run.bytes, baud) / run.took.as_secs_f64();
                let possible = if mode == TransferMode::Online { 100.0 } else { possible(baud, run.rest) };
                let reached = 100.0 * share / possible;
                let verdict = if reached < WANTED { " missed" } else { "" };
                missed += u32::from(reached < WANTED);
                let (should, is) = (latency + Settings::default().pause, run.rest);
                println!(
                    "{baud:>8} {name:>8} {delay:>4}ms {should:>7.1?} {is:>7.1?} {:>9} {share:>7.2}% {possible:>7.2}% \
                     {reached:>7.2}%{verdict}",
                    run.bytes
                );
            }
        }
    }
    if missed > 0 {
        return Err(format!("{missed} of them are below {WANTED} % of what is possible").into());
    }
    Ok(())
}

/// The share that blocks and rests leave.
fn possible(baud: u32, rest: Duration) -> f64 {
    100.0 * crossing(BLOCK, baud) / (crossing(BLOCK + AROUND_A_BLOCK, baud) + rest.as_secs_f64())
}

/// Seconds that bytes take on the line.
fn crossing(bytes: u32, baud: u32) -> f64 {
    10.0 * f64::from(bytes) / f64::from(baud)
}

/// How long the line rests in a turnaround.
async fn rest(modem: &Modem, baud: u32) -> Result<Duration, Error> {
    modem.run(SerialNumber).await?;
    let began = Instant::now();
    for _ in 0..COMMANDS {
        modem.run(SerialNumber).await?;
    }
    let busy = Duration::from_secs_f64(crossing(AROUND_NO_DATA, baud));
    Ok((began.elapsed() / COMMANDS).saturating_sub(busy))
}

struct Run {
    bytes: u32,
    took: Duration,
    rest: Duration,
}

/// Downloads as much as the line carries in [`SECONDS`].
async fn download(
    servers: &TestServers,
    baud: u32,
    latency: Duration,
    mode: TransferMode,
) -> Result<Run, Error> {
    let size = baud / 10 * SECONDS;
    let image: Vec<u8> = (0..size).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    servers.ftps().put_file(FILE, &image)?;
    let module = VirtualModule::builder(Platform::P37)
        .resolve(TestServers::FILES_NAME, 21, servers.ftps().addr())
        .baud(Some(baud))
        .latency(latency)
        .build()?;
    let modem = Modem::builder().apn("iot.test").open(module.attach_duplex()).await?;
    modem.bring_up().await?;
    let rest = rest(&modem, baud).await?;
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).build()?;
    let options =
        FtpsOptions::new(TestServers::FILES_NAME, TestServers::FTP_USER, TestServers::FTP_PASSWORD, tls);
    let mut client = FtpsClient::connect(&modem, options).await?;
    let mut download = client.download(FILE).mode(mode).await?;
    let mut received = 0_usize;
    let mut times = None;
    while let Some(data) = download.next().await {
        let data = data?;
        let now = Instant::now();
        // The first piece has crossed the line before it is seen.
        let length = u32::try_from(data.len())?;
        let first = now.checked_sub(Duration::from_secs_f64(crossing(length, baud)));
        let (began, _) = times.unwrap_or_else(|| (first.unwrap_or(now), now));
        times = Some((began, now));
        if image.get(received..received + data.len()) != Some(&data[..]) {
            return Err("the data differ".into());
        }
        received += data.len();
    }
    let took = times.map_or(Duration::ZERO, |(began, ended)| ended - began);
    if received != image.len() {
        return Err("the data are short".into());
    }
    client.close().await?;
    // The computer may have become busier, or less so.
    let rest = (rest + self::rest(&modem, baud).await?) / 2;
    module.shutdown().await;
    Ok(Run { bytes: size, took, rest })
}
