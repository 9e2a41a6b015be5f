//! Which connection of the module a line is about.

use super::command_line::CommandLine;
use super::fields::Fields;
use super::result_code::after_no_carrier;

/// Commands that dial a plain socket or return to it. Source: M37 p726, p731.
const PLAIN_DIALS: [&str; 2] = ["#SD", "#SO"];

/// A connection with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// A TLS socket by its `SSId`.
    Tls(u8),
    /// A plain socket by its `connId`.
    Plain(u8),
}

impl Connection {
    /// The one that a dial command is for. Source: M37 p726, p731, p895, p899.
    pub(crate) fn of_command(line: &CommandLine) -> Option<Self> {
        let text = str::from_utf8(line.as_bytes()).ok()?;
        let number = Fields::parse(text.split_once('=')?.1).number(0)?;
        match line.name() {
            name if name.starts_with("#SSL") => Some(Self::Tls(number)),
            name if PLAIN_DIALS.contains(&name) => Some(Self::Plain(number)),
            _ => None,
        }
    }

    /// The one that a `NO CARRIER` line names, if it does: `NO CARRIER:SSL,<SSId>` or `NO CARRIER: <connId>`, with
    /// or without a cause. Source: M37 p722, p878.
    pub(crate) fn of_no_carrier(line: impl AsRef<[u8]>) -> Option<Self> {
        let detail = after_no_carrier(line.as_ref())?.trim_ascii_start().strip_prefix(b":")?;
        let mut fields = str::from_utf8(detail).ok()?.split(',').map(str::trim);
        match fields.next()? {
            "SSL" => Some(Self::Tls(fields.next()?.parse().ok()?)),
            number => Some(Self::Plain(number.parse().ok()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_name_a_connection() {
        for (line, connection) in [
            ("NO CARRIER:SSL,2", Some(Connection::Tls(2))),
            ("NO CARRIER: SSL, 2,4", Some(Connection::Tls(2))),
            ("NOCARRIER:SSL,10", Some(Connection::Tls(10))),
            ("NO CARRIER: 3,1", Some(Connection::Plain(3))),
            ("NO CARRIER: 3", Some(Connection::Plain(3))),
            ("NO CARRIER", None),
            ("NO CARRIER: timeout", None),
            ("NO CARRIER:SSL,", None),
            ("NO CARRIER:300", None),
        ] {
            assert_eq!(Connection::of_no_carrier(line), connection, "{line}");
        }
    }

    #[test]
    fn commands_for_a_connection() {
        let line = |name| CommandLine::set(name).number(2_u8).text("host", "h").build().expect("it encodes");
        assert_eq!(Connection::of_command(&line("#SSLD")), Some(Connection::Tls(2)));
        assert_eq!(Connection::of_command(&line("#SO")), Some(Connection::Plain(2)));
        assert_eq!(Connection::of_command(&line("#FTPGET")), None);
        assert_eq!(Connection::of_command(&CommandLine::execute("#SSLO")), None);
    }
}
