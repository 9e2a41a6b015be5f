//! The value of `--host`: people know brokers by URLs, and with a port.

use std::net::IpAddr;

use crate::failure::Failure;

/// A name or an address, and nothing around it.
pub(super) fn check(host: &str) -> Result<(), Failure> {
    let (scheme, rest) = match host.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, host),
    };
    if rest.contains('@') {
        return Err(
            refused("a user name").hint("give the user as --username, the password by --password-env")
        );
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let (name, port) = apart(authority);
    let problem = match (scheme, port) {
        (Some(_), _) => "a URL",
        (None, Some(_)) => "a port",
        (None, None) if rest.contains('/') => "a path",
        (None, None) if name != host => "brackets",
        (None, None) => return Ok(()),
    };
    let port = port.map(|port| format!(" --port-number {port}")).unwrap_or_default();
    let plain = match scheme {
        Some("mqtt" | "tcp") => "; TLS is used unless --plain is given",
        Some("ws" | "wss") => "; the broker must speak MQTT without WebSocket there",
        _ => "",
    };
    Err(refused(problem).hint(format!("give --host {name}{port}{plain}")))
}

fn refused(problem: &str) -> Failure {
    Failure::usage(format!("--host takes the name or the address of the broker, this one has {problem}"))
}

/// Name and port.
fn apart(authority: &str) -> (&str, Option<&str>) {
    if authority.parse::<IpAddr>().is_ok() {
        return (authority, None);
    }
    if let Some((address, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, port.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        for host in ["broker.test", "localhost", "192.0.2.1", "2001:db8::1", "::1", ""] {
            check(host).unwrap_or_else(|failure| panic!("{host}: {failure}"));
        }
    }

    #[test]
    fn what_stands_around_them_has_options_of_its_own() {
        for (host, problem, hint) in [
            ("h.test:8883", "a port", "give --host h.test --port-number 8883"),
            ("[2001:db8::1]:1883", "a port", "give --host 2001:db8::1 --port-number 1883"),
            ("[2001:db8::1]", "brackets", "give --host 2001:db8::1"),
            ("mqtts://h.test", "a URL", "give --host h.test"),
            ("mqtts://h.test:8884/path", "a URL", "give --host h.test --port-number 8884"),
            ("mqtt://h.test", "a URL", "give --host h.test; TLS is used unless --plain is given"),
            (
                "wss://h.test/mqtt",
                "a URL",
                "give --host h.test; the broker must speak MQTT without WebSocket there",
            ),
            ("h.test/path", "a path", "give --host h.test"),
        ] {
            let failure = check(host).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{host}");
            assert!(failure.to_string().ends_with(&format!("this one has {problem}")), "{host}: {failure}");
            assert!(format!("{failure:?}").contains(&format!("Some({hint:?})")), "{host}: {failure:?}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        let failure = check("mqtts://user:s3cr3t@h.test:8883").unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
        assert!(format!("{failure:?}").contains("--password-env"), "{failure:?}");
    }
}
