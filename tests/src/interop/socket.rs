//! What takes too long for every run.

use tokio::task::JoinSet;

use crate::scenario::socket::exchange::both_ways;
use crate::scenario::socket::peer::{MODES, Peer, noise};

/// The line of the virtual module is as fast as the machine. Each mode has a module of its own.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_mebibytes_cross_in_both_directions_at_once() {
    const LENGTH: usize = 64 << 20;
    let mut modes = JoinSet::new();
    for mode in MODES {
        modes.spawn(async move {
            let peer = Peer::start().await;
            let (socket, remote) = peer.connect(mode).await;
            let (up, down) = (noise(LENGTH, 1), noise(LENGTH, 2));
            let (at_peer, at_host) = both_ways(socket, remote, &up, &down).await;
            assert!(at_peer == up, "{mode:?} upwards");
            assert!(at_host == down, "{mode:?} downwards");
        });
    }
    modes.join_all().await;
}
