//! Who reads the lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use telit_benches::ThreadUsage;
use telit_core::at::{CommandLine, Exchange, Expect, StreamEnd, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use telit_core::transport::SerialPort;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::feeder::{BEFORE, BEHIND, COMMAND};
use super::{Error, Run, Setting};

/// Bytes for each read.
const BUFFER: usize = 4096;

/// Who reads.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    /// A loop that reads and understands nothing.
    Bare,
    /// The SDK, which was told how long the download is.
    Announced,
    /// The SDK, which finds the end by the words that mark it.
    Unknown,
}

impl Reader {
    /// One download on each line, on this thread.
    pub(crate) fn take_turn(
        self,
        setting: &Setting,
        lines: &[PathBuf],
        expected: &Arc<[u8]>,
        run: &mut Run,
    ) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let size = expected.len();
        runtime.block_on(async {
            let before = ThreadUsage::now()?;
            let begin = |line: &PathBuf| {
                tokio::spawn(self.download(line.clone(), setting.baud, Arc::clone(expected)))
            };
            let tasks: Vec<_> = lines.iter().map(begin).collect();
            let mut all: Option<(Instant, Instant)> = None;
            for task in tasks {
                let (begun, ended) = task.await??;
                let (first, last) = all.unwrap_or((begun, ended));
                all = Some((first.min(begun), last.max(ended)));
            }
            run.usage += ThreadUsage::since(before)?;
            let (first, last) = all.ok_or("no line")?;
            run.took += last - first;
            // Bits that the lines carry in a tenth of that time are bytes.
            #[expect(clippy::cast_precision_loss)]
            let (bytes, modules) = ((size * lines.len()) as f64, lines.len() as f64);
            run.bytes += bytes;
            run.capacity += modules * (last - first).as_secs_f64() * f64::from(setting.baud) / 10.0;
            Ok(())
        })
    }

    /// Gives when the first byte and the last one were seen.
    async fn download(
        self,
        line: PathBuf,
        baud: u32,
        expected: Arc<[u8]>,
    ) -> Result<(Instant, Instant), String> {
        let result = match self {
            Self::Bare => bare(&line, &expected).await,
            Self::Announced => sdk(&line, baud, StreamEnding::Length(expected.len() as u64), &expected).await,
            Self::Unknown => sdk(&line, baud, StreamEnding::NamedMarkAndSilence, &expected).await,
        };
        result.map_err(|error| error.to_string())
    }
}

fn port(line: &Path) -> Result<telit_core::transport::SerialLine, Error> {
    Ok(SerialPort::new(line.to_string_lossy().as_ref()).open()?)
}

async fn bare(line: &Path, expected: &[u8]) -> Result<(Instant, Instant), Error> {
    let mut port = port(line)?;
    port.write_all(COMMAND).await?;
    port.read_exact(&mut [0; BEFORE.len()]).await?;
    let mut times = None;
    let mut received = 0;
    let mut buffer = Vec::with_capacity(BUFFER);
    while received < expected.len() + BEHIND.len() {
        buffer.clear();
        port.read_buf(&mut buffer).await?;
        let data =
            buffer.get(..expected.len().saturating_sub(received).min(buffer.len())).unwrap_or_default();
        check(expected, received, data)?;
        received += buffer.len();
        if !data.is_empty() {
            note(&mut times);
        }
    }
    times.ok_or_else(|| "no data".into())
}

async fn sdk(
    line: &Path,
    baud: u32,
    ending: StreamEnding,
    expected: &[u8],
) -> Result<(Instant, Instant), Error> {
    let options = DriverOptions { line_rate: Some(baud), ..DriverOptions::default() };
    let port = AtPort::start(port(line)?, options);
    let exchange = Exchange::new(CommandLine::execute("#FTPGET"), Expect::stream(ending));
    let mut stream = port.open_stream(exchange).await?;
    let mut times = None;
    let mut received = 0;
    while received < expected.len() {
        let data = stream.next().await.ok_or("the download is short")?;
        check(expected, received, &data)?;
        received += data.len();
        note(&mut times);
    }
    // What follows the end is no part of the download: the port is closed while the module is asked whether it is back.
    let end = tokio::time::timeout(Duration::from_secs(1), stream.end()).await?;
    match end {
        StreamEnd::Closed { .. } => times.ok_or_else(|| "no data".into()),
        end => Err(format!("another end: {end:?}").into()),
    }
}

fn note(times: &mut Option<(Instant, Instant)>) {
    let now = Instant::now();
    *times = Some(times.map_or((now, now), |(first, _)| (first, now)));
}

/// All bytes are right.
fn check(expected: &[u8], place: usize, data: &[u8]) -> Result<(), Error> {
    if expected.get(place..place + data.len()) == Some(data) { Ok(()) } else { Err("the data differ".into()) }
}
