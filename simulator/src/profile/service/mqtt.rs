//! The MQTT client of each platform that has one.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::profile::Profile;
use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Line, Profiled};

/// What the MQTT client of a platform takes and prints.
#[derive(Debug, Clone)]
pub(crate) struct MqttProfile {
    pub(crate) commands: &'static [&'static [CommandSpec]],
    pub(crate) clients: u8,
    /// What the test answers call the last client.
    pub(crate) last_client: &'static str,
    /// `#MQCFG` has a sixth parameter, `<sslInstance>`, which is 1 if it is left out. Elsewhere a client has the secure
    /// socket of its own number.
    pub(crate) names_socket: bool,
    /// `#MQSUB` has a third parameter, `<qos>`. Without it the module asks for 1.
    pub(crate) names_quality: bool,
    pub(crate) errors: MqttErrors,
    pub(crate) slots: usize,
    pub(crate) keep_alive: RangeInclusive<u32>,
    pub(crate) default_keep_alive: u16,
    pub(crate) default_timeout: u8,
    pub(crate) string_limit: usize,
    pub(crate) topic_limit: usize,
    pub(crate) will_limit: usize,
    /// Longest message of `#MQPUBS`, and of `#MQPUBSEXT`.
    pub(crate) message_limit: usize,
    pub(crate) counted_message_limit: u32,
    pub(crate) input_timeout: Duration,
}

impl MqttProfile {
    /// As the public wrapper of the vendor has it for firmware of 2021.
    pub(crate) fn limit_messages(&mut self) {
        self.message_limit = OLDER.message_limit;
    }

    /// Before revision 12 of M37.
    pub(crate) fn forget_counted_messages(&mut self) {
        self.commands = OLDER.commands;
    }

    /// Before revision 14 of M37.
    pub(crate) fn take_old_keep_alive(&mut self) {
        self.keep_alive = OLDER.keep_alive;
        self.default_keep_alive = OLDER.default_keep_alive;
    }
}

/// How failures of the client are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MqttErrors {
    /// 1100 to 1115. Source: M37 p28-29.
    Numbered,
    /// `ERROR`. The numbers came to M37 with revision 14; no other manual has them, so that this is our choice for the
    /// platforms whose manuals are not at hand.
    Plain,
}

/// No `#MQ` command is named for it in any source: SSL guide 10, IPE28 ch. 15.
pub(crate) const P10: Option<MqttProfile> = None;
pub(crate) const P13: Option<MqttProfile> = None;
pub(crate) const P16: Option<MqttProfile> = None;
pub(crate) const P12: Option<MqttProfile> = None;
pub(crate) const P20: Option<MqttProfile> = None;
pub(crate) const P23: Option<MqttProfile> = None;

/// Source: `LE910C` p1802 (two pages are known). The rest is as on 30.
pub(crate) const P25_LINUX: Option<MqttProfile> = Some(OLDER);
pub(crate) const P25_THREADX: Option<MqttProfile> = P25_LINUX;

/// Source: IPE28 p136-148, SSL guide 10.1.
pub(crate) const P30: Option<MqttProfile> = Some(OLDER);

const OLDER: MqttProfile = MqttProfile {
    commands: &[COMMON],
    clients: 2,
    // Printed so in IPE28 p136 and `LE910C` p1802.
    last_client: "maxClients",
    names_socket: false,
    names_quality: false,
    errors: MqttErrors::Plain,
    // p138: a new module has 20. Where the range begins is our choice.
    keep_alive: 1..=3600,
    default_keep_alive: 20,
    // What the public wrapper of the vendor allows; drivers of the ME910C1 stay below it.
    message_limit: 140,
    ..PLATFORM_37
};

/// Source: M37 p1007-1036.
pub(crate) const P37: Option<MqttProfile> = Some(PLATFORM_37);

