//! What the lines say, in types.

use telit_core::at::Line;

/// One line, taken apart. Its text is borrowed from the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// `+CSQ`
    Signal { strength: u32, errors: u32 },
    /// `+CEREG`, with the mode if it was asked for.
    Registration { mode: Option<u32>, status: u32, area: &'a str, cell: &'a str, technology: u32 },
    /// `#MQCONN`
    Broker { client: u32, status: u32 },
    /// `#SSLS`
    Socket { socket: u32, status: u32 },
    /// `+CCLK`
    Clock { time: &'a str },
    /// `#SSLCFG`
    Tls { socket: u32, context: u32, packet: u32, idle: u32, connect: u32, send: u32 },
    /// `+CGDCONT`
    Context { context: u32, name: &'a str },
    /// `#MQRING`
    Ring { client: u32, slot: u32, topic: &'a str, length: u32 },
    /// `SSLSRING`
    Ready { socket: u32, bytes: u32 },
    /// `#HTTPRING`
    Answered { profile: u32, status: u32, kind: &'a str, length: u32 },
}

impl<'a> Value<'a> {
    /// The line that says this. Source: M37 p289, p366, p862, p877, p894, p1017, p1032.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Signal { strength, errors } => format!("+CSQ: {strength},{errors}"),
            Self::Registration { mode: Some(mode), status, area, cell, technology } => {
                format!("+CEREG: {mode},{status},\"{area}\",\"{cell}\",{technology}")
            }
            Self::Registration { mode: None, status, area, cell, technology } => {
                format!("+CEREG: {status},\"{area}\",\"{cell}\",{technology}")
            }
            Self::Broker { client, status } => format!("#MQCONN: {client},{status}"),
            Self::Socket { socket, status } => format!("#SSLS: {socket},{status}"),
            Self::Clock { time } => format!("+CCLK: \"{time}\""),
            Self::Tls { socket, context, packet, idle, connect, send } => {
                format!("#SSLCFG: {socket},{context},{packet},{idle},{connect},{send},0,0,0,0")
            }
            Self::Context { context, name } => format!("+CGDCONT: {context},\"IPV4V6\",\"{name}\",\"\",0,0"),
            Self::Ring { client, slot, topic, length } => {
                format!("#MQRING: {client},{slot},{topic},{length}")
            }
            Self::Ready { socket, bytes } => format!("SSLSRING: {socket},{bytes}"),
            Self::Answered { profile, status, kind, length } => {
                format!("#HTTPRING: {profile},{status},\"{kind}\",{length}")
            }
        }
    }

    /// Takes a line apart with what the SDK has for it.
    pub(crate) fn of(line: &'a Line) -> Option<Self> {
        let (name, fields) = line.parts()?;
        let number = |index| fields.number::<u32>(index);
        Some(match name {
            b"+CSQ" => Self::Signal { strength: number(0)?, errors: number(1)? },
            b"+CEREG" => {
                let mode = if fields.len() > 4 { Some(number(0)?) } else { None };
                let first = usize::from(mode.is_some());
                Self::Registration {
                    mode,
                    status: number(first)?,
                    area: fields.text(first + 1)?,
                    cell: fields.text(first + 2)?,
                    technology: number(first + 3)?,
                }
            }
            b"#MQCONN" => Self::Broker { client: number(0)?, status: number(1)? },
            b"#SSLS" => Self::Socket { socket: number(0)?, status: number(1)? },
            b"+CCLK" => Self::Clock { time: fields.text(0)? },
            b"#SSLCFG" => Self::Tls {
                socket: number(0)?,
                context: number(1)?,
                packet: number(2)?,
                idle: number(3)?,
                connect: number(4)?,
                send: number(5)?,
            },
            b"+CGDCONT" => Self::Context { context: number(0)?, name: fields.text(2)? },
            b"#MQRING" => Self::Ring {
                client: number(0)?,
                slot: number(1)?,
                topic: fields.text(2)?,
                length: number(3)?,
            },
            b"SSLSRING" => Self::Ready { socket: number(0)?, bytes: number(1)? },
            b"#HTTPRING" => Self::Answered {
                profile: number(0)?,
                status: number(1)?,
                kind: fields.text(2)?,
                length: number(3)?,
            },
            _ => return None,
        })
    }
}
