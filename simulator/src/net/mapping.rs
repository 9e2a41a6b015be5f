//! What the virtual network calls a host: `HOST:PORT` to a real address.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// One entry of the virtual network's name table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameMapping {
    host: String,
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    OnePort { port: u16, address: SocketAddr },
    AnyPort { address: IpAddr },
}

impl NameMapping {
    /// `host:port` is at `address`.
    pub(crate) fn exact(host: &str, port: u16, address: SocketAddr) -> Self {
        Self { host: normalised(host), target: Target::OnePort { port, address } }
    }

    /// Every port of `host` is at `address`, under its own number.
    pub(crate) fn any_port(host: &str, address: IpAddr) -> Self {
        Self { host: normalised(host), target: Target::AnyPort { address } }
    }
}

/// Where `host:port` is by the table: an exact entry goes before one for all ports.
pub(super) fn look_up(table: &[NameMapping], host: &str, port: u16) -> Option<SocketAddr> {
    let host = normalised(host);
    let of_host = || table.iter().filter(|entry| entry.host == host);
    let exact = of_host().find_map(|entry| match entry.target {
        Target::OnePort { port: listed, address } if listed == port => Some(address),
        _ => None,
    });
    exact.or_else(|| {
        of_host().find_map(|entry| match entry.target {
            Target::AnyPort { address } => Some(SocketAddr::new(address, port)),
            Target::OnePort { .. } => None,
        })
    })
}

/// Where the host of any entry is.
pub(super) fn address_of(table: &[NameMapping], host: &str) -> Option<IpAddr> {
    let host = normalised(host);
    table.iter().find(|entry| entry.host == host).map(|entry| match entry.target {
        Target::OnePort { address, .. } => address.ip(),
        Target::AnyPort { address } => address,
    })
}

/// Names are compared without case, the dot of a full name, and the brackets of an IPv6 address.
pub(super) fn normalised(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

/// A name mapping that is not `HOST:PORT=ADDRESS:PORT` or `HOST=ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not HOST:PORT=ADDRESS:PORT or HOST=ADDRESS")]
pub(crate) struct NotAMapping(String);

impl FromStr for NameMapping {
    type Err = NotAMapping;

    fn from_str(text: &str) -> Result<Self, NotAMapping> {
        parse(text).ok_or_else(|| NotAMapping(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<NameMapping> {
    let (name, address) = text.split_once('=')?;
    if let Ok(address) = address.parse::<IpAddr>() {
        return (!name.is_empty()).then(|| NameMapping::any_port(name, address));
    }
    let address = address.parse().ok()?;
    let (host, port) = name.rsplit_once(':')?;
    (!host.is_empty()).then_some(())?;
    Some(NameMapping::exact(host, port.parse().ok()?, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<NameMapping> {
        ["broker.test=127.0.0.1", "broker.test:8883=127.0.0.2:18883", "[2001:db8::1]:21=127.0.0.3:2121"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect()
    }

    #[test]
    fn an_exact_entry_goes_before_one_for_all_ports() {
        assert_eq!(look_up(&table(), "broker.test", 8883), Some("127.0.0.2:18883".parse().unwrap()));
        assert_eq!(look_up(&table(), "broker.test", 80), Some("127.0.0.1:80".parse().unwrap()));
    }

    #[test]
    fn case_final_dot_and_brackets_do_not_matter() {
        assert_eq!(look_up(&table(), "BROKER.test.", 80), Some("127.0.0.1:80".parse().unwrap()));
        assert_eq!(look_up(&table(), "2001:DB8::1", 21), Some("127.0.0.3:2121".parse().unwrap()));
    }

    #[test]
    fn other_names_and_ports_are_not_in_the_table() {
        assert_eq!(look_up(&table(), "broker.tes", 8883), None);
        assert_eq!(look_up(&table(), "2001:db8::1", 22), None);
    }

    #[test]
    fn malformed_mappings_are_refused() {
        for text in ["", "a", "a=b", "=127.0.0.1", ":1=127.0.0.1:2", "a=127.0.0.1:1", "a:x=127.0.0.1:1"] {
            assert!(text.parse::<NameMapping>().is_err(), "{text}");
        }
    }
}
