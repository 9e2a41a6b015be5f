//! What a transcript says about itself in its first lines.

use telit_simulator::Platform;
use telit_transcript::{Event, Kind, Problem, ReadError, Transcript};

/// The first remarks of a transcript, each `key: value`.
///
/// | key | |
/// |---|---|
/// | `source` | where the conversation is printed |
/// | `platforms` | the module families that it is meant for |
/// | `ports` | how many ports of the module are used |
/// | `server` | `scripted`, `mqtt` or `ftps`, and the `host:port` that the module finds it at; may be left out |
/// | `corrected` | what differs from the print, and why; as often as needed |
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) source: String,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) ports: u8,
    pub(crate) server: Option<Server>,
    pub(crate) corrected: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) kind: ServerKind,
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// TLS, and above it what the remarks of the transcript say.
    Scripted,
    /// An MQTT broker that demands a client certificate.
    Mqtt,
    /// A file server with explicit TLS.
    Ftps,
}

impl Header {
    /// # Errors
    /// A key that is missing, with the line behind the header, or a value that cannot be.
    pub(crate) fn of(transcript: &Transcript) -> Result<Self, ReadError> {
        let fields = Fields::of(transcript);
        let header = Self {
            source: fields.one("source")?.value.to_owned(),
            platforms: fields.one("platforms")?.read("a list of platforms", platforms)?,
            ports: fields.one("ports")?.read("a number from 1 to 9", ports)?,
            server: fields
                .at_most_one("server")
                .map(|field| field.read("KIND HOST:PORT", server))
                .transpose()?,
            corrected: fields.all("corrected").map(|field| field.value.to_owned()).collect(),
        };
        let used = transcript.events.iter().filter_map(port).max().unwrap_or(1);
        if used != header.ports {
            return Err(fields.one("ports")?.wrong("the number of ports that the transcript uses"));
        }
        Ok(header)
    }
}

/// The fields in order, each with its line.
struct Fields<'a>(Vec<Field<'a>>);

struct Field<'a> {
    line: usize,
    key: &'a str,
    value: &'a str,
}

impl<'a> Fields<'a> {
    fn of(transcript: &'a Transcript) -> Self {
        let fields = transcript.events.iter().map_while(|event| match &event.kind {
            Kind::Remark(text) => text.split_once(": "),
            _ => None,
        });
        let numbered = fields.enumerate().map(|(index, (key, value))| Field { line: index + 1, key, value });
        Self(numbered.collect())
    }

    fn all(&self, key: &'static str) -> impl Iterator<Item = &Field<'a>> {
        self.0.iter().filter(move |field| field.key == key)
    }

    fn at_most_one(&self, key: &'static str) -> Option<&Field<'a>> {
        self.all(key).next()
    }

    fn one(&self, key: &'static str) -> Result<&Field<'a>, ReadError> {
        let missing = || ReadError { line: self.0.len() + 1, problem: Problem::Missing(key) };
        self.at_most_one(key).ok_or_else(missing)
    }
}

impl Field<'_> {
    fn read<T>(&self, why: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, ReadError> {
        read(self.value).ok_or_else(|| self.wrong(why))
    }

    fn wrong(&self, why: &'static str) -> ReadError {
        let problem =
            Problem::Header { key: self.key.to_owned(), value: self.value.to_owned(), expected: why };
        ReadError { line: self.line, problem }
    }
}

fn platforms(list: &str) -> Option<Vec<Platform>> {
    let platforms: Vec<_> = list.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    (!platforms.is_empty()).then_some(platforms)
}

fn ports(number: &str) -> Option<u8> {
    number.parse().ok().filter(|ports| (1..=9).contains(ports))
}

fn server(text: &str) -> Option<Server> {
    let (kind, address) = text.split_once(' ')?;
    let (host, port) = address.split_once(':')?;
    let kind = match kind {
        "scripted" => ServerKind::Scripted,
        "mqtt" => ServerKind::Mqtt,
        "ftps" => ServerKind::Ftps,
        _ => return None,
    };
    Some(Server { kind, host: host.to_owned(), port: port.parse().ok()? })
}

fn port(event: &Event) -> Option<u8> {
    match event.kind {
        Kind::Host { port, .. } | Kind::Module { port, .. } => Some(port),
        Kind::Remark(_) | Kind::Server(_) => None,
    }
}
