//! Deleting, although the module may be wrong about how it went.

use std::time::Duration;

use tokio::time::sleep;

use crate::commands::Delete;
use crate::download::file_size;
use crate::error::TransferError;
use crate::server_reply::ServerReply;
use crate::session::{Ran, Session, Start};

/// How often, and how far apart, the reply of a late server is asked for.
const REPLY_CHECKS: u32 = 10;
const REPLY_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn remove(session: &mut Session, path: &str) -> Result<(), TransferError> {
    let command = Delete { path: session.check_path(path)?, deadline: session.deadline() };
    let Ran { result, doubt } = session.run_from(Start::WorkingDirectory, command, Some(path)).await;
    match (settle(session, path, result).await, doubt) {
        // The first run may have deleted it; but servers say 550 too to what they cannot delete.
        (Err(TransferError::NotFound { .. }), Some(doubt)) => match file_size(session, path).await {
            Err(TransferError::NotFound { .. }) => Ok(()),
            _ => Err(doubt),
        },
        (result, doubt) => Ran { result, doubt }.or_doubt(),
    }
}

async fn settle(
    session: &mut Session,
    path: &str,
    deleted: Result<(), TransferError>,
) -> Result<(), TransferError> {
    let failed = match deleted {
        Err(failed) if is_unanswered(&failed) => failed,
        result => return result,
    };
    // Source: M37 p816: refused, and the reply is empty for a while.
    let reply = late_reply(session).await;
    if is_done(reply.as_ref()) || is_no(reply.as_ref()) {
        // So the session was there all the time.
        session.trust();
    }
    if is_missing(reply.as_ref()) {
        return Err(TransferError::NotFound { path: path.to_owned(), reply });
    }
    match file_size(session, path).await {
        Err(TransferError::NotFound { .. }) => Ok(()),
        Err(TransferError::Refused { .. }) | Ok(_) => Err(refused(failed, reply)),
        Err(_) if failed.may_have_taken_effect() => Err(failed),
        Err(other) => Err(other),
    }
}

/// Whether the server may have done it, and has not said so yet.
fn is_unanswered(error: &TransferError) -> bool {
    match error {
        TransferError::Refused { reply, .. } => !is_no(reply.as_ref()),
        TransferError::SessionLost { reply, .. } => error.may_have_taken_effect() && !is_no(reply.as_ref()),
        _ => false,
    }
}

/// The file is still there.
fn refused(failed: TransferError, reply: Option<ServerReply>) -> TransferError {
    match failed {
        TransferError::Refused { command, error, .. } | TransferError::SessionLost { command, error, .. } => {
            TransferError::Refused { command, error, reply }
        }
        other => other,
    }
}

/// Waits for the reply to the deletion. What the server said to an earlier command may still stand there.
async fn late_reply(session: &Session) -> Option<ServerReply> {
    let mut reply = None;
    for _ in 0..REPLY_CHECKS {
        sleep(REPLY_PAUSE).await;
        reply = session.last_reply().await;
        if is_done(reply.as_ref()) || is_no(reply.as_ref()) {
            break;
        }
    }
    reply
}

/// The reply to DELE that says yes. Source: RFC 959 5.4.
fn is_done(reply: Option<&ServerReply>) -> bool {
    reply.is_some_and(|reply| reply.code() == Some(250))
}

fn is_no(reply: Option<&ServerReply>) -> bool {
    reply.is_some_and(ServerReply::is_negative)
}

fn is_missing(reply: Option<&ServerReply>) -> bool {
    reply.is_some_and(|reply| reply.code() == Some(550) && !reply.contains("denied"))
}
