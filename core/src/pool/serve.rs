//! A module that is on line, and its work.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::event::ModuleChange;
use super::figures::{Run, count};
use super::module::PooledModule;
use super::setup::Supervised;
use super::signal::Signal;
use super::task::Task;
use super::work::{Running, Step, Work};
use crate::driver::ModuleState;
use crate::modem::{Modem, ServiceChange};
use crate::supervisor::SupervisorEvent;

/// How long closing the port may take.
const CLOSING: Duration = Duration::from_secs(5);

impl Task {
    /// From when it is on line until it has to leave or is given up. `returns`: how often its port had come back when that
    /// was looked at last.
    pub(super) async fn serve(&self, supervised: Supervised, returns: &mut u64) {
        let channels = supervised.channels();
        // There is always one.
        let Some(modem) = channels.first().map(|(_, modem)| modem.clone()) else { return };
        let mut events = supervised.events();
        let ending = Arc::<Signal>::default();
        let module = PooledModule {
            shared: Arc::clone(&self.shared),
            channels: channels.clone().into(),
            modem: modem.clone(),
            ending: Arc::clone(&ending),
        };
        self.shared.begin(Run { channels });
        self.tell(ModuleChange::Started { model: modem.model().to_owned() });
        let mut work = Work::new(self.work(module.clone()), self.pool.options.again);
        loop {
            tokio::select! {
                biased;
                () = self.left() => break,
                // Without one nobody looks after it any more.
                event = events.next() => if event.is_none_or(|event| self.is_given_up(event, &modem)) {
                    break;
                },
                () = self.shared.port_news(|shared| shared.returns() != *returns) => {
                    *returns = self.shared.returns();
                    supervised.hurry();
                }
                step = work.step() => self.work_went_on(step, &mut work, &module),
            }
        }
        self.shared.set_on_line(false);
        ending.raise();
        self.end(work).await;
        self.shared.end();
        drop((module, modem));
        if timeout(CLOSING, Box::pin(supervised.close())).await.is_err() {
            tracing::warn!(module = %self.shared.name, "its port does not close");
        }
    }

    /// The user's function is called where a panic is contained.
    fn work(&self, module: PooledModule) -> Running {
        let pool = Arc::clone(&self.pool);
        Box::pin(async move { (pool.work)(module).await })
    }

    /// Notes what the supervisor tells, and hands it on.
    fn is_given_up(&self, event: SupervisorEvent, modem: &Modem) -> bool {
        let counters = &self.shared.counters;
        let given_up = match &event {
            SupervisorEvent::Lost { .. } => {
                self.shared.set_on_line(false);
                false
            }
            SupervisorEvent::Recovered { .. } => {
                self.shared.set_on_line(true);
                count(&counters.recoveries);
                false
            }
            SupervisorEvent::Service(service) => {
                match service.change {
                    ServiceChange::Lost { .. } => count(&counters.sessions_lost),
                    ServiceChange::Resumed { .. } => count(&counters.sessions_resumed),
                    ServiceChange::GaveUp { .. } => {}
                }
                false
            }
            SupervisorEvent::GaveUp { .. } => true,
            SupervisorEvent::Missed(_) => {
                let state = modem.health().now().state;
                self.shared.set_on_line(state == ModuleState::Up);
                state == ModuleState::Down
            }
            SupervisorEvent::Trying { .. } => false,
        };
        self.tell(ModuleChange::Supervisor(event));
        given_up
    }

    fn work_went_on(&self, step: Step, work: &mut Work, module: &PooledModule) {
        match step {
            Step::Done => self.tell(ModuleChange::WorkDone),
            Step::Failed(because, again) => {
                count(&self.shared.counters.failed_work);
                tracing::warn!(module = %self.shared.name, because, ?again, "the work of the module has failed");
                self.tell(ModuleChange::WorkFailed { because, again });
            }
            Step::Rested => work.begin(self.work(module.clone())),
        }
    }

    /// The work may say goodbye.
    async fn end(&self, mut work: Work) {
        match timeout(self.pool.options.leaving, work.end()).await {
            Ok(Ok(())) => {}
            Ok(Err(because)) => {
                count(&self.shared.counters.failed_work);
                tracing::warn!(module = %self.shared.name, because, "the work of the module ended in an error");
            }
            Err(_) => {
                tracing::warn!(module = %self.shared.name, "the work of the module did not come to its end in time");
                self.tell(ModuleChange::WorkCut);
                self.pool.work_was_cut(&self.shared.name);
            }
        }
    }
}
