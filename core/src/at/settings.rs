//! Times and limits of the engine.

use std::time::Duration;

/// Times and limits of the engine. The defaults fit every platform of the guide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Pause after the end of an answer before the next command. Default 20 ms. Source: M37 p34.
    pub pause: Duration,
    /// Silence that ends data of unknown length, and that is awaited before a probe. Default 200 ms.
    pub quiet: Duration,
    /// How long a probe may stay unanswered before the next one. Default 1 s.
    pub probe_wait: Duration,
    /// The module's escape guard time, S12. Default 1 s. A [`Modem`](crate::Modem) that it opened itself reads it
    /// from the module before the first stream. Source: M37 p138.
    pub escape_guard: Duration,
    /// How long the port may take for one write to a stream, before the rest of it is dropped and the stream is
    /// left. Default 60 s. [`Engine::stream_send_timeout`](super::Engine::stream_send_timeout) changes it for one stream.
    pub send_timeout: Duration,
    /// How long leaving online mode may take after the guard time. Default 10 s.
    pub escape_wait: Duration,
    /// Longest line taken from the module. Default 8 KiB.
    pub line_limit: usize,
    /// Most memory for the information lines of one answer: their bytes, and 32 more for each. Default 256 KiB.
    pub reply_limit: usize,
    /// Whether the port may be in any state: the first command is preceded by finding the line.
    /// Default false.
    pub unknown_state: bool,
    /// Lines that the module sends when it has started, which are unsolicited even while the line is being looked
    /// for. To the driver they show a restart as an echo does. The command under way is not waited for any longer than two
    /// seconds, unless its echo or a part of its answer follows. Default none.
    pub start_up_lines: Vec<String>,
    /// Whether [`Engine::poll_trace`](super::Engine::poll_trace) gives anything. Default false.
    pub trace: bool,
}

impl Settings {
    pub(crate) fn is_start_up_line(&self, text: &[u8]) -> bool {
        self.start_up_lines.iter().any(|line| line.as_bytes() == text)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(20),
            quiet: Duration::from_millis(200),
            probe_wait: Duration::from_secs(1),
            escape_guard: Duration::from_secs(1),
            send_timeout: Duration::from_secs(60),
            escape_wait: Duration::from_secs(10),
            line_limit: 8 * 1024,
            reply_limit: 256 * 1024,
            unknown_state: false,
            start_up_lines: Vec::new(),
            trace: false,
        }
    }
}
