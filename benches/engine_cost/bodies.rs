//! The mixed traffic: blocks of files, of TLS data and of messages, with codes that nobody asked for among them. And a file
//! alone, in blocks of the largest size that there is.

use telit_core::at::{CommandLine, Exchange, Expect};

use crate::value::Value;

/// How often the pattern of turns is repeated.
pub(crate) const ROUNDS: u32 = 12;

/// How many blocks the file has.
const FILE_BLOCKS: u32 = 96;

/// How a block comes, each with the largest size that its command gives. Source: M37 p830, p869, p903, p1031.
#[derive(Debug, Clone, Copy)]
enum Block {
    /// `#FTPRECV`, with its length in the head.
    File,
    /// `#HTTPRCV`, behind `<<<`; the host knows the length.
    Http,
    /// `#SSLRECV`, with its length in the head.
    Tls,
    /// `#MQREAD`, with its length in the head, behind `<<<` and a line end.
    Message,
}

impl Block {
    fn size(self) -> usize {
        match self {
            Self::File => 3000,
            Self::Http => 1500,
            Self::Tls => 1000,
            Self::Message => 400,
        }
    }

    fn line(self) -> (&'static str, Expect) {
        let size = self.size();
        match self {
            Self::File => ("#FTPRECV", Expect::block("#FTPRECV", 0, &[], size)),
            Self::Http => ("#HTTPRCV", Expect::unannounced_block(Some(size), size)),
            Self::Tls => ("#SSLRECV", Expect::block("#SSLRECV", 0, &["TIMEOUT", "DISCONNECTED"], size)),
            Self::Message => ("#MQREAD", Expect::marked_block("#MQREAD", 4096)),
        }
    }

    fn head(self) -> String {
        let size = self.size();
        match self {
            Self::File => format!("\r\n#FTPRECV: {size}\r\n"),
            Self::Http => "\r\n<<<".to_owned(),
            Self::Tls => format!("\r\n#SSLRECV: {size}\r\n"),
            Self::Message => format!("\r\n#MQREAD: 1,fleet/device-17/commands,{size}\r\n<<<\r\n"),
        }
    }

    fn tail(self) -> &'static str {
        match self {
            Self::Http => "\r\nOK\r\n",
            Self::File | Self::Tls | Self::Message => "\r\n\r\nOK\r\n",
        }
    }
}

/// What the module sends between two commands: one block, perhaps with codes in front of and behind it.
#[derive(Debug)]
pub(crate) struct Turn {
    block: Block,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Where the body begins among the bytes.
    pub(crate) offset: usize,
    pub(crate) unsolicited: Vec<String>,
}

impl Turn {
    /// The command, as a program that uses the SDK builds it.
    pub(crate) fn exchange(&self) -> Result<Exchange, telit_core::at::InvalidValue> {
        let (name, expect) = self.block.line();
        Ok(Exchange::new(CommandLine::set(name).number(1_u8).build()?, expect))
    }

    /// The body in an answer that was handed on whole, and without the line ends around it.
    pub(crate) fn without_head<'a>(&self, answer: &'a [u8]) -> &'a [u8] {
        answer.get(self.block.head().trim_start().len()..).unwrap_or_default()
    }

    fn of(block: Block, noise: &mut Noise) -> Self {
        let body = noise.bytes(block.size());
        let head = block.head();
        let bytes = [head.as_bytes(), &body, block.tail().as_bytes()].concat();
        Self { block, bytes, body, offset: head.len(), unsolicited: Vec::new() }
    }

    fn led_by(mut self, value: &Value<'_>) -> Self {
        self.unsolicited.push(format!("{value:?}"));
        let line = format!("\r\n{}\r\n", value.line());
        self.offset += line.len();
        self.bytes.splice(0..0, line.bytes());
        self
    }

    fn followed_by(mut self, value: &Value<'_>) -> Self {
        self.unsolicited.push(format!("{value:?}"));
        self.bytes.extend_from_slice(format!("\r\n{}\r\n", value.line()).as_bytes());
        self
    }
}

/// The whole conversation: of 16.4 kB in a round, 12 kB are a file.
pub(crate) fn conversation() -> Vec<Turn> {
    let mut noise = Noise(1);
    (0..ROUNDS).flat_map(|n| round(n, &mut noise)).collect()
}

/// A file alone: 288 kB in the largest blocks that a command gives.
pub(crate) fn file() -> Vec<Turn> {
    let mut noise = Noise(2);
    (0..FILE_BLOCKS).map(|_| Turn::of(Block::File, &mut noise)).collect()
}

fn round(n: u32, noise: &mut Noise) -> Vec<Turn> {
    let moved = Value::Registration { mode: None, status: 5, area: "1A2C", cell: "01A2B3D0", technology: 7 };
    let ring = Value::Ring { client: 1, slot: 1, topic: "fleet/device-17/commands", length: 400 + n };
    let ready = Value::Ready { socket: 1, bytes: 1000 };
    let mut block = |block| Turn::of(block, noise);
    vec![
        block(Block::File),
        block(Block::File).followed_by(&ring),
        block(Block::Message),
        block(Block::File).led_by(&moved),
        block(Block::Http),
        block(Block::Http),
        block(Block::Tls).led_by(&ready),
        block(Block::File),
    ]
}

/// Bytes as of a compressed file, the same in every run: all values, line ends and blanks among them.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next()).take(count).collect()
    }

    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.to_be_bytes()[0]
    }
}
