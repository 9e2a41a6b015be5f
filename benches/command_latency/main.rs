//! How long one command takes, from the call to the typed answer, beside a bare loop that writes and reads on the same
//! kind of line, and beside the client of `atat`.
//!
//! Each of them has a line and a responder of its own: the bare loop and `atat` a serial port of `tokio-serial`, the SDK
//! its own. They take turns, some commands each, so that whatever else the computer does meets all of them. A responder answers at once, whole, on a thread of its own for a pseudo-terminal,
//! and on the same thread in memory, where nothing but the work itself is left. Everything else runs on one thread.

mod contestant;
mod pause;
mod responder;

use std::time::Instant;

use telit_benches::{Report, Row, Samples, Target, ThreadUsage};
use telit_core::transport::{DEFAULT_BAUD_RATE, SerialPort};
use tokio_serial::SerialPortBuilderExt;

use contestant::{Atat, Bare, Contestant, Sdk};

/// Commands of one turn.
const TURN: u32 = 50;
/// Bytes that a line in memory holds.
const MEMORY: usize = 4096;

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let turns = if quick { 4 } else { 1000 };
    let mut report = Report::new(
        "command_latency",
        "One command and its answer",
        "`AT+CSQ`, from the call to the typed answer, on one thread. The responder answers at once: on a thread of its \
         own behind a pseudo-terminal, on the same thread in memory. SDK, bare tokio loop and atat take turns.",
    );
    tokio::task::LocalSet::new()
        .run_until(async {
            on_terminals(turns, &mut report).await?;
            in_memory(turns, &mut report).await?;
            pause::measure(if quick { 3 } else { 50 }, &mut report).await
        })
        .await?;
    report.finish()?;
    Ok(())
}

async fn on_terminals(turns: u32, report: &mut Report) -> Result<(), Error> {
    let theirs = || -> Result<_, Error> {
        Ok(tokio_serial::new(responder::terminal()?.to_string_lossy(), DEFAULT_BAUD_RATE)
            .open_native_async()?)
    };
    let ours = || -> Result<_, Error> {
        Ok(SerialPort::new(responder::terminal()?.to_string_lossy().as_ref()).open()?)
    };
    let mut race = Race::default();
    let contestants = (
        &mut Bare::new(theirs()?),
        &mut Sdk::new(ours()?),
        &mut Atat::new(theirs()?),
        &mut Bare::new(ours()?),
    );
    race.run(turns, contestants).await?;
    let Race { bare, sdk, atat, bare_on_our_line } = race;
    let row = |what: &str, unit: &str, of: fn(&Taken) -> f64| {
        Row::new(format!("command on a pseudo-terminal, {what}"), of(&sdk), unit)
            .floor("bare tokio loop", of(&bare))
            .peer("atat 0.25", of(&atat))
    };
    report.push(row("median", "µs", Taken::median).target(Target::AtMostTimesFloor(1.2)));
    report.push(row("p99", "µs", |taken| taken.times.quantile(0.99)).target(Target::AtMostTimesFloor(1.3)));
    report.push(row("sleeps", "a command", Taken::sleeps).target(Target::AtMost(1.1)));
    report.push(row("processor time of the thread", "µs", Taken::processor));
    report.push(
        Row::new(
            "command on a pseudo-terminal, median, beside a bare loop on the same port",
            sdk.median(),
            "µs",
        )
        .floor("bare tokio loop on the SDK's serial port", bare_on_our_line.median()),
    );
    Ok(())
}

async fn in_memory(turns: u32, report: &mut Report) -> Result<(), Error> {
    let line = || {
        let (host, module) = tokio::io::duplex(MEMORY);
        tokio::task::spawn_local(responder::answer(module));
        host
    };
    let mut race = Race::default();
    let contestants =
        (&mut Bare::new(line()), &mut Sdk::new(line()), &mut Atat::new(line()), &mut Bare::new(line()));
    race.run(turns, contestants).await?;
    for (what, share) in [("median", 0.5), ("p99", 0.99)] {
        let of = |taken: &Taken| taken.times.quantile(share);
        let row = Row::new(format!("command in memory, {what}"), of(&race.sdk), "µs");
        report.push(row.floor("bare tokio loop", of(&race.bare)).peer("atat 0.25", of(&race.atat)));
    }
    Ok(())
}

/// What each contestant took.
#[derive(Default)]
struct Race {
    bare: Taken,
    sdk: Taken,
    atat: Taken,
    bare_on_our_line: Taken,
}

impl Race {
    /// They take turns.
    async fn run(
        &mut self,
        turns: u32,
        (bare, sdk, atat, bare_on_our_line): (
            &mut impl Contestant,
            &mut impl Contestant,
            &mut impl Contestant,
            &mut impl Contestant,
        ),
    ) -> Result<(), Error> {
        // The first turn of each is not counted.
        for counted in std::iter::once(false).chain((0..turns).map(|_| true)) {
            self.bare.take_turn(bare, counted).await?;
            self.sdk.take_turn(sdk, counted).await?;
            self.atat.take_turn(atat, counted).await?;
            self.bare_on_our_line.take_turn(bare_on_our_line, counted).await?;
        }
        Ok(())
    }
}

/// What the commands of one contestant took.
#[derive(Default)]
struct Taken {
    times: Samples,
    usage: ThreadUsage,
    commands: u32,
}

impl Taken {
    async fn take_turn(&mut self, contestant: &mut impl Contestant, counted: bool) -> Result<(), Error> {
        let before = ThreadUsage::now()?;
        for _ in 0..TURN {
            let begun = Instant::now();
            contestant.command().await?;
            if counted {
                self.times.push(begun.elapsed());
            }
        }
        if counted {
            self.usage += ThreadUsage::since(before)?;
            self.commands += TURN;
        }
        Ok(())
    }

    fn median(&self) -> f64 {
        self.times.quantile(0.5)
    }

    fn sleeps(&self) -> f64 {
        // Far fewer than a float can count.
        #[expect(clippy::cast_precision_loss)]
        let sleeps = self.usage.sleeps as f64;
        sleeps / f64::from(self.commands)
    }

    fn processor(&self) -> f64 {
        1e6 * self.usage.processor.as_secs_f64() / f64::from(self.commands)
    }
}
