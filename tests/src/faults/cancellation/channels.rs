//! Several channels of a module: by the multiplexer, by ports, and looked after.

use std::io;
use std::time::Duration;

use telit_core::Modem;
use telit_core::channels::{Channels, Multiplexer};
use telit_core::driver::BoxedStream;
use telit_core::multiplexer::{Dlci, SessionSettings};
use telit_core::supervisor::{ChannelSupervisor, PortSource, SupervisorOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::super::bench::Bench;
use super::super::bring_up::OnLine;
use super::super::line::World;
use super::super::outcome::{Broken, same_reading};
use super::super::set_up::{BRING_UP, OPEN, builder, on_line};
use super::cable::Cable;
use super::{InStep, at_every_await, failed, in_step, interrupted};

/// Between `AT+CMUX` and the first frame.
const SETTLE: Duration = Duration::from_millis(500);

async fn by_multiplexer(cable: &Cable) -> Result<Channels, Broken> {
    let builder = builder().multiplexed().map_err(failed("the options"))?;
    builder.open(cable.host().await).await.map_err(failed("opening the channels"))
}

/// The module is in plain AT for whoever opens the port next, and multiplexes for whoever wants that.
async fn goes_on(bench: &Bench, cable: &Cable) -> Result<InStep, Broken> {
    cable.is_plain().await?;
    let modem = bench.within(OPEN, builder().open(cable.host().await)).await?.map_err(failed("plain"))?;
    let step = in_step(bench, &modem).await?;
    drop(modem);
    let channels = bench.within(OPEN, by_multiplexer(cable)).await??;
    each_is_in_step(bench, channels.iter()).await?;
    channels.close().await;
    cable.is_plain().await?;
    Ok(step)
}

async fn each_is_in_step<'a>(
    bench: &Bench,
    modems: impl Iterator<Item = (u8, &'a Modem)>,
) -> Result<(), Broken> {
    let mut count = 0;
    for (_, modem) in modems {
        in_step(bench, modem).await?;
        count += 1;
    }
    same_reading("how many channels there are", &true, &(count > 1), None).map(drop)
}

#[test]
fn opening_by_the_multiplexer() {
    at_every_await("Channels by the multiplexer", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let opened = interrupted(bench, moments, by_multiplexer(&cable)).await.transpose()?;
        let completed = opened.is_some();
        // What is dropped closes by itself.
        drop(opened);
        Ok(goes_on(bench, &cable).await?.completed(completed))
    });
}

#[test]
fn bringing_up() {
    at_every_await("Channels::bring_up", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let channels = by_multiplexer(&cable).await?;
        let done = interrupted(bench, moments, channels.bring_up()).await;
        each_is_in_step(bench, channels.iter()).await?;
        let brought = bench.within(BRING_UP, channels.bring_up()).await?;
        brought.map_err(failed("bring-up"))?;
        channels.close().await;
        Ok(goes_on(bench, &cable).await?.completed(done.is_some()))
    });
}

#[test]
fn closing() {
    at_every_await("Channels::close", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let channels = by_multiplexer(&cable).await?;
        let closed = interrupted(bench, moments, channels.close()).await;
        Ok(goes_on(bench, &cable).await?.completed(closed.is_some()))
    });
}

async fn by_ports(bench: &Bench) -> Result<Channels, Broken> {
    let ports: Vec<BoxedStream> = vec![Box::pin(bench.plug()), Box::pin(bench.plug())];
    builder().open_ports(ports).await.map_err(failed("opening the ports"))
}

#[test]
fn opening_by_ports() {
    at_every_await("Channels by ports", async |_: &OnLine, bench, moments| {
        let opened = interrupted(bench, moments, by_ports(bench)).await.transpose()?;
        let completed = opened.is_some();
        drop(opened);
        let modem = on_line(bench).await?;
        let step = in_step(bench, &modem).await?;
        drop(modem);
        let channels = bench.within(OPEN, by_ports(bench)).await??;
        each_is_in_step(bench, channels.iter()).await?;
        Ok(step.completed(completed))
    });
}

/// A line whose module has just been told to multiplex.
async fn told(cable: &Cable) -> Result<BoxedStream, Broken> {
    let mut host = cable.host().await;
    host.write_all(b"AT+CMUX=0\r").await.map_err(failed("AT+CMUX"))?;
    until_ok(&mut host).await?;
    sleep(SETTLE).await;
    Ok(Box::pin(host))
}

async fn until_ok(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<(), Broken> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"OK\r\n") {
        let count = stream.read_buf(&mut heard).await.map_err(failed("the answer"))?;
        same_reading("whether the stream goes on", &true, &(count > 0), None)?;
    }
    Ok(())
}

