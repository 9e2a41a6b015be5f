//! Handing a body over, in a task of its own.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connection::Connection;
use super::failure::Cause;
use super::shelf::Shelf;
use crate::body::Piece;
use crate::body_error::BodyError;
use crate::target::Target;

/// Blocks that are fetched ahead of the reader.
const FETCHED_AHEAD: usize = 16;

/// A body that is being read, and the connection under it.
pub(super) struct Reading {
    pub(super) connection: Connection,
    pub(super) incoming: Incoming,
    /// How long the server may be silent.
    pub(super) patience: Duration,
    /// Where the connection goes afterwards; `None`: it is closed.
    pub(super) shelf: Option<(Shelf, Target)>,
}

/// How reading ended.
enum End {
    Complete,
    /// Nobody wants the rest.
    Unwanted,
    Stalled,
    Failed(Cause),
}

impl Reading {
    /// Starts the task.
    pub(super) fn start(self) -> mpsc::Receiver<Piece> {
        let (pieces, receiver) = mpsc::channel(FETCHED_AHEAD);
        tokio::spawn(self.run(pieces));
        receiver
    }

    async fn run(mut self, pieces: mpsc::Sender<Piece>) {
        let expected = self.incoming.size_hint().exact();
        let mut got = 0;
        let end = loop {
            let block = tokio::select! {
                biased;
                () = pieces.closed() => break End::Unwanted,
                block = timeout(self.patience, next(&mut self.incoming)) => block,
            };
            match block {
                Err(_) => break End::Stalled,
                Ok(None) => break End::Complete,
                Ok(Some(Err(error))) => break End::Failed(Cause::of(&error)),
                Ok(Some(Ok(block))) => {
                    got += block.len() as u64;
                    if pieces.send(Piece::Data(block)).await.is_err() {
                        break End::Unwanted;
                    }
                }
            }
        };
        let end = self.end(end, got, expected).await;
        // Who is gone does not want to know.
        drop(pieces.send(Piece::End(end)).await);
    }

    /// Puts the connection where it belongs.
    async fn end(self, end: End, got: u64, expected: Option<u64>) -> Result<(), BodyError> {
        let Self { connection, incoming, patience: waited, shelf } = self;
        drop(incoming);
        match end {
            End::Complete => {
                keep_or_close(connection, shelf, waited).await;
                Ok(())
            }
            End::Unwanted => {
                connection.close().await;
                Ok(())
            }
            End::Stalled => {
                connection.close().await;
                Err(BodyError::Stalled { got, waited })
            }
            End::Failed(cause) => Err(cause.or(connection.close().await).of_body(got, expected)),
        }
    }
}

/// A connection that takes another request is kept, if connections are.
async fn keep_or_close(mut connection: Connection, shelf: Option<(Shelf, Target)>, patience: Duration) {
    let ready = match &shelf {
        Some(_) => matches!(timeout(patience, connection.requests.ready()).await, Ok(Ok(()))),
        None => false,
    };
    let unwanted = match shelf {
        Some((shelf, target)) if ready => shelf.put(&target, connection),
        _ => Some(connection),
    };
    if let Some(unwanted) = unwanted {
        unwanted.close().await;
    }
}

/// The next data; trailers are passed over.
async fn next(incoming: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *incoming).poll_frame(context)).await? {
            Ok(frame) => {
                if let Ok(block) = frame.into_data() {
                    return Some(Ok(block));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}
