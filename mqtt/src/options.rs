//! How to reach a broker.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use telit_core::at::InvalidValue;
use telit_core::platform::MqttProfile;
use telit_core::tls::TlsOptions;

use crate::choice::Engine;
use crate::delivery::{OfflineQueue, RateLimit};
use crate::last_will::LastWill;
use crate::reconnect::Reconnect;
use crate::rules::{BrokerRules, RuleViolation};

const TLS_PORT: u16 = 8883;
const PLAIN_PORT: u16 = 1883;
const QUEUE_CAPACITY: usize = 128;
const PACKET_LIMIT: usize = 1 << 20;

/// How the connection to the broker is protected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MqttSecurity {
    /// TLS with these options.
    Tls(TlsOptions),
    /// No protection at all: everybody on the way reads and changes everything, the password included.
    DangerPlain,
}

/// A broker, who we are there, and how the connection is kept.
///
/// ```
/// use std::time::Duration;
/// use telit_mqtt::{MqttOptions, MqttSecurity};
///
/// let options = MqttOptions::new("broker.example", "client-1", MqttSecurity::DangerPlain)
///     .credentials("user", "secret")
///     .keep_alive(Duration::from_secs(120));
/// # drop(options);
/// ```
#[derive(Clone)]
#[must_use = "nothing happens until the options are given to MqttClient::connect()"]
pub struct MqttOptions {
    pub(crate) host: String,
    pub(crate) client_id: String,
    pub(crate) security: MqttSecurity,
    pub(crate) port: Option<u16>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) clean_session: bool,
    pub(crate) packet_timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) packet_limit: usize,
    pub(crate) engine: Engine,
    pub(crate) largest_payload: usize,
    pub(crate) tls_wait: Duration,
    pub(crate) queue_capacity: usize,
    pub(crate) last_will: Option<LastWill>,
    pub(crate) instance: Option<u8>,
    pub(crate) offline_queue: Option<OfflineQueue>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) reconnect: Option<Reconnect>,
    pub(crate) rules: Option<BrokerRules>,
}

impl MqttOptions {
    /// A broker at `host`, where this device is known as `client_id`. The port is 8883 with TLS and 1883
    /// without. Values are checked when they are used to connect.
    pub fn new(host: impl Into<String>, client_id: impl Into<String>, security: MqttSecurity) -> Self {
        Self {
            host: host.into(),
            client_id: client_id.into(),
            security,
            port: None,
            user: String::new(),
            password: String::new(),
            keep_alive: None,
            clean_session: true,
            packet_timeout: None,
            connect_timeout: None,
            packet_limit: PACKET_LIMIT,
            engine: Engine::default(),
            largest_payload: 0,
            tls_wait: Duration::ZERO,
            queue_capacity: QUEUE_CAPACITY,
            last_will: None,
            instance: None,
            offline_queue: None,
            rate_limit: None,
            reconnect: Some(Reconnect::default()),
            rules: None,
        }
    }

