//! The signals of a serial line, one set for each channel.

use crate::multiplexer::frame::EXTENSION;

const FLOW_CONTROL: u8 = 0x02;
const READY_TO_COMMUNICATE: u8 = 0x04;
const READY_TO_RECEIVE: u8 = 0x08;
const INCOMING_CALL: u8 = 0x40;
const DATA_VALID: u8 = 0x80;

/// What a modem status command says about a channel: the control signals of a serial line.
///
/// Source: 27.010 5.4.6.3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signals {
    /// FC: whoever sends this can take no data.
    pub hold: bool,
    /// RTC: DTR of the host, DSR of the module.
    pub ready_to_communicate: bool,
    /// RTR: RTS of the host, CTS of the module.
    pub ready_to_receive: bool,
    /// IC: RI of the module.
    pub incoming_call: bool,
    /// DV: DCD of the module.
    pub data_valid: bool,
}

impl Signals {
    /// What a host says that is ready.
    pub const READY: Self = Self {
        hold: false,
        ready_to_communicate: true,
        ready_to_receive: true,
        incoming_call: false,
        data_valid: true,
    };

    pub(super) fn octet(self) -> u8 {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        EXTENSION
            | bit(self.hold, FLOW_CONTROL)
            | bit(self.ready_to_communicate, READY_TO_COMMUNICATE)
            | bit(self.ready_to_receive, READY_TO_RECEIVE)
            | bit(self.incoming_call, INCOMING_CALL)
            | bit(self.data_valid, DATA_VALID)
    }

    pub(super) fn of(octet: u8) -> Self {
        let set = |bit: u8| octet & bit != 0;
        Self {
            hold: set(FLOW_CONTROL),
            ready_to_communicate: set(READY_TO_COMMUNICATE),
            ready_to_receive: set(READY_TO_RECEIVE),
            incoming_call: set(INCOMING_CALL),
            data_valid: set(DATA_VALID),
        }
    }
}
