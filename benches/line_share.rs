//! How much of a serial line a download by FTPS uses, in online mode and in blocks, beside a bare loop on the same line.
//!
//! The limit is what the line carries: a tenth of its rate in bytes a second (8N1). In online mode all of it is possible.
//! In command mode the line also carries, for each block, the command and what stands around the bytes, and it rests: the
//! module needs time to answer, and the host has to wait before the next command (Source: M37 p34).

use telit_benches::line::{
    Blocks, Error, Meter, Rig, Setting, SharedLine, block_behind, is_quick, report_online, run_alone,
};
use telit_benches::{Report, Row, Target};
use telit_core::Modem;
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::{TestServers, pattern};

const FILE: &str = "firmware.bin";
/// Most bytes of a block. Source: M37 p830.
const BLOCK: usize = 3000;
/// `AT#FTPRECV=3000` and its line end; what stands before the bytes, and behind them. Source: M37 p831.
const AROUND_A_BLOCK: usize = 16 + 18 + 8;

const METHOD: &str = "FTPS downloads from a server on loopback by a virtual module of platform 37, over a paced line in \
    memory. The SDK is alone on its thread; the module and the server are on others. The time counts from the first \
    piece to the last. The bare loop sends the same commands on the same line and reads what comes. It waits \
    for the pause with tokio's sleep, which takes a millisecond longer than it is told; the SDK's pause ends in time.";

fn main() -> Result<(), Error> {
    let rig = Rig::start()?;
    let mut report = Report::new("line_share", "FTPS downloads: share of the line", METHOD);
    run_alone(async {
        for setting in Setting::all_with_pauses() {
            Bench::start(&rig, setting).await?.run(&mut report).await?;
        }
        Ok(())
    })?;
    Ok(report.finish()?)
}

struct Bench<'a> {
    rig: &'a Rig,
    setting: Setting,
    line: SharedLine,
    modem: Modem,
    client: FtpsClient,
    module: telit_simulator::VirtualModule,
}

impl<'a> Bench<'a> {
    async fn start(rig: &'a Rig, setting: Setting) -> Result<Self, Error> {
        let (module, line, modem) = rig.modem(&setting).await?;
        let options = FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            rig.tls()?,
        );
        let client = FtpsClient::connect(&modem, options).await?;
        Ok(Self { rig, setting, line, modem, client, module })
    }

    async fn run(mut self, report: &mut Report) -> Result<(), Error> {
        let blocks = self.in_blocks(report).await?;
        // Without commands there are no pauses.
        if self.setting.pause == Setting::MANUAL_PAUSE {
            let online = self.online(report).await?;
            if self.setting.baud.is_some() {
                self.not_told(report, online.max(blocks)).await?;
            }
        }
        self.client.close().await?;
        drop(self.modem);
        self.module.shutdown().await;
        Ok(())
    }

    async fn online(&mut self, report: &mut Report) -> Result<f64, Error> {
        let setting = self.setting;
        let image = self.put(setting.online_bytes(is_quick()))?;
        let ours = self.download(&image, TransferMode::Online).await?.finish(setting.least_online());
        let image = self.put(setting.online_bytes(is_quick()) / 2)?;
        let bare = self.bare_online(&image).await?.finish(setting.least_online());
        report_online(report, "FTPS download, online mode", &setting, &ours, &bare, setting.online_target());
        Ok(setting.figure(ours.bytes, ours.took))
    }

    async fn in_blocks(&mut self, report: &mut Report) -> Result<f64, Error> {
        let setting = self.setting;
        let crossed = BLOCK + AROUND_A_BLOCK;
        let count = setting.exchanges(crossed, is_quick());
        let rest = self.line.borrow().rest_of_line(&setting).await?;
        let image = self.put(count * BLOCK)?;
        let least = setting.least_in_blocks(BLOCK, crossed);
        let ours = self.download(&image, TransferMode::Command).await?.finish(&least);
        let bare = self.bare_blocks(&image).await?.finish(&least);
        let name = "FTPS download, command mode";
        Blocks { name, setting, block: BLOCK, crossed, rest, ours, bare }.report(report);
        Ok(setting.figure(ours.bytes, ours.took))
    }

    /// The mode that is chosen without being told.
    async fn not_told(&mut self, report: &mut Report, best: f64) -> Result<(), Error> {
        let image = self.put(self.setting.online_bytes(is_quick()))?;
        let ours = self.download(&image, TransferMode::default()).await?.finish(self.setting.least_online());
        let name = format!("FTPS download, mode and block size not told, {}: rate", self.setting.name());
        let figure = self.setting.figure(ours.bytes, ours.took);
        let row = Row::new(name, figure, self.setting.unit()).floor("best by hand", best);
        report.push(row.target(Target::AtLeastPercentOfFloor(98.0)));
        Ok(())
    }

    /// Puts a file of so many bytes on the server.
    fn put(&self, bytes: usize) -> Result<Vec<u8>, Error> {
        let image = pattern(bytes);
        self.rig.servers().ftps().put_file(FILE, &image)?;
        Ok(image)
    }

    async fn download(&mut self, image: &[u8], mode: TransferMode) -> Result<Meter, Error> {
        let mut download = self.client.download(FILE).mode(mode).await?;
        let (mut meter, mut received) = (Meter::default(), Vec::with_capacity(image.len()));
        while let Some(data) = download.next().await {
            let data = data?;
            meter.piece(data.len());
            received.extend_from_slice(&data);
        }
        same(&received, image)?;
        Ok(meter)
    }

    async fn bare_online(&self, image: &[u8]) -> Result<Meter, Error> {
        let (mut bare, mut meter) = (self.line.borrow(), Meter::default());
        bare.write(format!("AT#FTPGET=\"{FILE}\"\r").as_bytes()).await?;
        bare.until(b"\r\nCONNECT\r\n").await?;
        same(&bare.bulk(&mut meter, image.len()).await?, image)?;
        bare.until(b"\r\nNO CARRIER\r\n").await?;
        Ok(meter)
    }

    async fn bare_blocks(&self, image: &[u8]) -> Result<Meter, Error> {
        let (mut bare, mut meter) = (self.line.borrow(), Meter::default());
        bare.ask(&format!("AT#FTPGETPKT=\"{FILE}\",0\r")).await?;
        let command = format!("AT#FTPRECV={BLOCK}\r");
        let received = bare.repeat(&self.setting, &mut meter, &command, image.len(), |answer| {
            block_behind(answer, "#FTPRECV: ")
        });
        let received = received.await?;
        same(&received, image)?;
        // This closes the data connection. Source: IPE28 p132.
        bare.ask("AT#FTPGETPKT?\r").await?;
        Ok(meter)
    }
}

fn same(received: &[u8], image: &[u8]) -> Result<(), Error> {
    if received == image { Ok(()) } else { Err("the data differ".into()) }
}
