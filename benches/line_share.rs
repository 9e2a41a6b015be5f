//! How much of a serial line a download uses: the share of the line's limit, in both transfer modes.
//!
//! The limit is what the line carries: a tenth of its rate in bytes a second (8N1).
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::{Duration, Instant};

use telit_core::Modem;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};

const FILE: &str = "firmware.bin";
/// Seconds that a transfer takes at the limit of the line.
const SECONDS: u32 = 8;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    println!("{:>8} {:>8} {:>6} {:>9} {:>12} {:>8}", "baud", "mode", "delay", "seconds", "bytes/s", "share");
    for baud in [115_200, 921_600] {
        for (name, mode) in [("online", TransferMode::Online), ("command", TransferMode::Command)] {
            for delay in [0, 5, 20] {
                let latency = Duration::from_millis(delay);
                let (bytes, took) = download(&servers, baud, latency, mode).await?;
                let rate = f64::from(bytes) / took.as_secs_f64();
                let share = 100.0 * rate / (f64::from(baud) / 10.0);
                let seconds = took.as_secs_f64();
                println!("{baud:>8} {name:>8} {delay:>4}ms {seconds:>9.3} {rate:>12.0} {share:>7.2}%");
            }
        }
    }
    Ok(())
}

/// Downloads as much as the line carries in [`SECONDS`], and measures from the request to the last byte.
async fn download(
    servers: &TestServers,
    baud: u32,
    latency: Duration,
    mode: TransferMode,
) -> Result<(u32, Duration), Error> {
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
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).build()?;
    let options =
        FtpsOptions::new(TestServers::FILES_NAME, TestServers::FTP_USER, TestServers::FTP_PASSWORD, tls);
    let mut client = FtpsClient::connect(&modem, options).await?;
    let started = Instant::now();
    let mut download = client.download(FILE).mode(mode).await?;
    let mut received = 0_usize;
    while let Some(data) = download.next().await {
        let data = data?;
        if image.get(received..received + data.len()) != Some(&data[..]) {
            return Err("the data differ".into());
        }
        received += data.len();
    }
    let took = started.elapsed();
    if received != image.len() {
        return Err("the data are short".into());
    }
    client.close().await?;
    module.shutdown().await;
    Ok((size, took))
}
