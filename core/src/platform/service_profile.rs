//! The MQTT, HTTP and FTP parts of a profile.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::profile::Availability;

/// Limits of the MQTT client inside the module (`#MQ...`).
///
/// Lengths hold for the parameter alone; the command line limit of the platform comes on top.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MqttProfile {
    /// Whether it can use TLS.
    pub tls: Availability,
    /// Client numbers.
    pub instances: RangeInclusive<u8>,
    /// `<sslInstance>` of `#MQCFG`.
    pub ssl_instance_field: Availability,
    /// Keep-alive times of `#MQCFG2`.
    pub keep_alive: RangeInclusive<Duration>,
    /// Keep-alive of a new client.
    pub keep_alive_default: Duration,
    /// Packet timeouts of `#MQTCFG`.
    pub packet_timeout: RangeInclusive<Duration>,
    /// Packet timeout of a new client.
    pub packet_timeout_default: Duration,
    /// Longest host name.
    pub host_length: usize,
    /// Longest client identifier, user name and password, each.
    pub login_length: usize,
    /// Longest topic or topic filter.
    pub topic_length: usize,
    /// Longest topic of the last will.
    pub will_topic_length: usize,
    /// Longest message of the last will.
    pub will_message_length: usize,
    /// Longest message of `#MQPUBS`, if memory and the command line allow.
    pub text_payload: usize,
    /// Longest message that all firmware of the platform takes in `#MQPUBS`. Up to there it is preferred to
    /// `#MQPUBSEXT`, whose prompt costs a turn.
    pub short_text_payload: usize,
    /// `#MQPUBSEXT`: publishing counted bytes.
    pub publish_counted: Availability,
    /// Longest payload of `#MQPUBSEXT`, if memory allows.
    pub counted_payload: usize,
    /// How long `#MQPUBSEXT` waits for its bytes.
    pub counted_input_timeout: Duration,
    /// `<qos>` of `#MQSUB`.
    pub subscribe_qos_field: Availability,
    /// Places for received messages, read with `#MQREAD`.
    pub message_slots: RangeInclusive<u8>,
}

/// Limits of the HTTP client inside the module (`#HTTP...`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpProfile {
    /// Whether it can use TLS.
    pub tls: Availability,
    /// Profile numbers.
    pub profiles: RangeInclusive<u8>,
    /// Profile that the vendor's location service uses.
    pub reserved_profile: Option<u8>,
    /// Fields of `#HTTPCFG`.
    pub config_fields: u8,
    /// Longest server address; `None` where only the test form tells.
    pub host_length: Option<usize>,
    /// Longest user name and password, each; `None` where only the test form tells.
    pub login_length: Option<usize>,
    /// Longest resource; the test form tells better.
    pub resource_length: usize,
    /// Longest extra header line, all headers together; the test form tells better.
    pub headers_length: usize,
    /// Whether several headers can be joined with `>>`.
    pub joined_headers: Availability,
    /// Timeouts of a profile.
    pub timeout: RangeInclusive<Duration>,
    /// Timeout of a new profile.
    pub timeout_default: Duration,
    /// Packet sizes of a profile; 0 lets the module choose.
    pub packet_size: RangeInclusive<u16>,
    /// Block sizes of `#HTTPRCV`, beside 0 for everything at once.
    pub receive: RangeInclusive<usize>,
    /// Status codes whose body type and length are reported.
    pub reported_status: RangeInclusive<u16>,
}

/// Limits of the FTP client inside the module (`#FTP...`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FtpProfile {
    /// Whether it can use TLS, asked for with AUTH TLS on the ordinary port.
    pub tls: Availability,
    /// Whether it can use TLS from the first byte on.
    pub implicit_tls: Availability,
    /// `<cid>` of `#FTPOPEN`.
    pub open_context_field: Availability,
    /// Fields of `#FTPCFG`.
    pub config_fields: u8,
    /// Timeouts of `#FTPTO` and `#FTPCFG`.
    pub timeout: RangeInclusive<Duration>,
    /// Timeout of a new session.
    pub timeout_default: Duration,
    /// The most that `#FTPOPEN` takes of a longer timeout; `None` if unknown.
    pub open_timeout_limit: Option<Duration>,
    /// Longest file name.
    pub path_length: usize,
    /// Largest block of `#FTPRECV`.
    pub receive: usize,
    /// Largest block of `#FTPAPPEXT`.
    pub append: usize,
    /// `#FTPREST`: resuming a download.
    pub restart: Availability,
    /// Whether a session is good for one download in blocks (`#FTPGETPKT`), and has to be opened again before the next.
    pub one_download_a_session: bool,
    /// `#FTPCMD`: commands of one's own, for rename and directories.
    pub raw_command: Availability,
    /// Longest command of `#FTPCMD`; `None` without it.
    pub raw_command_length: Option<usize>,
}
