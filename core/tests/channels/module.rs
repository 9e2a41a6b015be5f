//! The module's end of a line, in the hands of a test: plain text first, frames later.

use bytes::Bytes;
use telit_core::multiplexer::{Content, Decoded, Decoder, Dlci, Frame, FrameKind, Message, Signals};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) struct Module {
    pub(crate) line: DuplexStream,
    decoder: Decoder,
}

pub(crate) fn dlci(number: u8) -> Dlci {
    Dlci::new(number).unwrap()
}

impl Module {
    pub(crate) fn new() -> (DuplexStream, Self) {
        Self::with_room(64 * 1024)
    }

    /// Its line takes so many octets that the test has not read.
    pub(crate) fn with_room(octets: usize) -> (DuplexStream, Self) {
        let (host, line) = tokio::io::duplex(octets);
        (host, Self { line, decoder: Decoder::new(1500) })
    }

    /// The next command in plain AT, without its carriage return.
    pub(crate) async fn command(&mut self) -> String {
        let mut line = Vec::new();
        loop {
            match self.line.read_u8().await.unwrap() {
                b'\r' => return String::from_utf8_lossy(&line).into_owned(),
                byte => line.push(byte),
            }
        }
    }

    pub(crate) async fn say(&mut self, octets: &[u8]) {
        self.line.write_all(octets).await.unwrap();
    }

    /// Takes these commands in plain AT, and answers so.
    pub(crate) async fn converse(&mut self, script: &[(&str, &str)]) {
        for (command, answer) in script {
            assert_eq!(self.command().await, *command);
            self.say(answer.as_bytes()).await;
        }
    }

    /// From a carriage return to the model's name, as an ME310G1 answers.
    pub(crate) async fn identify(&mut self) {
        self.converse(&[("AT", "\r\nOK\r\n")]).await;
        self.introduce().await;
    }

    async fn introduce(&mut self) {
        let script = [
            ("AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n"),
            ("ATE0V1Q0", "\r\nOK\r\n"),
            ("AT+CMEE=2", "\r\nOK\r\n"),
            ("AT+CGMM", "\r\nME310G1-WW\r\n\r\nOK\r\n"),
            ("AT+CGMR", "\r\nM0C.200006\r\n\r\nOK\r\n"),
            ("AT#SWPKGV", "\r\n37.00.217-P0C.210001\r\nM0C.200006\r\nP0C.210001\r\nA0C.210001\r\n\r\nOK\r\n"),
        ];
        self.converse(&script).await;
    }

    /// The next frame from the host.
    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            match self.decoder.decode() {
                Some(Decoded::Frame(frame)) => return frame,
                Some(other) => panic!("no frame: {other:?}"),
                None => {
                    assert!(self.line.read_buf(self.decoder.input()).await.unwrap() > 0, "the port is closed")
                }
            }
        }
    }

    pub(crate) async fn send(&mut self, number: u8, kind: FrameKind, information: &[u8]) {
        let answer = matches!(kind, FrameKind::Ua | FrameKind::Dm);
        let information = Bytes::copy_from_slice(information);
        let frame =
            Frame { dlci: dlci(number), command_response: answer, kind, poll_final: false, information };
        self.say(&frame.encode()).await;
    }

    pub(crate) async fn message(&mut self, message: &Message) {
        self.send(0, FrameKind::Uih, &message.encode()).await;
    }

    /// Opens the control channel and so many others, as the host asks for them.
    pub(crate) async fn open(&mut self, channels: u8) {
        for number in 0..=channels {
            let frame = self.frame().await;
            assert_eq!((frame.kind, frame.dlci), (FrameKind::Sabm, dlci(number)));
            self.send(number, FrameKind::Ua, b"").await;
            if number > 0 {
                self.acknowledge_signals(number).await;
            }
        }
    }

    pub(crate) async fn acknowledge_signals(&mut self, number: u8) {
        let content = Content::ModemStatus(dlci(number), Signals::READY);
        let frame = self.frame().await;
        assert_eq!(Message::decode(&frame.information), [Message::command(content.clone())]);
        self.message(&Message::response(content)).await;
    }

    /// Takes these commands on a channel, and answers so.
    pub(crate) async fn converse_on(&mut self, number: u8, script: &[(&str, &str)]) {
        for (command, answer) in script {
            let frame = self.frame().await;
            let heard = (frame.dlci, String::from_utf8_lossy(&frame.information).into_owned());
            assert_eq!(heard, (dlci(number), format!("{command}\r")));
            self.send(number, FrameKind::Uih, answer.as_bytes()).await;
        }
    }

    /// A channel is told how to speak.
    pub(crate) async fn greet(&mut self, number: u8) {
        let script = [
            ("AT+CMEE?", "AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n"),
            ("ATE0V1Q0", "ATE0V1Q0\r\r\nOK\r\n"),
            ("AT+CMEE=2", "\r\nOK\r\n"),
        ];
        self.converse_on(number, &script).await;
    }

    /// The host closes channels and multiplexer.
    pub(crate) async fn close(&mut self) {
        loop {
            let frame = self.frame().await;
            match frame.kind {
                FrameKind::Disc => self.send(frame.dlci.number(), FrameKind::Ua, b"").await,
                _ => {
                    let messages = Message::decode(&frame.information);
                    assert_eq!(messages, [Message::command(Content::CloseDown)]);
                    return self.message(&Message::response(Content::CloseDown)).await;
                }
            }
        }
    }
}
