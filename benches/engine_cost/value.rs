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
        let (name, mut fields) = line.parts_in_turn()?;
        Some(match name {
            b"#MQRING" => Self::Ring {
                client: fields.number()?,
                slot: fields.number()?,
                topic: fields.text()?,
                length: fields.number()?,
            },
            b"#SSLCFG" => Self::Tls {
                socket: fields.number()?,
                context: fields.number()?,
                packet: fields.number()?,
                idle: fields.number()?,
                connect: fields.number()?,
                send: fields.number()?,
            },
            b"+CSQ" => Self::Signal { strength: fields.number()?, errors: fields.number()? },
            b"+CEREG" => Self::Registration {
                mode: if fields.count_left() > 4 { Some(fields.number()?) } else { None },
                status: fields.number()?,
                area: fields.text()?,
                cell: fields.text()?,
                technology: fields.number()?,
            },
            b"#MQCONN" => Self::Broker { client: fields.number()?, status: fields.number()? },
            b"#SSLS" => Self::Socket { socket: fields.number()?, status: fields.number()? },
            b"+CCLK" => Self::Clock { time: fields.text()? },
            b"+CGDCONT" => Self::Context { context: fields.number()?, name: fields.skip(1).text()? },
            b"SSLSRING" => Self::Ready { socket: fields.number()?, bytes: fields.number()? },
            b"#HTTPRING" => Self::Answered {
                profile: fields.number()?,
                status: fields.number()?,
                kind: fields.text()?,
                length: fields.number()?,
            },
            _ => return None,
        })
    }
}
