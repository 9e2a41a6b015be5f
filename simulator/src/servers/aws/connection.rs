//! One connection.

use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};

use super::hub::Hub;
use super::log::DisconnectReason;
use super::pace::Pace;
use super::session::{Outgoing, Session};
use super::state::{Client, Ending};
use crate::mqtt_server::packet::{self, Malformed, Packet};

/// How long a connection may say nothing before its CONNECT. The sources have no number.
const FIRST_PACKET: Duration = Duration::from_secs(30);
/// How long a client may take for what was sent before its connection is closed.
const LINGER: Duration = Duration::from_secs(10);
/// What a PUBLISH may have besides its payload: fixed header, topic, packet id.
const AROUND_PAYLOAD: usize = 5 + 2 + 65_535 + 2;

/// Serves a client that has shown the certificate with this id.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(hub: Hub, stream: S, certificate: String) {
    let (reader, writer) = split(stream);
    let (outgoing, orders) = unbounded_channel();
    let mut reading = Reading::new(hub, reader, certificate, outgoing.clone());
    let mut writing = pin!(write(writer, orders));
    let ending = tokio::select! {
        ending = reading.run() => ending,
        // It was told to close, or the client is gone.
        () = &mut writing => return,
    };
    reading.end(ending);
    if outgoing.send(Outgoing::Close).is_ok() && timeout(LINGER, writing).await.is_err() {
        tracing::debug!("the client does not take what was sent");
    }
}

async fn write<S: AsyncWrite>(mut writer: WriteHalf<S>, mut orders: UnboundedReceiver<Outgoing>) {
    while let Some(Outgoing::Packet(packet)) = orders.recv().await {
        if let Err(error) = writer.write_all(&packet).await {
            return tracing::debug!(%error, "cannot write");
        }
    }
    if let Err(error) = writer.shutdown().await {
        tracing::debug!(%error, "cannot close in an orderly way");
    }
}

struct Reading<S> {
    hub: Hub,
    reader: ReadHalf<S>,
    certificate: String,
    outgoing: UnboundedSender<Outgoing>,
    input: BytesMut,
    client: Option<Client>,
    /// 1.5 times the keep-alive.
    patience: Duration,
    last_packet: Instant,
    bytes: Pace,
    /// When the next message goes that was missed.
    next_replay: Option<Instant>,
}

impl<S: AsyncRead> Reading<S> {
    fn new(hub: Hub, reader: ReadHalf<S>, certificate: String, outgoing: UnboundedSender<Outgoing>) -> Self {
        let now = Instant::now();
        let bytes = Pace::new(hub.state().limits.bytes_per_second, now);
        Self {
            hub,
            reader,
            certificate,
            outgoing,
            input: BytesMut::new(),
            client: None,
            patience: FIRST_PACKET,
            last_packet: now,
            bytes,
            next_replay: None,
        }
    }

    async fn run(&mut self) -> Ending {
        loop {
            if let Err(ending) = self.take_packets() {
                return ending;
            }
            let silence = self.last_packet + self.patience;
            tokio::select! {
                read = self.reader.read_buf(&mut self.input) => match read {
                    Ok(0) => return Ending::new(DisconnectReason::ConnectionLost, "the client has closed"),
                    Ok(count) => self.hold_back(count).await,
                    Err(error) => return Ending::new(DisconnectReason::ConnectionLost, error.to_string()),
                },
                () = sleep_until(silence) => {
                    return Ending::new(DisconnectReason::KeepAliveTimeout, "nothing came for too long");
                }
                () = wait_until(self.next_replay) => self.replay(),
            }
        }
    }

    /// Reads no more while too much comes.
    async fn hold_back(&mut self, count: usize) {
        if let Some(next) = self.bytes.delayed(count, Instant::now()) {
            sleep_until(next).await;
        }
    }

    fn take_packets(&mut self) -> Result<(), Ending> {
        loop {
            self.check_length()?;
            match packet::take(&mut self.input) {
                Ok(Some(packet)) => self.take(packet)?,
                Ok(None) => return Ok(()),
                Err(Malformed) => return Err(malformed()),
            }
        }
    }

    fn check_length(&self) -> Result<(), Ending> {
        let length = packet::length(&self.input).map_err(|Malformed| malformed())?;
        let longest = self.hub.state().limits.payload + AROUND_PAYLOAD;
        match length.is_some_and(|length| length > longest) {
            true => Err(Ending::new(DisconnectReason::ClientError, "the length of a packet")),
            false => Ok(()),
        }
    }

    fn take(&mut self, packet: Packet) -> Result<(), Ending> {
        self.last_packet = Instant::now();
        match (&self.client, packet) {
            (Some(client), packet) => self.hub.packet(client, packet),
            (None, Packet::Connect(connect)) => {
                let keep_alive = self.hub.state().limits.keep_alive_for(connect.keep_alive);
                let refused = || Ending::new(DisconnectReason::ClientError, "not let in");
                let (client, stays) =
                    self.hub.connect(connect, &self.certificate, &self.outgoing).ok_or_else(refused)?;
                self.patience = keep_alive * 3 / 2;
                self.next_replay = Some(self.last_packet);
                self.client = Some(client);
                match stays {
                    true => Ok(()),
                    false => Err(Ending::new(DisconnectReason::ServerInitiated, "closed for a test")),
                }
            }
            (None, _) => Err(Ending::new(DisconnectReason::ClientError, "the first packet is no CONNECT")),
        }
    }

    fn replay(&mut self) {
        let more = self.client.as_ref().is_some_and(|client| self.hub.replay(client));
        let interval = Session::replay_interval(&self.hub.state().limits);
        self.next_replay = more.then(|| Instant::now() + interval);
    }
}

impl<S> Reading<S> {
    fn end(&mut self, ending: Ending) {
        if let Some(client) = self.client.take() {
            self.hub.closed(&client, ending);
        }
    }
}

/// A connection that is cut has ended, too.
impl<S> Drop for Reading<S> {
    fn drop(&mut self) {
        self.end(Ending::new(DisconnectReason::ConnectionLost, "the connection was cut"));
    }
}

fn malformed() -> Ending {
    Ending::new(DisconnectReason::ClientError, "not MQTT 3.1.1")
}

async fn wait_until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
