//! The host's end of a multiplexed line.

use std::collections::VecDeque;
use std::time::Duration;

use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::port::Port;

pub(crate) const SABM: u8 = 0x3F;
pub(crate) const UA: u8 = 0x73;
pub(crate) const DM: u8 = 0x1F;
pub(crate) const DISC: u8 = 0x53;
pub(crate) const UIH: u8 = 0xEF;

/// How long ME910G1-WW needs before the first frame.
pub(crate) const SETTLING: Duration = Duration::from_millis(500);

/// A frame of the module: address, control and information.
pub(crate) type Frame = (u8, u8, Vec<u8>);

/// 27.010 annex B, with the bits as they come: the generator is x^8 + x^2 + x + 1.
fn check(header: &[u8]) -> u8 {
    let mut register = 0xFF_u8;
    for bit in header.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)) {
        let out = register >> 7;
        register <<= 1;
        if out != bit {
            register ^= 0x07;
        }
    }
    !register.reverse_bits()
}

/// A frame with its flags.
pub(crate) fn frame(address: u8, control: u8, information: &[u8]) -> Vec<u8> {
    let mut header = vec![address, control];
    match u8::try_from(information.len()) {
        Ok(length @ 0..=127) => header.push(length * 2 + 1),
        _ => {
            let [low, high] = u16::try_from(information.len() * 2).unwrap().to_le_bytes();
            header.extend([low, high]);
        }
    }
    let check = check(&header);
    [&[0xF9][..], &header, information, &[check, 0xF9]].concat()
}

/// The address of what the host sends of its own.
pub(crate) fn ours(dlci: u8) -> u8 {
    dlci * 4 + 3
}

/// The address of what the module sends of its own.
pub(crate) fn theirs(dlci: u8) -> u8 {
    dlci * 4 + 1
}

/// Takes the frames out of bytes that consist of nothing else.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let [0xF9, rest @ ..] = bytes {
        let (length, start) = match rest[2] {
            low if low & 1 == 1 => (usize::from(low / 2), 3),
            low => (usize::from(low / 2) + 128 * usize::from(rest[3]), 4),
        };
        assert_eq!(rest[start + length], check(&rest[..start]), "{bytes:02x?}");
        assert_eq!(rest[start + length + 1], 0xF9, "{bytes:02x?}");
        frames.push((rest[0], rest[1], rest[start..start + length].to_vec()));
        bytes = &rest[start + length + 2..];
    }
    assert_eq!(bytes, b"", "bytes between frames");
    frames
}

/// A multiplexed line.
pub(crate) struct Host {
    pub(crate) stream: DuplexStream,
    /// What the module has said on the channels and nobody has looked at yet.
    said: [VecDeque<u8>; 4],
}

impl Host {
    /// Behind `OK`, before the first frame.
    pub(crate) fn new(stream: DuplexStream) -> Self {
        Self { stream, said: Default::default() }
    }

    /// A module whose first port is multiplexed, with these channels open and the echo off on them.
    pub(crate) async fn start(builder: Builder, channels: &[u8]) -> (VirtualModule, Self) {
        Self::start_with(builder, "AT+CMUX=0", channels).await
    }

