//! The module's MQTT commands, one type a form. Source: M37 p1008-1036.

mod configure;
mod connection;
mod publish;
mod receive;
mod subscribe;
mod will;

pub(crate) use configure::{
    ConfigureBroker, ConfigurePacketTimeout, ConfigureSession, EnableClient, EnabledClients, IsConfiguredFor,
};
pub(crate) use connection::{Connect, ConnectionState, Disconnect};
pub(crate) use publish::{PublishCounted, PublishText};
pub(crate) use receive::{ReadMessage, Ring, UnreadMessages};
pub(crate) use subscribe::{Subscribe, Unsubscribe};
pub(crate) use will::{ConfigureWill, TakeEscapes, TakesEscapes};

use std::time::Duration;

use telit_core::at::{CommandLine, Effect, Exchange, Expect, Fields, Reply};

/// What the module answers by itself. Source: M37 p33-34; at most 5 s are usual.
const LOCAL: Duration = Duration::from_secs(5);

/// Creating and freeing a client, and switching its TLS, touch resources that may still be closing. The
/// manual gives no bound.
const RESOURCES: Duration = Duration::from_secs(30);

fn query(line: CommandLine, name: &'static str) -> Exchange {
    Exchange::new(line, Expect::lines(name)).deadline(LOCAL).effect(Effect::Query)
}

fn setting(line: CommandLine, deadline: Duration) -> Exchange {
    Exchange::new(line, Expect::result()).deadline(deadline).effect(Effect::Idempotent)
}

/// The second field of the line that starts with this instance. Some lists name only enabled clients, and
/// one example names the same one twice. Source: M37 p1017, p1024.
fn value_of(reply: &Reply, name: &str, instance: u8) -> Option<u64> {
    reply.values(name).iter().find_map(|line| {
        let fields = Fields::parse(line);
        (fields.number::<u8>(0) == Some(instance)).then(|| fields.number(1)).flatten()
    })
}

#[cfg(test)]
fn line(command: &impl telit_core::at::Command) -> String {
    let exchange = command.exchange().unwrap();
    String::from_utf8(exchange.line().as_bytes().to_vec()).unwrap()
}
