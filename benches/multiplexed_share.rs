//! How much of a serial line a download by FTPS uses on one channel of the multiplexer, alone and while another channel
//! asks for the signal all the time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use telit_benches::line::{Error, Measured, Meter, Rig, Setting, is_quick, run_alone};
use telit_benches::{Report, Row};
use telit_core::Modem;
use telit_core::commands::SignalQuality;
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::{TestServers, pattern};

const FILE: &str = "firmware.bin";
/// N1 of 127 is the longest with a short length field, 512 is the SDK's default.
const FRAME_SIZES: [u16; 2] = [127, 512];

const METHOD: &str = "FTPS downloads in online mode on channel 1 of 27.010's multiplexer (basic mode, UIH frames), by a \
    virtual module of platform 37 over a paced line in memory. The floor is what frames of that size leave of the line, \
    counted, not measured. In the rows with polls channel 2 sends `AT+CSQ` again as soon as it may.";

fn main() -> Result<(), Error> {
    let rig = Rig::start()?;
    let mut report = Report::new("multiplexed_share", "Several channels: share of the line", METHOD);
    run_alone(async {
        for setting in Setting::all().filter(|one| one.baud.is_some() && one.turnaround.is_zero()) {
            for frame_size in FRAME_SIZES {
                measure(&rig, setting, frame_size, &mut report).await?;
            }
        }
        Ok(())
    })?;
    Ok(report.finish()?)
}

async fn measure(rig: &Rig, setting: Setting, frame_size: u16, report: &mut Report) -> Result<(), Error> {
    let (module, channels) = rig.channels(&setting, frame_size).await?;
    let (transfers, polls) = (channels.channel(1)?, channels.channel(2)?);
    let options = FtpsOptions::new(
        TestServers::FILES_NAME,
        TestServers::FTP_USER,
        TestServers::FTP_PASSWORD,
        rig.tls()?,
    );
    let mut client = FtpsClient::connect(transfers, options).await?;
    let image = pattern(setting.online_bytes(is_quick()));
    rig.servers().ftps().put_file(FILE, &image)?;
    let name = format!("FTPS download, online mode, frames of {frame_size} octets, {}", setting.name());

    let alone = download(&mut client, &setting, &image).await?;
    push(report, &format!("{name}, alone"), &setting, frame_size, &alone);

    let is_done = AtomicBool::new(false);
    let transfer = async {
        let beside = download(&mut client, &setting, &image).await;
        is_done.store(true, Ordering::Relaxed);
        beside
    };
    let (beside, mut waits) = tokio::join!(transfer, ask_until(polls, &is_done));
    push(report, &format!("{name}, beside polls"), &setting, frame_size, &beside?);
    let waits = waits.as_mut().map_err(|error| error.to_string())?;
    waits.sort_unstable();
    let median = waits.get(waits.len() / 2).ok_or("no poll was answered")?;
    report.push(Row::new(format!("{name}: a poll beside it, median"), median.as_secs_f64() * 1e3, "ms"));

    client.close().await?;
    channels.close().await;
    module.shutdown().await;
    Ok(())
}

fn push(report: &mut Report, name: &str, setting: &Setting, frame_size: u16, measured: &Measured) {
    let share = setting.figure(measured.bytes, measured.took);
    let floor = format!("what frames of {frame_size} octets leave");
    report.push(Row::new(format!("{name}: rate"), share, setting.unit()).floor(floor, left_by(frame_size)));
    report.push(Row::new(format!("{name}: CPU time"), measured.cpu_per_megabyte(), "ms/MB"));
}

/// In percent. Flags, address, control, length and check sum stand around the octets. Source: 3GPP TS 27.010 5.2.1.
fn left_by(frame_size: u16) -> f64 {
    let around = if frame_size <= 127 { 6.0 } else { 7.0 };
    100.0 * f64::from(frame_size) / (f64::from(frame_size) + around)
}

async fn download(client: &mut FtpsClient, setting: &Setting, image: &[u8]) -> Result<Measured, Error> {
    let mut download = client.download(FILE).mode(TransferMode::Online).await?;
    let (mut meter, mut received) = (Meter::default(), Vec::with_capacity(image.len()));
    while let Some(data) = download.next().await {
        let data = data?;
        meter.piece(data.len());
        received.extend_from_slice(&data);
    }
    if received != image {
        return Err("the data differ".into());
    }
    Ok(meter.finish(setting.least_online()))
}

/// How long each answer took until the transfer was done.
async fn ask_until(modem: &Modem, is_done: &AtomicBool) -> Result<Vec<Duration>, Error> {
    let mut waits = Vec::new();
    while !is_done.load(Ordering::Relaxed) {
        let asked = Instant::now();
        modem.run(SignalQuality).await?;
        waits.push(asked.elapsed());
    }
    Ok(waits)
}
