//! Starts with several commands on a line, and with what was found out at an earlier start.

use telit_core::Modem;
use telit_core::modem::StoredProfile;

use super::super::bench::Bench;
use super::super::bring_up::OnLine;
use super::super::mqtt::{Session, connect};
use super::super::outcome::{Broken, same_reading};
use super::super::set_up::{builder, on_line};
use super::mqtt::goes_on;
use super::{at_every_await, failed, in_step, interrupted};

/// From the port to an active context, on few lines.
async fn start(bench: &Bench, stored: Option<&StoredProfile>) -> Result<Modem, Broken> {
    let mut builder = builder().chains(true);
    if let Some(stored) = stored {
        builder = builder.stored_profile(stored.clone());
    }
    let modem = builder.open(bench.plug()).await.map_err(failed("open"))?;
    modem.bring_up().await.map_err(failed("bring-up"))?;
    Ok(modem)
}

/// Otherwise the run proves nothing.
fn said_in_few_lines(bench: &Bench, since: usize, completed: bool) -> Result<(), Broken> {
    let chained = !completed || bench.has_said(since, ";");
    same_reading("whether there were several commands on a line", &true, &chained, None).map(drop)
}

#[test]
fn starting_in_few_lines() {
    at_every_await("start in few lines", async |_: &OnLine, bench, moments| {
        let mark = bench.mark();
        let started = interrupted(bench, moments, start(bench, None)).await.transpose()?;
        let completed = started.is_some();
        said_in_few_lines(bench, mark, completed)?;
        drop(started);
        let modem = start(bench, None).await?;
        let step = in_step(bench, &modem).await?;
        in_step(bench, &on_line(bench).await?).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn starting_with_a_stored_profile() {
    at_every_await("start with a stored profile", async |_: &OnLine, bench, moments| {
        let stored = start(bench, None).await?.stored_profile().await.map_err(failed("the profile"))?;
        let mark = bench.mark();
        let started = interrupted(bench, moments, start(bench, Some(&stored))).await.transpose()?;
        let completed = started.is_some();
        said_in_few_lines(bench, mark, completed)?;
        drop(started);
        let modem = start(bench, Some(&stored)).await?;
        let step = in_step(bench, &modem).await?;
        in_step(bench, &on_line(bench).await?).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn storing_a_profile() {
    at_every_await("stored_profile", async |_: &OnLine, bench, moments| {
        let modem = start(bench, None).await?;
        let stored = interrupted(bench, moments, modem.stored_profile()).await.transpose();
        let stored = stored.map_err(failed("the profile"))?;
        let step = in_step(bench, &modem).await?;
        let again = modem.stored_profile().await.map_err(failed("the profile again"))?;
        let same = stored.as_ref().is_none_or(|stored| *stored == again);
        same_reading("whether the profile is the same", &true, &same, None)?;
        Ok(step.completed(stored.is_some()))
    });
}

#[test]
fn connecting_in_few_lines() {
    at_every_await("MqttClient::connect in few lines", async |session: &Session, bench, moments| {
        let modem = start(bench, None).await?;
        let mark = bench.mark();
        let completed = interrupted(bench, moments, connect(&modem)).await.is_some();
        said_in_few_lines(bench, mark, completed)?;
        let step = in_step(bench, &modem).await?;
        let client = session.connect_again(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}
