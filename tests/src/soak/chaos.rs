//! What goes wrong, when, and for how long: all from one seed.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::ledger::Ledger;
use super::world::World;

/// The module is left in peace for at least so long.
const CALM: u64 = 3_000;
const MOST_CALM: u64 = 9_000;

pub(super) struct Chaos {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Chaos {
    pub(super) fn start(world: Arc<World>, ledger: Ledger, seed: u64) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let mut luck = Rng::with_seed(seed);
        let task = tokio::spawn(async move {
            // Dealt from a deck, so that each kind comes in a short run, too.
            let mut deck = Vec::new();
            loop {
                if deck.is_empty() {
                    deck.extend(Kind::ALL);
                    luck.shuffle(&mut deck);
                }
                let calm = sleep(Duration::from_millis(luck.u64(CALM..MOST_CALM)));
                tokio::select! {
                    () = calm => {}
                    _ = &mut stopped => return,
                }
                if let Some(kind) = deck.pop() {
                    strike(kind, &world, &ledger, Duration::from_millis(luck.u64(50..3_000))).await;
                }
            }
        });
        Self { stop, task }
    }

    /// Waits until what has been broken is whole again.
    pub(super) async fn end(self) {
        // A task that has ended has panicked, which the next line tells.
        let _told = self.stop.send(());
        self.task.await.expect("it runs to its end");
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Restart,
    Unplugged,
    NetworkLost,
    ConnectionsCut,
    UnpluggedAndRestarted,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Restart,
        Self::Unplugged,
        Self::NetworkLost,
        Self::ConnectionsCut,
        Self::UnpluggedAndRestarted,
    ];
}

async fn strike(kind: Kind, world: &World, ledger: &Ledger, time: Duration) {
    match kind {
        Kind::Restart => {
            ledger.fault("the module restarts");
            world.module.reboot();
        }
        Kind::Unplugged => {
            ledger.fault("the port is pulled");
            world.pull_the_port();
            sleep(time).await;
            world.plug_in_again();
        }
        Kind::NetworkLost => {
            ledger.fault("the network is lost");
            world.module.set_network(false);
            sleep(time).await;
            world.module.set_network(true);
        }
        Kind::ConnectionsCut => {
            ledger.fault("the broker's connections are cut");
            world.servers.broker().front().disconnect_all();
        }
        Kind::UnpluggedAndRestarted => {
            ledger.fault("the port is pulled while the module restarts");
            world.pull_the_port();
            world.module.reboot();
            sleep(time).await;
            world.plug_in_again();
        }
    }
}
