//! Fetching a listing, whole or not at all.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use telit_core::at::StreamEnd;
use telit_core::driver::DataStream;
use tokio::time::timeout;

use crate::commands::List;
use crate::error::TransferError;
use crate::final_reply::final_reply;
use crate::listing::Listing;
use crate::session::Session;

/// Longest listing that is taken, and how long it may take: at 9600 baud it needs 18 minutes.
const LIMIT: usize = 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(20 * 60);

pub(crate) async fn list(session: &mut Session, path: &str) -> Result<Listing, TransferError> {
    let path = if path.is_empty() { String::new() } else { session.check_path(path)? };
    match fetch(session, &path).await {
        Ok(text) => Ok(Listing::parse(text)),
        Err(error) => Err(session.explained(error).await),
    }
}

async fn fetch(session: &mut Session, path: &str) -> Result<Bytes, TransferError> {
    session.ready().await?;
    let stream = match begin(session, path).await {
        // The server or the network had dropped it while it was idle.
        Err(TransferError::SessionLost { .. }) => {
            session.ready().await?;
            begin(session, path).await?
        }
        begun => begun?,
    };
    let mut text = BytesMut::new();
    let waited = LONGEST;
    match timeout(waited, take(session, stream, &mut text)).await {
        Ok(taken) => taken?,
        Err(_) => return Err(TransferError::ListingTooSlow { got: text.len(), waited }),
    }
    check_complete(session, named(path), text.len() as u64).await?;
    Ok(text.freeze())
}

async fn begin(session: &mut Session, path: &str) -> Result<DataStream, TransferError> {
    let command = List { path: path.to_owned(), deadline: session.deadline() };
    session.open_stream(command, named(path)).await
}

async fn take(session: &Session, mut stream: DataStream, text: &mut BytesMut) -> Result<(), TransferError> {
    let waited = session.options().stall();
    loop {
        match timeout(waited, stream.next()).await {
            Ok(Some(bytes)) if text.len() + bytes.len() > LIMIT => {
                return Err(TransferError::ListingTooLong { limit: LIMIT });
            }
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(_) => {
                let got = text.len() as u64;
                return Err(TransferError::Stalled { got, expected: got, waited });
            }
        }
    }
    match stream.end().await {
        StreamEnd::Closed { .. } => Ok(()),
        _ => Err(TransferError::LineLost { got: text.len() as u64, expected: text.len() as u64 }),
    }
}

/// A listing ends in the same way whether it is complete or was cut; only the server's reply tells.
async fn check_complete(session: &mut Session, path: Option<&str>, got: u64) -> Result<(), TransferError> {
    let reply = final_reply(session).await;
    if session.basis().loss().is_some() {
        // Nobody is left who could tell.
        return Err(TransferError::LineLost { got, expected: got });
    }
    let Some(reply) = reply else {
        return Err(TransferError::Truncated { got, expected: got, reply });
    };
    if reply.ends_transfer() {
        session.trust();
        return Ok(());
    }
    if session.options().uses_tls() && reply.demands_session_reuse() {
        return Err(TransferError::SessionReuseDemanded { reply });
    }
    match path {
        Some(path) if matches!(reply.code(), Some(450 | 550)) => {
            Err(TransferError::NotFound { path: path.to_owned(), reply: Some(reply) })
        }
        _ => Err(TransferError::Truncated { got, expected: got, reply: Some(reply) }),
    }
}

/// The working directory has no name here.
fn named(path: &str) -> Option<&str> {
    (!path.is_empty()).then_some(path)
}
