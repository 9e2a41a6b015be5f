//! The device, and its connection to AWS IoT.

use clap::Args;
use telit_core::Category;
use telit_mqtt::aws::{AwsIot, check_thing_name};
use telit_mqtt::{ConnectError, EngineChoice, MqttClient, MqttOptions, Reconnect};

use super::advice::{self, Asked};
use crate::args::Arguments;
use crate::failure::Failure;
use crate::port::{self, Session};

/// Who we are, and where.
#[derive(Args, Debug)]
pub(crate) struct DeviceArguments {
    /// Endpoint of the account, as `aws iot describe-endpoint --endpoint-type iot:Data-ATS` tells it
    #[arg(long, value_name = "NAME")]
    endpoint: String,
    /// Name of the thing
    #[arg(long, value_name = "NAME")]
    pub(super) thing: String,
    /// Client identifier, if it is not the name of the thing
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
}

/// A connected device. The module is left without a session whatever happens.
pub(super) struct Device {
    pub(super) client: MqttClient,
    _session: Session,
}

impl DeviceArguments {
    /// What the command line says, checked before the port is opened.
    pub(super) fn aws(&self, arguments: &Arguments) -> Result<AwsIot, Failure> {
        check_thing_name(&self.thing).map_err(|error| {
            Failure::from(error).hint("give --thing the name of the thing: letters, digits, : _ and -")
        })?;
        let tls = &arguments.tls;
        let identity = tls.identity()?.ok_or_else(|| {
            Failure::usage("AWS IoT wants to see a client certificate").hint("give --cert and --key")
        })?;
        let mut aws = AwsIot::new(&self.endpoint, &self.thing, identity)?;
        for authority in tls.authorities()? {
            aws = aws.trust(authority);
        }
        if let Some(client_id) = &self.client_id {
            aws = aws.client_id(client_id);
        }
        if tls.no_sni {
            aws = aws.without_server_name();
        }
        if tls.needs_tls13() {
            aws = aws.tls13_only();
        }
        match tls.beside_a_preset() {
            Some(option) => {
                Err(Failure::usage(format!("{option} does not go with aws, which knows what AWS takes"))
                    .hint("leave it out, or use `telit mqtt` with topics of your own"))
            }
            None => Ok(aws),
        }
    }

    /// Takes the module into the network and connects.
    pub(super) async fn connect(&self, arguments: &Arguments, aws: &AwsIot) -> Result<Device, Failure> {
        let refused = |error: ConnectError| {
            let on_the_way = matches!(error.category(), Category::Network | Category::Other);
            let failure = advice::unconnected(error, &arguments.tls, Asked::Preset);
            if on_the_way { failure.about(aws.endpoint()) } else { failure }
        };
        let session = port::open(&arguments.global).await?;
        let options = options(&session, arguments, aws).await.map_err(refused)?;
        port::bring_up(&session, &arguments.global).await?;
        let client = MqttClient::connect(&session.modem, options).await.map_err(refused)?;
        Ok(Device { client, _session: session })
    }
}

/// What this module is told, known before the wait for a network.
async fn options(
    session: &Session,
    arguments: &Arguments,
    aws: &AwsIot,
) -> Result<MqttOptions, ConnectError> {
    let mut options = aws.mqtt_options(session.modem.profile())?;
    if !arguments.global.recovery.recover {
        // Scripts want to know about a loss.
        options = options.reconnect(Reconnect::never());
    }
    EngineChoice::of(&session.modem, &options).await?;
    Ok(options)
}

impl Device {
    pub(super) async fn disconnect(&self) {
        if let Err(error) = self.client.disconnect().await {
            tracing::warn!("the session did not end in order: {error}");
        }
    }
}
