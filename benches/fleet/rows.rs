//! The figures, and what they stand beside.

use std::sync::Arc;
use std::time::Duration;

use telit_benches::{Report, Row, Target};
use telit_mqtt::MqttClient;

use crate::Error;
use crate::atat_client::Atat;
use crate::bare::{self, Bare};
use crate::host_stack;
use crate::load::{self, Cost, Publisher, Rhythm, Steps};
use crate::script::Script;
use crate::session;
use crate::world::{self, Idle, World, to_f64};

/// Why idle sessions may wake the runtime.
const WAKE_UPS: &str = "No task of a session is polled: in virtual time an hour passes without one \
    (`mqtt/tests/client/idle.rs`). 28 wake-ups were seen once and came from this bench: it had dropped an MQTT client whose \
    module was gone, and that client's goodbye ran into its deadlines and asked for the line again, once a second, half a \
    minute later. With clients that are ended first, there is none in 30 seconds. Whoever sees some has another \
    client that is at work.";
/// An idle session may have this much heap.
const HEAP: f64 = 4096.0;
/// How much more a session or a message may cost among many than among few.
const GROWTH: f64 = 1.25;

/// How many modules, and how long.
#[derive(Debug)]
pub(crate) struct Scale {
    sizes: &'static [usize],
    /// Modules for the figures that do not depend on their number.
    some: usize,
    watched: Duration,
    connections: usize,
    messages: usize,
}

impl Scale {
    pub(crate) fn new(quick: bool) -> Self {
        match quick {
            true => Self {
                sizes: &[1, 100],
                some: 100,
                watched: Duration::from_secs(1),
                connections: 20,
                messages: 200,
            },
            false => Self {
                sizes: &[1, 100, 1000, 5000],
                some: 1000,
                watched: Duration::from_secs(10),
                connections: 200,
                messages: 10_000,
            },
        }
    }
}

/// Heap, tasks and wake-ups of sessions that do nothing.
pub(crate) async fn idle(report: &mut Report, script: &Arc<Script>, scale: &Scale) -> Result<(), Error> {
    let (some, watched) = (scale.some, scale.watched);
    let world = World::new(some, script);
    let steps: Steps = script.publish().into();
    // What is allocated once for all of them.
    let (_, clients) = world.idle(1, Duration::ZERO, world::client).await?;
    session::end(clients).await?;
    drop(world);
    let floor = tasks(script, some).await?;
    let world = World::new(some, script);
    let (atat, _sessions) = world
        .idle(some, Duration::ZERO, move |end| {
            let steps = Arc::clone(&steps);
            async move { Ok(Atat::new(end, steps)) }
        })
        .await?;
    let host = host_stack::measure(scale.connections).await?;
    host_cpu(report, host.cpu);

    let (modem, sessions) = World::new(some, script).idle(some, watched, world::modem).await?;
    drop(sessions);
    let heap = |name: &str, idle: Idle| {
        Row::new(format!("heap of {name}"), idle.heap, "B").floor("bare task on a line", floor.heap)
    };
    report.push(
        heap("an idle module session", modem)
            .peer("atat 0.25 client", atat.heap)
            .target(Target::AtMost(HEAP)),
    );
    let (supervised, sessions) = World::new(some, script).idle(some, watched, world::supervised).await?;
    drop(sessions);
    report.push(heap("an idle supervised module session", supervised).peer("atat 0.25 client", atat.heap));
    let world = World::new(some, script);
    let (client, clients) = world.idle(some, watched, world::client).await?;
    session::end(clients).await?;
    drop(world);
    report.push(
        heap("an idle module session with a connected MQTT client", client)
            .peer("rumqttc over native TLS, resident memory", host.memory),
    );
    for (name, idle) in
        [("a module", modem), ("a supervised module", supervised), ("a module with an MQTT client", client)]
    {
        report
            .push(Row::new(format!("tasks of {name}"), idle.tasks, "tasks").floor("bare task", floor.tasks));
    }
    let seconds = watched.as_secs();
    for (name, idle) in [
        ("module sessions", modem),
        ("supervised sessions, no heartbeat", supervised),
        ("sessions with an MQTT client, keep-alive 20 min", client),
    ] {
        let parks = to_f64(usize::try_from(idle.parks)?);
        let row = Row::new(format!("wake-ups of {some} idle {name} in {seconds} s"), parks, "wake-ups");
        report.push(row.target(Target::AtMost(0.0)).why_missed(WAKE_UPS));
        let cpu = idle.cpu.as_secs_f64() * 1e6;
        report.push(Row::new(format!("CPU time of {some} idle {name} in {seconds} s"), cpu, "µs"));
    }
    Ok(())
}

