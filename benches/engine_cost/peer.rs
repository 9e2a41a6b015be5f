//! The peer: `atat` 0.25, its ingress, its digester and its derived types.

use std::fmt;

use atat::atat_derive::{AtatResp, AtatUrc};
use atat::heapless::String;
use atat::serde_at::serde::de::{self, Visitor};
use atat::serde_at::serde::{Deserialize, Deserializer};
use atat::{AtDigester, AtatIngress, Ingress, Response, ResponseSlot, UrcChannel, serde_at};

use crate::callgrind::counted;
use crate::value::Value;
use crate::{Found, bodies, text};

const BUFFER: usize = 8192;

/// Text without quotes, as modules print topics, which the deserializer has no type for.
#[derive(Clone)]
struct Topic(String<64>);

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unquoted;

        impl Visitor<'_> for Unquoted {
            type Value = Topic;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a topic")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Topic, E> {
                let text = std::str::from_utf8(bytes).map_err(E::custom)?;
                String::try_from(text).map(Topic).map_err(|_| E::custom("too long"))
            }
        }

        deserializer.deserialize_bytes(Unquoted)
    }
}

#[derive(Clone, AtatResp)]
struct Ring {
    client: u32,
    slot: u32,
    topic: Topic,
    length: u32,
}

#[derive(Clone, AtatResp)]
struct Moved {
    status: u32,
    area: String<8>,
    cell: String<16>,
    technology: u32,
}

#[derive(Clone, AtatResp)]
struct Ready {
    socket: u32,
    bytes: u32,
}

#[derive(Clone, AtatResp)]
struct Answered {
    profile: u32,
    status: u32,
    kind: String<64>,
    length: u32,
}

#[derive(Clone, AtatUrc)]
enum Urc {
    #[at_urc("#MQRING")]
    Ring(Ring),
    #[at_urc("+CEREG")]
    Moved(Moved),
    #[at_urc("SSLSRING")]
    Ready(Ready),
    #[at_urc("#HTTPRING")]
    Answered(Answered),
}

impl Urc {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Ring(ring) => Value::Ring {
                client: ring.client,
                slot: ring.slot,
                topic: &ring.topic.0,
                length: ring.length,
            },
            Self::Moved(moved) => Value::Registration {
                mode: None,
                status: moved.status,
                area: &moved.area,
                cell: &moved.cell,
                technology: moved.technology,
            },
            Self::Ready(ready) => Value::Ready { socket: ready.socket, bytes: ready.bytes },
            Self::Answered(answered) => Value::Answered {
                profile: answered.profile,
                status: answered.status,
                kind: &answered.kind,
                length: answered.length,
            },
        }
    }
}

#[derive(Clone, AtatResp)]
struct Two {
    first: u32,
    second: u32,
}

#[derive(Clone, AtatResp)]
struct Registration {
    mode: u32,
    status: u32,
    area: String<8>,
    cell: String<16>,
    technology: u32,
}

#[derive(Clone, AtatResp)]
struct Clock {
    time: String<32>,
}

#[derive(Clone, AtatResp)]
struct Tls {
    socket: u32,
    context: u32,
    packet: u32,
    idle: u32,
    connect: u32,
    send: u32,
    _alarm: u32,
    _keep_alive: u32,
    _listen: u32,
    _unused: u32,
}

#[derive(Clone, AtatResp)]
struct Context {
    context: u32,
    _kind: String<8>,
    name: String<64>,
    _address: String<8>,
    _data_compression: u32,
    _header_compression: u32,
}

/// Reads the text, in pieces of `read_size` bytes at most, and gives what is handed on.
pub(crate) fn read_text(turns: &[text::Turn], read_size: usize, mut found: impl FnMut(Found<'_>)) {
    let (slot, channel) = (ResponseSlot::<BUFFER>::new(), UrcChannel::<Urc, 64, 1>::default());
    let mut buffer = [0; BUFFER];
    let mut ingress = Ingress::new(AtDigester::<Urc>::new(), &mut buffer, &slot, &channel);
    let Ok(mut codes) = channel.subscribe() else { return };
    for turn in turns {
        for piece in turn.bytes.chunks(read_size) {
            counted(|| {
                write(&mut ingress, piece);
                while let Some(code) = codes.try_next_message_pure() {
                    found(Found::Code(Some(code.value())));
                }
                if let Some(response) = slot.try_get() {
                    if let (Response::Ok(answer), Some(query)) = (&*response, turn.query) {
                        let lines = answer.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                        lines.filter(|line| !line.is_empty()).for_each(|line| parse(query, line, &mut found));
                    }
                    drop(response);
                    slot.reset();
                }
            });
        }
    }
}

fn parse(query: &str, line: &[u8], found: &mut impl FnMut(Found<'_>)) {
    fn typed<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
        serde_at::from_slice(line).ok()
    }
    match query {
        "+CSQ" => found(Found::Answer(
            typed::<Two>(line).map(|two| Value::Signal { strength: two.first, errors: two.second }),
        )),
        "#MQCONN" => found(Found::Answer(
            typed::<Two>(line).map(|two| Value::Broker { client: two.first, status: two.second }),
        )),
        "#SSLS" => found(Found::Answer(
            typed::<Two>(line).map(|two| Value::Socket { socket: two.first, status: two.second }),
        )),
        "+CEREG" => {
            let registration = typed::<Registration>(line);
            found(Found::Answer(registration.as_ref().map(|here| Value::Registration {
                mode: Some(here.mode),
                status: here.status,
                area: &here.area,
                cell: &here.cell,
                technology: here.technology,
            })));
        }
        "+CCLK" => {
            let clock = typed::<Clock>(line);
            found(Found::Answer(clock.as_ref().map(|clock| Value::Clock { time: &clock.time })));
        }
        "+CGDCONT" => {
            let context = typed::<Context>(line);
            found(Found::Answer(
                context.as_ref().map(|here| Value::Context { context: here.context, name: &here.name }),
            ));
        }
        _ => found(Found::Answer(typed::<Tls>(line).map(|tls| Value::Tls {
            socket: tls.socket,
            context: tls.context,
            packet: tls.packet,
            idle: tls.idle,
            connect: tls.connect,
            send: tls.send,
        }))),
    }
}

/// Reads the bodies, in pieces of `read_size` bytes at most, and gives what is handed on.
pub(crate) fn read_bodies(turns: &[bodies::Turn], read_size: usize, mut found: impl FnMut(Found<'_>)) {
    let (slot, channel) = (ResponseSlot::<BUFFER>::new(), UrcChannel::<Urc, 64, 1>::default());
    let mut buffer = [0; BUFFER];
    let mut ingress = Ingress::new(AtDigester::<Urc>::new(), &mut buffer, &slot, &channel);
    let Ok(mut codes) = channel.subscribe() else { return };
    for turn in turns {
        for piece in turn.bytes.chunks(read_size) {
            counted(|| {
                write(&mut ingress, piece);
                while let Some(code) = codes.try_next_message_pure() {
                    found(Found::Code(Some(code.value())));
                }
                if let Some(response) = slot.try_get() {
                    if let Response::Ok(answer) = &*response {
                        found(Found::Body(turn.without_head(answer)));
                    }
                    drop(response);
                    slot.reset();
                }
            });
        }
    }
}

/// As its loop over a port does: what does not fit makes it forget what it has.
fn write(ingress: &mut impl AtatIngress, piece: &[u8]) {
    let mut rest = piece;
    while let Ok(written) = ingress.try_write(rest) {
        rest = rest.get(written..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        ingress.clear();
    }
}