async fn multiplexer(port: BoxedStream) -> Result<Multiplexer, Broken> {
    Multiplexer::start(port, SessionSettings::default(), None).await.map_err(failed("the multiplexer"))
}

#[test]
fn starting_the_multiplexer() {
    at_every_await("Multiplexer::start", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let port = told(&cable).await?;
        let started = interrupted(bench, moments, multiplexer(port)).await.transpose()?;
        let completed = started.is_some();
        drop(started);
        Ok(goes_on(bench, &cable).await?.completed(completed))
    });
}

/// A channel that has a stream already is opened anew.
#[test]
fn opening_a_channel() {
    at_every_await("Multiplexer::open", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let multiplexer = multiplexer(told(&cable).await?).await?;
        let first = Dlci::new(1).expect("it is the first");
        let earlier = multiplexer.open(first).await.map_err(failed("the channel"))?;
        let completed = interrupted(bench, moments, multiplexer.open(first)).await.is_some();
        let mut stream = multiplexer.open(first).await.map_err(failed("the channel again"))?;
        drop(earlier);
        stream.write_all(b"AT\r").await.map_err(failed("the command"))?;
        until_ok(&mut stream).await?;
        drop((stream, multiplexer));
        Ok(goes_on(bench, &cable).await?.completed(completed))
    });
}

#[test]
fn closing_the_multiplexer() {
    at_every_await("Multiplexer::close", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let multiplexer = multiplexer(told(&cable).await?).await?;
        let closed = interrupted(bench, moments, multiplexer.close()).await;
        let completed = closed.is_some();
        drop(closed);
        Ok(goes_on(bench, &cable).await?.completed(completed))
    });
}

async fn supervise(cable: &Cable) -> Result<ChannelSupervisor, Broken> {
    let cable = cable.clone();
    let source = move || {
        let cable = cable.clone();
        async move { Ok::<BoxedStream, io::Error>(Box::pin(cable.host().await)) }
    };
    let builder = builder().multiplexed().map_err(failed("the options"))?;
    let options = SupervisorOptions::default();
    ChannelSupervisor::start_multiplexed(builder, source, options).await.map_err(failed("start"))
}

#[test]
fn starting_to_supervise() {
    at_every_await("ChannelSupervisor::start_multiplexed", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let started = interrupted(bench, moments, supervise(&cable)).await.transpose()?;
        let completed = started.is_some();
        drop(started);
        let step = goes_on(bench, &cable).await?;
        let supervisor = supervise(&cable).await?;
        each_is_in_step(bench, supervisor.iter()).await?;
        Ok(step.completed(completed))
    });
}

async fn supervise_ports(world: &World) -> Result<ChannelSupervisor, Broken> {
    let source = || -> Box<dyn PortSource> {
        let world = world.clone();
        Box::new(move || {
            let world = world.clone();
            async move { Ok::<BoxedStream, io::Error>(Box::pin(world.plug())) }
        })
    };
    let (sources, options) = (vec![source(), source()], SupervisorOptions::default());
    ChannelSupervisor::start_ports(builder(), sources, options).await.map_err(failed("start"))
}

#[test]
fn starting_to_supervise_ports() {
    at_every_await("ChannelSupervisor::start_ports", async |_: &OnLine, bench, moments| {
        let started = interrupted(bench, moments, supervise_ports(bench.world())).await.transpose()?;
        let completed = started.is_some();
        drop(started);
        let supervisor = supervise_ports(bench.world()).await?;
        each_is_in_step(bench, supervisor.iter()).await?;
        let step = in_step(bench, supervisor.channel(1).map_err(failed("the first"))?).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn recovering() {
    at_every_await("ChannelSupervisor::recover", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let supervisor = supervise(&cable).await?;
        let recovered = interrupted(bench, moments, supervisor.recover()).await;
        each_is_in_step(bench, supervisor.iter()).await?;
        supervisor.recover().await.map_err(failed("recover"))?;
        each_is_in_step(bench, supervisor.iter()).await?;
        supervisor.close().await;
        Ok(goes_on(bench, &cable).await?.completed(recovered.is_some()))
    });
}

#[test]
fn ending_to_supervise() {
    at_every_await("ChannelSupervisor::close", async |_: &OnLine, bench, moments| {
        let cable = Cable::new(bench);
        let supervisor = supervise(&cable).await?;
        let closed = interrupted(bench, moments, supervisor.close()).await;
        Ok(goes_on(bench, &cable).await?.completed(closed.is_some()))
    });
}
