//! One file a platform, every value with its source.

mod p10_13_16;
mod p10_13_16_cipher_suites;
mod p12;
mod p12_cipher_suites;
mod p20;
mod p20_cipher_suites;
mod p23;
mod p23_cipher_suites;
mod p25_linux;
mod p25_linux_cipher_suites;
mod p25_threadx;
mod p25_threadx_cipher_suites;
mod p30;
mod p30_cipher_suites;
mod p37;
mod p37_cipher_suites;
mod p52;
mod p52_cipher_suites;
mod shared;
mod shared_services;
mod suite_rows;

use super::id::PlatformId;
use super::profile::Profile;

/// The profile of a platform.
#[must_use]
pub fn profile(id: PlatformId) -> &'static Profile {
    match id {
        PlatformId::P10 => &p10_13_16::P10,
        PlatformId::P13 => &p10_13_16::P13,
        PlatformId::P16 => &p10_13_16::P16,
        PlatformId::P12 => &p12::PROFILE,
        PlatformId::P20 => &p20::PROFILE,
        PlatformId::P23 => &p23::PROFILE,
        PlatformId::P25Linux => &p25_linux::PROFILE,
        PlatformId::P25ThreadX => &p25_threadx::PROFILE,
        PlatformId::P30 => &p30::PROFILE,
        PlatformId::P37 => &p37::PROFILE,
        PlatformId::P52 => &p52::PROFILE,
    }
}
