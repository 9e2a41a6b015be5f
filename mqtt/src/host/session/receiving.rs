//! Messages of the broker that are to be delivered exactly once.

use std::collections::BTreeSet;

use mqtt_proto::v3::Publish;
use mqtt_proto::{Pid, QosPid};

use crate::message::{Message, QoS};

/// Identifiers that the broker has not released; there are 65,535 of them.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    unreleased: BTreeSet<Pid>,
}

impl Receiving {
    /// Whether the message with this identifier was not delivered yet; now it is.
    pub(super) fn is_new(&mut self, id: Pid) -> bool {
        self.unreleased.insert(id)
    }

    /// The broker will not send it again.
    pub(super) fn released(&mut self, id: Pid) {
        self.unreleased.remove(&id);
    }
}

pub(super) fn message(publish: Publish) -> Message {
    let qos = match publish.qos_pid {
        QosPid::Level0 => QoS::AtMostOnce,
        QosPid::Level1(_) => QoS::AtLeastOnce,
        QosPid::Level2(_) => QoS::ExactlyOnce,
    };
    Message {
        qos: Some(qos),
        retained: Some(publish.retain),
        duplicate: Some(publish.dup),
        ..Message::new(&*publish.topic_name, publish.payload)
    }
}
