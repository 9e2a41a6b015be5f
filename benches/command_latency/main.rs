//! How long one command takes, from the call to the typed answer, beside a bare loop that writes and reads on the same
//! kind of line, and beside the client of `atat`.
//!
//! Each of them has a line and a responder of its own: the bare loop and `atat` a serial port of `tokio-serial`, the SDK
//! its own. They take turns, some commands each, so that whatever else the computer does meets all of them. A responder
//! answers at once, whole, on a thread of its own for a pseudo-terminal, and on the same thread in memory, where nothing but
//! the work itself is left. Everything else runs on one thread.
//!
//! Whoever asks is a task of the runtime, as in a service; `atat` cannot be sent to one. Asked by the future of `block_on`
//! itself, commands are measured as well: the runtime asks the operating system for events each time before it goes on
//! with that future when a task has woken it, and the bare loop has no task that wakes it.

mod contestant;
mod pause;
mod responder;

use std::time::Instant;

use telit_benches::{Report, Row, Samples, Target, ThreadUsage};
use telit_core::transport::{DEFAULT_BAUD_RATE, SerialPort};
use tokio_serial::SerialPortBuilderExt;

use contestant::{Atat, Bare, Contestant, Sdk, Task};

/// Commands of one turn.
const TURN: u32 = 50;
/// Bytes that a line in memory holds.
const MEMORY: usize = 4096;

/// What the profile shows where the time on a pseudo-terminal is too long.
const PROFILE: &str = "The SDK makes three system calls a command: it writes, sleeps and reads (`strace`). The bare loop on \
    the port of tokio-serial makes five or six and is quicker for it: it reads in vain behind each short read, and room to \
    write wakes it as soon as the responder has read the command, before there is an answer. So its thread is awake, or \
    has not gone to sleep yet, when the answer comes, which here is some microseconds later. The same loop on the SDK's port, \
    which only input wakes, takes most of the difference: see the row beside it. The settings of all terminals are the same. A \
    real line answers milliseconds later, where an early wake-up gains nothing, and each byte that leaves would be one. The \
    rest is the SDK's work: 11,000 instructions in memory (callgrind), of which 2,200 are allocations, 1,200 copies and \
    700 the timer of the command's deadline, which is set when the module is at work.";
/// What comes on top of it for the future of `block_on`.
const PROFILE_OF_BLOCK_ON: &str = "The runtime asks for events (`epoll_wait` that does not wait) each time before it goes \
    on with the future of `block_on` that a task has woken, and nothing the SDK does can spare that: 1.3 µs of the 4.2 µs \
    above the bare loop, which no task wakes. Asked by a task, as in a service, commands meet the target.";

type Error = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let turns = if quick { 4 } else { 1000 };
    let mut report = Report::new(
        "command_latency",
        "One command and its answer",
        "`AT+CSQ`, from the call to the typed answer, on one thread. The responder answers at once: on a thread of its \
         own behind a pseudo-terminal, on the same thread in memory. SDK, bare tokio loop and atat take turns. SDK and \
         bare loop are asked by a task, as in a service; also, where a row says so, by the future of `block_on`.",
    );
    tokio::task::LocalSet::new()
        .run_until(async {
            on_terminals(Asking::Task, turns, &mut report).await?;
            on_terminals(Asking::BlockOn, turns, &mut report).await?;
            in_memory(turns, &mut report).await?;
            pause::measure(if quick { 3 } else { 50 }, &mut report).await
        })
        .await?;
    report.finish()?;
    Ok(())
}

/// Who asks.
#[derive(Clone, Copy)]
enum Asking {
    Task,
    BlockOn,
}