    /// Another port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// User name and password. Default: none.
    ///
    /// On platform 37 client identifier, user name and password share a command line of 400 characters.
    /// Source: M37 p20, p1015-1017.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        (self.user, self.password) = (user.into(), password.into());
        self
    }

    /// How long the connection may be idle before the module pings the broker, in whole seconds. Default
    /// 60 s on platform 37, which takes 60 s to 3600 s; 1 s to 65,535 s and 60 s where MQTT runs on this computer. Half of it is also how often the client asks the
    /// module whether the connection is alive. Source: M37 p1018.
    pub fn keep_alive(mut self, keep_alive: Duration) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }

    /// Whether the broker forgets subscriptions and waiting messages when the connection ends. Default yes.
    ///
    /// Without, messages that waited at the broker arrive right after connecting; they are kept until a
    /// subscription matches them.
    pub fn clean_session(mut self, clean_session: bool) -> Self {
        self.clean_session = clean_session;
        self
    }

    /// What the broker says for us if the connection ends without a good-bye. Default: nothing. See [`LastWill`].
    pub fn last_will(mut self, last_will: LastWill) -> Self {
        self.last_will = Some(last_will);
        self
    }

    /// Which of the module's MQTT clients to use. Default: the lowest that no other client of this program uses.
    ///
    /// A module has two, so that two brokers can be had at the same time; both use the module's TLS, or one does and
    /// the other one is plain, as far as the platform allows more than one owner of TLS. None is known to: a second
    /// client with TLS is refused with [`ConnectError::Busy`](crate::ConnectError::Busy), which names the holder.
    /// The 30 places for received messages may be shared by both, and then one that is flooded costs the other one
    /// messages too.
    ///
    /// Source: SSL guide 6.1, 10; M37 p1011, p1032; IPE28 p136.
    pub fn instance(mut self, instance: u8) -> Self {
        self.instance = Some(instance);
        self
    }

    /// How long the module waits for the broker's acknowledgement, in whole seconds. Default 10 s on
    /// platform 37, which takes 1 s to 60 s. Where MQTT runs on this computer: 1 s to 3600 s, default 30 s.
    /// Source: M37 p1023.
    pub fn packet_timeout(mut self, packet_timeout: Duration) -> Self {
        self.packet_timeout = Some(packet_timeout);
        self
    }

    /// How long name resolution, TCP, TLS and login may take together. Default 150 s on platform 37, and 120 s where MQTT
    /// runs on this computer.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = Some(connect_timeout);
        self
    }

    /// Who speaks MQTT. Default [`Engine::Auto`].
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Messages with payloads of so many bytes are going to be published. With [`Engine::Auto`] a module whose MQTT
    /// client cannot carry them is used for its TLS only. Default: no such demand.
    pub fn largest_payload(mut self, bytes: usize) -> Self {
        self.largest_payload = bytes;
        self
    }

    /// The largest packet that is taken from the broker where MQTT runs on this computer: 1 KiB to 256 MiB, default
    /// 1 MiB. A connection on which a larger one comes is given up
    /// ([`LossReason::PacketTooLarge`](crate::LossReason::PacketTooLarge)) before memory is taken for it.
    pub fn packet_limit(mut self, bytes: usize) -> Self {
        self.packet_limit = bytes.clamp(1 << 10, 256 << 20);
        self
    }

    /// How long connecting and resuming wait for another service of this program to give TLS back. Default:
    /// not at all, so that a busy module is reported at once. Reconnecting waits for its turn however long it takes.
    pub fn tls_wait(mut self, tls_wait: Duration) -> Self {
        self.tls_wait = tls_wait;
        self
    }

    /// How many messages wait for the reader of a [`Subscription`](crate::Subscription) before further
    /// ones are lost and counted. At least 1, default 128.
    pub fn queue_capacity(mut self, queue_capacity: usize) -> Self {
        self.queue_capacity = queue_capacity.max(1);
        self
    }

    /// What is published while the client is reconnecting or paused waits. Default: it is refused at once. See
    /// [`OfflineQueue`].
    pub fn offline_queue(mut self, offline_queue: OfflineQueue) -> Self {
        self.offline_queue = Some(offline_queue);
        self
    }

    /// At most so many messages a second are published in the long run, and `burst` at once after a pause; both at
    /// least 1. Further ones wait their turn; what arrives is read meanwhile. Default: as fast as module and broker
    /// take them.
    pub fn rate_limit(mut self, messages_per_second: u32, burst: u32) -> Self {
        self.rate_limit = Some(RateLimit { per_second: messages_per_second.max(1), burst: burst.max(1) });
        self
    }

    /// What to do about a connection that was lost. Default: connect and subscribe again, see [`Reconnect`], which
    /// says [`never`](Reconnect::never) too.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = Some(reconnect).filter(|policy| !policy.is_never());
        self
    }

    /// What this broker takes: whatever would break its rules is refused before it is sent. Default: nothing beyond
    /// what the standard and the module say.
    pub fn rules(mut self, rules: BrokerRules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// What the broker itself says about the login, and about the will that comes with it.
    pub(crate) fn check_rules(&self, keep_alive: Duration) -> Result<(), RuleViolation> {
        let Some(rules) = &self.rules else { return Ok(()) };
        rules.check_login(&self.client_id, keep_alive)?;
        self.last_will.as_ref().map_or(Ok(()), |will| rules.check_publish(&will.message))
    }

    /// Says in the log what is dangerous.
    pub(crate) fn warn(&self) {
        if matches!(self.security, MqttSecurity::DangerPlain) {
            tracing::warn!(
                "the connection is not encrypted: everybody on the way can read and change everything"
            );
        }
    }

    pub(crate) fn port_number(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MqttSecurity::Tls(_) => TLS_PORT,
            MqttSecurity::DangerPlain => PLAIN_PORT,
        })
    }

    /// TLS of a socket of the module.
    pub(crate) fn socket_tls(&self) -> Result<TlsOptions, InvalidValue> {
        match &self.security {
            MqttSecurity::Tls(tls) => Ok(tls.clone()),
            MqttSecurity::DangerPlain => Err(InvalidValue::new(
                "security",
                "MQTT on this computer runs over TLS sockets of the module only",
            )),
        }
    }

    pub(crate) fn keep_alive_on(&self, profile: &MqttProfile) -> Duration {
        self.keep_alive.unwrap_or(profile.keep_alive_default)
    }

    pub(crate) fn packet_timeout_on(&self, profile: &MqttProfile) -> Duration {
        self.packet_timeout.unwrap_or(profile.packet_timeout_default)
    }

    /// Checks what the platform's table can tell, before anything is sent. The characters of the texts are
    /// the encoder's business.
    pub(crate) fn check(&self, profile: &MqttProfile) -> Result<(), InvalidValue> {
        check_length("host", &self.host, 1..=profile.host_length)?;
        check_length("client identifier", &self.client_id, 1..=profile.login_length)?;
        check_length("user name", &self.user, 0..=profile.login_length)?;
        check_length("password", &self.password, 0..=profile.login_length)?;
        if self.user.is_empty() && !self.password.is_empty() {
            return Err(InvalidValue::new("password", "MQTT allows none without a user name"));
        }
        if self.instance.is_some_and(|instance| !profile.instances.contains(&instance)) {
            let (first, last) = (profile.instances.start(), profile.instances.end());
            return Err(InvalidValue::new(
                "instance",
                format!("the module has the clients {first} to {last}"),
            ));
        }
        if self.port_number() == 0 {
            return Err(InvalidValue::new("port", "it is 0"));
        }
        if self.connect_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(InvalidValue::new("connect timeout", "it is zero"));
        }
        check_seconds("packet timeout", self.packet_timeout_on(profile), &profile.packet_timeout)
    }
}

