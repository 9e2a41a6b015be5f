//! What the three servers have in common here.

use std::fmt;

use telit_core::Category;
use telit_core::platform::CipherSuite;
use telit_core::tls::TlsOptions;

use super::outcome::Used;
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;

/// The name of every server.
pub(super) const HOST: &str = "peer.test";

/// A foreign server that a module connects to again and again, with another suite each time.
pub(super) trait Peer: Sized {
    /// The head of its column.
    const NAME: &'static str;

    /// `None` if it is not installed.
    async fn start(credentials: &Credentials) -> Option<Self>;

    /// Its ports as the virtual network calls them below [`HOST`], and the real ones.
    fn ports(&self) -> Vec<(u16, u16)>;

    /// How [`visit`](Self::visit) is made: the client inside the module that speaks its protocol, or a TLS socket.
    fn way(&self, device: &Device) -> Way;

    /// Connects through the module and gives what the server told of the connection. Data goes both ways.
    async fn visit(&self, device: &Device, tls: TlsOptions, visit: &Visit) -> Result<Used, Failure>;

    /// Where the log ends in which a visit will be told of.
    fn mark(&self, visit: &Visit) -> usize;

    /// Waits until it says, behind the mark, that client and server have no suite in common; `false` if it does not.
    async fn has_nothing_in_common(&self, visit: &Visit, mark: usize) -> bool;
}

/// Who speaks with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The client inside the module.
    Service,
    /// We do, over a TLS socket.
    Socket,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "client",
            Self::Socket => "TLS socket",
        })
    }
}

/// One connection.
pub(super) struct Visit {
    /// Different for each, to find it in a log.
    pub(super) number: usize,
    /// The suite that is asked for first.
    pub(super) suite: CipherSuite,
    /// Only a server that has no other suite will do.
    pub(super) alone: bool,
}

/// Why there was no connection.
#[derive(Debug)]
pub(super) struct Failure {
    /// The SDK refused before anything was sent.
    pub(super) refused: bool,
    pub(super) text: String,
}

impl Failure {
    /// From an error of the SDK.
    pub(super) fn new(category: Category, error: &dyn std::error::Error) -> Self {
        Self { refused: category == Category::Usage, text: error.to_string() }
    }
}
