//! Platform 16: GE910-QUAD V3, GE866, GL865 V3, GL868-DUAL V3.
//!
//! Source of everything without another note: SSL guide.

use super::service::{ftp, http, mqtt};
use super::{Identity, Profile, general, two_g};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P16,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "GE866-QUAD",
        firmware: "16.00.152",
        production: "",
        serial: "0001000016",
        imei: "356938030160100",
        iccid: "89882806660001000016",
        imsi: "901288001000016",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P16,
    // No source for the size; 2048 holds a key of 2048 bits.
    tls: two_g::tls(two_g::COMMANDS_WITH_CPU_MODE, 2048),
    mqtt: mqtt::P16,
    http: http::P16,
    ftp: ftp::P16,
};
