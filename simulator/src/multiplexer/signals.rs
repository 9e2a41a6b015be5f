//! The V.24 signals of a channel. Source: 5.4.6.3.7.

const EXTENSION: u8 = 0x01;
/// No frames can be taken.
pub(super) const FLOW_CONTROL: u8 = 0x02;
/// DTR from the host, DSR from the module.
pub(super) const READY_TO_COMMUNICATE: u8 = 0x04;
/// RTS from the host, CTS from the module.
const READY_TO_RECEIVE: u8 = 0x08;
/// DCD from the module.
const DATA_VALID: u8 = 0x80;

/// What the module tells of its end. It is always ready to communicate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    /// The host is to send nothing.
    pub(crate) stop: bool,
    /// DCD
    pub(crate) carrier: bool,
}

impl Signals {
    pub(super) fn octet(self) -> u8 {
        let flow = if self.stop { FLOW_CONTROL } else { READY_TO_RECEIVE };
        let carrier = if self.carrier { DATA_VALID } else { 0 };
        EXTENSION | READY_TO_COMMUNICATE | flow | carrier
    }
}
