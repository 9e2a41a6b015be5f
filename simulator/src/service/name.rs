//! The address of a name.

use std::time::Duration;

use super::{Event, OpenFailure, Reporter};
use crate::net::Network;

/// How long the virtual network is asked. No source tells how long a module does.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn run(network: &Network, host: &str, reporter: &Reporter) {
    reporter.send(match network.address_of(host, LIMIT).await {
        Ok(address) => Event::Address(address),
        Err(error) => Event::OpenFailed(OpenFailure::Network(error)),
    });
}
