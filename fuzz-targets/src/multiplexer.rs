//! Several channels on one line, with a module that sends anything.

use std::time::{Duration, Instant};

use telit_core::multiplexer::{
    Content, Decoded, Decoder, Dlci, Frame, Message, Session, SessionEvent, SessionSettings,
};

/// Octets of information of one frame at most.
const LIMIT: usize = 1500;
/// Octets that a session may want to send at once: answers, what its own timers ask, and the data of its channels.
const MOST_SENT: usize = 64 * 1024;

/// Reads the input as the octets of a line, divided or not, on their own and in a session: each octet pair of `0xfe` and
/// n stands for n times 20 ms in which the line is quiet.
///
/// # Panics
/// What divides the octets changes what is found or what happens, more is kept than is said, what was read is written
/// otherwise, or a session ends twice.
pub fn multiplexer(input: &[u8]) {
    let whole = decode(input, input.len().max(1));
    for piece in [1, 3] {
        assert_eq!(decode(input, piece), whole, "in pieces of {piece} bytes");
    }
    let frames = whole.into_iter().filter_map(|found| match found {
        Decoded::Frame(frame) => Some(frame),
        _ => None,
    });
    frames.for_each(|frame| check(&frame));
    let whole = Conversation::new().run(input, input.len().max(1));
    for piece in [1, 3] {
        assert_eq!(Conversation::new().run(input, piece), whole, "a session in pieces of {piece} bytes");
    }
}

/// Everything that is found; what is outside is put together.
fn decode(input: &[u8], piece: usize) -> Vec<Decoded> {
    let mut decoder = Decoder::new(LIMIT);
    let mut found: Vec<Decoded> = Vec::new();
    for piece in input.chunks(piece) {
        decoder.input().extend_from_slice(piece);
        while let Some(decoded) = decoder.decode() {
            match (found.last_mut(), decoded) {
                (Some(Decoded::Outside(before)), Decoded::Outside(more)) => {
                    *before = [&before[..], &more[..]].concat().into();
                }
                (_, decoded) => found.push(decoded),
            }
        }
        assert!(decoder.input().len() <= LIMIT + 6, "{} bytes wait", decoder.input().len());
    }
    if let Some(damage) = decoder.give_up() {
        found.push(Decoded::Damaged(damage));
    }
    found
}

fn check(frame: &Frame) {
    let again = decode(&frame.encode(), LIMIT + 7);
    assert_eq!(again, [Decoded::Frame(frame.clone())], "it is written otherwise");
    let messages = Message::decode(&frame.information).into_iter();
    // Of one that is not known its value is not kept.
    for message in messages.filter(|message| !matches!(message.content, Content::Unknown(_))) {
        let again = Message::decode(&message.encode());
        assert_eq!(again, [message], "a message is written otherwise");
    }
}

/// Everything that can be seen from outside.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    events: Vec<SessionEvent>,
    sent: Vec<u8>,
    read: Vec<(Dlci, Vec<u8>)>,
}

struct Conversation {
    session: Session,
    now: Instant,
    seen: Seen,
}

impl Conversation {
    fn new() -> Self {
        let now = Instant::now();
        let mut settings = SessionSettings::default();
        settings.channels = 3;
        Self { session: Session::begin(now, settings), now, seen: Seen::default() }
    }

    fn run(mut self, input: &[u8], piece: usize) -> Seen {
        let mut rest = input;
        while !rest.is_empty() {
            let said = rest.iter().position(|octet| *octet == 0xfe).unwrap_or(rest.len());
            let (octets, behind) = rest.split_at(said);
            for octets in octets.chunks(piece) {
                self.session.input().extend_from_slice(octets);
                self.session.handle_input(self.now);
            }
            self.use_channels();
            self.wait(20 * u64::from(behind.get(1).copied().unwrap_or_default()));
            rest = behind.get(2..).unwrap_or_default();
        }
        // Whatever it waits for ends.
        self.session.close(self.now);
        self.wait(600_000);
        self.use_channels();
        assert!(self.session.is_ended(), "a session that is closed does not end");
        let ends = self.seen.events.iter().filter(|event| matches!(event, SessionEvent::Ended(_))).count();
        assert_eq!(ends, 1, "a session ends once");
        self.seen
    }

    fn use_channels(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.seen.events.push(event);
        }
        let before = self.seen.sent.len();
        for dlci in (1..=3).filter_map(Dlci::new) {
            let octets = self.session.read(self.now, dlci, usize::MAX);
            if !octets.is_empty() {
                self.seen.read.push((dlci, octets.to_vec()));
            }
            self.session.write(dlci, b"AT\r");
        }
        while let Some(octets) = self.session.poll_output(self.now) {
            self.seen.sent.extend_from_slice(&octets);
            self.session.output_left(self.now);
        }
        assert!(
            self.seen.sent.len() - before <= MOST_SENT,
            "{} bytes at once",
            self.seen.sent.len() - before
        );
    }

    fn wait(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        let mut steps = 0;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.session.handle_timeout(self.now);
            steps += 1;
            assert!(steps < 10_000, "the session wakes again and again");
        }
        self.now = until;
    }
}
