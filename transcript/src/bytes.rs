//! Bytes of a transcript: literal ones, and what stands for others.

/// The text of a line, part by part. Literal parts that touch are one part, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<Part>);

/// A piece of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Literal(Vec<u8>),
    /// So many bytes, known by the first 12 digits of their SHA-256.
    Payload {
        /// How many.
        length: usize,
        /// Twelve hexadecimal digits.
        digest: String,
    },
    /// A secret that was left out.
    Redacted,
    /// The content of a fixture.
    Fixture(String),
    /// The length of a fixture, in decimal.
    FixtureSize(String),
    /// A value of this kind.
    Varying(Varying),
}

/// Values that vary from module to module or from run to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Varying {
    /// An IPv4 address.
    Ip,
    /// A cipher suite, as `#SSLS` prints it.
    Suite,
    /// A name, such as the model's.
    Name,
    /// A decimal number.
    Number,
    /// A date and time, as `+CCLK` prints it.
    Clock,
    /// Whatever is printed to the end of the line, be it nothing.
    Rest,
    /// The escape sequence of online mode, which some modules forward and some do not.
    Escape,
    /// Header fields of a message, up to and with the empty line.
    Fields,
}

impl Varying {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Ip,
        Self::Suite,
        Self::Name,
        Self::Number,
        Self::Clock,
        Self::Rest,
        Self::Escape,
        Self::Fields,
    ];

    /// As it is written: `ip` for `{?ip}`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Suite => "suite",
            Self::Name => "name",
            Self::Number => "number",
            Self::Clock => "clock",
            Self::Rest => "rest",
            Self::Escape => "escape",
            Self::Fields => "fields",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is told where it ends by what comes behind it.
    #[must_use]
    pub fn ends_at_the_next_byte(self) -> bool {
        self != Self::Fields
    }
}

impl Text {
    /// A text of these parts.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut text = Self::default();
        for part in parts {
            text.push(part);
        }
        text
    }

    /// Appends a part.
    pub fn push(&mut self, part: Part) {
        match (self.0.last_mut(), part) {
            (_, Part::Literal(bytes)) if bytes.is_empty() => {}
            (Some(Part::Literal(last)), Part::Literal(bytes)) => last.extend(bytes),
            (_, part) => self.0.push(part),
        }
    }

    /// The parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}
