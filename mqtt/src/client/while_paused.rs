//! Lending the module's TLS for the time of something else.

use tokio::runtime::Handle;

use super::MqttClient;
use crate::error::{ConnectError, DisconnectError};
use crate::task::spawn;

impl MqttClient {
    /// Gives the module's TLS away while something else runs, such as a download of firmware, and connects again whatever
    /// came of that: [`pause`](Self::pause) before it, [`resume`](Self::resume) behind it. It connects behind it also if the
    /// client was paused before.
    ///
    /// Gives what `work` gave, and how connecting again went. If that failed, the client stays as `resume` says, and
    /// resuming can be tried again.
    ///
    /// ```no_run
    /// # use telit_mqtt::MqttClient;
    /// # async fn download() -> std::io::Result<()> { Ok(()) }
    /// # async fn example(client: &MqttClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let (downloaded, resumed) = client.while_paused(download()).await?;
    /// downloaded?;
    /// resumed?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`pause`](Self::pause); then `work` was not begun, and the client connects again by itself.
    ///
    /// # Cancel safety
    /// Dropped at any moment, `work` is dropped, and the client connects again in the background.
    pub async fn while_paused<W: Future>(
        &self,
        work: W,
    ) -> Result<(W::Output, Result<(), ConnectError>), DisconnectError> {
        let mut paused = Paused { client: Some(self) };
        self.pause().await?;
        let done = work.await;
        let resumed = self.resume().await;
        paused.client = None;
        Ok((done, resumed))
    }
}

/// The client, if there still is one here, connects again when this is dropped.
struct Paused<'a> {
    client: Option<&'a MqttClient>,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        // Without a runtime nothing of the client runs any more.
        if let Some((client, _)) = self.client.cloned().zip(Handle::try_current().ok()) {
            spawn(Box::pin(async move {
                if let Err(error) = client.resume().await {
                    tracing::warn!(%error, "the client is still paused");
                }
            }));
        }
    }
}
