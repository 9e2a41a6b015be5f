//! Times and limits of a session.

use std::time::Duration;

/// Times and limits of a [`Session`](super::Session).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSettings {
    /// Channels 1 to this number. Default 3, which Telit modules have. At most 61. Source: IPE28 p187.
    pub channels: u8,
    /// N1: most octets of information that the module takes in a frame. Default 31, the least that is usual.
    pub frame_size: u16,
    /// N1 of the module: longer frames are taken for damage. Default 2048, more than any module is documented with.
    pub longest_frame: u16,
    /// T1: how long the answer to opening or closing a channel may take before it is asked again. Default 500 ms: the
    /// 100 ms of the standard are for a line that carries nothing else.
    pub acknowledgement_wait: Duration,
    /// T2: the same for messages on the control channel. Default 500 ms.
    pub response_wait: Duration,
    /// N2: how often is asked again. Default 3.
    pub retransmissions: u8,
    /// Whether the frame size of each channel is negotiated (PN) before it is opened. Default false: Telit documents
    /// that `AT+CMUX` sets it, and no source shows a module with PN.
    pub negotiate: bool,
    /// How long the rest of a frame may take. Default 500 ms.
    pub frame_wait: Duration,
    /// How long a module that was sent data may be silent before it is asked whether it still multiplexes. From when the
    /// port has taken the question it has four times [`response_wait`](Self::response_wait) for the answer, and as much for
    /// each of the [`retransmissions`](Self::retransmissions): eight seconds by default. What the port does not take, as the
    /// module holds the line (RTS/CTS), is not unanswered for a minute. Only a module that has answered on the control
    /// channel before is asked. Default 10 s.
    pub silence: Duration,
    /// How long the reading of the line may pause for a channel whose data nobody takes, before that channel is hung
    /// up. Default 60 s.
    pub stall: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            channels: 3,
            frame_size: 31,
            longest_frame: 2048,
            acknowledgement_wait: Duration::from_millis(500),
            response_wait: Duration::from_millis(500),
            retransmissions: 3,
            negotiate: false,
            frame_wait: Duration::from_millis(500),
            silence: Duration::from_secs(10),
            stall: Duration::from_secs(60),
        }
    }
}
