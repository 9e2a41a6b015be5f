//! Negotiating the parameters of a channel.

use crate::multiplexer::frame::Dlci;

/// What a parameter negotiation says about a channel.
///
/// Source: 27.010 5.4.6.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// The channel.
    pub dlci: Dlci,
    /// The kind of frames, and in the upper half the convergence layer; 0 is UIH frames and layer 1, plain octets.
    pub layer: u8,
    /// 0 is the highest.
    pub priority: u8,
    /// T1 in hundredths of a second.
    pub acknowledgement_timer: u8,
    /// N1: octets of information in a frame.
    pub frame_size: u16,
    /// N2.
    pub retransmissions: u8,
    /// k, of error recovery mode.
    pub window: u8,
}

impl Parameters {
    pub(super) fn octets(self) -> [u8; 8] {
        let [low, high] = self.frame_size.to_le_bytes();
        [
            self.dlci.number(),
            self.layer,
            self.priority,
            self.acknowledgement_timer,
            low,
            high,
            self.retransmissions,
            self.window,
        ]
    }

    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        let [dlci, layer, priority, acknowledgement_timer, low, high, retransmissions, window] =
            *octets.first_chunk()?;
        Some(Self {
            dlci: Dlci::new(dlci & 0x3f)?,
            layer,
            priority: priority & 0x3f,
            acknowledgement_timer,
            frame_size: u16::from_le_bytes([low, high]),
            retransmissions,
            window: window & 0x07,
        })
    }
}
