//! One connection to the broker.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::Broker;
use super::session::Outgoing;
use super::state::{Client, Verdict};
use crate::mqtt_server::packet::{self, Malformed, Packet};
use crate::net::memory::{MemoryEnd, MemoryStream};
use crate::peers::wire::{Progress, Wire};

/// No new packets are taken while so much waits to be read by the client.
const UNSENT: usize = 64 * 1024;

pub(super) async fn serve(broker: Broker, stream: MemoryStream) {
    let (outgoing, orders) = unbounded_channel();
    let connection = Connection {
        broker: broker.clone(),
        wire: Wire::new(stream),
        outgoing,
        client: None,
        keep_alive: Duration::ZERO,
        last_packet: Instant::now(),
        closing: false,
    };
    if let Some(client) = connection.run(orders).await {
        broker.closed(&client);
    }
}

struct Connection {
    broker: Broker,
    wire: Wire,
    outgoing: UnboundedSender<Outgoing>,
    client: Option<Client>,
    keep_alive: Duration,
    last_packet: Instant,
    closing: bool,
}

impl Connection {
    /// Serves until the connection is over. Gives back whose it was.
    async fn run(mut self, mut orders: UnboundedReceiver<Outgoing>) -> Option<Client> {
        loop {
            // An order is looked at before the end is: the answer to the last packet goes first.
            if self.closing && self.wire.output.is_empty() && orders.is_empty() {
                self.wire.finish(MemoryEnd::Orderly);
                return self.client;
            }
            let (silence, reading) = (self.longest_silence(), self.is_reading());
            tokio::select! {
                biased;
                Some(order) = orders.recv(), if self.wire.output.len() < UNSENT => match order {
                    Outgoing::Packet(packet) => self.send(&packet),
                    Outgoing::Close => self.closing = true,
                    Outgoing::Reset => {
                        self.wire.reset();
                        return self.client;
                    }
                },
                progress = self.wire.next(reading) => match progress {
                    Progress::Received(_) => self.take_packets(),
                    Progress::Sent(_) => {}
                    Progress::Ended(_) => return self.client,
                },
                () = wait_until(silence) => return self.client,
            }
        }
    }

    fn is_reading(&self) -> bool {
        !self.closing && self.wire.output.len() < UNSENT
    }

    /// One and a half times the keep-alive (MQTT 3.1.2.10).
    fn longest_silence(&self) -> Option<Instant> {
        (!self.keep_alive.is_zero()).then(|| self.last_packet + self.keep_alive * 3 / 2)
    }

    fn send(&mut self, packet: &[u8]) {
        if !self.broker.is_unresponsive() {
            self.wire.output.extend_from_slice(packet);
        }
    }

    fn take_packets(&mut self) {
        self.last_packet = Instant::now();
        while !self.closing {
            match packet::take(&mut self.wire.input) {
                Ok(Some(packet)) => self.take(packet),
                Ok(None) => return,
                Err(Malformed) => self.closing = true,
            }
        }
    }

    fn take(&mut self, packet: Packet) {
        if self.broker.is_unresponsive() {
            return;
        }
        match (&self.client, packet) {
            (None, Packet::Connect(connect)) => {
                self.keep_alive = Duration::from_secs(u64::from(connect.keep_alive));
                self.client = self.broker.connect(connect, &self.outgoing, self.wire.is_secured());
                self.closing = self.client.is_none();
            }
            (None, _) => self.closing = true,
            (Some(client), packet) => {
                self.closing = matches!(self.broker.packet(client, packet), Verdict::Close)
            }
        }
    }
}

async fn wait_until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
