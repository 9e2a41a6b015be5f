//! The measurements by name, each of which can be run in a process of its own.

use std::hint::black_box;
use std::sync::Arc;

use crate::delivered::{Span, deliver};
use crate::{Error, Found, bodies, floors, peer, reader, text};

/// What the module sends.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) text: Vec<text::Turn>,
    pub(crate) short: Vec<text::Turn>,
    pub(crate) bodies: Vec<bodies::Turn>,
    /// A file alone.
    pub(crate) file: Vec<bodies::Turn>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self {
            text: text::conversation(),
            short: text::short_lines(),
            bodies: bodies::conversation(),
            file: bodies::file(),
        }
    }

    /// Lines of the text that are not empty.
    pub(crate) fn lines(&self) -> usize {
        self.text.iter().map(text::Turn::lines).sum()
    }

    /// The same of the short lines.
    pub(crate) fn short_lines(&self) -> usize {
        self.short.iter().map(text::Turn::lines).sum()
    }

    /// Bytes of all bodies of the mixed traffic.
    pub(crate) fn body_bytes(&self) -> usize {
        self.bodies.iter().map(|turn| turn.body.len()).sum()
    }

    /// Bytes of the file.
    fn file_bytes(&self) -> usize {
        self.file.iter().map(|turn| turn.body.len()).sum()
    }
}

/// One way through one kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measurement {
    TextReader,
    TextEngine,
    TextDelivered,
    TextEverything,
    TextPeer,
    TextCodec,
    TextFloor,
    ShortReader,
    ShortEngine,
    ShortDelivered,
    ShortPeer,
    ShortFloor,
    BodiesEngine,
    BodiesPeer,
    BodiesFloor,
    FileEngine,
    FilePeer,
    FileFloor,
}

impl Measurement {
    const ALL: [Self; 18] = [
        Self::TextReader,
        Self::TextEngine,
        Self::TextDelivered,
        Self::TextEverything,
        Self::TextPeer,
        Self::TextCodec,
        Self::TextFloor,
        Self::ShortReader,
        Self::ShortEngine,
        Self::ShortDelivered,
        Self::ShortPeer,
        Self::ShortFloor,
        Self::BodiesEngine,
        Self::BodiesPeer,
        Self::BodiesFloor,
        Self::FileEngine,
        Self::FilePeer,
        Self::FileFloor,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TextReader => "text-reader",
            Self::TextEngine => "text-engine",
            Self::TextDelivered => "text-delivered",
            Self::TextEverything => "text-everything",
            Self::TextPeer => "text-atat",
            Self::TextCodec => "text-codec",
            Self::TextFloor => "text-memchr",
            Self::ShortReader => "short-reader",
            Self::ShortEngine => "short-engine",
            Self::ShortDelivered => "short-delivered",
            Self::ShortPeer => "short-atat",
            Self::ShortFloor => "short-memchr",
            Self::BodiesEngine => "bodies-engine",
            Self::BodiesPeer => "bodies-atat",
            Self::BodiesFloor => "bodies-memcpy",
            Self::FileEngine => "file-engine",
            Self::FilePeer => "file-atat",
            Self::FileFloor => "file-memcpy",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|measurement| measurement.name() == name);
        found.ok_or_else(|| format!("no measurement is named {name}").into())
    }

    /// Lines of text or bytes of bodies that one run reads.
    pub(crate) fn amount(self, traffic: &Traffic) -> usize {
        match self {
            Self::BodiesEngine | Self::BodiesPeer | Self::BodiesFloor => traffic.body_bytes(),
            Self::FileEngine | Self::FilePeer | Self::FileFloor => traffic.file_bytes(),
            Self::ShortReader
            | Self::ShortEngine
            | Self::ShortDelivered
            | Self::ShortPeer
            | Self::ShortFloor => traffic.short_lines(),
            _ => traffic.lines(),
        }
    }

    /// Does it once, and looks at nothing.
    pub(crate) fn run(
        self,
        Traffic { text, short, bodies, file }: &Traffic,
        read_size: usize,
    ) -> Result<(), Error> {
        let ignore = |found: Found<'_>| {
            black_box(found);
        };
        match self {
            Self::TextReader => reader::read_lines(text, read_size, ignore),
            Self::TextEngine => reader::read_text(text, read_size, ignore),
            Self::TextDelivered => {
                deliver(text, read_size, Span::Receiving, Arc::new(ignore))?;
            }
            Self::TextEverything => {
                deliver(text, read_size, Span::Everything, Arc::new(ignore))?;
            }
            Self::TextPeer => peer::read_text(text, read_size, ignore),
            Self::TextCodec => {
                black_box(floors::decode_lines(text, read_size));
            }
            Self::TextFloor => {
                black_box(floors::find_line_ends(text, read_size));
            }
            Self::ShortReader => reader::read_lines(short, read_size, ignore),
            Self::ShortEngine => reader::read_text(short, read_size, ignore),
            Self::ShortDelivered => {
                deliver(short, read_size, Span::Receiving, Arc::new(ignore))?;
            }
            Self::ShortPeer => peer::read_text(short, read_size, ignore),
            Self::ShortFloor => {
                black_box(floors::find_line_ends(short, read_size));
            }
            Self::BodiesEngine => reader::read_bodies(bodies, read_size, ignore)?,
            Self::BodiesPeer => peer::read_bodies(bodies, read_size, ignore),
            Self::BodiesFloor => floors::copy(bodies, read_size),
            Self::FileEngine => reader::read_bodies(file, read_size, ignore)?,
            Self::FilePeer => peer::read_bodies(file, read_size, ignore),
            Self::FileFloor => floors::copy(file, read_size),
        }
        Ok(())
    }
}
