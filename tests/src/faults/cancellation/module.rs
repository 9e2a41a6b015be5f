//! Opening, bringing up, provisioning, taking TLS, single commands.

use telit_core::Modem;
use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::exclusive::Service;

use super::super::bring_up::OnLine;
use super::super::outcome::{Broken, Ending, same_reading};
use super::super::provision::{Provisioning, again, provision_all};
use super::super::set_up::{bring_up, on_line, open, reopen};
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn opening() {
    at_every_await("open", async |_: &OnLine, bench, moments| {
        let opened = interrupted(bench, moments, open(bench)).await;
        // The port of the dropped future closes, and the module serves the next one.
        let modem = on_line(bench).await?;
        let step = in_step(bench, &modem).await?;
        Ok(step.completed(opened.is_some()))
    });
}

#[test]
fn bringing_up() {
    at_every_await("bring_up", async |_: &OnLine, bench, moments| {
        let modem = reopen(bench).await?;
        let done = interrupted(bench, moments, modem.bring_up()).await;
        let step = in_step(bench, &modem).await?;
        bring_up(bench, &modem).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn provisioning() {
    at_every_await("provision", async |_: &Provisioning, bench, moments| {
        let modem = on_line(bench).await?;
        let done = interrupted(bench, moments, provision_all(&modem)).await;
        let step = in_step(bench, &modem).await?;
        again(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn taking_tls() {
    at_every_await("acquire_tls", async |_: &OnLine, bench, moments| {
        let modem = on_line(bench).await?;
        let taken = interrupted(bench, moments, modem.acquire_tls(Service::Http)).await;
        let completed = taken.is_some();
        drop(taken);
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn waiting_for_tls() {
    at_every_await("acquire_tls in turn", async |_: &OnLine, bench, moments| {
        let modem = on_line(bench).await?;
        let held = modem.acquire_tls(Service::Mqtt).await.map_err(failed("TLS is not free"))?;
        let releasing = tokio::spawn(async move {
            tokio::task::yield_now().await;
            held.release();
        });
        let taken = interrupted(bench, moments, modem.acquire_tls(Service::Http)).await;
        let completed = taken.is_some();
        drop(taken);
        releasing.await.map_err(failed("the holder"))?;
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn one_command() {
    at_every_await("execute", async |_: &OnLine, bench, moments| {
        let modem = on_line(bench).await?;
        let answer = interrupted(bench, moments, execute(&modem)).await;
        let step = in_step(bench, &modem).await?;
        Ok(step.completed(answer.is_some()))
    });
}

/// A command whose answer could be taken for that of the next one.
async fn execute(modem: &Modem) -> Result<Ending, Broken> {
    let exchange = Exchange::new(CommandLine::execute("+CGMR"), Expect::text());
    let reply = modem.channel().execute(exchange).await.map_err(failed("the command"))?;
    same_reading("the firmware", "M0C.200006", &*reply.lines()[0].text(), None)
}
