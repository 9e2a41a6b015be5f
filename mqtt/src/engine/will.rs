//! Leaving a last will with the module, which gives it to the broker with the login.

use telit_core::CommandError;
use telit_core::at::{Command, InvalidValue};
use telit_core::platform::Availability;

use super::{Connection, Engine};
use crate::commands::{ConfigureWill, TakeEscapes, TakesEscapes};
use crate::dialect::most;
use crate::error::ConnectError;
use crate::last_will::{self, LastWill};
use crate::message::Publish;
use crate::topic::TopicName;

const FIELD: &str = "last will";

impl Engine {
    /// What can be known without asking the module. Nothing is sent.
    pub(super) fn check_will(&self, instance: u8) -> Result<(), ConnectError> {
        let Some(will) = &self.options.last_will else {
            return Ok(());
        };
        let (model, firmware) = (self.modem.model(), self.modem.firmware());
        if last_will::restarts(model, firmware) {
            let (model, firmware) = (model.to_owned(), firmware.to_owned());
            return Err(ConnectError::LastWillRestarts { model, firmware });
        }
        let (topic, payload) = (self.profile.will_topic_length, self.profile.will_message_length);
        self.will(instance, will, topic, payload)?.exchange()?;
        Ok(())
    }

    /// The command that leaves the will, held against what this firmware takes. Changes nothing.
    pub(super) async fn prepare_will(&self, instance: u8) -> Result<Option<ConfigureWill<'_>>, ConnectError> {
        let Some(will) = &self.options.last_will else {
            return Ok(None);
        };
        let form = self.modem.test_form("#MQWCFG").await.map_err(ConnectError::of_command)?;
        if form.is_none() {
            return Err(InvalidValue::new(FIELD, "this firmware takes none: it has no #MQWCFG").into());
        }
        let topic_limit = most(&form, 4, self.profile.will_topic_length);
        let payload_limit = most(&form, 5, self.profile.will_message_length);
        if will.needs_escapes() && !self.knows_escapes().await? {
            let reason = "this firmware has no #SETHEXSTR, so that the payload can have no double quotes, backslashes \
                          and control characters";
            return Err(InvalidValue::new(FIELD, reason).into());
        }
        self.will(instance, will, topic_limit, payload_limit).map(Some)
    }

    /// Before the login, which takes it along. Source: M37 p1020; MQTT 3.1.2.5.
    pub(super) async fn leave_will(
        &self,
        connection: &mut Connection,
        will: Option<ConfigureWill<'_>>,
    ) -> Result<(), ConnectError> {
        let Some(command) = will else {
            return Ok(());
        };
        let escapes = self.options.last_will.as_ref().is_some_and(LastWill::needs_escapes);
        // Commands of others between these find escapes on, too: what they could mean differently is a backslash
        // before two hexadecimal digits.
        if escapes && !self.run(TakesEscapes).await? {
            connection.escapes_on = true;
            self.run(TakeEscapes(true)).await?;
        }
        let left = self.modem.run(command).await;
        self.refuse_escapes(connection).await.map_err(ConnectError::of_command)?;
        left.map_err(|error| match error {
            CommandError::Refused { error, .. } => {
                InvalidValue::new(FIELD, format!("the module refuses it: {error}")).into()
            }
            other => ConnectError::of_command(other),
        })
    }

    /// Others find escapes off again, whatever becomes of the connection.
    pub(super) async fn refuse_escapes(&self, connection: &mut Connection) -> Result<(), CommandError> {
        if connection.escapes_on {
            self.modem.run(TakeEscapes(false)).await?;
            connection.escapes_on = false;
        }
        Ok(())
    }

    async fn knows_escapes(&self) -> Result<bool, ConnectError> {
        match self.modem.profile().line.hexadecimal_strings {
            Availability::No => Ok(false),
            Availability::Yes => Ok(true),
            Availability::Probe => {
                let form = self.modem.test_form("#SETHEXSTR").await;
                Ok(form.map_err(ConnectError::of_command)?.is_some())
            }
        }
    }

    fn will<'a>(
        &self,
        instance: u8,
        will: &'a LastWill,
        topic_limit: usize,
        payload_limit: usize,
    ) -> Result<ConfigureWill<'a>, ConnectError> {
        let Publish { topic, payload, qos, retain } = &will.message;
        let topic = TopicName::parse(topic, topic_limit)
            .map_err(|error| InvalidValue::new("topic of the last will", error.to_string()))?;
        if payload.len() > payload_limit {
            let problem = format!("it has {} bytes, the module takes at most {payload_limit}", payload.len());
            return Err(InvalidValue::new("payload of the last will", problem).into());
        }
        let line_limit = self.modem.profile().line.command_length;
        let (payload, qos, retain) = (payload.clone(), *qos, *retain);
        Ok(ConfigureWill { instance, topic, payload, qos, retain, line_limit })
    }
}
