//! A port with several channels that is opened again and again.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::source::PortSource;
use crate::channels::{ChannelLost, ChannelStream, ChannelsError, Multiplexer, Wish, enter};
use crate::driver::{BoxedStream, Recorder};
use crate::modem::{Blueprint, ModulePart, OpenError};
use crate::multiplexer::{ChannelEnd, Dlci};

/// Opens the port and starts the multiplexer for whichever channel comes first; the others find it running.
pub(super) struct MultiplexedLine {
    source: Box<dyn PortSource>,
    blueprint: Blueprint,
    wish: Wish,
    current: Mutex<Option<Multiplexer>>,
}

/// Where the stream of one channel comes from.
pub(super) struct ChannelSource {
    pub(super) line: Arc<MultiplexedLine>,
    pub(super) dlci: Dlci,
}

impl MultiplexedLine {
    /// Opens it for the first time, and tells what the module is and which channels it has.
    pub(super) async fn start(
        source: Box<dyn PortSource>,
        blueprint: Blueprint,
        wish: Wish,
        recorder: Option<Recorder>,
    ) -> Result<(Arc<Self>, ModulePart, Vec<Dlci>), ChannelsError> {
        let port = source.open().await.map_err(OpenError::from)?;
        let (part, multiplexer) = enter(&blueprint, &wish, port, recorder).await?;
        let dlcis = multiplexer.opened();
        let current = Mutex::new(Some(multiplexer));
        Ok((Arc::new(Self { source, blueprint, wish, current }), part, dlcis))
    }

    pub(super) async fn open(&self, dlci: Dlci) -> io::Result<ChannelStream> {
        let mut current = self.current.lock().await;
        match open_on(current.as_ref(), dlci).await {
            Some(Ok(stream)) => return Ok(stream),
            // The others are there.
            Some(Err(lost @ ChannelLost::Channel(ChannelEnd::Refused | ChannelEnd::ByModule))) => {
                return Err(lost.into());
            }
            Some(Err(_)) | None => {}
        }
        if let Some(old) = current.take() {
            // The port has to be closed before it can be opened again.
            drop(old.close().await);
        }
        let port = self.source.open().await?;
        let (_, multiplexer) =
            enter(&self.blueprint, &self.wish, port, None).await.map_err(io::Error::other)?;
        let stream = multiplexer.open(dlci).await;
        *current = Some(multiplexer);
        Ok(stream?)
    }

    /// Takes the module back to plain AT.
    pub(super) async fn close(&self) {
        let multiplexer = self.current.lock().await.take();
        if let Some(multiplexer) = multiplexer {
            drop(multiplexer.close().await);
        }
    }
}

async fn open_on(current: Option<&Multiplexer>, dlci: Dlci) -> Option<Result<ChannelStream, ChannelLost>> {
    let multiplexer = current.filter(|multiplexer| multiplexer.lost().is_none())?;
    Some(multiplexer.open(dlci).await)
}

#[async_trait]
impl PortSource for ChannelSource {
    async fn open(&self) -> io::Result<BoxedStream> {
        Ok(Box::pin(self.line.open(self.dlci).await?))
    }
}