async fn on_terminals(asking: Asking, turns: u32, report: &mut Report) -> Result<(), Error> {
    let theirs = || -> Result<_, Error> {
        Ok(tokio_serial::new(responder::terminal()?.to_string_lossy(), DEFAULT_BAUD_RATE)
            .open_native_async()?)
    };
    let ours = || -> Result<_, Error> {
        Ok(SerialPort::new(responder::terminal()?.to_string_lossy().as_ref()).open()?)
    };
    let contestants = (Bare::new(theirs()?), Sdk::new(ours()?), Atat::new(theirs()?), Bare::new(ours()?));
    let Race { bare, sdk, atat, bare_on_our_line } = race(asking, turns, contestants).await?;
    let (name, profile) = match asking {
        Asking::Task => ("command on a pseudo-terminal", PROFILE),
        Asking::BlockOn => {
            ("command on a pseudo-terminal, asked by the future of block_on", PROFILE_OF_BLOCK_ON)
        }
    };
    let row = |what: &str, unit: &str, of: fn(&Taken) -> f64| {
        Row::new(format!("{name}, {what}"), of(&sdk), unit)
            .floor("bare tokio loop", of(&bare))
            .peer("atat 0.25", of(&atat))
            .why_missed(profile)
    };
    report.push(row("median", "µs", Taken::median).target(Target::AtMostTimesFloor(1.2)));
    report.push(row("p99", "µs", |taken| taken.times.quantile(0.99)).target(Target::AtMostTimesFloor(1.3)));
    report.push(row("sleeps", "a command", Taken::sleeps).target(Target::AtMost(1.1)));
    report.push(row("processor time of the thread", "µs", Taken::processor));
    report.push(
        Row::new(format!("{name}, median, beside a bare loop on the same port"), sdk.median(), "µs")
            .floor("bare tokio loop on the SDK's serial port", bare_on_our_line.median())
            .target(Target::AtMostTimesFloor(1.2)),
    );
    Ok(())
}

async fn in_memory(turns: u32, report: &mut Report) -> Result<(), Error> {
    let line = || {
        let (host, module) = tokio::io::duplex(MEMORY);
        tokio::spawn(async move { responder::answer(module).await });
        host
    };
    let contestants = (Bare::new(line()), Sdk::new(line()), Atat::new(line()), Bare::new(line()));
    let race = race(Asking::Task, turns, contestants).await?;
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

/// They take turns.
async fn race(
    asking: Asking,
    turns: u32,
    (mut bare, mut sdk, mut atat, mut bare_on_our_line): (impl Task, impl Task, impl Contestant, impl Task),
) -> Result<Race, Error> {
    let mut race = Race::default();
    // The first turn of each is not counted.
    for counted in std::iter::once(false).chain((0..turns).map(|_| true)) {
        bare = race.bare.take_turn_as(asking, bare, counted).await?;
        sdk = race.sdk.take_turn_as(asking, sdk, counted).await?;
        race.atat.take_turn(&mut atat, counted).await?;
        bare_on_our_line = race.bare_on_our_line.take_turn_as(asking, bare_on_our_line, counted).await?;
    }
    Ok(race)
}

/// What the commands of one contestant took.
#[derive(Default)]
struct Taken {
    times: Samples,
    usage: ThreadUsage,
    commands: u32,
}

impl Taken {
    /// Gives the contestant back.
    async fn take_turn_as<T: Task>(
        &mut self,
        asking: Asking,
        mut contestant: T,
        counted: bool,
    ) -> Result<T, Error> {
        match asking {
            Asking::BlockOn => self.take_turn(&mut contestant, counted).await?,
            Asking::Task => {
                let mut taken = std::mem::take(self);
                let turn = async move {
                    let before = ThreadUsage::now().map_err(|error| error.to_string())?;
                    for _ in 0..TURN {
                        let begun = Instant::now();
                        contestant.ask().await.map_err(|error| error.to_string())?;
                        taken.command(begun, counted);
                    }
                    taken.turn(before, counted).map_err(|error| error.to_string())?;
                    Ok::<_, String>((contestant, taken))
                };
                (contestant, *self) = tokio::spawn(turn).await??;
            }
        }
        Ok(contestant)
    }

    async fn take_turn(&mut self, contestant: &mut impl Contestant, counted: bool) -> Result<(), Error> {
        let before = ThreadUsage::now()?;
        for _ in 0..TURN {
            let begun = Instant::now();
            contestant.command().await?;
            self.command(begun, counted);
        }
        self.turn(before, counted)?;
        Ok(())
    }

    fn command(&mut self, begun: Instant, counted: bool) {
        if counted {
            self.times.push(begun.elapsed());
        }
    }

    fn turn(&mut self, before: ThreadUsage, counted: bool) -> std::io::Result<()> {
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