/// Source: IPE28 p136-148 (five parameters of `#MQCFG`, none for quality), SSL guide 10.1. That it has `#MQPUBSEXT` and
/// the error numbers, as the newest platform, is our choice.
pub(crate) const P52: Option<MqttProfile> = Some(MqttProfile {
    names_socket: false,
    names_quality: false,
    // As on 30.
    keep_alive: OLDER.keep_alive,
    default_keep_alive: OLDER.default_keep_alive,
    ..PLATFORM_37
});

const PLATFORM_37: MqttProfile = MqttProfile {
    commands: &[COMMON, COUNTED],
    clients: 2,
    last_client: "2",
    names_socket: true,
    names_quality: true,
    errors: MqttErrors::Numbered,
    slots: 30,
    keep_alive: 60..=3600,
    default_keep_alive: 60,
    default_timeout: 10,
    string_limit: 512,
    topic_limit: 256,
    will_limit: 1024,
    message_limit: 65_536,
    counted_message_limit: 65_536,
    input_timeout: Duration::from_secs(10),
};

const COMMON: &[CommandSpec] = &[
    CommandSpec::with_sim("#MQEN", Profiled(|profile| clients(profile, "#MQEN", ",(0-1)"))),
    CommandSpec::with_sim("#MQCFG", Profiled(configuration)),
    CommandSpec::with_sim("#MQCFG2", Profiled(session)),
    CommandSpec::with_sim("#MQTCFG", Profiled(|profile| clients(profile, "#MQTCFG", ",(1-60)"))),
    CommandSpec::with_sim(
        "#MQWCFG",
        Profiled(|profile| clients(profile, "#MQWCFG", ",(0-1),(0-1),(0-2),256,1024")),
    ),
    CommandSpec::with_sim("#MQCONN", Profiled(|profile| clients(profile, "#MQCONN", ",512,512,512"))),
    CommandSpec::with_sim("#MQDISC", Profiled(|profile| clients(profile, "#MQDISC", ""))),
    CommandSpec::with_sim("#MQSUB", Profiled(subscription)),
    // It ends in a comma: M37 p1028.
    CommandSpec::with_sim("#MQUNS", Profiled(|profile| clients(profile, "#MQUNS", ","))),
    CommandSpec::with_sim("#MQPUBS", Profiled(publication)),
    CommandSpec::with_sim("#MQREAD", Profiled(|profile| clients(profile, "#MQREAD", ",(1-30)"))),
];

const COUNTED: &[CommandSpec] = &[CommandSpec::with_sim("#MQPUBSEXT", Line(COUNTED_TEST))];
const COUNTED_TEST: &str = "#MQPUBSEXT: (1-2),256,(0-1),(0-2),(0-65536)";

fn clients(profile: &Profile, name: &str, rest: &str) -> String {
    let last = profile.mqtt.as_ref().map_or("", |mqtt| mqtt.last_client);
    format!("{name}: (1-{last}){rest}")
}

fn configuration(profile: &Profile) -> String {
    let socket = match &profile.mqtt {
        Some(mqtt) if mqtt.names_socket => format!(",(1-{})", profile.tls.sockets),
        _ => String::new(),
    };
    let contexts = profile.general.contexts.ids.end();
    clients(profile, "#MQCFG", &format!(",512,(1-65535),(1-{contexts}),(0-1){socket}"))
}

fn session(profile: &Profile) -> String {
    let Some(mqtt) = &profile.mqtt else { return String::new() };
    let (shortest, longest) = (mqtt.keep_alive.start(), mqtt.keep_alive.end());
    clients(profile, "#MQCFG2", &format!(",({shortest}-{longest}),(0-1)"))
}

fn subscription(profile: &Profile) -> String {
    let quality = profile.mqtt.as_ref().is_some_and(|mqtt| mqtt.names_quality);
    clients(profile, "#MQSUB", if quality { ",256,(0-2)" } else { ",256" })
}

fn publication(profile: &Profile) -> String {
    let limit = profile.mqtt.as_ref().map_or(0, |mqtt| mqtt.message_limit);
    clients(profile, "#MQPUBS", &format!(",256,(0-1),(0-2),{limit}"))
}
