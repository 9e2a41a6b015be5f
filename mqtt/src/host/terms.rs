//! What was asked for, held against what MQTT on this computer takes.

use std::ops::RangeInclusive;
use std::time::Duration;

use telit_core::at::InvalidValue;

use super::session::{Login, Settings};
use crate::carried::TEXT_LIMIT;
use crate::last_will::LastWill;
use crate::options::{MqttOptions, check_seconds};
use crate::topic::TopicName;

const KEEP_ALIVE: Duration = Duration::from_secs(60);
const PACKET_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);

/// What no clock can express is a day.
const LONGEST_CONNECT: Duration = Duration::from_secs(86_400);

const KEEP_ALIVES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(65_535);
const PACKET_TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);

/// Times and measures of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) keep_alive: Duration,
    acknowledgement: Duration,
    packet_limit: usize,
    owner_repeats: bool,
    /// Socket, TLS and login together.
    pub(super) connect: Duration,
}

impl Terms {
    pub(super) fn of(options: &MqttOptions) -> Result<Self, InvalidValue> {
        let keep_alive = options.keep_alive.unwrap_or(KEEP_ALIVE);
        let acknowledgement = options.packet_timeout.unwrap_or(PACKET_TIMEOUT);
        check_seconds("keep-alive", keep_alive, &KEEP_ALIVES)?;
        check_seconds("packet timeout", acknowledgement, &PACKET_TIMEOUTS)?;
        if options.port_number() == 0 {
            return Err(InvalidValue::new("port", "it is 0"));
        }
        if options.connect_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(InvalidValue::new("connect timeout", "it is zero"));
        }
        let connect = options.connect_timeout.unwrap_or(CONNECT_TIMEOUT).min(LONGEST_CONNECT);
        let (packet_limit, owner_repeats) = (options.packet_limit, options.offline_queue.is_some());
        Ok(Self { keep_alive, acknowledgement, packet_limit, owner_repeats, connect })
    }

    /// `login`: how long the answer to the login may take.
    pub(super) fn settings(&self, login: Duration) -> Settings {
        let Self { keep_alive, acknowledgement, packet_limit, owner_repeats, .. } = *self;
        Settings { keep_alive, acknowledgement, login, owner_repeats, packet_limit }
    }
}

/// What we say of ourselves, and to whom.
pub(super) fn login(options: &MqttOptions) -> Result<Login, InvalidValue> {
    let MqttOptions { host, client_id, user, password, clean_session, last_will, .. } = options.clone();
    check_host(&host)?;
    for (field, text) in [("client identifier", &client_id), ("user name", &user), ("password", &password)] {
        check_text(field, text)?;
    }
    check_quotes("client identifier", &client_id)?;
    if client_id.is_empty() {
        return Err(InvalidValue::new("client identifier", "it is empty"));
    }
    if user.is_empty() && !password.is_empty() {
        return Err(InvalidValue::new("password", "MQTT allows none without a user name"));
    }
    last_will.as_ref().map_or(Ok(()), check_will)?;
    Ok(Login { client_id, user, password, clean_session, will: last_will })
}

fn check_will(will: &LastWill) -> Result<(), InvalidValue> {
    TopicName::parse_any(&will.message.topic, TEXT_LIMIT)
        .map_err(|error| InvalidValue::new("topic of the last will", error.to_string()))?;
    let size = will.message.payload.len();
    match size > TEXT_LIMIT {
        true => {
            let problem = format!("it has {size} bytes, MQTT carries at most {TEXT_LIMIT}");
            Err(InvalidValue::new("payload of the last will", problem))
        }
        false => Ok(()),
    }
}

/// A name that any resolver takes, as the module's own client checks it.
fn check_host(host: &str) -> Result<(), InvalidValue> {
    if host.is_empty() {
        return Err(InvalidValue::new("host", "it is empty"));
    }
    if !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidValue::new("host", "it is not printable ASCII without spaces"));
    }
    check_quotes("host", host)
}

/// Names by which others know something: what ends a string elsewhere is a mistake or worse.
fn check_quotes(field: &'static str, name: &str) -> Result<(), InvalidValue> {
    match name.contains('"') {
        true => Err(InvalidValue::new(field, "it contains a double quote")),
        false => Ok(()),
    }
}

/// The standard advises against control characters, and brokers may hang up on them. In a name or password they are
/// what is left of a line end. Source: MQTT 3.1.1, section 1.5.3.
fn check_text(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    if text.len() > TEXT_LIMIT {
        let problem = format!("it has {} bytes, MQTT carries at most {TEXT_LIMIT}", text.len());
        return Err(InvalidValue::new(field, problem));
    }
    match text.chars().find(|character| character.is_control()) {
        Some(control) => {
            let problem = format!("it contains the control character {}", control.escape_unicode());
            Err(InvalidValue::new(field, problem))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use telit_core::tls::TlsOptions;

    use crate::options::MqttSecurity;

    use super::*;

    fn with(host: &str, client_id: &str, user: &str, password: &str) -> Option<&'static str> {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        let options = MqttOptions::new(host, client_id, MqttSecurity::Tls(tls)).credentials(user, password);
        login(&options).err().map(|error| error.field())
    }

    #[test]
    fn whoever_logs_in_has_a_name_without_control_characters() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\u{1a}b", "a\u{1b}b", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(with(bad, "c", "u", "p"), Some("host"), "{bad:?}");
            assert_eq!(with("h", bad, "u", "p"), Some("client identifier"), "{bad:?}");
            assert_eq!(with("h", "c", bad, "p"), Some("user name"), "{bad:?}");
            assert_eq!(with("h", "c", "u", bad), Some("password"), "{bad:?}");
        }
        for bad in ["", "a\"b"] {
            assert_eq!(with(bad, "c", "u", "p"), Some("host"), "{bad:?}");
            assert_eq!(with("h", bad, "u", "p"), Some("client identifier"), "{bad:?}");
        }
        for bad in ["a b", "gr\u{fc}n.example"] {
            assert_eq!(with(bad, "c", "u", "p"), Some("host"), "{bad:?}");
        }
        assert_eq!(with("h", "c", "", "p"), Some("password"));
    }

    #[test]
    fn what_the_module_cannot_carry_is_carried() {
        assert_eq!(with("h", "gr\u{fc}n 1", "u\"ser", "p\"a\\s\u{20ac}s"), None);
        assert_eq!(with("h", &"c".repeat(600), "u", &"p".repeat(65_535)), None);
        assert_eq!(with("h", "c", "u", &"p".repeat(65_536)), Some("password"));
    }
}
