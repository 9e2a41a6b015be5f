//! The number of a channel.

use std::fmt;

use super::EXTENSION;

/// Data link connection identifier: the number of a channel on the line, 0 for the control channel. On Telit modules
/// number n is the n-th AT instance. Source: IPE28 p15, p187.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dlci(u8);

impl Dlci {
    /// The control channel.
    pub const CONTROL: Self = Self(0);
    /// The highest number: 62 would make an address of the octet that ends frames. Source: 27.010 5.6.
    pub const MAX: u8 = 61;

    /// A channel, if there can be one with this number.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether this is the control channel.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 == 0
    }

    /// The address octet without its C/R bit, which is also how control messages name a channel.
    pub(in crate::multiplexer) const fn address(self) -> u8 {
        self.0 << 2 | EXTENSION
    }

    /// The channel of an address octet; `None` if it has more octets or such a channel cannot be.
    pub(in crate::multiplexer) const fn of_address(octet: u8) -> Option<Self> {
        if octet & EXTENSION == EXTENSION { Self::new(octet >> 2) } else { None }
    }
}

impl fmt::Display for Dlci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
