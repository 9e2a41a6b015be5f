//! Who moves the bytes of a connection of this computer: commands, or the port itself.

use telit_core::socket::ConnectionMode;

/// What a request wants its connection to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ModeWanted {
    /// As those of all requests of its client.
    #[default]
    Usual,
    /// This one, whatever the client's options say.
    Told(ConnectionMode),
    /// The whole line, unless the client's options say something else, or other connections need the line too.
    WholeLine,
}
