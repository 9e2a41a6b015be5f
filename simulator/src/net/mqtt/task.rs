//! The task that owns an MQTT connection.

use std::collections::{HashSet, VecDeque};
use std::future::pending;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::Connection;
use super::codec::{self, Malformed, Packet, Publish};
use super::opening::Opened;
use super::waiting::{Answer, Waiting};
use super::{CloseReason, Event, Options, Qos, RequestError};

/// New requests wait while this much is not yet on the wire.
const UNSENT: usize = 64 * 1024;

/// The sender of the result of a request.
pub(super) type Done<T> = oneshot::Sender<Result<T, RequestError>>;

/// What a handle asks for.
#[derive(Debug)]
pub(super) enum Request {
    Publish { topic: String, payload: Bytes, qos: Qos, retain: bool, done: Done<()> },
    Subscribe { filter: String, qos: Qos, done: Done<Qos> },
    Unsubscribe { filter: String, done: Done<()> },
    Disconnect { done: Done<()> },
}

/// Runs the session until it ends. Owns the connection.
pub(super) async fn run(
    opened: Opened,
    options: Options,
    mut requests: mpsc::Receiver<Request>,
    events: mpsc::Sender<Event>,
) {
    let mut task = Task::new(opened, options);
    let closed = task.serve(&mut requests, &events).await;
    requests.close();
    let mut unread = std::mem::take(&mut task.events);
    // The waiting requests learn of the end, and the socket closes, before anybody reads the last events.
    task.close().await;
    unread.extend(closed.map(Event::Closed));
    for event in unread {
        if events.send(event).await.is_err() {
            return;
        }
    }
}

struct Task {
    reader: ReadHalf<Connection>,
    writer: WriteHalf<Connection>,
    input: BytesMut,
    output: BytesMut,
    /// How many bytes ever went into `output`; `queued - output.len()` are on the wire.
    queued: u64,
    waiting: Waiting,
    /// `QoS` 2 messages that are delivered and not yet released (MQTT 4.3.3).
    unreleased: HashSet<u16>,
    events: VecDeque<Event>,
    options: Options,
    last_sent: Instant,
    ping_sent: Option<Instant>,
    last_id: u16,
    said_goodbye: bool,
}

/// What the loop does next.
enum Step {
    Read(std::io::Result<usize>),
    Written(std::io::Result<usize>),
    Requested(Option<Request>),
    Delivered,
    Woken,
}

impl Task {
    fn new(opened: Opened, options: Options) -> Self {
        let (reader, writer) = tokio::io::split(opened.connection);
        Self {
            reader,
            writer,
            input: opened.input,
            output: BytesMut::new(),
            queued: 0,
            waiting: Waiting::default(),
            unreleased: HashSet::new(),
            events: VecDeque::new(),
            options,
            last_sent: Instant::now(),
            ping_sent: None,
            last_id: 0,
            said_goodbye: false,
        }
    }

    /// `None` if we ended it.
    async fn serve(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        events: &mpsc::Sender<Event>,
    ) -> Option<CloseReason> {
        if let Err(reason) = self.take_packets() {
            return Some(reason);
        }
        loop {
            let outcome = match self.step(requests, events).await {
                Step::Read(Ok(0)) => Err(CloseReason::ByPeer),
                Step::Read(Ok(_)) => self.take_packets(),
                Step::Read(Err(error)) | Step::Written(Err(error)) => Err(CloseReason::Network(error.into())),
                Step::Written(Ok(_)) => {
                    self.waiting.written(self.queued - self.output.len() as u64);
                    Ok(())
                }
                Step::Requested(Some(Request::Disconnect { done })) => {
                    self.say_goodbye(done).await;
                    return None;
                }
                Step::Requested(Some(request)) => {
                    self.start(request);
                    Ok(())
                }
                // Every handle is gone: the broker is to publish the will.
                Step::Requested(None) => return None,
                Step::Delivered => Ok(()),
                Step::Woken => self.wake(Instant::now()),
            };
            if let Err(reason) = outcome {
                return Some(reason);
            }
        }
    }

    async fn step(&mut self, requests: &mut mpsc::Receiver<Request>, events: &mpsc::Sender<Event>) -> Step {
        let alarm = self.alarm();
        let reading = self.events.is_empty();
        let taking = self.output.len() < UNSENT;
        tokio::select! {
            biased;
            delivered = events.reserve(), if !reading => {
                let event = self.events.pop_front();
                if let (Ok(permit), Some(event)) = (delivered, event) {
                    permit.send(event);
                }
                Step::Delivered
            }
            read = self.reader.read_buf(&mut self.input), if reading => Step::Read(read),
            written = self.writer.write_buf(&mut self.output), if !self.output.is_empty() => Step::Written(written),
            request = requests.recv(), if taking => Step::Requested(request),
            () = sleep_or_pend(alarm) => Step::Woken,
        }
    }

    fn take_packets(&mut self) -> Result<(), CloseReason> {
        loop {
            match codec::decode(&mut self.input) {
                Ok(Some(packet)) => self.take(packet)?,
                Ok(None) => return Ok(()),
                Err(Malformed(what)) => return Err(CloseReason::Protocol(what.to_owned())),
            }
        }
    }

