//! What all clones of a client share.

use std::sync::Arc;

use telit_core::Modem;
use telit_core::download::Disk;
use telit_core::tls::TlsOptions;
use tokio::sync::{Mutex, OnceCell};

use crate::module::{Kept, Limits};
use crate::options::HttpsOptions;
use crate::socket::Shelf;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) modem: Modem,
    /// `None`: everything is sent in the clear.
    pub(crate) tls: Option<TlsOptions>,
    pub(crate) options: HttpsOptions,
    /// One request of the module at a time; between requests it holds the lease of a client that keeps TLS.
    pub(crate) turn: Arc<Mutex<Option<Kept>>>,
    pub(crate) limits: OnceCell<Limits>,
    /// The connection of this computer that is kept between requests.
    pub(crate) shelf: Shelf,
    /// The files that its downloads write.
    pub(crate) disk: Disk,
}

impl Shared {
    pub(crate) fn new(modem: Modem, tls: Option<TlsOptions>, options: HttpsOptions) -> Arc<Self> {
        let (turn, limits, shelf, disk) =
            (Arc::default(), OnceCell::new(), Shelf::default(), Disk::default());
        Arc::new(Self { modem, tls, options, turn, limits, shelf, disk })
    }
}
