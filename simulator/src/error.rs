//! Final results other than `OK`, with the numbers and texts of the manual.

use crate::profile::{ErrorNumbers, Quirks};

/// Why a command failed, as the module reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtError {
    /// A syntax error, a bad parameter or an unknown command: always the bare word `ERROR`.
    Plain,
    /// `+CME ERROR`, shown as the instance's `+CMEE` asks.
    Cme(u16),
    /// `NO CARRIER` as the final result of a command that dials.
    NoCarrier,
}

/// Numbers of `+CME ERROR` that the simulator uses. Source: M37 p20-30.
pub(crate) mod cme {
    pub(crate) const OPERATION_NOT_ALLOWED: u16 = 3;
    pub(crate) const OPERATION_NOT_SUPPORTED: u16 = 4;
    pub(crate) const SIM_NOT_INSERTED: u16 = 10;
    pub(crate) const SIM_PIN_REQUIRED: u16 = 11;
    pub(crate) const SIM_PUK_REQUIRED: u16 = 12;
    pub(crate) const SIM_FAILURE: u16 = 13;
    pub(crate) const INCORRECT_PASSWORD: u16 = 16;
    pub(crate) const NO_NETWORK_SERVICE: u16 = 30;
    pub(crate) const WRONG_STATE: u16 = 551;
    pub(crate) const CONTEXT_ALREADY_ACTIVATED: u16 = 553;
    pub(crate) const ACTIVATION_FAILED: u16 = 555;
    pub(crate) const CONTEXT_NOT_OPENED: u16 = 556;
    pub(crate) const CANNOT_RESOLVE: u16 = 558;
    pub(crate) const TIMEOUT_OPENING_SOCKET: u16 = 559;
    pub(crate) const CANNOT_OPEN_SOCKET: u16 = 560;
    pub(crate) const FTP_CANNOT_RESOLVE: u16 = 603;
    pub(crate) const FTP_CANNOT_CONNECT: u16 = 605;
    pub(crate) const FTP_BAD_RESPONSE: u16 = 606;
    pub(crate) const FTP_NOT_CONNECTED: u16 = 607;
    pub(crate) const FTP_ALREADY_CONNECTED: u16 = 608;
    pub(crate) const RESOURCE_USED: u16 = 612;
    pub(crate) const FTP_DATA_SOCKET_OPEN: u16 = 613;
    pub(crate) const FTP_DATA_SOCKET_CLOSED: u16 = 614;
    pub(crate) const FTP_DISCONNECTED: u16 = 616;
    pub(crate) const FTP_FILE_NOT_FOUND: u16 = 632;
    pub(crate) const FTP_TIMED_OUT: u16 = 633;
    pub(crate) const FTP_LOGIN_INCORRECT: u16 = 634;
    pub(crate) const FTP_OPEN_CHANNEL_TIMEOUT: u16 = 642;
    pub(crate) const SSL_NOT_ACTIVATED: u16 = 1000;
    pub(crate) const SSL_CERTIFICATES: u16 = 1001;
    pub(crate) const SSL_GENERIC: u16 = 1002;
    pub(crate) const SSL_ALREADY_ACTIVATED: u16 = 1003;
    pub(crate) const SSL_HANDSHAKE: u16 = 1004;
    pub(crate) const SSL_SOCKET: u16 = 1005;
    pub(crate) const SSL_INVALID_STATE: u16 = 1006;
    pub(crate) const SSL_NOT_CONNECTED: u16 = 1008;
    pub(crate) const SSL_ALREADY_CONNECTED: u16 = 1009;
    pub(crate) const MQTT_INITIALIZATION: u16 = 1100;
    pub(crate) const MQTT_DEINITIALIZATION: u16 = 1101;
    pub(crate) const MQTT_CONFIGURATION: u16 = 1102;
    pub(crate) const MQTT_CONNECT: u16 = 1103;
    pub(crate) const MQTT_DISCONNECT: u16 = 1104;
    pub(crate) const MQTT_PUBLISH: u16 = 1105;
    pub(crate) const MQTT_SUBSCRIBE: u16 = 1106;
    pub(crate) const MQTT_UNSUBSCRIBE: u16 = 1107;
    pub(crate) const MQTT_SSL: u16 = 1108;
    pub(crate) const MQTT_TIMEOUT: u16 = 1109;
    pub(crate) const MQTT_PUBSEXT: u16 = 1110;
    pub(crate) const MQTT_PROTOCOL: u16 = 1111;
    pub(crate) const MQTT_NOT_AUTHORISED: u16 = 1115;
    pub(crate) const NTP_TIMEOUT: u16 = 30011;
    pub(crate) const NTP_RESOLVE: u16 = 30005;
    pub(crate) const NTP_CONTEXT: u16 = 30015;
}

/// How a platform names its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording {
    pub(crate) numbers: ErrorNumbers,
    /// Texts that differ from [`text`].
    pub(crate) texts: &'static [(u16, &'static str)],
}

