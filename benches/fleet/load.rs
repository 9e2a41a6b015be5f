//! Publishing from many modules at a steady rate, and what it costs.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::Error;
use crate::usage;
use crate::world::{World, to_f64};

/// Messages a second of all modules together, as far as a module can do that.
const ALL: f64 = 2000.0;
/// A module waits 20 ms between two commands.
const FASTEST: Duration = Duration::from_millis(25);

/// When each module publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rhythm {
    pub(crate) interval: Duration,
    pub(crate) rounds: u32,
}

impl Rhythm {
    /// For so many modules, and about so many messages of all together.
    pub(crate) fn new(modules: usize, messages: usize) -> Self {
        let interval = Duration::from_secs_f64(to_f64(modules) / ALL).max(FASTEST);
        let rounds = u32::try_from(messages.div_ceil(modules)).unwrap_or(u32::MAX).max(2);
        Self { interval, rounds }
    }
}

/// Somebody who can publish.
pub(crate) trait Publisher: Send + 'static {
    fn publish(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What a message costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// CPU time of a message without that of the module, in µs.
    pub(crate) cpu: f64,
    /// The same of the module.
    pub(crate) module: f64,
    /// Messages a second.
    pub(crate) rate: f64,
}

/// Lets all of them publish, each at its own time, and counts what the modules have got.
pub(crate) async fn publish<P: Publisher>(
    world: &World,
    publishers: Vec<P>,
    rhythm: Rhythm,
) -> Result<(Cost, Vec<P>), Error> {
    let count = u32::try_from(publishers.len())?;
    let messages = u64::from(count) * u64::from(rhythm.rounds);
    let before = world.lines.messages();
    let mut running = JoinSet::new();
    let (cpu, module, began) = (usage::process_cpu(), world.responder.cpu(), Instant::now());
    for (number, mut publisher) in (0..count).zip(publishers) {
        let first = began + rhythm.interval * number / count;
        running.spawn(async move {
            let mut ticks = interval_at(first, rhythm.interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for _ in 0..rhythm.rounds {
                ticks.tick().await;
                publisher.publish().await?;
            }
            Ok::<_, Error>(publisher)
        });
    }
    let publishers: Vec<P> = running.join_all().await.into_iter().collect::<Result<_, _>>()?;
    let took = began.elapsed();
    let module = world.responder.cpu().saturating_sub(module);
    let cpu = usage::process_cpu().saturating_sub(cpu).saturating_sub(module);
    let arrived = world.lines.messages() - before;
    if arrived != messages || world.lines.unknown() > 0 {
        let unknown = world.lines.unknown();
        return Err(format!(
            "{arrived} of {messages} messages arrived, {unknown} commands were not understood"
        )
        .into());
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / to_f64(usize::try_from(messages).unwrap_or(1));
    let rate = to_f64(usize::try_from(messages)?) / took.as_secs_f64();
    Ok((Cost { cpu: each(cpu), module: each(module), rate }, publishers))
}

/// What is written and awaited for one message.
pub(crate) type Steps = Arc<[(Vec<u8>, Vec<u8>)]>;
