//! What the virtual network calls a host.

use std::net::SocketAddr;
use std::str::FromStr;

/// `HOST:PORT=ADDR:PORT`: a host and port on the virtual network, and where it really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolve {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: SocketAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text.split_once('=').ok_or("write HOST:PORT=ADDR:PORT")?;
        let (host, port) = host_and_port(name).ok_or_else(|| format!("{name:?} is not HOST:PORT"))?;
        let address = socket_address(address)
            .ok_or_else(|| format!("{address:?} is not ADDR:PORT, such as 127.0.0.1:8883"))?;
        Ok(Self { host, port, address })
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port: u16 = port.parse().ok()?;
    let plausible = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control());
    (plausible && port != 0).then(|| (host.to_owned(), port))
}

fn socket_address(text: &str) -> Option<SocketAddr> {
    let address = match text.strip_prefix("localhost:") {
        Some(port) => SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)),
        None => text.parse().ok()?,
    };
    (address.port() != 0).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_addresses_of_all_kinds() {
        let parsed: Resolve = "broker.test:8883=127.0.0.1:41234".parse().unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port), ("broker.test", 8883));
        assert_eq!(parsed.address, "127.0.0.1:41234".parse().unwrap());
        let parsed: Resolve = "[2001:db8::1]:21=[::1]:2121".parse().unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port), ("2001:db8::1", 21));
        assert_eq!(parsed.address, "[::1]:2121".parse().unwrap());
        let parsed: Resolve = "a:1=localhost:2".parse().unwrap();
        assert_eq!(parsed.address, "127.0.0.1:2".parse().unwrap());
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "a",
            "a:1",
            "a=127.0.0.1:1",
            ":1=127.0.0.1:1",
            "a:0=127.0.0.1:1",
            "a:1=127.0.0.1",
            "a:1=b:2",
            "a:70000=127.0.0.1:1",
            "a b:1=127.0.0.1:1",
            "a:1=127.0.0.1:0",
        ] {
            assert!(text.parse::<Resolve>().is_err(), "{text}");
        }
    }
}
