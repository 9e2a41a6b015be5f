//! How a transfer went, in the server's words.

use std::time::Duration;

use tokio::time::sleep;

use crate::commands::LastMessage;
use crate::server_reply::ServerReply;
use crate::session::Session;

/// How often, and how far apart, the server's last word is waited for.
const WAITS: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// The reply that says how a transfer went, yes or no. The module may tell the end of the data before the server has
/// said it; what came instead if it stays out, and nothing if the module cannot tell.
pub(crate) async fn final_reply(session: &Session) -> Option<ServerReply> {
    for _ in 0..WAITS {
        let reply = session.modem().run(LastMessage).await.ok()?;
        if reply.as_ref().is_some_and(|reply| reply.ends_transfer() || reply.is_negative()) {
            return reply;
        }
        sleep(PAUSE).await;
    }
    session.last_reply().await
}
