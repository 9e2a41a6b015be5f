//! Finding out who has TLS enabled on the module, and switching it off.
//!
//! Everything that is found on our own AT port belongs to a program that is gone, because a port has one
//! owner. What another AT port of the module owns is not ours: the module refuses to change it, and so
//! do we.

use futures_core::future::BoxFuture;

use super::lease::{LeaseError, ServiceBusy};
use super::rule::Claim;
use super::service::{Holder, Service};
use crate::at::{CommandLine, Effect, Exchange, Expect, Fields};
use crate::driver::AtChannel;
use crate::error::{Category, CommandError};
use crate::platform::Profile;

/// Position of `<ssl_enabled>` in the answer to `AT#HTTPCFG?`. Source: M37 p859.
const HTTP_TLS_FIELD: usize = 6;
/// Position of `<sslEn>` in the answer to `AT#MQCFG?`. Source: M37 p1012.
const MQTT_TLS_FIELD: usize = 4;
/// Position of `<FTPSEn>` in the answer to `AT#FTPCFG?`. Source: M37 p838.
const FTP_TLS_FIELD: usize = 2;

/// Which service has TLS enabled on the module, whoever switched it on. Reads only.
pub(crate) async fn owner(
    channel: &dyn AtChannel,
    profile: &Profile,
) -> Result<Option<Service>, CommandError> {
    if profile.mqtt.is_some() && !enabled_mqtt(channel).await?.is_empty() {
        return Ok(Some(Service::Mqtt));
    }
    if profile.http.is_some() && !enabled_http(channel).await?.is_empty() {
        return Ok(Some(Service::Http));
    }
    if profile.ftp.is_some() && enabled_ftp(channel).await?.is_some() {
        return Ok(Some(Service::Ftp));
    }
    Ok((!enabled_sockets(channel).await?.is_empty()).then_some(Service::Socket))
}

/// What is read first to find that out.
pub(crate) fn reads(profile: &Profile) -> Vec<Exchange> {
    let services = [
        profile.mqtt.as_ref().map(|_| "#MQEN"),
        profile.http.as_ref().map(|_| "#HTTPCFG"),
        profile.ftp.as_ref().map(|_| "#FTPCFG"),
        Some("#SSLEN"),
    ];
    services.into_iter().flatten().map(reading).collect()
}

/// Switches TLS off wherever it is on, except for those who hold it now.
///
/// Each service in its own order: first the session, which the module refuses to pull the settings
/// away from, then the flag. Sockets come last, since every service sits on one.
pub(super) fn clean<'a>(
    channel: &'a dyn AtChannel,
    profile: &'a Profile,
    holders: &'a [Claim],
) -> BoxFuture<'a, Result<(), LeaseError>> {
    Box::pin(async move {
        let idle = |service| holders.iter().all(|claim| claim.service != service);
        if profile.mqtt.is_some() && idle(Service::Mqtt) {
            clean_mqtt(channel).await?;
        }
        if profile.http.is_some() && idle(Service::Http) {
            clean_http(channel).await?;
        }
        if profile.ftp.is_some() && idle(Service::Ftp) {
            clean_ftp(channel).await?;
        }
        for socket in enabled_sockets(channel).await? {
            if holders.iter().all(|claim| u64::from(claim.socket) != socket) {
                clean_socket(channel, socket).await?;
            }
        }
        Ok(())
    })
}

async fn clean_mqtt(channel: &dyn AtChannel) -> Result<(), LeaseError> {
    for instance in enabled_mqtt(channel).await? {
        tracing::info!(instance, "an earlier MQTT session still held TLS, ending it");
        attempt(channel, number_command("#MQDISC", instance)?).await?;
        switch_off(channel, pair_command("#MQEN", instance, 0)?, Service::Mqtt).await?;
    }
    Ok(())
}

async fn clean_http(channel: &dyn AtChannel) -> Result<(), LeaseError> {
    for profile in enabled_http(channel).await? {
        tracing::info!(profile = profile.id, "an earlier HTTP profile still held TLS, switching it off");
        switch_off(channel, profile.without_tls()?, Service::Http).await?;
    }
    Ok(())
}

async fn clean_ftp(channel: &dyn AtChannel) -> Result<(), LeaseError> {
    if let Some(ftp) = enabled_ftp(channel).await? {
        tracing::info!("an earlier FTP session still held TLS, ending it");
        attempt(channel, CommandLine::execute("#FTPCLOSE")).await?;
        switch_off(channel, ftp.without_tls()?, Service::Ftp).await?;
    }
    Ok(())
}

async fn clean_socket(channel: &dyn AtChannel, socket: u64) -> Result<(), LeaseError> {
    tracing::info!(socket, "a TLS socket was still enabled, switching it off");
    // Refused while connected, so close first. Source: M37 p894.
    attempt(channel, number_command("#SSLH", socket)?).await?;
    switch_off(channel, pair_command("#SSLEN", socket, 0)?, Service::Socket).await
}

