//! Small questions and looks of a modem, its credentials, and its supervisor.

use std::io;

use telit_core::Modem;
use telit_core::commands::ReadErrorFormat;
use telit_core::driver::{BoxedStream, Loss};
use telit_core::exclusive::Service;
use telit_core::socket::TlsConnector;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_core::tls::{CredentialArea, CredentialKind, CredentialPlace, TlsOptions, inventory, remove};

use super::super::bring_up::OnLine;
use super::super::credentials::authority;
use super::super::line::World;
use super::super::outcome::{Broken, same_reading};
use super::super::provision::{Provisioning, provision_all};
use super::super::set_up::{on_line, reopen};
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

/// An operation of a modem on line that changes nothing but the module's TLS.
fn asking(name: &str, question: impl AsyncFn(&Modem) -> Result<(), Broken>) {
    at_every_await(name, async |_: &Provisioning, bench, moments| {
        let modem = on_line(bench).await?;
        let answer = interrupted(bench, moments, question(&modem)).await;
        let step = in_step(bench, &modem).await?;
        question(&modem).await?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(answer.transpose()?.is_some()))
    });
}

#[test]
fn registration() {
    asking("registration", async |modem| {
        modem.registration().await.map(drop).map_err(failed("registration"))
    });
}

#[test]
fn the_test_form() {
    asking("test_form", async |modem| {
        let form = modem.test_form("#FTPCFG").await.map_err(failed("the test form"))?;
        same_reading("whether there is one", &true, &form.is_some(), None).map(drop)
    });
}

#[test]
fn the_owner_of_tls() {
    asking("tls_owner", async |modem| {
        let owner = modem.tls_owner().await.map_err(failed("the owner"))?;
        same_reading("the owner", &None, &owner, None).map(drop)
    });
}

#[test]
fn trying_to_take_tls() {
    asking("try_acquire_tls", async |modem| {
        modem.try_acquire_tls(Service::Http).await.map(drop).map_err(failed("TLS"))
    });
}

#[test]
fn taking_turns() {
    let connector = |modem: &Modem| {
        let tls = TlsOptions::builder().ca(authority()).build().expect("the options fit together");
        TlsConnector::new(modem, tls)
    };
    asking("TlsConnector::turn", async |modem| {
        connector(modem).turn().await.map(drop).map_err(failed("the turn"))
    });
    asking("TlsConnector::try_turn", async |modem| {
        connector(modem).try_turn().await.map(drop).map_err(failed("the turn"))
    });
}

#[test]
fn the_clock() {
    at_every_await("ensure_clock", async |_: &OnLine, bench, moments| {
        let modem = reopen(bench).await?;
        let checked = interrupted(bench, moments, modem.ensure_clock()).await;
        let step = in_step(bench, &modem).await?;
        modem.ensure_clock().await.map_err(failed("the clock"))?;
        Ok(step.completed(checked.is_some()))
    });
}

#[test]
fn what_is_stored() {
    at_every_await("inventory", async |_: &Provisioning, bench, moments| {
        let modem = on_line(bench).await?;
        provision_all(&modem).await.map_err(failed("provision"))?;
        let list = async || {
            let lease = modem.acquire_tls(Service::Socket).await.map_err(failed("TLS"))?;
            inventory(&modem, &lease).await.map_err(failed("inventory"))
        };
        let listed = interrupted(bench, moments, list()).await.transpose()?;
        let step = in_step(bench, &modem).await?;
        same_reading("how many are stored", &3, &list().await?.len(), None)?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(listed.is_some()))
    });
}

#[test]
fn removing() {
    const KEY: CredentialPlace =
        CredentialPlace { area: CredentialArea::Own, slot: 1, kind: CredentialKind::PrivateKey };
    at_every_await("remove", async |_: &Provisioning, bench, moments| {
        let modem = on_line(bench).await?;
        provision_all(&modem).await.map_err(failed("provision"))?;
        let delete = async || {
            let lease = modem.acquire_tls(Service::Socket).await.map_err(failed("TLS"))?;
            remove(&modem, &lease, &[KEY]).await.map_err(failed("remove"))
        };
        let removed = interrupted(bench, moments, delete()).await.transpose()?;
        let step = in_step(bench, &modem).await?;
        delete().await?;
        same_reading("what is left of it", &Vec::new(), &delete().await?, None)?;
        tls_comes_back(bench, &modem).await?;
        Ok(step.completed(removed.is_some()))
    });
}

async fn supervise(world: World) -> Result<Supervisor, Broken> {
    let source = move || {
        let world = world.clone();
        async move { Ok::<BoxedStream, io::Error>(Box::pin(world.plug())) }
    };
    let builder = Modem::builder().apn("iot.test");
    Supervisor::start(builder, source, SupervisorOptions::default()).await.map_err(failed("start"))
}

#[test]
fn starting_to_supervise() {
    at_every_await("Supervisor::start", async |_: &OnLine, bench, moments| {
        let started = interrupted(bench, moments, supervise(bench.world().clone())).await;
        let completed = started.transpose()?.is_some();
        // The port of the dropped future closes, and the module serves the next one.
        let supervisor = supervise(bench.world().clone()).await?;
        let step = in_step(bench, supervisor.modem()).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn recovering() {
    at_every_await("Supervisor::recover", async |_: &OnLine, bench, moments| {
        let supervisor = supervise(bench.world().clone()).await?;
        let recovered = interrupted(bench, moments, supervisor.recover()).await;
        let step = in_step(bench, supervisor.modem()).await?;
        supervisor.recover().await.map_err(failed("recover"))?;
        Ok(step.completed(recovered.is_some()))
    });
}

#[test]
fn waiting_for_the_module() {
    at_every_await("HealthWatch::up", async |_: &OnLine, bench, moments| {
        let supervisor = supervise(bench.world().clone()).await?;
        let mut health = supervisor.modem().health();
        let mut events = supervisor.events();
        let (up, recovered) = tokio::join!(
            interrupted(bench, moments, async {
                // Until the recovery has begun.
                events.next().await;
                health.up().await
            }),
            supervisor.recover()
        );
        recovered.map_err(failed("recover"))?;
        let step = in_step(bench, supervisor.modem()).await?;
        health.up().await.map_err(failed("up"))?;
        Ok(step.completed(up.transpose().map_err(failed("up"))?.is_some()))
    });
}

#[test]
fn waiting_for_a_loss() {
    at_every_await("HealthWatch::lost", async |_: &OnLine, bench, moments| {
        let modem = on_line(bench).await?;
        let mut health = modem.health();
        let since = health.now();
        bench.reset_module().await;
        let (lost, _) = tokio::join!(
            interrupted(bench, moments, health.lost(since)),
            // The command shows it.
            modem.run(ReadErrorFormat)
        );
        let step = in_step(bench, &modem).await?;
        same_reading("the loss", &Loss::ModuleRestarted, &health.lost(since).await, None)?;
        Ok(step.completed(lost.is_some()))
    });
}