/// The CPU time of the whole stack on this computer, beside which a module spares the computer MQTT and TLS.
fn host_cpu(report: &mut Report, cost: f64) {
    report.push(Row::new("CPU time of a message, rumqttc over native TLS, 100 B, QoS 1", cost, "µs"));
}

async fn tasks(script: &Arc<Script>, count: usize) -> Result<Idle, Error> {
    let world = World::new(count, script);
    let (idle, sessions) =
        world.idle(count, Duration::ZERO, |end| async move { Ok(tokio::spawn(bare::wait(end))) }).await?;
    sessions.iter().for_each(|session| session.abort());
    Ok(idle)
}

struct Client(MqttClient);

impl Publisher for Client {
    async fn publish(&mut self) -> Result<(), Error> {
        session::publish(&self.0).await
    }
}

/// CPU time of a message, for each number of modules.
pub(crate) async fn messages(report: &mut Report, script: &Arc<Script>, scale: &Scale) -> Result<(), Error> {
    let steps: Steps = script.publish().into();
    let mut few = None;
    for count in scale.sizes.iter().copied() {
        let messages = if count == 1 { scale.messages / 50 } else { scale.messages };
        let rhythm = Rhythm::new(count, messages);
        let world = World::new(count, script);
        let bare = (0..count).map(|index| Bare::new(world.lines.end(index), Arc::clone(&steps))).collect();
        let (floor, _) = load::publish(&world, bare, rhythm).await?;
        drop(world);
        let world = World::new(count, script);
        let (idle, clients) = world.idle(count, Duration::ZERO, world::client).await?;
        let clients: Vec<Client> = clients.into_iter().map(Client).collect();
        let (cost, clients) = load::publish(&world, clients, rhythm).await?;
        let atat = if count <= 100 { Some(atat(script, &steps, count, rhythm).await?) } else { None };
        let name = plural(count);
        let mut row = Row::new(format!("CPU time of a message, {name} publishing"), cost.cpu, "µs")
            .floor("bare loop", floor.cpu);
        if let Some(atat) = atat {
            row = row.peer("atat 0.25 client", atat.cpu);
        }
        report.push(row);
        report.push(Row::new(format!("messages a second, {name} publishing"), cost.rate, "1/s"));
        report.push(Row::new(
            format!("CPU time of the answering thread a message, {name} publishing, taken off"),
            cost.module,
            "µs",
        ));
        report.push(Row::new(format!("heap of a module session with MQTT, {name}"), idle.heap, "B"));
        if count > 1 {
            let (cpu, heap) = *few.get_or_insert((cost.cpu, idle.heap));
            if count > 100 {
                let target = Target::AtMostTimesFloor(GROWTH);
                for (what, ours, among_few) in
                    [("CPU time of a message", cost.cpu, cpu), ("heap", idle.heap, heap)]
                {
                    let row =
                        Row::new(format!("{what}, {name} as a multiple of 100"), ours / among_few, "times");
                    report.push(row.floor("100 modules", 1.0).target(target));
                }
            }
        }
        session::end(clients.into_iter().map(|Client(client)| client).collect()).await?;
    }
    Ok(())
}

async fn atat(script: &Arc<Script>, steps: &Steps, count: usize, rhythm: Rhythm) -> Result<Cost, Error> {
    let world = World::new(count, script);
    let clients = (0..count).map(|index| Atat::new(world.lines.end(index), Arc::clone(steps))).collect();
    let (cost, _) = load::publish(&world, clients, rhythm).await?;
    Ok(cost)
}

fn plural(count: usize) -> String {
    match count {
        1 => "1 module".to_owned(),
        count => format!("{count} modules"),
    }
}
