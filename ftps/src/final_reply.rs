//! How a transfer went, in the server's words.

use std::time::Duration;

use telit_core::CommandError;
use tokio::time::sleep;

use crate::commands::LastMessage;
use crate::error::TransferError;
use crate::server_reply::ServerReply;
use crate::session::Session;

/// How often, and how far apart, the server's last word is waited for.
const WAITS: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// The reply that says how a transfer went, yes or no. The module may tell the end of the data before the server has
/// said it; what came instead if it stays out, and nothing if the module cannot tell. A question whose answer got lost on
/// the line is asked once more.
pub(crate) async fn final_reply(session: &Session) -> Option<ServerReply> {
    let mut got_lost = false;
    for _ in 0..WAITS {
        match session.modem().run(LastMessage).await {
            Ok(Some(reply)) if reply.ends_transfer() || reply.is_negative() => return Some(reply),
            Ok(_) => {}
            Err(error) if !got_lost && is_misunderstanding(&error) => got_lost = true,
            Err(_) => return None,
        }
        if session.basis().loss().is_some() {
            return None;
        }
        sleep(PAUSE).await;
    }
    session.last_reply().await
}

/// Whether the module may well answer when it is asked again.
fn is_misunderstanding(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::TimedOut { .. } | CommandError::Unexpected { .. } | CommandError::NotResponding { .. }
    )
}

/// Whether the server says that it has taken an upload of so many bytes. The module tells the end of the data in the same
/// way whether the server has taken the file or refused it, and a file of that size may have been there before. With
/// firmware that has no `#FTPMSG` nobody can tell.
pub(crate) async fn check_taken(session: &Session, sent: u64) -> Result<(), TransferError> {
    let reply = final_reply(session).await;
    match reply {
        Some(reply) if reply.ends_transfer() => Ok(()),
        Some(reply) if session.options().uses_tls() && reply.demands_session_reuse() => {
            Err(TransferError::SessionReuseDemanded { reply })
        }
        Some(reply) if reply.is_negative() => {
            Err(TransferError::Truncated { got: sent, expected: sent, reply: Some(reply) })
        }
        None if session.basis().loss().is_none() && !tells_messages(session).await? => Ok(()),
        reply => Err(TransferError::NoFinalReply { reply }),
    }
}

async fn tells_messages(session: &Session) -> Result<bool, TransferError> {
    let form = session.modem().test_form(LastMessage::NAME).await;
    Ok(form.map_err(TransferError::Link)?.is_some())
}
