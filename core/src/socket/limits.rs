//! What this firmware takes, from its test forms, and from the platform's table where they say nothing.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::Availability;
use crate::tls::Ranges;

/// A block that holds the line no longer than others can bear, whatever the module would take.
const LARGEST_BLOCK: usize = 4096;
/// Ring mode 2 and cause of a closure, in `#SSLCFG`. Source: M37 p877-878.
const HIGHEST_MODE: u32 = 2;
/// Positions in `#SSLCFG`, the socket counted.
const RING_FIELD: usize = 6;
const CLOSURE_FIELD: usize = 7;

/// How bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// `#SSLSENDEXT`: any bytes.
    Counted,
    /// `#SSLSEND`: all but three control bytes.
    Terminated,
}

/// The limits of the TLS sockets of one module.
#[derive(Clone, Debug)]
pub(super) struct SocketLimits {
    pub(super) ids: RangeInclusive<u8>,
    pub(super) sending: Sending,
    /// Most bytes of one write.
    pub(super) send: usize,
    /// Most bytes of one read.
    pub(super) receive: usize,
    /// The shortest wait of a read, in units of 100 ms.
    pub(super) receive_timeout: u16,
    /// Units of 100 ms.
    pub(super) send_timeout: RangeInclusive<u16>,
    /// Units of 100 ms.
    pub(super) dial_timeout: RangeInclusive<u16>,
    /// `#SSLI`.
    pub(super) counters: bool,
    /// `SSLSRING` can announce data.
    pub(super) announces: bool,
    /// `SSLSRING` can carry data.
    pub(super) delivers: bool,
    /// `NO CARRIER` can tell the cause.
    pub(super) tells_cause: bool,
}

impl SocketLimits {
    pub(super) async fn of(modem: &Modem) -> Result<Self, CommandError> {
        let tls = &modem.profile().tls;
        let blocks = &tls.blocks;
        let counted = match tls.send_counted {
            Availability::No => None,
            Availability::Yes => Some(range(modem, "#SSLSENDEXT", 1).await?),
            Availability::Probe if has(modem, "#SSLSENDEXT").await? => {
                Some(range(modem, "#SSLSENDEXT", 1).await?)
            }
            Availability::Probe => None,
        };
        let (sending, send) = match counted {
            Some(told) => {
                let most = told.map(|told| told.highest() as usize).or(blocks.send_counted_limit);
                (Sending::Counted, most.unwrap_or(blocks.send_counted).clamp(1, LARGEST_BLOCK))
            }
            None => (Sending::Terminated, blocks.send_terminated),
        };
        let receive =
            range(modem, "#SSLRECV", 1).await?.map_or(blocks.receive, |told| told.highest() as usize);
        let wait = range(modem, "#SSLRECV", 2).await?.map(|told| told.lowest());
        let ring = highest(modem, RING_FIELD).await?;
        Ok(Self {
            ids: range(modem, "#SSLEN", 0)
                .await?
                .as_ref()
                .and_then(ids)
                .unwrap_or_else(|| tls.socket_ids.clone()),
            sending,
            send,
            receive: receive.clamp(1, LARGEST_BLOCK),
            receive_timeout: wait
                .and_then(|wait| u16::try_from(wait).ok())
                .unwrap_or_else(|| *blocks.receive_timeout.start())
                .max(1),
            send_timeout: blocks.send_timeout.clone(),
            dial_timeout: blocks.dial_timeout.clone(),
            counters: match tls.counters {
                Availability::No => false,
                Availability::Yes => true,
                Availability::Probe => has(modem, "#SSLI").await?,
            },
            announces: ring >= 1,
            delivers: ring >= HIGHEST_MODE,
            tells_cause: highest(modem, CLOSURE_FIELD).await? >= HIGHEST_MODE,
        })
    }

    /// A time for `#SSLSENDEXT`, as near as the module can.
    pub(super) fn send_timeout(&self, wanted: Duration) -> u16 {
        tenths(wanted, &self.send_timeout)
    }

    /// A time for `#SSLD`, as near as the module can.
    pub(super) fn dial_timeout(&self, wanted: Duration) -> u16 {
        tenths(wanted, &self.dial_timeout)
    }
}

fn tenths(wanted: Duration, range: &RangeInclusive<u16>) -> u16 {
    let tenths = u16::try_from(wanted.as_millis() / 100).unwrap_or(u16::MAX);
    tenths.max(*range.start()).min(*range.end())
}

async fn has(modem: &Modem, name: &'static str) -> Result<bool, CommandError> {
    Ok(modem.test_form(name).await?.is_some())
}

/// The range of one field, if the test form tells it.
async fn range(modem: &Modem, name: &'static str, field: usize) -> Result<Option<Ranges>, CommandError> {
    let fields = modem.test_form(name).await?;
    Ok(fields.and_then(|fields| fields.get(field).and_then(|field| Ranges::parse(field))))
}

/// The highest value of a field of `#SSLCFG`; where the form tells nothing, what all manuals print.
async fn highest(modem: &Modem, field: usize) -> Result<u32, CommandError> {
    Ok(range(modem, "#SSLCFG", field).await?.map_or(HIGHEST_MODE, |range| range.highest()))
}

/// All socket numbers, if they are numbers of sockets.
fn ids(range: &Ranges) -> Option<RangeInclusive<u8>> {
    let (lowest, highest) = (u8::try_from(range.lowest()).ok()?, u8::try_from(range.highest()).ok()?);
    (1..=highest).contains(&lowest).then_some(lowest..=highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_sockets_as_modules_print_them() {
        let ids = |field| ids(&Ranges::parse(field).unwrap());
        assert_eq!(ids("(1-10)"), Some(1..=10));
        assert_eq!(ids("(1)"), Some(1..=1));
        assert_eq!(ids("(0-3)"), None);
        assert_eq!(ids("(1-1000)"), None);
    }

    #[test]
    fn times_are_moved_into_the_range() {
        assert_eq!(tenths(Duration::from_secs(30), &(1..=1500)), 300);
        assert_eq!(tenths(Duration::from_secs(1000), &(1..=1500)), 1500);
        assert_eq!(tenths(Duration::ZERO, &(10..=1500)), 10);
    }
}
