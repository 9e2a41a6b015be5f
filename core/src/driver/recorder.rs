//! The flight recorder: a transcript of the whole conversation, secrets redacted.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::at::Trace;

/// Writes a transcript, one event a line: seconds, direction (`>` to the module, `<` from it, `#`
/// remark), text with control bytes escaped, payload as `[N bytes sha256:HEX12]`.
///
/// A line is flushed at once, so that the transcript is complete up to the moment of a crash. A sink
/// that fails is not written to again; the conversation goes on.
pub struct Recorder {
    sink: Option<Box<dyn Write + Send>>,
}

impl Recorder {
    /// Records into a file or any other sink.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        Self { sink: Some(Box::new(sink)) }
    }

    /// Where it writes, unless that has failed.
    pub(crate) fn into_sink(self) -> Option<Box<dyn Write + Send>> {
        self.sink
    }

    pub(crate) fn record(&mut self, since_start: Duration, trace: &Trace) {
        let Some(sink) = &mut self.sink else {
            return;
        };
        let (direction, text) = shown(trace);
        let seconds = since_start.as_secs();
        let line = format!("{seconds}.{:03} {direction} {text}\n", since_start.subsec_millis());
        if sink.write_all(line.as_bytes()).and_then(|()| sink.flush()).is_err() {
            tracing::warn!("the transcript cannot be written any more");
            self.sink = None;
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

fn shown(trace: &Trace) -> (char, String) {
    match trace {
        Trace::Sent(text) => ('>', escaped(text)),
        Trace::Received(text) => ('<', escaped(text)),
        Trace::SentPayload(payload) => ('>', digest(payload)),
        Trace::ReceivedPayload(payload) => ('<', digest(payload)),
        Trace::Redacted { sent, .. } => (if *sent { '>' } else { '<' }, "[redacted]".to_owned()),
        Trace::Remark(text) => ('#', (*text).to_owned()),
    }
}

fn escaped(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            // So that it is not read as the placeholder of a golden transcript.
            b'{' if matches!(text.get(index + 1), Some(b'?' | b'a'..=b'z')) => shown.push_str("\\x7b"),
            b'\r' => shown.push_str("\\r"),
            b'\n' => shown.push_str("\\n"),
            b'\\' => shown.push_str("\\\\"),
            b' '..=b'~' => shown.push(char::from(byte)),
            _ => shown.push_str(&format!("\\x{byte:02x}")),
        }
    }
    shown
}

fn digest(payload: &[u8]) -> String {
    let hash = Sha256::digest(payload);
    let hex: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("[{} bytes sha256:{hex}]", payload.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_that_failed_is_not_handed_on() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        assert!(Recorder::new(Vec::new()).into_sink().is_some());
        let mut recorder = Recorder::new(Broken);
        recorder.record(Duration::ZERO, &Trace::Remark("x"));
        assert!(recorder.into_sink().is_none());
    }

    #[test]
    fn every_kind_of_event() {
        let shown = |trace| {
            let (direction, text) = shown(&trace);
            format!("{direction} {text}")
        };
        assert_eq!(shown(Trace::Sent(b"AT\r".to_vec())), "> AT\\r");
        assert_eq!(shown(Trace::Received(b"\r\nOK\r\n".to_vec())), "< \\r\\nOK\\r\\n");
        assert_eq!(shown(Trace::Sent(vec![0x1a])), "> \\x1a");
        assert_eq!(shown(Trace::SentPayload("abc".into())), "> [3 bytes sha256:ba7816bf8f01]");
        assert_eq!(shown(Trace::ReceivedPayload("".into())), "< [0 bytes sha256:e3b0c44298fc]");
        assert_eq!(shown(Trace::Received(b"a\\b \"~\x7f\xff".to_vec())), "< a\\\\b \"~\\x7f\\xff");
        assert_eq!(
            shown(Trace::Received(b"{ca} {?ip} {\"a\":{}}".to_vec())),
            "< \\x7bca} \\x7b?ip} {\"a\":{}}"
        );
        assert_eq!(shown(Trace::Redacted { sent: true, length: 7 }), "> [redacted]");
        assert_eq!(shown(Trace::Redacted { sent: false, length: 7 }), "< [redacted]");
        assert_eq!(shown(Trace::Remark("out of step")), "# out of step");
    }
}
