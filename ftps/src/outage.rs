//! Telling whoever watches the module what a session loses and regains.

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use tokio::time::Instant;

/// The time between a loss and what ends it, told once each.
#[derive(Debug)]
pub(crate) struct Outage {
    modem: Modem,
    began: Option<Instant>,
}

impl Outage {
    pub(crate) fn new(modem: &Modem) -> Self {
        Self { modem: modem.clone(), began: None }
    }

    /// The session, or a transfer that will go on, is lost.
    pub(crate) fn begin(&mut self, reason: String) {
        if self.began.is_none() {
            self.began = Some(Instant::now());
            self.modem.report(Service::Ftp, ServiceChange::Lost { reason });
        }
    }

    /// The session is open again.
    pub(crate) fn end(&mut self) {
        if let Some(began) = self.began.take() {
            self.modem.report(Service::Ftp, ServiceChange::Resumed { took: began.elapsed() });
        }
    }

    /// Nothing more is tried.
    pub(crate) fn give_up(&mut self, reason: String) {
        if self.began.take().is_some() {
            self.modem.report(Service::Ftp, ServiceChange::GaveUp { reason });
        }
    }
}
