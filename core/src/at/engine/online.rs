//! What the owner of the engine does with an open stream.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Engine, State};

/// What can be said of the bytes that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// No data stream is open, or it may be at its end: each byte counts.
    MayEnd,
    /// More data, and nobody knows how many.
    Unknown,
    /// So many bytes of data come before the stream can end.
    Announced(u64),
}

impl Engine {
    /// What can be said of the bytes that come next.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        match &self.state {
            State::Stream(stream) if self.reader.is_empty() => stream.outlook(),
            _ => Outlook::MayEnd,
        }
    }

    /// Tells that all that was handled so far had arrived by then: the silence behind it counts from there.
    pub fn silent_since(&mut self, arrived: Instant) {
        if let State::Stream(stream) = &mut self.state {
            stream.silent_since(arrived, &self.settings);
        }
    }

    /// Tells that the input is not read, because nobody takes the data of the stream: silence means nothing
    /// until [`input_resumed`](Self::input_resumed).
    pub fn input_paused(&mut self) {
        if let State::Stream(stream) = &mut self.state {
            stream.input_paused();
        }
    }

    /// Tells that the input was not read for a while, so that silence counts from now.
    pub fn input_resumed(&mut self, now: Instant) {
        if let State::Stream(stream) = &mut self.state {
            stream.input_resumed(now, &self.settings);
        }
    }

    /// How long the port may take for one write to the open stream, from the next write on.
    pub fn stream_send_timeout(&mut self, timeout: Duration) {
        if let State::Stream(stream) = &mut self.state {
            stream.set_send_timeout(timeout);
        }
    }

    /// Sends bytes on the open stream; ignored while [`is_stream_writable`](Self::is_stream_writable) is false.
    ///
    /// Payload that the module would take for the escape sequence, `+++` alone between two silences, is torn
    /// apart by a silence of its own: its last byte leaves 1.2 guard times later, 2.4 at most.
    ///
    /// If [`output_left`](Self::output_left) does not follow within [`Settings::send_timeout`](crate::at::Settings::send_timeout), the rest is
    /// abandoned and the stream is left: [`StreamEnd::Stalled`](crate::at::StreamEnd::Stalled).
    pub fn stream_write(&mut self, now: Instant, bytes: Bytes) {
        if let State::Stream(stream) = &mut self.state {
            stream.write(now, bytes, &mut self.output);
        }
    }

    /// Whether [`stream_write`](Self::stream_write) would send now. While it is doubtful whether the stream has
    /// ended it would not.
    #[must_use]
    pub fn is_stream_writable(&self) -> bool {
        matches!(&self.state, State::Stream(stream) if stream.is_writable())
    }

    /// Whether the open stream still holds back a byte that was written.
    #[must_use]
    pub fn stream_holds_back(&self) -> bool {
        matches!(&self.state, State::Stream(stream) if stream.holds_back())
    }

    /// Leaves online mode by the escape sequence. Ends in one [`Event::StreamEnded`](crate::at::Event::StreamEnded).
    pub fn stream_close(&mut self) {
        if let State::Stream(stream) = &mut self.state {
            stream.close();
        }
    }
}
