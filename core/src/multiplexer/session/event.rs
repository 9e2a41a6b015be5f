//! What a session tells.

use std::fmt;

use crate::multiplexer::{Dlci, Signals};

/// What happens to the channels of a [`Session`](super::Session).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// A channel carries data from now on.
    Opened(Dlci),
    /// A channel is closed, or was not opened.
    Closed(Dlci, ChannelEnd),
    /// The module's signals of a channel have changed.
    Signals(Dlci, Signals),
    /// The session is over, and all its channels with it. Nothing follows.
    Ended(SessionEnd),
}

/// Why a channel is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelEnd {
    /// The module does not open it.
    Refused,
    /// The module answered nothing when it was to be opened.
    NoAnswer,
    /// The module has closed it.
    ByModule,
    /// It was closed here.
    ByHost,
    /// The module went on sending although it was told to wait, and nobody took the data.
    Overflow,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionEnd {
    /// The module does not open the control channel.
    Refused,
    /// The module answered nothing when the control channel was to be opened.
    NoAnswer,
    /// The module has closed it, and is back in plain AT mode.
    ByModule,
    /// It was closed here, and the module is back in plain AT mode.
    ByHost,
    /// The module speaks plain AT again although nobody has closed the session: it has restarted.
    Restarted,
    /// What comes from the module is neither frames nor text.
    Garbled,
    /// The module answers nothing any more, not even a question to its multiplexer.
    Silent,
}

impl fmt::Display for ChannelEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the module does not open this channel",
            Self::NoAnswer => "the module does not answer on this channel",
            Self::ByModule => "the module has closed this channel",
            Self::ByHost => "this channel was closed",
            Self::Overflow => "nobody took the data of this channel",
        })
    }
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the module refuses to multiplex",
            Self::NoAnswer => "the multiplexer of the module does not answer",
            Self::ByModule => "the module has closed its multiplexer",
            Self::ByHost => "the multiplexer was closed",
            Self::Restarted => "the module has restarted, and its multiplexer with it",
            Self::Garbled => "what comes from the module is garbled",
            Self::Silent => "the multiplexer of the module does not answer any more",
        })
    }
}
