//! The pause that the manual asks for behind an answer, as it is by default.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use telit_benches::{Report, Row, Samples, Target};
use telit_core::at::Settings;
use telit_core::commands::SignalQuality;
use telit_core::driver::{AtChannelExt, AtPort, DriverOptions};
use telit_core::transport::{SerialLine, SerialPort};
use tokio::runtime::Builder;

use super::contestant::{Bare, Contestant};
use super::{Error, responder};

/// Measures the pause before a command that follows an answer at once, and how long a command takes that comes when the
/// pause is over.
pub(crate) async fn measure(commands: u32, report: &mut Report) -> Result<(), Error> {
    let pause = Settings::default().pause;
    let (terminal, gaps) = responder::terminal_with_gaps()?;
    let port = AtPort::start(open(&terminal)?, DriverOptions::default());
    let single_threaded = at_once(&port, commands, &gaps).await?;
    let late = behind(&port, pause + Duration::from_millis(5), commands).await?;
    let multi_threaded = std::thread::scope(|scope| {
        let measuring = scope.spawn(|| multi_threaded(commands).map_err(|error| error.to_string()));
        measuring.join().unwrap_or_else(|_| Err("a panic".to_owned()))
    })?;
    let sleeping = sleeping(pause, commands).await?;
    let milliseconds = |gaps: &Samples, share| gaps.quantile(share) / 1000.0;
    report.push(
        Row::new(
            "default pause, shortest from an answer to the command that was asked at once",
            milliseconds(&single_threaded, 0.0).min(milliseconds(&multi_threaded, 0.0)),
            "ms",
        )
        .target(Target::AtLeast(1000.0 * pause.as_secs_f64())),
    );
    for (runtime, gaps) in [("one thread", &single_threaded), ("two worker threads", &multi_threaded)] {
        let what = "default pause, median from an answer to the command that was asked at once";
        report.push(
            Row::new(format!("{what}, runtime of {runtime}"), milliseconds(gaps, 0.5), "ms")
                .floor("bare loop with tokio's sleep", milliseconds(&sleeping, 0.5)),
        );
    }
    report.push(
        Row::new("default pause, command 25 ms behind an answer, median", milliseconds(&late, 0.5), "ms")
            .target(Target::AtMost(1.0)),
    );
    Ok(())
}

fn open(terminal: &Path) -> Result<SerialLine, Error> {
    Ok(SerialPort::new(terminal.to_string_lossy().as_ref()).open()?)
}

/// The pauses of a port on a runtime with several threads.
fn multi_threaded(commands: u32) -> Result<Samples, Error> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (terminal, gaps) = responder::terminal_with_gaps()?;
        at_once(&AtPort::start(open(&terminal)?, DriverOptions::default()), commands, &gaps).await
    })
}

/// The pauses of a loop that sleeps as long as the pause is behind each answer.
async fn sleeping(pause: Duration, commands: u32) -> Result<Samples, Error> {
    let (terminal, gaps) = responder::terminal_with_gaps()?;
    let mut bare = Bare::new(open(&terminal)?);
    for _ in 0..=commands {
        bare.command().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(behind_answers(&gaps))
}

/// The pauses that a port makes by itself.
async fn at_once(port: &AtPort, commands: u32, gaps: &Receiver<Duration>) -> Result<Samples, Error> {
    behind(port, Duration::ZERO, commands).await?;
    Ok(behind_answers(gaps))
}

/// Nothing came before the first command.
fn behind_answers(gaps: &Receiver<Duration>) -> Samples {
    let mut samples = Samples::default();
    gaps.try_iter().skip(1).for_each(|gap| samples.push(gap));
    samples
}

async fn behind(port: &AtPort, pause: Duration, commands: u32) -> Result<Samples, Error> {
    let mut samples = Samples::default();
    port.run(SignalQuality).await?;
    for _ in 0..commands {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let begun = Instant::now();
        port.run(SignalQuality).await?;
        samples.push(begun.elapsed());
    }
    Ok(samples)
}
