//! What happens in a transcript.

use std::time::Duration;

use crate::Text;

/// A conversation from its start. The event with index `n` stands in line `n + 1`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// In order.
    pub events: Vec<Event>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Since the start, in whole milliseconds.
    pub at: Duration,
    /// What happens.
    pub kind: Kind,
}

/// What happens, and on which side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The host says this on a port, counted from 1.
    Host {
        /// The number of the port.
        port: u8,
        /// What it says.
        text: Text,
    },
    /// The module says this on a port.
    Module {
        /// The number of the port.
        port: u8,
        /// What it says.
        text: Text,
    },
    /// For people; in the first lines, the header.
    Remark(String),
    /// What happens at the other end of the network.
    Server(ServerAct),
}

/// What the server behind the module does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAct {
    /// To the module.
    Sends(Text),
    /// From the module.
    Receives(Text),
    /// Ends the connection in order.
    Closes,
    /// Nothing more comes from the module.
    SeesTheEnd,
}