    fn take(&mut self, packet: Packet) -> Result<(), CloseReason> {
        match packet {
            Packet::Publish(message) => self.deliver(message),
            Packet::Puback(id) => self.waiting.answered(Answer::Puback(id)),
            Packet::Pubrec(id) => {
                // Released even if nobody waits any more, or the broker would keep the message for ever.
                self.queue(|out| codec::encode_pubrel(out, id));
                self.waiting.received(id);
            }
            Packet::Pubcomp(id) => self.waiting.answered(Answer::Pubcomp(id)),
            Packet::Pubrel(id) => {
                self.unreleased.remove(&id);
                self.queue(|out| codec::encode_pubcomp(out, id));
            }
            Packet::Suback { id, granted } => self.waiting.subscribed(id, granted),
            Packet::Unsuback(id) => self.waiting.answered(Answer::Unsuback(id)),
            Packet::Pingresp => self.ping_sent = None,
            Packet::Connack { .. } => return Err(CloseReason::Protocol("a second CONNACK".to_owned())),
        }
        Ok(())
    }

    fn deliver(&mut self, message: Publish) {
        let Publish { topic, payload, qos, retain, id } = message;
        let fresh = match qos {
            Qos::AtMostOnce => true,
            Qos::AtLeastOnce => {
                self.queue(|out| codec::encode_puback(out, id));
                true
            }
            Qos::ExactlyOnce => {
                self.queue(|out| codec::encode_pubrec(out, id));
                self.unreleased.insert(id)
            }
        };
        if fresh {
            self.events.push_back(Event::Message { topic, payload, qos, retain });
        }
    }

    fn start(&mut self, request: Request) {
        let id = self.next_id();
        let deadline = Instant::now() + self.options.packet_timeout;
        match request {
            Request::Publish { topic, payload, qos, retain, done } => {
                let id = if qos == Qos::AtMostOnce { 0 } else { id };
                self.queue(|out| codec::encode_publish(out, &Publish { topic, payload, qos, retain, id }));
                let answer = match qos {
                    Qos::AtMostOnce => Answer::OnTheWire(self.queued),
                    Qos::AtLeastOnce => Answer::Puback(id),
                    Qos::ExactlyOnce => Answer::Pubrec(id),
                };
                self.waiting.add(answer, deadline, done);
            }
            Request::Subscribe { filter, qos, done } => {
                self.queue(|out| codec::encode_subscribe(out, id, &filter, qos));
                self.waiting.add_subscription(id, deadline, done);
            }
            Request::Unsubscribe { filter, done } => {
                self.queue(|out| codec::encode_unsubscribe(out, id, &filter));
                self.waiting.add(Answer::Unsuback(id), deadline, done);
            }
            // Ends the loop before it comes here.
            Request::Disconnect { done } => drop(done),
        }
    }

    async fn say_goodbye(&mut self, done: Done<()>) {
        self.output.extend_from_slice(codec::DISCONNECT);
        match timeout(self.options.packet_timeout, self.writer.write_all(&self.output)).await {
            Ok(Ok(())) => self.said_goodbye = true,
            // The session is over either way.
            Ok(Err(error)) => tracing::debug!(%error, "DISCONNECT was not sent"),
            Err(_) => tracing::debug!("DISCONNECT was not sent in time"),
        }
        if done.send(Ok(())).is_err() {
            tracing::trace!("nobody waits for the end of the session");
        }
    }

    /// In order after DISCONNECT, which must not be lost; with a reset else.
    async fn close(self) {
        drop(self.waiting);
        let connection = self.reader.unsplit(self.writer);
        if self.said_goodbye {
            connection.close(self.options.packet_timeout).await;
        } else {
            connection.abort();
        }
    }

    /// Something is due.
    fn wake(&mut self, now: Instant) -> Result<(), CloseReason> {
        self.waiting.expire(now);
        if self.ping_answer_due().is_some_and(|due| due <= now) {
            if self.events.is_empty() {
                return Err(CloseReason::PingUnanswered);
            }
            // The answer may lie behind messages that nobody has read yet.
            self.ping_sent = Some(now);
        }
        if self.ping_due().is_some_and(|due| due <= now) {
            self.queue(|out| out.extend_from_slice(codec::PINGREQ));
            self.ping_sent.get_or_insert(now);
        }
        Ok(())
    }

    fn alarm(&self) -> Option<Instant> {
        [self.waiting.next_deadline(), self.ping_due(), self.ping_answer_due()].into_iter().flatten().min()
    }

    /// MQTT 3.1.2.10
    fn ping_due(&self) -> Option<Instant> {
        (!self.options.keep_alive.is_zero()).then(|| self.last_sent + self.options.keep_alive)
    }

    fn ping_answer_due(&self) -> Option<Instant> {
        self.ping_sent.map(|sent| sent + self.options.packet_timeout)
    }

    fn queue(&mut self, encode: impl FnOnce(&mut BytesMut)) {
        let before = self.output.len();
        encode(&mut self.output);
        self.queued += (self.output.len() - before) as u64;
        self.last_sent = Instant::now();
    }

    /// MQTT 2.3.1: not 0, and not one that is in use.
    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.waiting.uses(self.last_id) {
                return self.last_id;
            }
        }
    }
}

async fn sleep_or_pend(alarm: Option<Instant>) {
    match alarm {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
