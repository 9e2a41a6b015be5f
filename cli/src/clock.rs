//! The value of `--clock`.

use std::str::FromStr;

use telit_core::modem::ClockSource;

const NTP: u16 = 123;

/// Whose time the module's clock is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClockChoice(pub(crate) ClockSource);

impl FromStr for ClockChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let source = match text {
            "computer" => ClockSource::ThisComputer,
            "network" => ClockSource::Network,
            _ => time_server(text).ok_or("use computer, network, or ntp:HOST[:PORT] for a time server")?,
        };
        Ok(Self(source))
    }
}

fn time_server(text: &str) -> Option<ClockSource> {
    let server = text.strip_prefix("ntp:")?;
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (server, NTP),
    };
    (!host.is_empty()).then(|| ClockSource::TimeServer { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: u16) -> ClockChoice {
        ClockChoice(ClockSource::TimeServer { host: host.to_owned(), port })
    }

    #[test]
    fn sources_are_named() {
        assert_eq!("computer".parse(), Ok(ClockChoice(ClockSource::ThisComputer)));
        assert_eq!("network".parse(), Ok(ClockChoice(ClockSource::Network)));
        assert_eq!("ntp:pool.ntp.org".parse(), Ok(server("pool.ntp.org", 123)));
        assert_eq!("ntp:10.0.0.1:1123".parse(), Ok(server("10.0.0.1", 1123)));
        for wrong in ["", "ntp", "ntp:", "ntp::123", "ntp:host:0", "ntp:host:x", "pool.ntp.org"] {
            assert!(wrong.parse::<ClockChoice>().is_err(), "{wrong}");
        }
    }
}
