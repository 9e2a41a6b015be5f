//! `HOST:PORT` on the command line.

use std::str::FromStr;

/// A server by name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for Server {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "use HOST:PORT";
        let (host, port) = text.rsplit_once(':').ok_or(FORM)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match port.parse() {
            Ok(port) if port > 0 && !host.is_empty() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(FORM),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let server = |host: &str, port| Ok(Server { host: host.to_owned(), port });
        assert_eq!("echo.example:7".parse(), server("echo.example", 7));
        assert_eq!("[2001:db8::1]:443".parse(), server("2001:db8::1", 443));
        for wrong in ["echo.example", ":7", "echo.example:0", "echo.example:x", "echo.example:70000"] {
            assert!(wrong.parse::<Server>().is_err(), "{wrong}");
        }
    }
}
