//! A session, and the module's end of its line in the hands of a test.

use std::time::{Duration, Instant};

use telit_core::multiplexer::{
    Content, Decoded, Decoder, Dlci, Frame, FrameKind, Message, Session, SessionEvent, SessionSettings,
    Signals,
};

pub(crate) const T1: Duration = Duration::from_millis(500);

pub(crate) struct Line {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    /// How the octets to the session are divided.
    pub(crate) piece: usize,
    /// The port takes nothing.
    pub(crate) holds_output: bool,
    /// What the port has taken, and no test has looked at.
    taken: Vec<u8>,
}

pub(crate) fn dlci(number: u8) -> Dlci {
    Dlci::new(number).unwrap()
}

pub(crate) fn settings(channels: u8) -> SessionSettings {
    let mut settings = SessionSettings::default();
    settings.channels = channels;
    settings
}

/// A frame of the module.
pub(crate) fn frame(number: u8, kind: FrameKind, command_response: bool, information: &[u8]) -> Vec<u8> {
    let information = information.to_vec().into();
    Frame { dlci: dlci(number), command_response, kind, poll_final: false, information }.encode().to_vec()
}

pub(crate) fn ua(number: u8) -> Vec<u8> {
    frame(number, FrameKind::Ua, true, b"")
}

pub(crate) fn dm(number: u8) -> Vec<u8> {
    frame(number, FrameKind::Dm, true, b"")
}

pub(crate) fn data(number: u8, information: &[u8]) -> Vec<u8> {
    frame(number, FrameKind::Uih, false, information)
}

pub(crate) fn asks(content: Content) -> Vec<u8> {
    data(0, &Message::command(content).encode())
}

pub(crate) fn answers(content: Content) -> Vec<u8> {
    data(0, &Message::response(content).encode())
}

pub(crate) fn status(number: u8) -> Content {
    Content::ModemStatus(dlci(number), Signals::READY)
}

pub(crate) fn held(number: u8) -> Content {
    Content::ModemStatus(dlci(number), Signals { hold: true, ..Signals::READY })
}

impl Line {
    #[expect(clippy::disallowed_methods, reason = "a test needs some point in time")]
    pub(crate) fn begin(settings: SessionSettings) -> Self {
        let now = Instant::now();
        let session = Session::begin(now, settings);
        Self { session, now, piece: usize::MAX, holds_output: false, taken: Vec::new() }
    }

    /// Everything open.
    pub(crate) fn open(settings: SessionSettings) -> Self {
        let channels = settings.channels;
        let mut line = Self::begin(settings);
        line.says(&[ua(0)]);
        for number in 1..=channels {
            line.says(&[ua(number), answers(status(number)), asks(status(number))]);
        }
        line.sent();
        assert_eq!(
            line.events(),
            (1..=channels).map(|number| SessionEvent::Opened(dlci(number))).collect::<Vec<_>>()
        );
        line
    }

    /// The module sends this.
    pub(crate) fn says(&mut self, frames: &[Vec<u8>]) {
        for piece in frames.concat().chunks(self.piece) {
            self.session.input().extend_from_slice(piece);
            self.session.handle_input(self.now);
        }
    }

    /// Time passes; what is due is done when it is due.
    pub(crate) fn after(&mut self, time: Duration) {
        let until = self.now + time;
        self.take();
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.session.handle_timeout(self.now);
            self.take();
        }
        self.now = until;
    }

    /// The port takes what there is, if it takes something.
    fn take(&mut self) {
        while !self.holds_output
            && let Some(octets) = self.session.poll_output(self.now)
        {
            self.taken.extend_from_slice(&octets);
            self.session.output_left(self.now);
        }
    }

    pub(crate) fn octets(&mut self) -> Vec<u8> {
        self.take();
        std::mem::take(&mut self.taken)
    }

    /// What goes to the module: nothing but frames of the initiator.
    pub(crate) fn sent(&mut self) -> Vec<Sent> {
        let mut decoder = Decoder::new(usize::MAX);
        decoder.input().extend_from_slice(&self.octets());
        let mut sent = Vec::new();
        while let Some(found) = decoder.decode() {
            let Decoded::Frame(frame) = found else { panic!("not a frame: {found:?}") };
            sent.extend(Sent::of(&frame));
        }
        assert!(!decoder.is_unfinished());
        sent
    }

    pub(crate) fn events(&mut self) -> Vec<SessionEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    pub(crate) fn read(&mut self, number: u8) -> Vec<u8> {
        self.session.read(self.now, dlci(number), usize::MAX).to_vec()
    }
}

/// A frame to the module, as a test wants to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Command(FrameKind, u8),
    Answer(FrameKind, u8),
    Asks(Content),
    Answers(Content),
    Data(u8, String),
}

impl Sent {
    fn of(frame: &Frame) -> Vec<Self> {
        let number = frame.dlci.number();
        match frame.kind {
            FrameKind::Uih => {
                assert!(frame.command_response && !frame.poll_final, "information goes as a command");
                if number > 0 {
                    return vec![Self::Data(
                        number,
                        String::from_utf8_lossy(&frame.information).into_owned(),
                    )];
                }
                let messages = Message::decode(&frame.information).into_iter();
                messages
                    .map(|message| match message.is_command {
                        true => Self::Asks(message.content),
                        false => Self::Answers(message.content),
                    })
                    .collect()
            }
            FrameKind::Sabm | FrameKind::Disc => {
                assert!(frame.command_response && frame.poll_final);
                vec![Self::Command(frame.kind, number)]
            }
            kind => {
                assert!(!frame.command_response, "an answer of the initiator");
                vec![Self::Answer(kind, number)]
            }
        }
    }
}