impl fmt::Debug for MqttOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttOptions")
            .field("host", &self.host)
            .field("port", &self.port_number())
            .field("client_id", &self.client_id)
            .field("security", &self.security)
            .field("user", &self.user)
            .field("password", &if self.password.is_empty() { "" } else { "[redacted]" })
            .field("keep_alive", &self.keep_alive)
            .field("clean_session", &self.clean_session)
            .field("packet_timeout", &self.packet_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("engine", &self.engine)
            .field("largest_payload", &self.largest_payload)
            .field("packet_limit", &self.packet_limit)
            .field("tls_wait", &self.tls_wait)
            .field("queue_capacity", &self.queue_capacity)
            .field("last_will", &self.last_will)
            .field("instance", &self.instance)
            .field("offline_queue", &self.offline_queue)
            .field("rate_limit", &self.rate_limit)
            .field("reconnect", &self.reconnect)
            .field("rules", &self.rules)
            .finish()
    }
}

fn check_length(
    field: &'static str,
    value: &str,
    allowed: RangeInclusive<usize>,
) -> Result<(), InvalidValue> {
    let length = value.len();
    if length < *allowed.start() {
        return Err(InvalidValue::new(field, "it is empty"));
    }
    if length > *allowed.end() {
        let limit = allowed.end();
        return Err(InvalidValue::new(
            field,
            format!("it has {length} bytes, the module takes at most {limit}"),
        ));
    }
    Ok(())
}

pub(crate) fn check_seconds(
    field: &'static str,
    value: Duration,
    allowed: &RangeInclusive<Duration>,
) -> Result<(), InvalidValue> {
    if value.subsec_nanos() != 0 {
        return Err(InvalidValue::new(field, "the module takes whole seconds only"));
    }
    if !allowed.contains(&value) {
        let (least, most) = (allowed.start().as_secs(), allowed.end().as_secs());
        return Err(InvalidValue::new(field, format!("the module takes {least} s to {most} s")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    fn plain() -> MqttOptions {
        MqttOptions::new("broker.example", "client-1", MqttSecurity::DangerPlain)
    }

    #[test]
    fn no_attempt_is_no_reconnecting() {
        assert_eq!(plain().reconnect, Some(Reconnect::default()));
        assert_eq!(plain().reconnect(Reconnect::default().max_attempts(0)).reconnect, None);
        assert_eq!(plain().reconnect(Reconnect::never()).reconnect, None);
    }

    fn problem(options: &MqttOptions) -> Option<&'static str> {
        let profile = profile(PlatformId::P37).mqtt.as_ref().unwrap();
        options.check(profile).err().map(|error| error.field())
    }

    #[test]
    fn the_port_follows_the_security() {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        assert_eq!(MqttOptions::new("h", "c", MqttSecurity::Tls(tls)).port_number(), 8883);
        assert_eq!(plain().port_number(), 1883);
        assert_eq!(plain().port(7).port_number(), 7);
    }

    #[test]
    fn passwords_are_never_shown() {
        let shown = format!("{:?}", plain().credentials("u", "swordfish"));
        assert!(!shown.contains("swordfish") && shown.contains("[redacted]"), "{shown}");
    }

    #[test]
    fn limits_of_platform_37() {
        assert_eq!(problem(&plain()), None);
        assert_eq!(problem(&plain().packet_timeout(Duration::from_secs(60))), None);
        assert_eq!(problem(&plain().packet_timeout(Duration::from_secs(61))), Some("packet timeout"));
        assert_eq!(problem(&plain().packet_timeout(Duration::from_millis(1500))), Some("packet timeout"));
        assert_eq!(problem(&plain().port(0)), Some("port"));
        assert_eq!(problem(&plain().connect_timeout(Duration::ZERO)), Some("connect timeout"));
        assert_eq!(problem(&plain().credentials("", "p")), Some("password"));
        assert_eq!(problem(&plain().credentials("u".repeat(513), "")), Some("user name"));
        let host = MqttOptions::new("h".repeat(513), "c", MqttSecurity::DangerPlain);
        assert_eq!(problem(&host), Some("host"));
        let nameless = MqttOptions::new("h", "", MqttSecurity::DangerPlain);
        assert_eq!(problem(&nameless), Some("client identifier"));
    }
}