    pub(crate) async fn start_with(
        builder: Builder,
        command: &str,
        channels: &[u8],
    ) -> (VirtualModule, Self) {
        let module = builder.build().unwrap();
        let mut port = Port::of(&module);
        port.quiet().await;
        port.ok(command).await;
        tokio::time::sleep(SETTLING).await;
        let mut host = Self::new(port.into_stream());
        host.open(0).await;
        for dlci in channels {
            host.open(*dlci).await;
            host.say(*dlci, "ATE0\r").await;
            host.hear(*dlci, "ATE0\r\r\nOK\r\n").await;
        }
        (module, host)
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Opens a channel, and answers what the module tells of it.
    pub(crate) async fn open(&mut self, dlci: u8) {
        self.write(frame(ours(dlci), SABM, &[])).await;
        let mut expected = vec![(ours(dlci), UA, vec![])];
        if dlci > 0 {
            expected.push((theirs(0), UIH, vec![0xE3, 0x05, ours(dlci), 0x0D]));
        }
        assert_eq!(self.frames().await, expected);
        if dlci > 0 {
            self.control(&[0xE1, 0x05, ours(dlci), 0x0D]).await;
        }
    }

    /// Sends a message on the control channel.
    pub(crate) async fn control(&mut self, message: &[u8]) {
        self.write(frame(ours(0), UIH, message)).await;
    }

    /// Tells the module of the host's signals on a channel; the module repeats them.
    pub(crate) async fn signals(&mut self, dlci: u8, octet: u8) {
        self.control(&[0xE3, 0x05, ours(dlci), octet]).await;
    }

    /// Sends text on a channel.
    pub(crate) async fn say(&mut self, dlci: u8, text: impl AsRef<[u8]>) {
        self.write(frame(ours(dlci), UIH, text.as_ref())).await;
    }

    /// Every frame that comes before the line falls silent.
    pub(crate) async fn frames(&mut self) -> Vec<Frame> {
        split(&self.bytes().await)
    }

    /// Every byte that comes before the line falls silent.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let silence = Duration::from_millis(30);
        while let Ok(Ok(1..)) = tokio::time::timeout(silence, self.stream.read_buf(&mut bytes)).await {}
        bytes
    }

    /// Exactly this comes next on a channel, within a minute. What comes on others is kept.
    #[track_caller]
    pub(crate) fn hear<'host>(
        &'host mut self,
        dlci: u8,
        text: &'host str,
    ) -> impl Future<Output = ()> + 'host {
        let location = std::panic::Location::caller();
        async move {
            let heard = self.listen(dlci, text.len()).await;
            assert_eq!(String::from_utf8_lossy(&heard), text, "channel {dlci} at {location}");
        }
    }

    /// So many bytes of a channel, or what has come within a minute.
    pub(crate) async fn listen(&mut self, dlci: u8, count: usize) -> Vec<u8> {
        let patience = Duration::from_secs(60);
        while self.said[usize::from(dlci)].len() < count {
            let Ok((address, control, information)) = tokio::time::timeout(patience, self.next_frame()).await
            else {
                break;
            };
            if control == UIH {
                self.said[usize::from(address / 4)].extend(information);
            }
        }
        let said = &mut self.said[usize::from(dlci)];
        said.drain(..count.min(said.len())).collect()
    }

    /// Sends a command with the echo off; the answer is exactly this.
    #[track_caller]
    pub(crate) fn ask<'host>(
        &'host mut self,
        dlci: u8,
        command: &'host str,
        answer: &'host str,
    ) -> impl Future<Output = ()> + 'host {
        let hears = std::panic::Location::caller();
        async move {
            self.say(dlci, format!("{command}\r")).await;
            let heard = self.listen(dlci, answer.len()).await;
            assert_eq!(String::from_utf8_lossy(&heard), answer, "{command} on {dlci} at {hears}");
        }
    }

    /// Nothing comes on a channel until the line falls silent.
    pub(crate) async fn is_silent(&mut self, dlci: u8) {
        for (address, _, information) in self.frames().await {
            self.said[usize::from(address / 4)].extend(information);
        }
        assert_eq!(self.said[usize::from(dlci)], b"", "channel {dlci}");
    }

    /// What the module tells on the control channel next.
    pub(crate) async fn told(&mut self, count: usize) -> Vec<u8> {
        self.listen(0, count).await
    }

    async fn next_frame(&mut self) -> Frame {
        let mut bytes = Vec::new();
        loop {
            // Byte by byte: what is behind the frame stays in the line.
            bytes.push(self.stream.read_u8().await.unwrap());
            let header = if bytes.get(3).is_some_and(|low| low & 1 == 0) { 5 } else { 4 };
            let length = match bytes.get(3..header) {
                Some([low]) => usize::from(low / 2),
                Some([low, high]) => usize::from(low / 2) + 128 * usize::from(*high),
                _ => continue,
            };
            if bytes.len() == header + length + 2 {
                return split(&bytes).remove(0);
            }
        }
    }
}

pub(crate) fn builder() -> Builder {
    VirtualModule::builder(Platform::P37)
}
