//! The body of an answer: bounded, with back-pressure, without its framing.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::{Connection, NetError};

/// How many pieces wait for the reader before the client stops reading from the network.
const PIECES: usize = 8;
/// How much is read at once.
const PIECE: usize = 4096;
/// The longest line of chunked framing: a size with extensions, or a trailer.
const LONGEST_LINE: usize = 8192;
/// How long to wait for the server's end after the whole body.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a body is not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BodyError {
    /// Nothing came for the whole time-out.
    #[error("the server stalled")]
    Stalled,
    /// The connection ended before the announced length or the last chunk.
    #[error("the body is cut off")]
    CutOff,
    /// The chunked framing is broken.
    #[error("malformed chunk")]
    Malformed,
    /// The connection broke.
    #[error(transparent)]
    Network(NetError),
}

/// The body of an answer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Body {
    pieces: mpsc::Receiver<Result<Bytes, BodyError>>,
}

impl Body {
    /// The next piece, never empty. `None` is the end of a whole body; after an error nothing follows.
    ///
    /// A body without length and chunks ends with the connection. Over TLS it counts as whole even without
    /// `close_notify`, which many servers leave out.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        self.pieces.recv().await
    }

    /// A piece that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Result<Bytes, BodyError>> {
        self.pieces.try_recv().ok()
    }
}

/// Starts to receive a body of which `input` is the beginning.
pub(super) fn start(connection: Connection, input: BytesMut, framing: Framing, stall: Duration) -> Body {
    let (sender, pieces) = mpsc::channel(PIECES);
    tokio::spawn(receive(connection, input, framing, stall, sender));
    Body { pieces }
}

/// How a body is delimited, and how far it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Framing(State);

#[derive(Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Done,
}

/// What the bytes so far amount to.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    Piece(Bytes),
    NeedMore,
    Done,
}

impl Framing {
    pub(super) fn length(length: u64) -> Self {
        Self(State::Length(length))
    }

    pub(super) fn chunked() -> Self {
        Self(State::ChunkSize)
    }

    pub(super) fn until_close() -> Self {
        Self(State::UntilClose)
    }

    /// Whether the body may end here.
    fn may_end(&self) -> bool {
        matches!(self.0, State::UntilClose | State::Done)
    }

    fn advance(&mut self, input: &mut BytesMut) -> Result<Progress, BodyError> {
        loop {
            match &mut self.0 {
                State::Done | State::Length(0) => return Ok(Progress::Done),
                _ if input.is_empty() => return Ok(Progress::NeedMore),
                State::UntilClose => return Ok(Progress::Piece(input.split().freeze())),
                State::Length(left) => return Ok(Progress::Piece(take_up_to(left, input))),
                State::Chunk(0) => self.0 = State::ChunkEnd,
                State::Chunk(left) => return Ok(Progress::Piece(take_up_to(left, input))),
                State::ChunkSize => match take_size(input)? {
                    None => return Ok(Progress::NeedMore),
                    Some(0) => self.0 = State::Trailer,
                    Some(size) => self.0 = State::Chunk(size),
                },
                State::ChunkEnd => match take_line(input)? {
                    None => return Ok(Progress::NeedMore),
                    Some(0) => self.0 = State::ChunkSize,
                    Some(_) => return Err(BodyError::Malformed),
                },
                State::Trailer => match take_line(input)? {
                    None => return Ok(Progress::NeedMore),
                    Some(0) => self.0 = State::Done,
                    Some(_) => {}
                },
            }
        }
    }
}

fn take_up_to(left: &mut u64, input: &mut BytesMut) -> Bytes {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= count as u64;
    input.split_to(count).freeze()
}

fn take_size(input: &mut BytesMut) -> Result<Option<u64>, BodyError> {
    match httparse::parse_chunk_size(input).map_err(|_| BodyError::Malformed)? {
        httparse::Status::Complete((length, size)) => {
            input.advance(length);
            Ok(Some(size))
        }
        httparse::Status::Partial if input.len() > LONGEST_LINE => Err(BodyError::Malformed),
        httparse::Status::Partial => Ok(None),
    }
}

