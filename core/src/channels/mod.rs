//! Several AT channels of one module, side by side.
//!
//! One AT channel carries one command at a time, and in online mode one connection. With several a long transfer runs on
//! one of them, MQTT on another, and status polls on a third. There are two ways to have them:
//!
//! - **The multiplexer** of the module (`AT+CMUX`, 3GPP TS 27.010) puts channels on one port:
//!   [`ModemBuilder::multiplexed`](crate::modem::ModemBuilder::multiplexed).
//! - **Several ports** of the module, such as those of its USB interface:
//!   [`ModemBuilder::open_ports`](crate::modem::ModemBuilder::open_ports).
//!
//! Either gives [`Channels`]: a [`Modem`] for each channel. They share what belongs to the module. Its TLS is one:
//! services on different channels exclude each other as they do on one, and a socket belongs to the channel that opened it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telit_core::Modem;
//! use telit_core::commands::SignalQuality;
//!
//! let module = Modem::builder().apn("iot.example").multiplexed()?.open_serial("/dev/ttyS1").await?;
//! module.bring_up().await?;
//! let (transfers, polls) = (module.channel(1)?, module.channel(2)?);
//! // ... a long transfer on `transfers`, and meanwhile:
//! println!("{:?}", polls.run(SignalQuality).await?);
//! module.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! The basic option has no credits: convergence layer 1 carries plain octets, and a side that can take no more says so by
//! the signals of the channel. What is lost on the way of a frame is not sent again, and its data are not checked: the
//! line has to be as good as without a multiplexer.

mod builder;
mod enter;
mod error;
mod lent;
mod line;
mod lost;
mod multiplexer;
mod recorders;
mod stream;
mod task;

pub use builder::MultiplexedBuilder;
pub(crate) use enter::{Wish, enter};
pub use error::ChannelsError;
pub use lost::ChannelLost;
pub use multiplexer::Multiplexer;
pub(crate) use recorders::Recorders;
pub use stream::ChannelStream;

use crate::modem::{BringUp, BringUpError, Modem};
use crate::multiplexer::ChannelEnd;

/// The AT channels of one module. See the [module documentation](self).
///
/// When this and all its modems are dropped, the multiplexer is closed while the runtime lives; [`close`](Self::close)
/// waits for it. A process that is killed leaves the module multiplexing: the next one takes it back, in a second if it opens
/// [channels](crate::modem::ModemBuilder::multiplexed), in 22 seconds if it opens the port
/// [plainly](crate::modem::ModemBuilder::open).
#[derive(Debug)]
pub struct Channels {
    first: Modem,
    modems: Vec<(u8, Modem)>,
    multiplexer: Option<Multiplexer>,
}

/// The module does not have this channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the module has no channel {number}")]
pub struct NoSuchChannel {
    /// Its number.
    pub number: u8,
}

impl Channels {
    fn new(modems: Vec<(u8, Modem)>, multiplexer: Option<Multiplexer>) -> Result<Self, ChannelsError> {
        match (modems.first().map(|(_, modem)| modem.clone()), multiplexer) {
            (Some(first), multiplexer) => Ok(Self { first, modems, multiplexer }),
            (None, Some(_)) => Err(ChannelLost::Channel(ChannelEnd::Refused).into()),
            (None, None) => Err(ChannelsError::NoPorts),
        }
    }

    /// The module on one of its channels, counted from 1. Channel n is the n-th AT instance of the module behind a
    /// multiplexer, and the n-th of the ports otherwise.
    ///
    /// # Errors
    /// The module does not have it.
    pub fn channel(&self, number: u8) -> Result<&Modem, NoSuchChannel> {
        let found = self.modems.iter().find(|(known, _)| *known == number);
        found.map(|(_, modem)| modem).ok_or(NoSuchChannel { number })
    }

    /// All channels with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &Modem)> {
        self.modems.iter().map(|(number, modem)| (*number, modem))
    }

    /// How many there are: at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.modems.len()
    }

    /// Takes the module into the network, on its first channel. What holds for the module holds on all of them.
    ///
    /// # Errors
    /// See [`Modem::bring_up`].
    ///
    /// # Cancel safety
    /// As [`Modem::bring_up`].
    pub async fn bring_up(&self) -> Result<BringUp, BringUpError> {
        self.first.bring_up().await
    }

    /// Closes the multiplexer, so that the module is in plain AT mode for whoever opens the port next. Commands under
    /// way fail. Of several ports each is closed when the last of its modems is dropped.
    ///
    /// # Time
    /// Some milliseconds; four seconds if the module does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it closing.
    pub async fn close(self) {
        // Of what is dropped meanwhile nothing has to be waited for.
        drop((self.first, self.modems));
        if let Some(multiplexer) = self.multiplexer {
            drop(multiplexer.close().await);
        }
    }
}
