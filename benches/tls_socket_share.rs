//! How much of a serial line a download over a TLS socket uses: in blocks that are asked for, with announcements that carry
//! the data, and in online mode, beside a bare loop on the same line.
//!
//! The limit is what the line carries: a tenth of its rate in bytes a second (8N1). In online mode all of it is possible;
//! announcements carry a head of some 20 bytes besides. In blocks the line also carries, for each, the command, what stands
//! around the bytes and an announcement, and it rests for the module's turnaround and the host's pause.

use telit_benches::line::{
    Bare, Blocks, Error, Measured, Meter, Rig, Setting, SharedLine, block_behind, is_quick, report_online,
    run_alone,
};
use telit_benches::{Report, Row, Target};
use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::socket::{Arrival, ConnectionMode, TlsConnector, TlsSocket};
use telit_simulator::servers::{TestServers, pattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Most bytes of a block. Source: M37 p904.
const BLOCK: usize = 1000;
/// `AT#SSLRECV=1,1000,10` and its line end; what stands before the bytes, and behind them. Source: M37 p903-905.
const AROUND_A_BLOCK: usize = 21 + 18 + 8;
const HEAD_END: &[u8] = b"\r\n\r\n";

const METHOD: &str = "Downloads over one TLS socket from a server on loopback by a virtual module of platform 37, over a \
    paced line in memory. The SDK is alone on its thread; the module and the server are on others. The time counts from \
    the first piece to the last. The bare loop sends the same commands on the same line and reads what comes. It waits \
    for the pause with tokio's sleep, which takes a millisecond longer than it is told; the SDK's pause ends in time.";

fn main() -> Result<(), Error> {
    let rig = Rig::start()?;
    let mut report = Report::new("tls_socket_share", "TLS socket downloads: share of the line", METHOD);
    run_alone(async {
        for setting in Setting::all_with_pauses() {
            let (module, line, modem) = rig.modem(&setting).await?;
            Bench { rig: &rig, setting, line, modem }.run(&mut report).await?;
            module.shutdown().await;
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
}

impl Bench<'_> {
    async fn run(self, report: &mut Report) -> Result<(), Error> {
        let blocks = self.in_blocks(report).await?;
        // Without commands there are no pauses.
        if self.setting.pause == Setting::MANUAL_PAUSE {
            let pushed = self.pushed(report).await?;
            let online = self.online(report).await?;
            if self.setting.baud.is_some() {
                self.not_told(report, blocks.max(pushed).max(online)).await?;
            }
        }
        Ok(())
    }

    async fn in_blocks(&self, report: &mut Report) -> Result<f64, Error> {
        let setting = self.setting;
        let count = setting.exchanges(BLOCK + AROUND_A_BLOCK, is_quick());
        let rest = self.line.borrow().rest_of_line(&setting).await?;
        let mut socket = self.connect(|connector| connector).await?;
        let ours = download(&mut socket, count * BLOCK, BLOCK).await?;
        let (bare, crossed) = self.bare_blocks(count * BLOCK).await?;
        socket.close().await?;
        let least = setting.least_in_blocks(BLOCK, crossed);
        let (ours, bare) = (ours.finish(&least), bare.finish(&least));
        let name = "TLS socket download, command mode";
        Blocks { name, setting, block: BLOCK, crossed, rest, ours, bare }.report(report);
        Ok(setting.figure(ours.bytes, ours.took))
    }

    async fn pushed(&self, report: &mut Report) -> Result<f64, Error> {
        let setting = self.setting;
        let bytes = self.bytes().min(UNBRIDLED);
        let mut socket = self.connect(|connector| connector.arrival(Arrival::Delivered)).await?;
        let ours = download(&mut socket, bytes, 1).await?.finish(setting.least_online());
        let bare = self.bare_pushed(bytes / 2).await?;
        socket.close().await?;
        report_online(report, "TLS socket download, data pushed with SSLSRING", &setting, &ours, &bare, None);
        Ok(setting.figure(ours.bytes, ours.took))
    }

    async fn online(&self, report: &mut Report) -> Result<f64, Error> {
        let setting = self.setting;
        let mut socket = self.connect(|connector| connector.mode(ConnectionMode::Online)).await?;
        let ours = download(&mut socket, self.bytes(), 1).await?.finish(setting.least_online());
        let bare = self.bare_online(self.bytes() / 2).await?.finish(setting.least_online());
        socket.close().await?;
        let target = setting.online_target();
        report_online(report, "TLS socket download, online mode", &setting, &ours, &bare, target);
        Ok(setting.figure(ours.bytes, ours.took))
    }

    /// The mode and the block size that are chosen without being told.
    async fn not_told(&self, report: &mut Report, best: f64) -> Result<(), Error> {
        let mut socket = self.connect(|connector| connector).await?;
        let ours = download(&mut socket, self.bytes(), 1).await?.finish(self.setting.least_online());
        socket.close().await?;
        let name =
            format!("TLS socket download, mode and block size not told, {}: rate", self.setting.name());
        let figure = self.setting.figure(ours.bytes, ours.took);
        let row = Row::new(name, figure, self.setting.unit()).floor("best by hand", best);
        report.push(row.target(Target::AtLeastPercentOfFloor(98.0)).why_missed(SAFE_DEFAULT));
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.setting.online_bytes(is_quick())
    }

    async fn connect(&self, set: impl FnOnce(TlsConnector) -> TlsConnector) -> Result<TlsSocket, Error> {
        let connector = set(TlsConnector::new(&self.modem, self.rig.tls()?));
        Ok(connector.connect(TestServers::REST_NAME, 443).await?)
    }

    /// Also tells how many bytes crossed the line for each block.
    async fn bare_blocks(&self, bytes: usize) -> Result<(Meter, usize), Error> {
        let (mut bare, mut meter) = (self.line.borrow(), Meter::default());
        send(&mut bare, bytes).await?;
        let before = bare.crossed();
        // What is behind the last full block stays.
        let blocks = bare.repeat(&self.setting, &mut meter, "AT#SSLRECV=1,1000,10\r", bytes, |answer| {
            block_behind(answer, "#SSLRECV: ")
        });
        let mut received = blocks.await?;
        let crossed = (bare.crossed() - before) * BLOCK / received.len();
        while received.len() < head_length(&received)? + bytes {
            let rest = bare.ask("AT#SSLRECV=1,1000,10\r").await?;
            received.extend_from_slice(block_behind(&rest, "#SSLRECV: "));
        }
        check(&received, bytes)?;
        // Announcements that the SDK does not need to hear.
        bare.until_silence(&mut Meter::default()).await?;
        Ok((meter, crossed))
    }

    async fn bare_pushed(&self, bytes: usize) -> Result<Measured, Error> {
        let (mut bare, mut meter) = (self.line.borrow(), Meter::default());
        send(&mut bare, bytes).await?;
        let lines = bare.until_silence(&mut meter).await?;
        let mut received = Vec::with_capacity(bytes);
        let mut rest = &lines[..];
        while let Some((data, behind)) = ring(rest) {
            received.extend_from_slice(data);
            rest = behind;
        }
        check(&received, bytes)?;
        let measured = meter.finish(self.setting.least_online());
        // Not all of what crossed the line is data.
        Ok(Measured { bytes: measured.bytes * received.len() / lines.len(), ..measured })
    }

    async fn bare_online(&self, bytes: usize) -> Result<Meter, Error> {
        let (mut bare, mut meter) = (self.line.borrow(), Meter::default());
        bare.write(request(bytes).as_bytes()).await?;
        let mut received = bare.until(HEAD_END).await?;
        received.extend_from_slice(&bare.bulk(&mut meter, bytes).await?);
        check(&received, bytes)?;
        // The SDK does not know when the loop has written last, and its escape sequence needs silence before it.
        tokio::time::sleep(Settings::default().escape_guard).await;
        Ok(meter)
    }
}

const SAFE_DEFAULT: &str = "A choice, no cost: a TLS socket that nobody has told otherwise fetches blocks of 1000 bytes \
    with the manual's pause between commands. The faster ways take something from the user: online mode keeps every other \
    command from the module, and data that the module pushes cannot be held up, so that a slow reader would lose the \
    connection. `TlsConnector::mode` and `arrival` choose them, `Settings::pause` shortens the pause.";
/// More is not taken from a peer that cannot be held up, if it comes faster than it is read.
const UNBRIDLED: usize = 900_000;

fn request(bytes: usize) -> String {
    format!("GET /bytes/{bytes} HTTP/1.1\r\nHost: {}\r\n\r\n", TestServers::REST_NAME)
}

/// Sends the request in command mode.
async fn send(bare: &mut Bare, bytes: usize) -> Result<(), Error> {
    let request = request(bytes);
    bare.write(format!("AT#SSLSENDEXT=1,{}\r", request.len()).as_bytes()).await?;
    bare.until(b"> ").await?;
    bare.write(request.as_bytes()).await?;
    bare.until(b"\r\nOK\r\n").await?;
    Ok(())
}

/// Downloads so many bytes; what is behind the last full block is not measured.
async fn download(socket: &mut TlsSocket, bytes: usize, block: usize) -> Result<Meter, Error> {
    socket.write_all(request(bytes).as_bytes()).await?;
    socket.flush().await?;
    let (mut meter, mut received) = (Meter::default(), Vec::with_capacity(bytes + 1000));
    let mut expected = usize::MAX;
    while received.len() < expected {
        let count = socket.read_buf(&mut received).await?;
        if count == 0 {
            return Err("the connection has ended".into());
        }
        if expected == usize::MAX
            && let Ok(head) = head_length(&received)
        {
            expected = head + bytes;
        }
        if expected != usize::MAX && received.len() <= expected / block * block {
            meter.piece(count);
        }
    }
    check(&received, bytes)?;
    Ok(meter)
}

fn head_length(received: &[u8]) -> Result<usize, Error> {
    let at = received.windows(HEAD_END.len()).position(|window| window == HEAD_END);
    Ok(at.ok_or("there is no head")? + HEAD_END.len())
}

/// The data of an announcement, and what is behind them.
fn ring(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    const PREFIX: &[u8] = b"SSLSRING: 1,";
    let start = lines.windows(PREFIX.len()).position(|window| window == PREFIX)? + PREFIX.len();
    let rest = lines.get(start..)?;
    let comma = rest.iter().position(|byte| *byte == b',')?;
    let length: usize = std::str::from_utf8(rest.get(..comma)?).ok()?.parse().ok()?;
    rest.get(comma + 1..)?.split_at_checked(length)
}

fn check(received: &[u8], bytes: usize) -> Result<(), Error> {
    let body = received.get(head_length(received)?..).unwrap_or_default();
    if body == pattern(bytes) { Ok(()) } else { Err("the data differ".into()) }
}
