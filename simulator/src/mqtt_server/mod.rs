//! What every MQTT broker in here is made of: the packets and the topic filters of MQTT 3.1.1.

pub(crate) mod packet;
pub(crate) mod topic;
