//! The connection that a client keeps between requests.

use std::sync::{Arc, Mutex, PoisonError};

use super::connection::Connection;
use crate::call::Call;
use crate::options::HttpsOptions;
use crate::target::Target;

/// Room for one connection and the server it leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    host: String,
    port: u16,
    connection: Connection,
}

impl Kept {
    fn leads_to(&self, target: &Target) -> bool {
        self.host == target.host && self.port == target.port && !self.connection.requests.is_closed()
    }
}

impl Shelf {
    /// Whether a connection to this server is open.
    pub(crate) fn holds(&self, target: &Target) -> bool {
        self.lock().as_ref().is_some_and(|kept| kept.leads_to(target))
    }

    /// The connection to the server of a request, if one is open that will do.
    pub(super) fn take(&self, call: &Call, options: &HttpsOptions) -> Option<Connection> {
        let fits =
            |kept: &Kept| kept.leads_to(&call.target) && call.mode.takes(kept.connection.mode, options);
        let kept = self.lock().take_if(|kept| fits(kept));
        kept.map(|kept| kept.connection)
    }

    /// Puts a connection there, and gives the one that was there.
    #[must_use]
    pub(super) fn put(&self, target: &Target, connection: Connection) -> Option<Connection> {
        let (host, port) = (target.host.clone(), target.port);
        let before = self.lock().replace(Kept { host, port, connection });
        before.map(|kept| kept.connection)
    }

    /// Closes what is there, and gives TLS back.
    pub(crate) async fn clear(&self) {
        let kept = self.lock().take();
        if let Some(kept) = kept {
            kept.connection.close().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
