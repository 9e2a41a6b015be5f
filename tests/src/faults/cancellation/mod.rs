//! Every public future, dropped at every await point.
//!
//! An operation lives for one moment and is dropped, in the next [world](super::trial) for two, and so on until it
//! completes. After each drop the next command gets its own answer, the module's TLS comes back, and the next whole
//! operation works within its bound. Virtual time makes every run the same, so these are all the points at which a
//! future can be dropped.

mod aws;
mod cable;
mod channels;
mod diagnosis;
mod few_lines;
mod files;
mod module;
mod mqtt;
mod pool;
mod questions;
mod requests;
mod sockets;
mod table;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use telit_core::Modem;
use telit_core::commands::SerialNumber;
use telit_core::exclusive::Service;
use telit_simulator::Platform;

use super::bench::{Bench, Bound};
use super::outcome::{Broken, same_reading};
use super::scenario::Scenario;
use super::trial::{Trial, run_in_world};
use super::watchdog::Watchdog;

/// Of the virtual module of this platform.
const IMEI: &str = "356938035643809";
/// More than any operation here needs.
const MOST_MOMENTS: usize = 5000;
/// The longest command that a future which was dropped can leave under way: connecting to a broker.
const NEXT_COMMAND: Bound = Bound::new("next command", 200);
const TLS_BACK: Bound = Bound::new("TLS comes back", 400);

/// Proof that the next command got its own answer after the drop.
struct InStep(());

/// How the life of a future ended.
struct Life {
    completed: bool,
}

impl InStep {
    /// The future was dropped after that, or completed before.
    fn completed(self, completed: bool) -> Life {
        Life { completed }
    }
}

/// Runs an operation again and again, each time in a new world and with one moment more, until it has completed. That
/// takes as many moments as the [table](table) says, at least: a future that is never dropped proves nothing.
fn at_every_await<S: Scenario>(
    name: &str,
    operation: impl AsyncFn(&S, &Bench, usize) -> Result<Life, Broken>,
) {
    let least = table::least_moments(name);
    let watchdog = Watchdog::start();
    let mut broken = Vec::new();
    for moments in 1..MOST_MOMENTS {
        watchdog.begin(format!("{name} after {moments} moments"));
        let run = async |scenario: &S, bench: &Bench| operation(scenario, bench, moments).await;
        let Trial { verdict, tape, .. } = run_in_world(Platform::P37, None, run);
        match verdict {
            Ok(Life { completed: false }) => {}
            Ok(Life { completed: true }) => {
                println!("{name}: dropped after each of {} moments, {} broken", moments - 1, broken.len());
                assert!(broken.is_empty(), "{}", broken.join("\n"));
                assert!(moments > least, "{name} had {} moments of {least}", moments - 1);
                return;
            }
            Err(what) => {
                if broken.is_empty() {
                    println!("{tape}");
                }
                broken.push(format!("{name} dropped after {moments} moments: {what}"));
            }
        }
    }
    panic!("{name} does not complete: {}", broken.join("\n"));
}

/// Lets a future live for so many moments and drops it, unless it completes before. A moment passes whenever it is
/// polled, and whenever something is said on the line: much goes on in tasks behind it.
async fn interrupted<F: Future>(bench: &Bench, moments: usize, future: F) -> Option<F::Output> {
    let completed = {
        let (mut future, mut left) = (pin!(future), moments);
        let mut turn = Box::pin(bench.world().turn());
        poll_fn(|context| {
            while turn.as_mut().poll(context).is_ready() {
                turn.set(bench.world().turn());
            }
            match future.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if left <= 1 => Poll::Ready(None),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            }
        })
        .await
    };
    bench.world().remark(if completed.is_some() { "completed" } else { "dropped" });
    completed
}

/// The next command gets its own answer: of a question that no job asks.
async fn in_step(bench: &Bench, modem: &Modem) -> Result<InStep, Broken> {
    let number = bench.within(NEXT_COMMAND, modem.run(SerialNumber)).await?;
    let number = number.map_err(|error| Broken::wrong(format!("the next command fails: {error}")))?;
    same_reading("the serial number", IMEI, &*number, None)?;
    Ok(InStep(()))
}

/// Whoever held TLS gives it back, and leaves it off.
async fn tls_comes_back(bench: &Bench, modem: &Modem) -> Result<(), Broken> {
    let lease = bench.within(TLS_BACK, modem.acquire_tls(Service::Socket)).await?;
    let lease = lease.map_err(|error| Broken::wrong(format!("TLS does not come back: {error}")))?;
    let owner = modem.tls_owner().await.map_err(|error| Broken::wrong(format!("no owner: {error}")))?;
    lease.release();
    same_reading("who has TLS on the module", &None, &owner, None).map(drop)
}

fn failed<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Broken {
    move |error| Broken::wrong(format!("{what}: {error}"))
}
