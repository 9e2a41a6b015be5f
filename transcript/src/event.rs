//! What happens in a transcript.

use std::time::Duration;

use super::Text;

/// A conversation from its start. The event with index `n` stands in line `n + 1`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Transcript {
    pub(crate) events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Since the start, in whole milliseconds.
    pub(crate) at: Duration,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The host says this on a port, counted from 1.
    Host { port: u8, text: Text },
    /// The module says this on a port.
    Module { port: u8, text: Text },
    /// For people; in the first lines, the header.
    Remark(String),
    /// What happens at the other end of the network.
    Server(ServerAct),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerAct {
    Sends(Text),
    Receives(Text),
    /// Ends the connection in order.
    Closes,
    /// Nothing more comes from the module.
    SeesTheEnd,
}
