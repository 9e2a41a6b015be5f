//! Leaving a pool of modules.

use telit_core::commands::SerialNumber;
use telit_core::pool::{
    ModuleChange, ModuleName, ModulePool, PoolEvent, PoolEvents, PoolOptions, PooledModule,
};

use super::super::bench::{Bench, Bound};
use super::super::bring_up::OnLine;
use super::super::outcome::Broken;
use super::super::set_up::{builder, on_line};
use super::{at_every_await, failed, in_step, interrupted};

/// As `PoolOptions::leaving` says, and the port closes.
const LEFT: Bound = Bound::new("the module leaves", 15);

/// A pool with one module, which says goodbye with a command.
async fn pool(bench: &Bench) -> Result<(ModulePool, PoolEvents, ModuleName), Broken> {
    let work = async |module: PooledModule| {
        module.leaving().await;
        module.modem().run(SerialNumber).await?;
        Ok(())
    };
    let pool = ModulePool::new(PoolOptions::default(), |_| builder(), work);
    let mut events = pool.events();
    let name: ModuleName = "module".parse().map_err(failed("the name"))?;
    pool.add(name.clone(), bench.port()).map_err(failed("add"))?;
    until(&mut events, |change| matches!(change, ModuleChange::Started { .. })).await?;
    Ok((pool, events, name))
}

async fn until(events: &mut PoolEvents, is_it: impl Fn(&ModuleChange) -> bool) -> Result<(), Broken> {
    loop {
        match events.next().await {
            Some(PoolEvent::Module { change, .. }) if is_it(&change) => return Ok(()),
            Some(_) => {}
            None => return Err(Broken::wrong("the pool is gone".to_owned())),
        }
    }
}

#[test]
fn removing() {
    at_every_await("ModulePool::remove", async |_: &OnLine, bench, moments| {
        let (pool, mut events, name) = pool(bench).await?;
        let removed = interrupted(bench, moments, pool.remove(&name)).await;
        bench.within(LEFT, until(&mut events, |change| *change == ModuleChange::Removed)).await??;
        // Its port is closed, and free.
        let step = in_step(bench, &on_line(bench).await?).await?;
        Ok(step.completed(removed.is_some()))
    });
}

#[test]
fn shutting_down() {
    at_every_await("ModulePool::shutdown", async |_: &OnLine, bench, moments| {
        let (pool, mut events, _) = pool(bench).await?;
        let closed = interrupted(bench, moments, pool.shutdown()).await;
        bench.within(LEFT, until(&mut events, |change| *change == ModuleChange::Removed)).await??;
        let step = in_step(bench, &on_line(bench).await?).await?;
        Ok(step.completed(closed.is_some()))
    });
}
