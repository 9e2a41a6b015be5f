//! What reading a download in online mode costs, beside a bare loop that reads the same line, and how full the line is.
//!
//! A line is a pseudo-terminal whose bytes come as from a serial port: a few every half millisecond, as many as the rate
//! has carried by then. All lines of a run are fed by one other thread; everything that reads runs on one thread, whose
//! processor time and sleeps are counted. The bare loop and the SDK take turns on the same lines.

mod feeder;
mod reader;

use std::time::Duration;

use telit_benches::{Report, Row, Target, ThreadUsage};

use reader::Reader;

type Error = Box<dyn std::error::Error>;

/// What is measured.
struct Setting {
    baud: u32,
    modules: usize,
    /// Time that one transfer takes at the limit of the line.
    length: Duration,
    /// How often each contestant takes its turn.
    turns: u32,
}

fn main() -> Result<(), Error> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let mut report = Report::new(
        "online_cpu",
        "Reading downloads in online mode",
        "Pseudo-terminals whose bytes come every half millisecond, as many as the line has carried. One thread reads: \
         a bare loop of tokio with 4096 bytes for each read, or the SDK. They take turns; processor time and sleeps \
         are those of that thread.",
    );
    let (length, turns) = if quick { (Duration::from_millis(300), 1) } else { (Duration::from_secs(6), 2) };
    for baud in [921_600, 3_000_000] {
        one_module(&Setting { baud, modules: 1, length, turns }, &mut report)?;
    }
    many_modules(&Setting { baud: 921_600, modules: 16, length, turns }, &mut report)?;
    report.finish()?;
    Ok(())
}

fn one_module(setting: &Setting, report: &mut Report) -> Result<(), Error> {
    let [bare, announced, unknown] = race(setting, [Reader::Bare, Reader::Announced, Reader::Unknown])?;
    let baud = setting.baud;
    for (kind, sdk) in [("announced", &announced), ("unknown", &unknown)] {
        let what = format!("online download at {baud} baud, {kind} length, 1 module");
        let row = |figure: &str, unit: &str, of: fn(&Run) -> f64| {
            Row::new(format!("{what}, {figure}"), of(sdk), unit).floor("bare tokio loop", of(&bare))
        };
        report.push(
            row("processor time", "ms/MB", Run::processor_per_megabyte).target(Target::AtMostTimesFloor(0.6)),
        );
        report.push(row("sleeps", "a MB", Run::sleeps_per_megabyte));
        report.push(row("share of the line", "%", Run::share).target(Target::AtLeast(99.5)));
    }
    Ok(())
}

fn many_modules(setting: &Setting, report: &mut Report) -> Result<(), Error> {
    let [bare, sdk] = race(setting, [Reader::Bare, Reader::Announced])?;
    let what =
        format!("online downloads at {} baud, {} modules in one thread", setting.baud, setting.modules);
    let row = |figure: &str, unit: &str, of: fn(&Run) -> f64| {
        Row::new(format!("{what}, {figure}"), of(&sdk), unit).floor("one bare tokio task each", of(&bare))
    };
    report.push(row("processor", "% of a core", Run::core).target(Target::AtMost(2.0)));
    report.push(row("sleeps", "a MB", Run::sleeps_per_megabyte));
    report.push(row("share of the line", "%", Run::share).target(Target::AtLeast(99.0)));
    Ok(())
}

/// What one contestant used for all its turns.
#[derive(Default)]
struct Run {
    usage: ThreadUsage,
    bytes: f64,
    /// From the first byte to the last, over all modules.
    took: Duration,
    /// What the lines carry meanwhile.
    capacity: f64,
}

impl Run {
    fn processor_per_megabyte(&self) -> f64 {
        1e9 * self.usage.processor.as_secs_f64() / self.bytes
    }

    fn sleeps_per_megabyte(&self) -> f64 {
        // Far fewer than a float can count.
        #[expect(clippy::cast_precision_loss)]
        let sleeps = self.usage.sleeps as f64;
        1e6 * sleeps / self.bytes
    }

    fn core(&self) -> f64 {
        100.0 * self.usage.processor.as_secs_f64() / self.took.as_secs_f64()
    }

    fn share(&self) -> f64 {
        100.0 * self.bytes / self.capacity
    }
}

fn race<const N: usize>(setting: &Setting, readers: [Reader; N]) -> Result<[Run; N], Error> {
    let lines = feeder::lines(setting)?;
    let expected = feeder::download(setting).into();
    let mut runs = std::array::from_fn(|_| Run::default());
    for _ in 0..setting.turns {
        for (reader, run) in readers.iter().zip(&mut runs) {
            reader.take_turn(setting, &lines, &expected, run)?;
        }
    }
    Ok(runs)
}
