//! What a client says of itself when it connects.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use mqtt_proto::v3::{self, Connect, Packet};
use mqtt_proto::{Error, TopicName};

use super::codec_qos;
use crate::last_will::LastWill;

/// Who we are at the broker.
#[derive(Clone)]
pub(in crate::host) struct Login {
    pub(in crate::host) client_id: String,
    /// Empty: none.
    pub(in crate::host) user: String,
    /// Empty: none.
    pub(in crate::host) password: String,
    pub(in crate::host) clean_session: bool,
    /// What the broker publishes when the connection ends without a good-bye.
    pub(in crate::host) will: Option<LastWill>,
}

impl Login {
    pub(super) fn packet(&self, keep_alive: Duration) -> Result<Packet, Error> {
        let keep_alive = u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX);
        let mut connect = Connect::new(self.client_id.as_str().into(), keep_alive);
        connect.clean_session = self.clean_session;
        connect.username = (!self.user.is_empty()).then(|| self.user.as_str().into());
        let password = || Bytes::copy_from_slice(self.password.as_bytes());
        connect.password = (!self.password.is_empty()).then(password);
        connect.last_will = self.will.as_ref().map(last_will).transpose()?;
        Ok(connect.into())
    }
}

fn last_will(LastWill { message }: &LastWill) -> Result<v3::LastWill, Error> {
    Ok(v3::LastWill {
        qos: codec_qos(message.qos),
        retain: message.retain,
        topic_name: TopicName::try_from(message.topic.as_str())?,
        message: message.payload.clone(),
    })
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("client_id", &self.client_id)
            .field("clean_session", &self.clean_session)
            .finish_non_exhaustive()
    }
}