/// The final result line without framing. Source: M37 p97 (`+CMEE`).
pub(crate) fn final_text(error: AtError, cmee: u8, wording: Wording, quirks: &Quirks) -> String {
    let code = match error {
        AtError::NoCarrier if quirks.no_carrier_in_one_word => return "NOCARRIER".to_owned(),
        AtError::NoCarrier => return "NO CARRIER".to_owned(),
        AtError::Plain => return "ERROR".to_owned(),
        AtError::Cme(_) if cmee == 0 => return "ERROR".to_owned(),
        AtError::Cme(code) => code,
    };
    let family = if quirks.mqtt_errors_as_cms && (1100..=1115).contains(&code) { "CMS" } else { "CME" };
    if cmee == 1 {
        return format!("+{family} ERROR: {}", number(code, wording.numbers, quirks));
    }
    let own = wording.texts.iter().find(|(known, _)| *known == code);
    format!("+{family} ERROR: {}", own.map_or_else(|| text(code), |(_, text)| text))
}

/// The SSL guide numbers the TLS errors 830..841, the manual 1000..1012.
/// Source: SSL guide 12.2, M37 p27.
fn number(code: u16, numbers: ErrorNumbers, quirks: &Quirks) -> u16 {
    match (numbers, code) {
        _ if quirks.guide_ssl_numbers => {}
        (ErrorNumbers::Manual, _) => return code,
        (ErrorNumbers::Mixed, code) if code != cme::SSL_HANDSHAKE => return code,
        (ErrorNumbers::Mixed | ErrorNumbers::Guide, _) => {}
    }
    match code {
        1002 => 830,
        1007 => 831,
        1005 => 832,
        1008 => 833,
        1009 => 834,
        1003 => 835,
        1000 => 836,
        1001 => 837,
        1010 => 838,
        1004 => 839,
        1011 => 840,
        1006 => 841,
        other => other,
    }
}

