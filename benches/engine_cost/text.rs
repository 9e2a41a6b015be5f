//! The text traffic: what a module says to a program that polls it, reads its settings and is told of messages.

use telit_core::at::{CommandLine, Exchange, Expect, FieldsInTurn};

use crate::value::Value;

/// How often the pattern of turns is repeated.
pub(crate) const ROUNDS: u32 = 60;

/// What the module sends between two commands: the answer to the first, and codes that nobody asked for among and
/// behind its lines.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// What is asked, if anything is.
    pub(crate) query: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
    /// The information lines of the answer, as text to compare.
    pub(crate) answer: Vec<String>,
    /// The unsolicited codes, in order.
    pub(crate) unsolicited: Vec<String>,
}

impl Turn {
    /// Lines that are not empty, final results included.
    pub(crate) fn lines(&self) -> usize {
        self.answer.len() + self.unsolicited.len() + usize::from(self.query.is_some())
    }

    /// The command, as a program that uses the SDK builds it.
    pub(crate) fn exchange(&self) -> Option<Exchange> {
        self.query.map(|name| {
            let line = match name {
                "+CSQ" => CommandLine::execute(name),
                _ => CommandLine::read(name),
            };
            let expect = match name {
                // The unsolicited code has the same prefix and one field less.
                "+CEREG" => Expect::lines_if(name, |rest| FieldsInTurn::parse(rest).count_left() >= 5),
                _ => Expect::lines(name),
            };
            Exchange::new(line, expect)
        })
    }

    fn asked(query: &'static str) -> Self {
        Self { query: Some(query), ..Self::default() }
    }

    fn says(mut self, value: &Value<'_>) -> Self {
        self.answer.push(format!("{value:?}"));
        self.line(&value.line())
    }

    fn tells(mut self, value: &Value<'_>) -> Self {
        self.unsolicited.push(format!("{value:?}"));
        self.line(&value.line())
    }

    fn ok(self) -> Self {
        self.line("OK")
    }

    /// Source of the line ends: M37 p31-32.
    fn line(mut self, text: &str) -> Self {
        self.bytes.extend_from_slice(format!("\r\n{text}\r\n").as_bytes());
        self
    }
}

/// The whole conversation.
pub(crate) fn conversation() -> Vec<Turn> {
    (0..ROUNDS).flat_map(round).collect()
}

fn round(n: u32) -> Vec<Turn> {
    let signal = Value::Signal { strength: 10 + n % 22, errors: 99 };
    let registered =
        Value::Registration { mode: Some(2), status: 1, area: "1A2B", cell: "01A2B3C4", technology: 7 };
    let moved = Value::Registration { mode: None, status: 5, area: "1A2C", cell: "01A2B3D0", technology: 7 };
    let broker = |client| Value::Broker { client, status: client % 2 };
    let ready = Value::Ready { socket: 1, bytes: 100 + n };
    let answered = Value::Answered { profile: 0, status: 200, kind: "application/json", length: 1000 + n };
    let clock = Value::Clock { time: "26/11/26,07:45:12+04" };
    let contexts = ["iot.test", "ims", "fota.operator.example"];
    vec![
        Turn::asked("+CSQ").says(&signal).ok(),
        Turn::asked("+CEREG").tells(&moved).says(&registered).ok(),
        rings(Turn::asked("#MQCONN").says(&broker(1)).says(&broker(2)).ok(), 4, n),
        Turn::asked("#SSLS").tells(&ready).says(&Value::Socket { socket: 1, status: 2 }).ok(),
        Turn::asked("+CCLK").says(&clock).ok(),
        rings(tls_sockets(Turn::asked("#SSLCFG"), 0, 6).ok(), 1, n),
        rings(Turn::asked("+CSQ").says(&signal).ok().tells(&moved).tells(&ready), 6, n),
        (1..=3)
            .zip(contexts)
            .fold(Turn::asked("+CGDCONT"), |turn, (context, name)| {
                turn.says(&Value::Context { context, name })
            })
            .ok(),
        rings(Turn::default(), 20, n),
        tls_sockets(tls_sockets(Turn::asked("#SSLCFG"), 0, 2).tells(&answered), 2, 6).ok(),
    ]
}

/// The same kinds of turns with lines of two to four short fields, and bursts that fill a read of 512 bytes.
pub(crate) fn short_lines() -> Vec<Turn> {
    (0..ROUNDS).flat_map(short_round).collect()
}

fn short_round(n: u32) -> Vec<Turn> {
    let signal = Value::Signal { strength: 10 + n % 22, errors: 99 };
    let broker = |client| Value::Broker { client, status: client % 2 };
    let socket = Value::Socket { socket: 1, status: 2 };
    let polled = ready(Turn::asked("#MQCONN").says(&broker(1)), 4).says(&broker(2)).ok();
    vec![
        rings_of("t/7", ready(Turn::asked("+CSQ").says(&signal).ok(), 20), 20, n),
        rings_of("t/7", polled, 6, n),
        ready(Turn::asked("#SSLS"), 1).says(&socket).ok(),
    ]
}

fn ready(turn: Turn, count: u32) -> Turn {
    (0..count).fold(turn, |turn, n| turn.tells(&Value::Ready { socket: 1, bytes: 100 + n }))
}

/// Messages that have come in, each in a slot of its own.
fn rings(turn: Turn, count: u32, n: u32) -> Turn {
    rings_of("fleet/device-17/commands", turn, count, n)
}

fn rings_of(topic: &str, turn: Turn, count: u32, n: u32) -> Turn {
    (0..count).fold(turn, |turn, slot| {
        turn.tells(&Value::Ring { client: 1, slot: slot + 1, topic, length: 40 + n + slot })
    })
}

fn tls_sockets(turn: Turn, from: u32, to: u32) -> Turn {
    (from..to).fold(turn, |turn, socket| {
        turn.says(&Value::Tls {
            socket: socket + 1,
            context: 1,
            packet: 300,
            idle: 90,
            connect: 100,
            send: 50,
        })
    })
}
