//! Frames of the basic option, octet by octet.
//!
//! Source: 3GPP TS 27.010 5.2 (basic option), 5.3 (procedures).

mod check_sequence;
mod decoder;
mod dlci;
mod encode;

use bytes::Bytes;

pub use decoder::{Damage, Decoded, Decoder};
pub use dlci::Dlci;
pub(super) use encode::encode;

/// Begins and ends every frame.
pub(super) const FLAG: u8 = 0xf9;
/// Set in the last octet of a field that may have several.
pub(super) const EXTENSION: u8 = 0x01;
/// The P/F bit of the control field.
const POLL_FINAL: u8 = 0x10;
/// The C/R bit of the address.
const COMMAND_RESPONSE: u8 = 0x02;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Set asynchronous balanced mode: opens a channel.
    Sabm,
    /// Unnumbered acknowledgement: yes.
    Ua,
    /// Disconnected mode: no, or not open.
    Dm,
    /// Disconnect: closes a channel.
    Disc,
    /// Unnumbered information with header check: data; damage of the information is not noticed.
    Uih,
    /// Unnumbered information: data that are checked.
    Ui,
}

impl FrameKind {
    const fn octet(self) -> u8 {
        match self {
            Self::Sabm => 0x2f,
            Self::Ua => 0x63,
            Self::Dm => 0x0f,
            Self::Disc => 0x43,
            Self::Uih => 0xef,
            Self::Ui => 0x03,
        }
    }

    fn of(octet: u8) -> Option<Self> {
        let kinds = [Self::Sabm, Self::Ua, Self::Dm, Self::Disc, Self::Uih, Self::Ui];
        kinds.into_iter().find(|kind| kind.octet() == octet & !POLL_FINAL)
    }

    /// Whether the check sequence covers the information field.
    const fn checks_information(self) -> bool {
        !matches!(self, Self::Uih)
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The channel.
    pub dlci: Dlci,
    /// The C/R bit as it stands: set in commands of the side that began the session, and in responses of the other.
    pub command_response: bool,
    /// What it is for.
    pub kind: FrameKind,
    /// The P/F bit.
    pub poll_final: bool,
    /// The information field.
    pub information: Bytes,
}

impl Frame {
    /// The octets on the line, flags included.
    ///
    /// ```
    /// use telit_core::multiplexer::{Dlci, Frame, FrameKind};
    ///
    /// let open = Frame {
    ///     dlci: Dlci::CONTROL,
    ///     command_response: true,
    ///     kind: FrameKind::Sabm,
    ///     poll_final: true,
    ///     information: Default::default(),
    /// };
    /// assert_eq!(open.encode(), [0xf9, 0x03, 0x3f, 0x01, 0x1c, 0xf9][..]);
    /// ```
    ///
    /// An information field beyond 32767 octets is cut there: the length cannot be said.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut octets = bytes::BytesMut::new();
        encode(&Header::of(self), &self.information, &mut octets);
        octets.freeze()
    }
}

/// A frame without its information.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) dlci: Dlci,
    pub(super) command_response: bool,
    pub(super) kind: FrameKind,
    pub(super) poll_final: bool,
}

impl Header {
    fn of(frame: &Frame) -> Self {
        let Frame { dlci, command_response, kind, poll_final, .. } = *frame;
        Self { dlci, command_response, kind, poll_final }
    }
}
