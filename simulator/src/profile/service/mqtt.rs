//! The MQTT client of each platform that has one.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::Line;

#[derive(Debug)]
pub(crate) struct MqttProfile {
    pub(crate) commands: &'static [CommandSpec],
    pub(crate) clients: u8,
    pub(crate) slots: usize,
    pub(crate) keep_alive: RangeInclusive<u32>,
    pub(crate) default_keep_alive: u16,
    pub(crate) default_timeout: u8,
    pub(crate) string_limit: usize,
    pub(crate) topic_limit: usize,
    pub(crate) will_limit: usize,
    pub(crate) message_limit: usize,
    pub(crate) input_timeout: Duration,
}

/// Source: M37 p1007-1036.
pub(crate) const P37: Option<MqttProfile> = Some(MqttProfile {
    commands: COMMANDS_37,
    clients: 2,
    slots: 30,
    keep_alive: 60..=3600,
    default_keep_alive: 60,
    default_timeout: 10,
    string_limit: 512,
    topic_limit: 256,
    will_limit: 1024,
    message_limit: 65536,
    input_timeout: Duration::from_secs(10),
});

const COMMANDS_37: &[CommandSpec] = &[
    CommandSpec::with_sim("#MQEN", Line("#MQEN: (1-2),(0-1)")),
    CommandSpec::with_sim("#MQCFG", Line("#MQCFG: (1-2),512,(1-65535),(1-6),(0-1),(1-10)")),
    CommandSpec::with_sim("#MQCFG2", Line("#MQCFG2: (1-2),(60-3600),(0-1)")),
    CommandSpec::with_sim("#MQTCFG", Line("#MQTCFG: (1-2),(1-60)")),
    CommandSpec::with_sim("#MQWCFG", Line("#MQWCFG: (1-2),(0-1),(0-1),(0-2),256,1024")),
    CommandSpec::with_sim("#MQCONN", Line("#MQCONN: (1-2),512,512,512")),
    CommandSpec::with_sim("#MQDISC", Line("#MQDISC: (1-2)")),
    CommandSpec::with_sim("#MQSUB", Line("#MQSUB: (1-2),256,(0-2)")),
    CommandSpec::with_sim("#MQUNS", Line("#MQUNS: (1-2),")),
    CommandSpec::with_sim("#MQPUBS", Line("#MQPUBS: (1-2),256,(0-1),(0-2),65536")),
    CommandSpec::with_sim("#MQPUBSEXT", Line("#MQPUBSEXT: (1-2),256,(0-1),(0-2),(0-65536)")),
    CommandSpec::with_sim("#MQREAD", Line("#MQREAD: (1-2),(1-30)")),
];