/// Takes a line and returns its length without its end.
fn take_line(input: &mut BytesMut) -> Result<Option<usize>, BodyError> {
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
        return if input.len() > LONGEST_LINE { Err(BodyError::Malformed) } else { Ok(None) };
    };
    let line = input.split_to(end + 1);
    let content = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n"));
    Ok(content.map(<[u8]>::len))
}

async fn receive(
    mut connection: Connection,
    mut input: BytesMut,
    mut framing: Framing,
    stall: Duration,
    pieces: mpsc::Sender<Result<Bytes, BodyError>>,
) {
    loop {
        let piece = tokio::select! {
            biased;
            () = pieces.closed() => return connection.abort(),
            piece = next_piece(&mut connection, &mut input, &mut framing, stall) => piece,
        };
        match piece {
            Ok(None) => break,
            Ok(Some(piece)) => {
                if pieces.send(Ok(piece)).await.is_err() {
                    return connection.abort();
                }
            }
            Err(error) => {
                connection.abort();
                if pieces.send(Err(error)).await.is_err() {
                    tracing::trace!("nobody reads the body any more");
                }
                return;
            }
        }
    }
    drop(pieces);
    connection.close(GOODBYE).await;
}

async fn next_piece(
    connection: &mut Connection,
    input: &mut BytesMut,
    framing: &mut Framing,
    stall: Duration,
) -> Result<Option<Bytes>, BodyError> {
    loop {
        match framing.advance(input)? {
            Progress::Piece(piece) => return Ok(Some(piece)),
            Progress::Done => return Ok(None),
            Progress::NeedMore => {}
        }
        input.reserve(PIECE);
        match timeout(stall, connection.read_buf(input)).await {
            Err(_) => return Err(BodyError::Stalled),
            Ok(Err(error)) => return Err(BodyError::Network(error.into())),
            Ok(Ok(0)) if framing.may_end() => return Ok(None),
            Ok(Ok(0)) => return Err(BodyError::CutOff),
            Ok(Ok(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `bytes` in pieces of `size` and collects the body; `None` if it did not come to its end.
    fn decode(mut framing: Framing, bytes: &[u8], size: usize) -> Result<Option<Vec<u8>>, BodyError> {
        let mut input = BytesMut::new();
        let mut body = Vec::new();
        for piece in bytes.chunks(size) {
            input.extend_from_slice(piece);
            loop {
                match framing.advance(&mut input)? {
                    Progress::Piece(piece) => body.extend_from_slice(&piece),
                    Progress::NeedMore => break,
                    Progress::Done => return Ok(Some(body)),
                }
            }
        }
        Ok(None)
    }

    #[test]
    fn chunks_with_extensions_and_trailers() {
        let bytes = b"3;x=y\r\nabc\r\n0A\r\n\r\n0\r\n\r\nOK!\r\n0\r\nDigest: x\r\n\r\n";
        for size in 1..=bytes.len() {
            assert_eq!(
                decode(Framing::chunked(), bytes, size),
                Ok(Some(b"abc\r\n0\r\n\r\nOK!".to_vec())),
                "{size}"
            );
        }
    }

    #[test]
    fn broken_chunks_are_refused() {
        for bytes in [&b"xyz\r\n"[..], b"3\r\nabcd\r\n", b"-1\r\n", b"fffffffffffffffff\r\n"] {
            assert_eq!(decode(Framing::chunked(), bytes, 100), Err(BodyError::Malformed), "{bytes:?}");
        }
        let endless = vec![b'0'; 20_000];
        assert_eq!(decode(Framing::chunked(), &endless, 1000), Err(BodyError::Malformed));
    }

    #[test]
    fn a_length_leaves_what_follows() {
        let mut input = BytesMut::from("abcdef");
        let mut framing = Framing::length(3);
        assert_eq!(framing.advance(&mut input), Ok(Progress::Piece(Bytes::from("abc"))));
        assert_eq!(framing.advance(&mut input), Ok(Progress::Done));
        assert_eq!(&input[..], b"def");
    }

    proptest! {
        #[test]
        fn any_chunks_give_the_body(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..10),
            size in 1_usize..30,
        ) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decode(Framing::chunked(), &bytes, size), Ok(Some(chunks.concat())));
        }

        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..100), size in 1_usize..30) {
            let decoded = decode(Framing::chunked(), &bytes, size);
            prop_assert!(decoded.is_ok() || decoded == Err(BodyError::Malformed));
        }
    }
}
