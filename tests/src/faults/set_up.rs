//! What stands before most jobs, and between a fault and the next operation.

use std::time::Duration;

use telit_core::Modem;
use telit_core::commands::ReadErrorFormat;
use telit_core::modem::{ModemBuilder, OpenError};
use tokio::time::sleep;

use super::bench::{Bench, Bound};
use super::fault::Fault;
use super::outcome::Broken;
use super::trial::epoch;

/// As `ModemBuilder::open` says.
pub(super) const OPEN: Bound = Bound::new("open", 90);
/// As `Modem::bring_up` says.
pub(super) const BRING_UP: Bound = Bound::new("bring up", 180 + 15 * 60);

/// As `ShortPayload::Waits` says.
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);

/// Finding the line, with a payload that may be incomplete.
const QUESTION: Bound = Bound::new("a question", 60);

pub(super) fn builder() -> ModemBuilder {
    Modem::builder().apn("iot.test").computer_time(epoch)
}

pub(super) async fn open(bench: &Bench) -> Result<Modem, OpenError> {
    builder().open(bench.plug()).await
}

pub(super) async fn reopen(bench: &Bench) -> Result<Modem, Broken> {
    let opened = bench.within(OPEN, open(bench)).await?;
    opened.map_err(|error| Broken::wrong(format!("open fails: {error}")))
}

/// A module on line, behind a line on which nothing has gone wrong yet.
pub(super) async fn on_line(bench: &Bench) -> Result<Modem, Broken> {
    let modem = reopen(bench).await?;
    bring_up(bench, &modem).await?;
    Ok(modem)
}

pub(super) async fn bring_up(bench: &Bench, modem: &Modem) -> Result<(), Broken> {
    let brought = bench.within(BRING_UP, modem.bring_up()).await?;
    brought.map(drop).map_err(|error| Broken::wrong(format!("bring-up fails: {error}")))
}

/// What the documentation asks of the user before he goes on: to open a port again that went, and to bring a module up
/// again that has restarted or lost its network. Everything else needs nothing.
pub(super) async fn recover(bench: &Bench, modem: Modem) -> Result<Modem, Broken> {
    bench.end_job();
    bench.calm().await;
    match bench.fault() {
        Some(Fault::Unplug) => on_line(bench).await,
        Some(Fault::Reboot | Fault::NetworkLoss) => bring_up(bench, &modem).await.map(|()| modem),
        _ => out_of_entry(bench, &modem).await.map(|()| modem),
    }
}

/// As `ShortPayload::Waits` says: to reset the hardware helps a module that waits for the rest of a payload.
async fn out_of_entry(bench: &Bench, modem: &Modem) -> Result<(), Broken> {
    if !bench.is_entry_open() {
        return Ok(());
    }
    // The module may have been slow, or have lost the command.
    let asked = bench.within(QUESTION, modem.run(ReadErrorFormat)).await?;
    if asked.is_ok() || !bench.is_entry_open() {
        return Ok(());
    }
    bench.reset_module().await;
    if bench.within(QUESTION, modem.run(ReadErrorFormat)).await?.is_err() {
        // Of a short payload so little is missing that no question fits any more: nothing is asked for five minutes.
        sleep(FIVE_MINUTES).await;
    }
    bring_up(bench, modem).await
}

/// What was read wrong of the firmware, because a byte was hit, is read anew when the module is brought up.
pub(super) async fn after_misreading(bench: &Bench, modem: &Modem) -> Result<(), Broken> {
    match bench.fault() {
        Some(fault) if fault.hits_a_byte() => bring_up(bench, modem).await,
        _ => Ok(()),
    }
}
