//! The I/O-free AT engine: what to send, what an answer looks like, and staying in step.
//!
//! Nothing in here reads a clock, touches a port, starts a task or takes a lock. The owner hands in
//! bytes and the time, and takes out bytes, events and the next deadline.
//!
//! # Contract
//!
//! After every call that takes `now` ([`Engine::begin`], [`Engine::handle_input`],
//! [`Engine::handle_timeout`], [`Engine::stream_write`]) drain [`Engine::poll_output`] and
//! [`Engine::poll_event`] until they give `None`, then arrange for [`Engine::handle_timeout`] to be called at
//! [`Engine::poll_timeout`]. When the port has taken the last byte of the output, say so by
//! [`Engine::output_left`]. Every exchange that was begun
//! ends in exactly one [`Event::Completed`]; every stream that was opened ends in exactly one
//! [`Event::StreamEnded`].
//!
//! What it guarantees:
//!
//! - **Any chunks.** What happens depends on the bytes and on the silences between them: the same bytes at the same
//!   times give the same events however they are cut.
//! - **In step.** An answer goes to the command that is under way or nowhere. After a deadline passed
//!   or an answer was malformed the engine waits for silence, asks a question with an unmistakable
//!   answer, drops and counts what comes before it, and only then sends the next command.
//! - **Bytes are bytes.** Counted bodies are taken by count, never searched for `OK`; they are handed
//!   on without being copied.
//! - **Bounded.** Lines, answers and bodies have limits that are checked before memory is taken.
//! - **Codes without a command** are recognised at line starts in every state, except inside bodies
//!   and streams, where the bytes belong to the payload. Those that carry data are taken by count.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod block_ends;
mod chain;
mod command;
mod command_line;
mod connection;
mod counted_code;
mod eight;
mod engine;
mod entry;
mod escape_guard;
mod event;
mod events;
mod exchange;
mod fields;
mod fields_in_turn;
mod front;
mod lines;
mod output;
mod pending;
mod portion;
mod reader;
mod reply;
mod result_code;
mod resync;
mod secrecy;
mod settings;
mod stream;
mod typed_secrets;
mod unsolicited;

pub use command::{Command, UnexpectedReply};
pub use command_line::{CommandLine, DEFAULT_LINE_LIMIT, InvalidValue, Parameters};
pub use engine::{Engine, Outlook};
pub use entry::ShortPayload;
pub use event::{Event, Failure, StreamEnd};
pub use exchange::{Effect, Exchange, Expect, StreamEnding};
pub use fields::{Fields, after_prefix};
pub use fields_in_turn::FieldsInTurn;
pub use output::Trace;
pub(crate) use pending::MARK_MISSING;
pub use reply::{Line, Reply};
pub use result_code::{ErrorFamily, ModuleError};
pub use settings::Settings;
pub use unsolicited::KNOWN_PREFIXES;

pub(crate) use chain::shares;
pub(crate) use fields::printable;
pub(crate) use reader::make_room;
