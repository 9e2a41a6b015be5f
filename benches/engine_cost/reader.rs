//! The engine of the SDK alone: bytes in, typed values and bodies out.

use std::time::{Duration, Instant};

use bytes::Bytes;
use telit_core::at::{Engine, Event, Settings};

use crate::callgrind::counted;
use crate::value::Value;
use crate::{Error, Found, bodies, text};

/// Free space before every read, as the driver reserves it.
const READ_SIZE: usize = 4096;

/// An engine and a clock that moves with what it reads.
struct Reader {
    engine: Engine,
    now: Instant,
}

impl Reader {
    fn new() -> Self {
        let mut settings = Settings::default();
        settings.pause = Duration::ZERO;
        Self { engine: Engine::new(settings), now: Instant::now() }
    }

    fn begin(&mut self, exchange: telit_core::at::Exchange) {
        self.engine.begin(self.now, exchange);
        while self.engine.poll_output().is_some() {}
        self.engine.output_left(self.now, self.now);
    }

    /// Reads a piece, of which as much is read at once as there is room for.
    fn read(&mut self, piece: &[u8], mut found: impl FnMut(Event)) {
        let mut rest = piece;
        while !rest.is_empty() {
            rest = self.put(rest);
            self.understand(&mut found);
        }
    }

    /// What there was no room for.
    fn put<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        let input = self.engine.input_with_room(READ_SIZE);
        let (read, rest) = piece.split_at(piece.len().min(input.capacity() - input.len()));
        input.extend_from_slice(read);
        rest
    }

    /// Behind the last byte that was put.
    fn end(&mut self) -> usize {
        let input = self.engine.input();
        input.as_ptr().addr() + input.len()
    }

    fn understand(&mut self, mut found: impl FnMut(Event)) {
        self.now += Duration::from_millis(1);
        self.engine.handle_input(self.now);
        while let Some(event) = self.engine.poll_event() {
            found(event);
        }
    }
}

/// Reads the text, in pieces of `read_size` bytes at most, and gives what each line says.
pub(crate) fn read_text(turns: &[text::Turn], read_size: usize, mut found: impl FnMut(Found<'_>)) {
    let mut reader = Reader::new();
    for turn in turns {
        if let Some(exchange) = turn.exchange() {
            reader.begin(exchange);
        }
        for piece in turn.bytes.chunks(read_size) {
            counted(|| {
                reader.read(piece, |event| match event {
                    Event::Unsolicited(line) => found(Found::Code(Value::of(&line))),
                    Event::Completed(Ok(reply)) => {
                        reply.lines().iter().for_each(|line| found(Found::Answer(Value::of(line))));
                    }
                    _ => found(Found::Answer(None)),
                });
            });
        }
    }
}

/// Reads the text as if nobody had asked for it, and gives what each line says: that of a result is nothing.
pub(crate) fn read_lines(turns: &[text::Turn], read_size: usize, mut found: impl FnMut(Found<'_>)) {
    let mut reader = Reader::new();
    for piece in turns.iter().flat_map(|turn| turn.bytes.chunks(read_size)) {
        counted(|| {
            reader.read(piece, |event| match event {
                Event::Unsolicited(line) => found(Found::Code(Value::of(&line))),
                _ => found(Found::Answer(None)),
            });
        });
    }
}

/// Reads the bodies, in pieces of `read_size` bytes at most, and gives each, and what each code says.
pub(crate) fn read_bodies(
    turns: &[bodies::Turn],
    read_size: usize,
    mut found: impl FnMut(Found<'_>),
) -> Result<(), Error> {
    let mut reader = Reader::new();
    for turn in turns {
        reader.begin(turn.exchange()?);
        for piece in turn.bytes.chunks(read_size) {
            counted(|| {
                reader.read(piece, |event| match event {
                    Event::Unsolicited(line) => found(Found::Code(Value::of(&line))),
                    Event::Completed(Ok(reply)) => found(Found::Body(reply.body())),
                    _ => found(Found::Code(None)),
                });
            });
        }
    }
    Ok(())
}

/// How many bytes of all bodies are handed on from another place than the one where they were read.
pub(crate) fn moved_bytes(turns: &[bodies::Turn], read_size: usize) -> Result<usize, Error> {
    let mut reader = Reader::new();
    let mut moved = 0;
    for turn in turns {
        reader.begin(turn.exchange()?);
        let mut places = Vec::new();
        let mut body = Bytes::new();
        for piece in turn.bytes.chunks(read_size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let unread = reader.put(rest);
                let end = reader.end();
                places.extend(end - (rest.len() - unread.len())..end);
                reader.understand(|event| {
                    if let Event::Completed(Ok(reply)) = event {
                        body = reply.body().clone();
                    }
                });
                rest = unread;
            }
        }
        let begin = body.as_ptr().addr();
        let read = places.get(turn.offset..turn.offset + body.len()).unwrap_or_default();
        moved += read.iter().zip(begin..).filter(|(read, given)| *read != given).count();
    }
    Ok(moved)
}
