//! The one task that owns the module: it brings events in and carries effects out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::module::{Effect, InstanceId, Module};
use crate::pacing::Split;
use crate::serve::{Plug, PlugEvent};
use crate::service::{Links, Report};
use crate::timing::wait_until;

/// A stream to attach, put in use by the task.
type Attach = Box<dyn FnOnce(&UnboundedSender<Message>, InstanceId, u64) -> Plug + Send>;

/// What the handle and the plugs tell the task.
pub(crate) enum Message {
    Attach(Attach),
    Plug(InstanceId, u64, PlugEvent),
    Reboot,
    Network(bool),
    Unplug,
    Shutdown(oneshot::Sender<()>),
}

/// Makes the message that attaches `stream`.
pub(crate) fn attach<S>(stream: S, baud: Option<u32>, split: Split) -> Message
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
{
    Message::Attach(Box::new(move |messages, id, generation| {
        let messages = messages.clone();
        Plug::new(stream, baud, split, move |event| {
            // The task may have ended: then nobody is interested.
            messages.send(Message::Plug(id, generation, event)).unwrap_or_default();
        })
    }))
}

pub(crate) struct Task {
    pub(crate) module: Module,
    pub(crate) links: Links,
    pub(crate) messages: UnboundedSender<Message>,
    pub(crate) state_file: Option<PathBuf>,
    plugs: BTreeMap<InstanceId, (u64, Plug)>,
    generation: u64,
}

impl Task {
    pub(crate) fn new(
        module: Module,
        links: Links,
        messages: UnboundedSender<Message>,
        state_file: Option<PathBuf>,
    ) -> Self {
        Self { module, links, messages, state_file, plugs: BTreeMap::new(), generation: 0 }
    }

    /// Runs until it is shut down.
    pub(crate) async fn run(
        mut self,
        mut incoming: UnboundedReceiver<Message>,
        mut reports: UnboundedReceiver<Report>,
    ) {
        loop {
            self.carry_out();
            let deadline = self.module.next_deadline();
            // In a fixed order, so that a conversation in virtual time is the same each time.
            tokio::select! {
                biased;
                () = timeout(deadline) => self.module.tick(Instant::now()),
                Some((link, event)) = reports.recv() => self.module.report(link, event, Instant::now()),
                message = incoming.recv() => match message {
                    Some(Message::Shutdown(done)) => {
                        drop(self);
                        return done.send(()).unwrap_or_default();
                    }
                    Some(message) => self.obey(message),
                    None => return,
                },
            }
        }
    }

    fn obey(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::Attach(attach) => {
                let Some(id) = self.module.attach() else {
                    return tracing::warn!("every AT instance has a plug: the stream is closed");
                };
                self.generation += 1;
                let plug = attach(&self.messages, id, self.generation);
                self.plugs.insert(id, (self.generation, plug));
            }
            Message::Plug(id, generation, event) => {
                // Events of a plug that has been pulled out may still be under way.
                if self.plugs.get(&id).is_some_and(|(current, _)| *current == generation) {
                    self.plug_event(id, event);
                }
            }
            Message::Reboot => self.module.reboot(now),
            Message::Network(up) => self.module.set_network(up, now),
            Message::Unplug => self.unplug(),
            Message::Shutdown(_) => {}
        }
    }

    fn plug_event(&mut self, id: InstanceId, event: PlugEvent) {
        match event {
            PlugEvent::Input(bytes, at) => self.module.host_bytes(id, &bytes, at),
            PlugEvent::Written(count, at) => self.module.written(id, count, at),
            PlugEvent::Closed => {
                self.plugs.remove(&id);
                self.module.detach(id);
            }
        }
    }

    fn carry_out(&mut self) {
        for effect in self.module.take_effects() {
            match effect {
                Effect::Output(id, bytes) => self.plug(id, |plug| plug.send(bytes, self.module.now)),
                Effect::Consumed(id, count) => self.plug(id, |plug| plug.credit(count)),
                Effect::Start(id, start) => self.links.start(id, *start),
                Effect::Order(id, order) => self.links.order(id, order),
                Effect::Abandon(id) => self.links.abandon(id),
                Effect::Release(id) => self.links.release(id),
                Effect::Network(up) => self.links.network().set_up(up),
                Effect::Unplug => self.unplug(),
                Effect::Store => self.store(),
            }
        }
    }

    fn unplug(&mut self) {
        for (id, _) in std::mem::take(&mut self.plugs) {
            self.module.detach(id);
        }
    }

    fn plug(&self, id: InstanceId, action: impl FnOnce(&Plug)) {
        if let Some((_, plug)) = self.plugs.get(&id) {
            action(plug);
        }
    }

    /// Small, and seldom: done in place, so that what the module has answered `OK` for is on disk.
    fn store(&self) {
        let Some(path) = &self.state_file else { return };
        if let Err(error) = self.module.nvm.store(path) {
            tracing::error!(%error, path = %path.display(), "the non-volatile memory cannot be stored");
        }
    }
}

async fn timeout(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => wait_until(deadline).await,
        None => std::future::pending().await,
    }
}
