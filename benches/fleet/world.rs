//! A number of lines, the modules behind them, and the sessions in front of them.

use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use telit_mqtt::MqttClient;
use tokio::task::JoinSet;

use crate::Error;
use crate::line::{End, Lines};
use crate::responder::Responder;
use crate::script::Script;
use crate::session;
use crate::usage;

/// Sessions that are set up at the same time.
const AT_ONCE: usize = 250;

/// Lines and their modules.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) lines: Arc<Lines>,
    pub(crate) responder: Responder,
}

/// What a number of sessions hold while nothing happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    /// Bytes of heap for each.
    pub(crate) heap: f64,
    /// Tasks for each.
    pub(crate) tasks: f64,
    /// How often the runtime woke in the time that was watched.
    pub(crate) parks: u64,
    /// CPU time that it took meanwhile.
    pub(crate) cpu: Duration,
}

impl World {
    pub(crate) fn new(count: usize, script: &Arc<Script>) -> Self {
        let lines = Lines::new(count);
        let responder = Responder::start(&lines, script);
        Self { lines, responder }
    }

    /// Opens so many sessions, watches them do nothing, and gives them out.
    pub(crate) async fn idle<S, F>(
        &self,
        count: usize,
        watched: Duration,
        open: impl Fn(End) -> F,
    ) -> Result<(Idle, Vec<S>), Error>
    where
        S: Send + 'static,
        F: Future<Output = Result<S, Error>> + Send + 'static,
    {
        // A runtime that has just been busy still cleans up.
        settle().await;
        let (heap, tasks) = (usage::heap(), usage::tasks());
        let mut sessions = Vec::with_capacity(count);
        let mut opening = JoinSet::new();
        for index in 0..count {
            opening.spawn(open(self.lines.end(index)));
            if opening.len() == AT_ONCE
                && let Some(session) = opening.join_next().await
            {
                sessions.push(session??);
            }
        }
        while let Some(session) = opening.join_next().await {
            sessions.push(session??);
        }
        drop(opening);
        settle().await;
        if self.lines.unknown() > 0 {
            return Err(format!("{} commands are not in the script", self.lines.unknown()).into());
        }
        // The runtime has its own threads, so that this one may sleep; the thread that woke it goes to sleep again first.
        std::thread::sleep(Duration::from_millis(50));
        let (parks, cpu) = (usage::parks(), usage::process_cpu());
        std::thread::sleep(watched);
        let (parks, cpu) = (usage::parks() - parks, usage::process_cpu().saturating_sub(cpu));
        let each = |now: usize, before: usize| signed(now, before) / to_f64(count);
        let idle = Idle { heap: each(usage::heap(), heap), tasks: each(usage::tasks(), tasks), parks, cpu };
        Ok((idle, sessions))
    }
}

/// Long enough for pauses behind answers, and for tasks that end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[expect(clippy::cast_precision_loss, reason = "figures are printed with few digits")]
pub(crate) fn to_f64(count: usize) -> f64 {
    count as f64
}

fn signed(now: usize, before: usize) -> f64 {
    to_f64(now) - to_f64(before)
}

/// A module that is open and on line.
pub(crate) async fn modem(end: End) -> Result<Modem, Error> {
    session::open(end).await
}

/// A module that is looked after, without heartbeats.
pub(crate) async fn supervised(end: End) -> Result<Supervisor, Error> {
    session::supervise(end, SupervisorOptions::default().heartbeat(None)).await
}

/// A module with an MQTT session.
pub(crate) async fn client(end: End) -> Result<MqttClient, Error> {
    session::connect(&session::open(end).await?).await
}