async fn enabled_mqtt(channel: &dyn AtChannel) -> Result<Vec<u64>, CommandError> {
    let enabled = enabled_pairs(channel, "#MQEN").await?;
    if enabled.is_empty() {
        return Ok(enabled);
    }
    let configured = read(channel, "#MQCFG").await?;
    let with_tls = configured.iter().filter_map(|line| {
        let fields = Fields::parse(line);
        (fields.number::<u8>(MQTT_TLS_FIELD) == Some(1)).then(|| fields.number::<u64>(0)).flatten()
    });
    Ok(with_tls.filter(|instance| enabled.contains(instance)).collect())
}

async fn enabled_sockets(channel: &dyn AtChannel) -> Result<Vec<u64>, CommandError> {
    enabled_pairs(channel, "#SSLEN").await
}

/// The numbers n of all lines `n,1`.
async fn enabled_pairs(channel: &dyn AtChannel, name: &'static str) -> Result<Vec<u64>, CommandError> {
    let lines = read(channel, name).await?;
    let enabled = lines.iter().filter_map(|line| {
        let fields = Fields::parse(line);
        (fields.number::<u8>(1) == Some(1)).then(|| fields.number::<u64>(0)).flatten()
    });
    Ok(enabled.collect())
}

struct HttpProfile {
    id: u64,
    host: String,
    port: u16,
}

impl HttpProfile {
    /// Omitted parameters keep their value, so the password, which cannot be read, survives.
    /// Source: M37 p16, p859.
    fn without_tls(&self) -> Result<CommandLine, CommandError> {
        let line = CommandLine::set("#HTTPCFG")
            .number(self.id)
            .text("host", &self.host)
            .number(self.port)
            .omitted()
            .omitted()
            .omitted()
            .number(0_u8)
            .build();
        Ok(line.or_else(|_| CommandLine::set("#HTTPCFG").number(self.id).build())?)
    }
}

async fn enabled_http(channel: &dyn AtChannel) -> Result<Vec<HttpProfile>, CommandError> {
    let lines = read(channel, "#HTTPCFG").await?;
    let enabled = lines.iter().filter_map(|line| {
        let fields = Fields::parse(line);
        let on = fields.number::<u8>(HTTP_TLS_FIELD) == Some(1);
        on.then(|| HttpProfile {
            id: fields.number(0).unwrap_or_default(),
            host: fields.text(1).unwrap_or_default().to_owned(),
            port: fields.number(2).unwrap_or(80),
        })
    });
    Ok(enabled.collect())
}

struct FtpConfiguration {
    timeout: u64,
    ignore_passive_address: u64,
}

impl FtpConfiguration {
    fn without_tls(&self) -> Result<CommandLine, CommandError> {
        let parameters = CommandLine::set("#FTPCFG").number(self.timeout).number(self.ignore_passive_address);
        Ok(parameters.number(0_u8).build()?)
    }
}

async fn enabled_ftp(channel: &dyn AtChannel) -> Result<Option<FtpConfiguration>, CommandError> {
    let lines = read(channel, "#FTPCFG").await?;
    Ok(lines.iter().find_map(|line| {
        let fields = Fields::parse(line);
        (fields.number::<u8>(FTP_TLS_FIELD) == Some(1)).then(|| FtpConfiguration {
            timeout: fields.number(0).unwrap_or(100),
            ignore_passive_address: fields.number(1).unwrap_or_default(),
        })
    }))
}

/// The lines of a read form; none if the platform lacks the command.
fn read<'a>(
    channel: &'a dyn AtChannel,
    name: &'static str,
) -> BoxFuture<'a, Result<Vec<String>, CommandError>> {
    Box::pin(async move {
        match channel.execute(reading(name)).await {
            Ok(reply) => Ok(reply.values(name)),
            Err(CommandError::Refused { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    })
}

fn reading(name: &'static str) -> Exchange {
    Exchange::new(CommandLine::read(name), Expect::lines(name)).effect(Effect::Query)
}

/// A step whose refusal does not matter: there may have been nothing to end.
async fn attempt(channel: &dyn AtChannel, line: CommandLine) -> Result<(), CommandError> {
    match change(channel, line).await {
        Ok(()) | Err(CommandError::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn switch_off(channel: &dyn AtChannel, line: CommandLine, service: Service) -> Result<(), LeaseError> {
    match change(channel, line).await {
        Err(error) if error.category() == Category::Busy => {
            Err(ServiceBusy { holder: Holder::OtherPort(service) }.into())
        }
        result => Ok(result?),
    }
}

fn change(channel: &dyn AtChannel, line: CommandLine) -> BoxFuture<'_, Result<(), CommandError>> {
    Box::pin(async move {
        // Closing waits for the network. Source: at most 30 s are usual for #SSLH; M37 gives no bound.
        let deadline = std::time::Duration::from_secs(60);
        let exchange = Exchange::new(line, Expect::result()).deadline(deadline).effect(Effect::Idempotent);
        channel.execute(exchange).await.map(drop)
    })
}

fn number_command(name: &'static str, number: u64) -> Result<CommandLine, CommandError> {
    Ok(CommandLine::set(name).number(number).build()?)
}

fn pair_command(name: &'static str, number: u64, value: u8) -> Result<CommandLine, CommandError> {
    Ok(CommandLine::set(name).number(number).number(value).build()?)
}
