//! One file a platform, every value with its source.

mod p37;
mod p37_cipher_suites;

use super::id::PlatformId;
use super::profile::Profile;

/// The profile of a platform, if its table is written.
#[must_use]
pub fn profile(id: PlatformId) -> Option<&'static Profile> {
    match id {
        PlatformId::P37 => Some(&p37::PROFILE),
        PlatformId::P10
        | PlatformId::P13
        | PlatformId::P16
        | PlatformId::P12
        | PlatformId::P20
        | PlatformId::P23
        | PlatformId::P25Linux
        | PlatformId::P25ThreadX
        | PlatformId::P30
        | PlatformId::P52 => None,
    }
}
