//! What happens to an engine, encoded so that text stays text.

use std::time::Duration;

use bytes::Bytes;

/// The most operations of one input.
const LIMIT: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Begins the exchange with this number, see [`exchange`](super::exchanges::exchange).
    Begin(u8),
    /// Bytes of the module.
    Feed(Vec<u8>),
    Pass(Duration),
    /// Passes the time until the next thing is due.
    PassUntilDue,
    Write(Bytes),
    Close,
    /// Nobody takes the data of the stream, so the port is not read.
    PauseInput,
    ResumeInput,
    /// The port takes nothing.
    HoldOutput,
    ReleaseOutput,
    ForgetUnsent,
}

impl Operation {
    /// Control bytes are operations, some with one more byte; all other bytes are what the module sends.
    ///
    /// | | |
    /// |---|---|
    /// | `01 n` | begin exchange n |
    /// | `02 n`, `03 n` | n times 10 ms, n seconds pass |
    /// | `04` | time passes until the next thing is due |
    /// | `05 n` | write n plus signs, from 16 on n other bytes |
    /// | `06` | close the stream |
    /// | `07`, `08` | pause and resume the input |
    /// | `0b`, `0c` | the port takes nothing, and takes again |
    /// | `0e` | forget the exchange that is not sent yet |
    /// | `1f n` | the module sends the byte n |
    pub(super) fn decode(input: &[u8]) -> Vec<Self> {
        let mut operations: Vec<Self> = Vec::new();
        let mut rest = input.iter().copied();
        while let Some(byte) = rest.next() {
            let mut parameter = || rest.next().unwrap_or_default();
            let operation = match byte {
                0x01 => Self::Begin(parameter()),
                0x02 => Self::Pass(Duration::from_millis(10) * u32::from(parameter())),
                0x03 => Self::Pass(Duration::from_secs(parameter().into())),
                0x04 => Self::PassUntilDue,
                0x05 => Self::Write(payload(parameter())),
                0x06 => Self::Close,
                0x07 => Self::PauseInput,
                0x08 => Self::ResumeInput,
                0x0b => Self::HoldOutput,
                0x0c => Self::ReleaseOutput,
                0x0e => Self::ForgetUnsent,
                byte => {
                    let byte = if byte == 0x1f { parameter() } else { byte };
                    if let Some(Self::Feed(bytes)) = operations.last_mut() {
                        bytes.push(byte);
                        continue;
                    }
                    Self::Feed(vec![byte])
                }
            };
            if operations.len() == LIMIT {
                break;
            }
            operations.push(operation);
        }
        operations
    }
}

fn payload(number: u8) -> Bytes {
    let byte = if number < 16 { b'+' } else { b'x' };
    vec![byte; number.into()].into()
}
