//! The pause that the manual asks for behind an answer, as it is by default.

use std::time::{Duration, Instant};

use telit_benches::{Report, Row, Samples, Target};
use telit_core::at::Settings;
use telit_core::commands::SignalQuality;
use telit_core::driver::{AtChannelExt, AtPort, DriverOptions};
use telit_core::transport::SerialPort;

use super::{Error, responder};

/// Measures the shortest pause before a command that follows an answer at once, and how long a command takes that comes
/// when the pause is over.
pub(crate) async fn measure(commands: u32, report: &mut Report) -> Result<(), Error> {
    let (path, gaps) = responder::terminal_with_gaps()?;
    let port =
        AtPort::start(SerialPort::new(path.to_string_lossy().as_ref()).open()?, DriverOptions::default());
    let pause = Settings::default().pause;
    behind(&port, Duration::ZERO, commands).await?;
    // Nothing came before the first command.
    let shortest = gaps.try_iter().skip(1).min().ok_or("no command")?;
    let late = behind(&port, pause + Duration::from_millis(5), commands).await?;
    report.push(
        Row::new(
            "default pause, shortest from an answer to the command that was asked at once",
            1000.0 * shortest.as_secs_f64(),
            "ms",
        )
        .target(Target::AtLeast(1000.0 * pause.as_secs_f64())),
    );
    report.push(
        Row::new("default pause, command 25 ms behind an answer, median", late.quantile(0.5) / 1000.0, "ms")
            .target(Target::AtMost(1.0)),
    );
    Ok(())
}

async fn behind(port: &AtPort, pause: Duration, commands: u32) -> Result<Samples, Error> {
    let mut samples = Samples::default();
    port.run(SignalQuality).await?;
    for _ in 0..commands {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        port.run(SignalQuality).await?;
        samples.push(begun.elapsed());
    }
    Ok(samples)
}