/// Texts of `+CMEE=2`. Source: M37 p20-29, p792-793.
pub(crate) fn text(code: u16) -> &'static str {
    match code {
        0 => "phone failure",
        3 => "operation not allowed",
        4 => "operation not supported",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        13 => "SIM failure",
        16 => "incorrect password",
        20 => "memory full",
        22 => "not found",
        30 => "no network service",
        31 => "network timeout",
        550 => "generic undocumented error",
        551 => "wrong state",
        552 => "wrong mode",
        553 => "context already activated",
        554 => "stack already active",
        555 => "activation failed",
        556 => "context not opened",
        557 => "can not setup socket",
        558 => "can not resolve DN",
        559 => "time-out in opening socket",
        560 => "can not open socket",
        561 => "remote disconnected or time-out",
        562 => "connection failed",
        563 => "tx error",
        564 => "already listening",
        565 => "socket disconnection",
        600 => "Generic undocumented error",
        601 => "wrong state",
        602 => "Can not activate",
        603 => "Can not resolve name",
        604 => "Can not allocate control socket",
        605 => "Can not connect control socket",
        606 => "Bad or no response from server",
        607 => "Not connected",
        608 => "Already connected",
        609 => "Context down",
        612 => "Resource used by other instance",
        613 => "Data socket yet opened in cmdmode",
        614 => "FTP CmdMode data socket closed",
        615 => "FTP not connected",
        616 => "FTP disconnected",
        617 => "FTP read command closed",
        618 => "FTP read command error",
        619 => "FTP write command closed",
        620 => "FTP write command error",
        621 => "FTP read data closed",
        622 => "FTP read data error",
        623 => "FTP write data closed",
        624 => "FTP write data error",
        625 => "FTP host not found",
        626 => "FTP accept failure",
        627 => "FTP listen failure",
        628 => "FTP bind failure",
        629 => "FTP file create failure",
        630 => "FTP file get failure",
        631 => "FTP file put failure",
        632 => "FTP file not found",
        633 => "FTP timed out",
        634 => "FTP login incorrect",
        635 => "FTP close error",
        636 => "FTP server not ready",
        637 => "FTP server shutdown",
        638 => "FTP unexpected reply",
        639 | 640 => "FTP user ID and password don't match",
        641 => "FTP user already logged in",
        642 => "FTP open channel timeout",
        643 => "FTP communication timeout",
        644 => "FTP unknown error",
        1000 => "SSL not activated",
        1001 => "SSL certs and keys wrong or not stored",
        1002 => "SSL generic error",
        1003 => "SSL already activated",
        1004 => "SSL error during handshake",
        1005 => "SSL socket error",
        1006 => "SSL invalid state",
        1007 => "SSL cannot activate",
        1008 => "SSL not connected",
        1009 => "SSL already connected",
        1010 => "SSL error enc/dec data",
        1011 => "SSL disconnected",
        1012 => "SSL version mismatch",
        1100 => "MQTT Initialization Fail",
        1101 => "MQTT De-initialization Fail",
        1102 => "MQTT Configuration Fail",
        1103 => "MQTT Connect Fail",
        1104 => "MQTT Disconnect Fail",
        1105 => "MQTT Publish Fail",
        1106 => "MQTT Subscribe Fail",
        1107 => "MQTT Unsubscribe Fail",
        1108 => "MQTT SSL Configuration Fail",
        1109 => "MQTT Command Timeout Fail",
        1110 => "MQTT PUBSEXT Fail",
        1111 => "MQTT Protocol Unsupported",
        1112 => "MQTT Identifier Rejected",
        1113 => "MQTT Server Unavailable",
        1114 => "MQTT Bad Username or Password",
        1115 => "MQTT Not Authorised",
        30002 => "sntp - net timeout",
        30003 => "sntp - socket error",
        30005 => "sntp - host name resolve error",
        30006 => "sntp - invalid parameter",
        30011 => "sntp - response timeout",
        30015 => "sntp - context not opened",
        30020 => "sntp - generic error",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANUAL: Wording = Wording { numbers: ErrorNumbers::Manual, texts: &[] };
    const GUIDE: Wording = Wording {
        numbers: ErrorNumbers::Guide,
        texts: &[(cme::RESOURCE_USED, "Resource used by another instance")],
    };

    #[test]
    fn cmee_chooses_word_number_or_text() {
        let quirks = Quirks::default();
        let error = AtError::Cme(cme::SSL_ALREADY_ACTIVATED);
        assert_eq!(final_text(error, 0, MANUAL, &quirks), "ERROR");
        assert_eq!(final_text(error, 1, MANUAL, &quirks), "+CME ERROR: 1003");
        assert_eq!(final_text(error, 2, MANUAL, &quirks), "+CME ERROR: SSL already activated");
        assert_eq!(final_text(AtError::Plain, 2, MANUAL, &quirks), "ERROR");
    }

    #[test]
    fn the_guide_numbers_can_be_chosen() {
        let quirks = Quirks { guide_ssl_numbers: true, mqtt_errors_as_cms: true, ..Quirks::default() };
        let text = |code, cmee| final_text(AtError::Cme(code), cmee, MANUAL, &quirks);
        assert_eq!(text(1003, 1), "+CME ERROR: 835");
        assert_eq!(text(1103, 2), "+CMS ERROR: MQTT Connect Fail");
    }

    /// The manual's list of 600 to 644, as its pages have it. Source: M37 p24-26.
    const FTP_ERRORS: &str = "\
        600 Generic undocumented error|601 wrong state|602 Can not activate|603 Can not resolve name|\
        604 Can not allocate control socket|605 Can not connect control socket|606 Bad or no response from server|\
        607 Not connected|608 Already connected|609 Context down|612 Resource used by other instance|\
        613 Data socket yet opened in cmdmode|614 FTP CmdMode data socket closed|615 FTP not connected|\
        616 FTP disconnected|617 FTP read command closed|618 FTP read command error|619 FTP write command closed|\
        620 FTP write command error|621 FTP read data closed|622 FTP read data error|623 FTP write data closed|\
        624 FTP write data error|625 FTP host not found|626 FTP accept failure|627 FTP listen failure|\
        628 FTP bind failure|629 FTP file create failure|630 FTP file get failure|631 FTP file put failure|\
        632 FTP file not found|633 FTP timed out|634 FTP login incorrect|635 FTP close error|\
        636 FTP server not ready|637 FTP server shutdown|638 FTP unexpected reply|\
        639 FTP user ID and password don't match|640 FTP user ID and password don't match|\
        641 FTP user already logged in|642 FTP open channel timeout|643 FTP communication timeout|644 FTP unknown error";

    #[test]
    fn the_file_client_says_what_the_manual_lists() {
        let listed: Vec<(u16, &str)> = FTP_ERRORS
            .split('|')
            .map(|entry| entry.split_once(' ').expect("a number and its text"))
            .map(|(number, text)| (number.parse().expect("a number"), text))
            .collect();
        assert_eq!(listed.len(), 43);
        for (number, wanted) in listed {
            assert_eq!(text(number), wanted, "{number}");
        }
        for unlisted in [610, 611, 645] {
            assert_eq!(text(unlisted), "unknown", "{unlisted}");
        }
    }

    #[test]
    fn platform_20_mixes_the_numbers() {
        let wording = Wording { numbers: ErrorNumbers::Mixed, texts: &[] };
        let text = |code| final_text(AtError::Cme(code), 1, wording, &Quirks::default());
        assert_eq!(text(cme::SSL_HANDSHAKE), "+CME ERROR: 839");
        assert_eq!(text(cme::SSL_ALREADY_ACTIVATED), "+CME ERROR: 1003");
    }

    #[test]
    fn platforms_of_the_guide_have_its_numbers() {
        let text = |code, cmee| final_text(AtError::Cme(code), cmee, GUIDE, &Quirks::default());
        assert_eq!(text(cme::SSL_NOT_ACTIVATED, 1), "+CME ERROR: 836");
        assert_eq!(text(cme::SSL_HANDSHAKE, 1), "+CME ERROR: 839");
        assert_eq!(text(cme::RESOURCE_USED, 1), "+CME ERROR: 612");
        assert_eq!(text(cme::RESOURCE_USED, 2), "+CME ERROR: Resource used by another instance");
        assert_eq!(text(cme::SSL_HANDSHAKE, 2), "+CME ERROR: SSL error during handshake");
    }
}
