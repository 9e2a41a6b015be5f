//! Platform 37 by its manual, which lists more than SSL guide 12.1.7 and offers more by value 0. Source: M37 p882-886.

use super::guide_10::PLATFORM_25_THREADX;
use super::{Digits, Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_37: SuiteTable = SuiteTable {
    suites: SUITES,
    // p882
    obsolete: &[1, 2, 4, 6, 8],
    hexadecimal: Some(Digits::Upper),
    // p883-884
    default: &[
        0xC02B, 0xC02C, 0xC02D, 0xC02E, 0xC02F, 0xC030, 0xC031, 0xC032, 0x002F, 0x0035, 0x0033, 0x0039,
        0x003C, 0x0067, 0x003D, 0x006B,
    ],
    default_1_3: &[0x1301, 0x1302, 0x1303],
    // SSL guide 12.1.7, one table for both platforms
    guide_default: Some(PLATFORM_25_THREADX.default),
};

/// Strongest first, which is the order that `#SSLSECCS=1,3` gives.
const SUITES: &[Suite] = &[
    Suite::unnumbered(0x1302),
    Suite::unnumbered(0x1303),
    Suite::unnumbered(0x1301),
    Suite::unnumbered(0x1304),
    Suite::unnumbered(0x1305),
    Suite::unnumbered(0xC02C),
    Suite::unnumbered(0xC030),
    Suite::unnumbered(0xCCA9),
    Suite::unnumbered(0xCCA8),
    Suite::unnumbered(0xCCAA),
    Suite::unnumbered(0xC02B),
    Suite::unnumbered(0xC02F),
    Suite::unnumbered(0x009F),
    Suite::unnumbered(0x009E),
    Suite::unnumbered(0xC02E),
    Suite::unnumbered(0xC032),
    Suite::unnumbered(0xC02D),
    Suite::unnumbered(0xC031),
    Suite::unnumbered(0x009D),
    Suite::unnumbered(0x009C),
    Suite::unnumbered(0xC0A3),
    Suite::unnumbered(0xC0A2),
    Suite::unnumbered(0xC0A1),
    Suite::unnumbered(0xC0A0),
    Suite::unnumbered(0xC024),
    Suite::unnumbered(0xC028),
    Suite::unnumbered(0xC023),
    Suite::unnumbered(0xC027),
    Suite::unnumbered(0xC026),
    Suite::unnumbered(0xC02A),
    Suite::unnumbered(0xC025),
    Suite::unnumbered(0xC029),
    Suite::numbered(13, 0x006B),
    Suite::numbered(11, 0x0067),
    Suite::numbered(12, 0x003D),
    Suite::numbered(10, 0x003C),
    Suite::unnumbered(0xC00A),
    Suite::unnumbered(0xC014),
    Suite::unnumbered(0xC009),
    Suite::unnumbered(0xC013),
    Suite::unnumbered(0xC005),
    Suite::unnumbered(0xC00F),
    Suite::unnumbered(0xC004),
    Suite::unnumbered(0xC00E),
    Suite::numbered(9, 0x0039),
    Suite::numbered(7, 0x0033),
    Suite::numbered(5, 0x0035),
    Suite::numbered(3, 0x002F),
    Suite::pre_shared(0x00A9),
    Suite::pre_shared(0x00A8),
    Suite::pre_shared(0x00AF),
    Suite::pre_shared(0x00AE),
    Suite::pre_shared(0x008D),
    Suite::pre_shared(0x008C),
    Suite::pre_shared(0x008B),
    Suite::pre_shared(0x008A),
];
