//! Golden transcripts: conversations between a host and a module, as the guide prints them.
//!
//! A transcript is plain text, one event a line: `SECONDS.millis DIRECTION TEXT`.
//!
//! | direction | |
//! |---|---|
//! | `>` | host to module, on the first port; `>2` on the second |
//! | `<` | module to host, on the first port; `<2` on the second |
//! | `#` | remark |
//!
//! `TEXT` of the first two is bytes: printable ASCII stands for itself, `\r`, `\n`, `\\` and `\xHH` for the rest.
//! Besides:
//!
//! | in `TEXT` | |
//! |---|---|
//! | `[N bytes sha256:HEX12]` | N bytes with this digest |
//! | `[redacted]` | a secret; such a transcript can be read and compared, not played |
//! | `{name}` | the content of a fixture, such as `{ca}` or `{host}` |
//! | `{name.size}` | its length in bytes, in decimal |
//! | `{?kind}` | a value that varies from module to module, such as `{?ip}` |
//!
//! Fixtures are `ca`, `client-certificate` and `client-key` (PEM, and with `-der` behind the name binary), `host` and
//! `port` of the server in the header, `user`, `password` and `file` of the file server, and `answer`, 400 bytes.
//! Kinds of values are `ip`, `suite`, `name`, `number`, `clock`, `rest`, `escape` and `fields`: see [`Varying`].
//!
//! What looks like one of these and is meant literally has its first byte escaped. Remarks come in three sorts:
//!
//! - The first lines are the header, `key: value`, which says what is needed to play the transcript.
//! - `server sends TEXT`, `server receives TEXT`, `server closes` and `server sees the end` say what the server
//!   behind the module does meanwhile.
//! - The rest is for people.
//!
//! Time counts only where a line waits for it: before a line of the host or of the server, a player lets
//! pass what passes in the transcript.
//!
//! Reading, printing and comparing do no I/O and read no clock.

mod bytes;
mod error;
mod event;
mod matcher;
mod printing;
mod reading;
#[cfg(test)]
mod tests;

pub use bytes::{Part, Text, Varying};
pub use error::{Problem, ReadError};
pub use event::{Event, Kind, ServerAct, Transcript};
pub use matcher::{Fixtures, Matcher, Progress, Unknown, content, is_clock};
