//! Platform 10: GL865, GE865-QUAD, GE864 V2, GL868-DUAL.
//!
//! Source of everything without another note: SSL guide.

use super::service::{ftp, http, mqtt};
use super::{Identity, Profile, general, two_g};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P10,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "GL865-QUAD",
        firmware: "10.00.157",
        production: "",
        serial: "0001000010",
        imei: "356938030100104",
        iccid: "89882806660001000010",
        imsi: "901288001000010",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P10,
    // 1535 bytes: public Telit slides on SSL.
    tls: two_g::tls(two_g::COMMANDS_WITH_CPU_MODE, 1535),
    mqtt: mqtt::P10,
    http: http::P10,
    ftp: ftp::P10,
};
