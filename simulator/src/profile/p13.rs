//! Platform 13: GE910.
//!
//! Source of everything without another note: SSL guide.

use super::service::{ftp, http, mqtt};
use super::{Identity, Profile, general, two_g};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P13,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "GE910-QUAD",
        firmware: "13.00.007",
        production: "",
        serial: "0001000013",
        imei: "356938030130103",
        iccid: "89882806660001000013",
        imsi: "901288001000013",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P13,
    // No source for the size; 2048 holds a key of 2048 bits.
    tls: two_g::tls(two_g::COMMANDS, 2048),
    mqtt: mqtt::P13,
    http: http::P13,
    ftp: ftp::P13,
};
