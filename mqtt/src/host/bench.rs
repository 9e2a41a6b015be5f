//! A session that is driven from outside, with a clock of its own: for tests of this crate with arbitrary packets, and of
//! no use to anybody else.

use std::time::{Duration, Instant};

use super::session::{Carried, Happening, Login, Session, Settings};
use crate::message::{Message, Publish, QoS};

/// The longest packet that is taken.
const PACKET_LIMIT: usize = 4096;

/// One connection, and a clock that moves when it is told to.
#[derive(Debug)]
pub struct SessionBench {
    session: Session,
    now: Instant,
    terms: SessionTerms,
}

/// What holds for all connections of a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionTerms {
    /// The broker forgets it when a connection ends.
    pub clean: bool,
    /// Whoever publishes at least once does so again himself.
    pub owner_repeats: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The broker has answered the login, and may have kept the session.
    Login(String),
    /// A message.
    Message(Message),
    /// What was begun under this number has ended.
    Done(u64, String),
}

impl SessionBench {
    /// Begins with the login. `None`: it cannot be written down.
    #[must_use]
    pub fn new(terms: SessionTerms) -> Option<Self> {
        Self::begin(terms, Instant::now(), Carried::default())
    }

    /// The connection is over, and the next one of the session begins.
    #[must_use]
    pub fn reconnected(mut self) -> Option<Self> {
        Self::begin(self.terms, self.now, self.session.take_carried())
    }

    fn begin(terms: SessionTerms, now: Instant, carried: Carried) -> Option<Self> {
        let settings = Settings {
            keep_alive: Duration::from_secs(60),
            acknowledgement: Duration::from_secs(30),
            login: Duration::from_secs(90),
            owner_repeats: terms.owner_repeats,
            packet_limit: PACKET_LIMIT,
        };
        let login = Login {
            client_id: "c1".to_owned(),
            user: String::new(),
            password: String::new(),
            clean_session: terms.clean,
            will: None,
        };
        let session = Session::new(now, settings, &login, carried).ok()?;
        Some(Self { session, now, terms })
    }

    /// Publishes, if there is room; the number under which that is told.
    pub fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) -> Option<u64> {
        let message = Publish::new(topic, payload.to_vec()).qos(qos);
        self.session.has_room().then(|| self.session.publish(&message).ok())?.map(|ticket| ticket.number())
    }

    /// Subscribes, if there is room.
    pub fn subscribe(&mut self, filters: &[(&str, QoS)]) -> Option<u64> {
        self.session.has_room().then(|| self.session.subscribe(filters).ok())?.map(|ticket| ticket.number())
    }

    /// Unsubscribes, if there is room.
    pub fn unsubscribe(&mut self, filter: &str) -> Option<u64> {
        self.session.has_room().then(|| self.session.unsubscribe(filter).ok())?.map(|ticket| ticket.number())
    }

    /// What is to be sent.
    #[must_use]
    pub fn to_send(&self) -> &[u8] {
        self.session.to_send()
    }

    /// So many bytes of it have gone, and the module has accepted them.
    pub fn sent(&mut self, length: usize) {
        self.session.wrote(length);
        self.session.accepted(self.now);
    }

    /// Whether bytes are welcome.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.session.listens()
    }

    /// Bytes came.
    pub fn received(&mut self, bytes: &[u8]) {
        self.session.received(self.now, bytes);
    }

    /// What happened next; with no `room`, no message.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub fn next(&mut self, room: bool) -> Result<Option<Told>, String> {
        let happening = self.session.next(room).map_err(|reason| reason.to_string())?;
        Ok(happening.map(|happening| match happening {
            Happening::Message(message) => Told::Message(message),
            Happening::Done(ticket, outcome) => Told::Done(ticket.number(), format!("{outcome:?}")),
            login => Told::Login(format!("{login:?}")),
        }))
    }

    /// Time passes.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub fn after(&mut self, time: Duration) -> Result<(), String> {
        self.now += time;
        self.session.elapsed(self.now).map_err(|reason| reason.to_string())
    }

    /// How long nothing is to be done unless something happens.
    #[must_use]
    pub fn sleeps(&self) -> Option<Duration> {
        self.session.deadline().map(|deadline| deadline.saturating_duration_since(self.now))
    }
}
