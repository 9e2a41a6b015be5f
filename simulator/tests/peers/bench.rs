//! What every test needs: virtual time, peers, and a module with a context.

use std::time::Duration;

use telit_simulator::peers::Peers;
use telit_simulator::{Builder, Platform, VirtualModule};

use crate::port::{Port, go_online, start};

/// Runs a test in virtual time, without I/O: a socket, if anything opened one, would panic.
pub(crate) fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test)
}

pub(crate) fn module(peers: &Peers) -> Builder {
    VirtualModule::builder(Platform::P37).peers(peers)
}

/// Powers it on and activates the context.
pub(crate) async fn ready(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start(builder).await;
    go_online(&mut port, Platform::P37).await;
    (module, port)
}

/// Lets everything happen that needs no time.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
