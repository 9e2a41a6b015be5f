//! Bodies that nobody wants, still on the module.

use std::ops::RangeInclusive;
use std::time::Duration;

use telit_core::CommandError;
use telit_core::driver::{AtChannel, AtChannelExt};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::error::RequestError;
use crate::module::body_progress::{BodyProgress, NextRead};
use crate::module::commands::{Receive, ResetProfile};
use crate::module::transaction::{Answer, Pumped, Transaction};

/// Bytes of an unwanted body that are read and thrown away before it is left on the module: about six
/// seconds on a line of 115200 baud.
const DISCARD_LIMIT: u64 = 64 * 1024;
/// For so long it is read: a server can send one byte now and then for ever.
const DISCARD_SHORT_TIME: Duration = Duration::from_secs(10);
/// For so long a request reads and throws away what another one has left on the module: about 1 MB on a
/// line of 115200 baud. Then the profile is reset.
const DISCARD_TIME: Duration = Duration::from_secs(120);
/// For so long another channel may be busy with something else, such as a stream.
const ELSEWHERE: Duration = Duration::from_secs(60);
/// Source: M37 p858.
const PROFILES: RangeInclusive<u8> = 0..=2;

impl Transaction {
    /// A body that was left unread makes the module refuse the next request as wrong in this state. What
    /// helps then is documented nowhere: the body is read to its end, and if that takes too long, everything
    /// about the profile is put back to where it was.
    pub(crate) async fn clear(
        &self,
        caller: &oneshot::Sender<Result<Answer, RequestError>>,
    ) -> Result<(), RequestError> {
        let until = Instant::now() + DISCARD_TIME;
        let unread = BodyProgress::new(None, self.block_size());
        let discarded = self.discard(unread, |_| caller.is_closed() || Instant::now() >= until).await?;
        if matches!(discarded, Pumped::Finished(_)) || caller.is_closed() {
            return Ok(());
        }
        tracing::debug!("an unread body does not end, resetting the profile");
        let deadline = self.modem().profile().timeouts.local;
        self.modem().run(ResetProfile { profile: self.shared.options.profile, deadline }).await?;
        self.configure().await
    }

    /// A body that was left unread on another channel of the module keeps HTTP from this one while the server still sends. It
    /// is read to its end there: that another instance may read it no manual says. Whose it is the module does not
    /// tell; a channel without one refuses. Nobody of this program reads meanwhile, since the turn is this request's. Gives
    /// whether one was read to its end.
    ///
    /// Source: IPE28 p187.
    pub(crate) async fn clear_elsewhere(
        &self,
        caller: &oneshot::Sender<Result<Answer, RequestError>>,
    ) -> bool {
        let channels = self.modem().other_channels();
        let clearing = async {
            for channel in &channels {
                if self.clear_on(channel.as_ref(), caller).await {
                    return true;
                }
            }
            false
        };
        timeout(DISCARD_TIME, clearing).await.unwrap_or(false)
    }

    /// Of whichever profile it is.
    async fn clear_on(
        &self,
        channel: &dyn AtChannel,
        caller: &oneshot::Sender<Result<Answer, RequestError>>,
    ) -> bool {
        let own = self.shared.options.profile;
        let mut unread = false;
        for profile in std::iter::once(own).chain(PROFILES.filter(|profile| *profile != own)) {
            let receive = Receive { profile, ..self.receive(None) };
            while !caller.is_closed() {
                match timeout(ELSEWHERE, channel.run(receive)).await {
                    Ok(Ok(block)) if !block.is_empty() => unread = true,
                    Ok(Ok(_)) => return true,
                    Ok(Err(CommandError::Refused { .. })) if unread => return true,
                    Ok(Err(CommandError::Refused { .. })) => break,
                    // The channel is lost or busy.
                    _ => return false,
                }
            }
        }
        false
    }

    /// Reads and throws away what is left, if it is not too much and comes soon.
    pub(crate) async fn discard_short(&self, progress: BodyProgress) -> Result<Pumped, CommandError> {
        let until = Instant::now() + DISCARD_SHORT_TIME;
        self.discard(progress, |bytes| bytes > DISCARD_LIMIT || Instant::now() >= until).await
    }

    /// Reads and throws away what is left, until it is `enough`, which is asked with the bytes that were
    /// discarded and are known to be left.
    async fn discard(
        &self,
        mut progress: BodyProgress,
        enough: impl Fn(u64) -> bool,
    ) -> Result<Pumped, CommandError> {
        let mut discarded = 0_u64;
        loop {
            let NextRead::Block { length } = progress.next() else {
                return Ok(Pumped::Finished(Ok(())));
            };
            if enough(discarded + progress.remaining().unwrap_or(0)) {
                tracing::debug!("the rest of an unwanted body stays on the module");
                return Ok(Pumped::Abandoned);
            }
            let block = match self.read_block(&mut progress, length).await {
                // Why there is no more of it does not matter.
                Err(CommandError::Refused { .. }) => return Ok(Pumped::Finished(Ok(()))),
                block => block?,
            };
            discarded += block.map_or(0, |block| block.len() as u64);
        }
    }
}
