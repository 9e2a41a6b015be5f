//! The points of a conversation: its smallest pieces that mean something.

use bytes::Bytes;

use super::tape::{Speaker, Tape};

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A command line of the host.
    Command,
    /// What the host sends into a prompt.
    Payload,
    /// A line of the module: an echo, information, a final result, an unsolicited code.
    Line,
    /// The module asks for a payload.
    Prompt,
    /// What stands between the header of counted bytes and these: no place for anything else.
    Mark,
    /// Bytes of a body or of online mode.
    Data,
}

/// A piece of a conversation: `bytes` begin `start` bytes after the beginning of what `speaker` says in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) speaker: Speaker,
    pub(super) start: usize,
    pub(super) kind: Kind,
    pub(super) bytes: Bytes,
}

/// Cuts the conversation of a job into its points.
pub(super) fn points(tape: &Tape) -> Vec<Point> {
    let mut cutter = Cutter::default();
    for (in_job, turn) in tape.turns() {
        cutter.in_job = in_job;
        match turn.speaker {
            Speaker::Host => cutter.host(&turn.bytes),
            Speaker::Module => cutter.module(turn.bytes.clone()),
        }
    }
    cutter.points
}

/// Headers that announce in their last field how many raw bytes follow. Source: M37 p815, p912, p1031.
const COUNTED: [&str; 3] = ["#SSLRECV:", "#FTPRECV:", "#MQREAD:"];
/// Stands before the raw bytes of a body. Source: M37 p869.
const MARK: &[u8] = b"<<<";
/// Stands before the raw bytes of a message, which do not count it. Source: M37 p1031.
const MESSAGE_MARK: &[u8] = b"<<<\r\n";

#[derive(Default)]
struct Cutter {
    points: Vec<Point>,
    in_job: bool,
    host: usize,
    module: usize,
    prompted: bool,
    online: bool,
    /// So many raw bytes of the module are still to come.
    body: usize,
    /// They come next, perhaps behind a mark.
    announced: bool,
    /// A mark has been seen: all up to the last `OK` of the turn is a body.
    marked: bool,
}

impl Cutter {
    fn host(&mut self, bytes: &Bytes) {
        if self.online || self.prompted {
            let kind = if self.online { Kind::Data } else { Kind::Payload };
            return self.add(Speaker::Host, kind, bytes.clone());
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\r') {
            self.add(Speaker::Host, Kind::Command, bytes.slice_ref(line));
        }
    }

    fn module(&mut self, mut bytes: Bytes) {
        self.prompted = false;
        while !bytes.is_empty() {
            let (kind, length) = self.next_piece(&bytes);
            let piece = bytes.split_to(length);
            self.understand(kind, &piece);
            self.add(Speaker::Module, kind, piece);
        }
    }

    fn next_piece(&mut self, bytes: &[u8]) -> (Kind, usize) {
        if std::mem::take(&mut self.announced) && bytes.starts_with(MESSAGE_MARK) {
            return (Kind::Mark, MESSAGE_MARK.len());
        }
        if self.body > 0 {
            return (Kind::Data, self.body.min(bytes.len()));
        }
        if std::mem::take(&mut self.marked) {
            return (Kind::Data, rfind(bytes, b"\r\nOK\r\n").unwrap_or(bytes.len()).max(1));
        }
        if self.online {
            return (Kind::Data, ending_of_stream(bytes).unwrap_or(bytes.len()).max(1));
        }
        if bytes.trim_ascii().first() == Some(&b'>') && !bytes.trim_ascii().contains(&b'\n') {
            return (Kind::Prompt, bytes.len());
        }
        if bytes.trim_ascii_start().starts_with(MARK) {
            return (Kind::Line, bytes.len() - bytes.trim_ascii_start().len() + MARK.len());
        }
        (Kind::Line, line_length(bytes))
    }

    fn understand(&mut self, kind: Kind, piece: &[u8]) {
        let text = String::from_utf8_lossy(piece).trim().to_owned();
        match kind {
            Kind::Prompt => self.prompted = true,
            Kind::Data => {
                self.body = self.body.saturating_sub(piece.len());
                self.online &= !is_ending(&text);
            }
            Kind::Line if text == "CONNECT" => self.online = true,
            Kind::Line if text == "<<<" => self.marked = true,
            Kind::Line if COUNTED.iter().any(|header| text.starts_with(header)) => {
                self.body = counted(&text);
                self.announced = self.body > 0;
            }
            _ => {}
        }
    }

    fn add(&mut self, speaker: Speaker, kind: Kind, bytes: Bytes) {
        let so_far = match speaker {
            Speaker::Host => &mut self.host,
            Speaker::Module => &mut self.module,
        };
        let start = *so_far;
        *so_far += bytes.len();
        if self.in_job {
            self.points.push(Point { speaker, start, kind, bytes });
        }
    }
}

/// How many raw bytes follow this header. A socket that has ended has none (M37 p904), and a test form tells a range.
fn counted(header: &str) -> usize {
    let count = header.rsplit([',', ' ']).next().unwrap_or_default();
    match count {
        "DISCONNECTED" | "TIMEOUT" => 0,
        range if range.contains(['(', ')']) => 0,
        count => count.parse().unwrap_or_else(|error| panic!("{header:?} announces no bytes: {error}")),
    }
}

/// Up to the end of the first line that is not empty.
fn line_length(bytes: &[u8]) -> usize {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let text = bytes.iter().position(|byte| !is_end(byte)).unwrap_or(bytes.len());
    let end = bytes[text..].iter().position(is_end).map_or(bytes.len(), |end| text + end);
    match &bytes[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [_, ..] => end + 1,
        [] => end,
    }
}

/// Where the line begins that ends online mode, if the bytes end with one.
fn ending_of_stream(bytes: &[u8]) -> Option<usize> {
    let last = bytes.strip_suffix(b"\r\n")?;
    let start = rfind(last, b"\r\n")?;
    is_ending(String::from_utf8_lossy(&last[start..]).trim()).then_some(start)
}

fn is_ending(text: &str) -> bool {
    text == "OK" || text.starts_with("NO CARRIER")
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn cut(turns: &[(Speaker, &[u8])]) -> Vec<(Kind, usize, String)> {
        let mut tape = Tape::default();
        tape.begin_job();
        for (index, (speaker, bytes)) in turns.iter().enumerate() {
            tape.record(Duration::from_secs(index as u64), *speaker, bytes);
        }
        points(&tape).into_iter().map(|it| (it.kind, it.start, it.bytes.escape_ascii().to_string())).collect()
    }

    fn piece(kind: Kind, start: usize, text: &str) -> (Kind, usize, String) {
        (kind, start, text.to_owned())
    }

    #[test]
    fn echo_lines_and_results() {
        let found = cut(&[
            (Speaker::Host, b"ATE0\r"),
            (Speaker::Module, b"ATE0\r\r\nOK\r\n"),
            (Speaker::Host, b"AT+CGMM\r"),
            (Speaker::Module, b"\r\nME310\r\n\r\nOK\r\n"),
        ]);
        assert_eq!(
            found,
            [
                piece(Kind::Command, 0, "ATE0\\r"),
                piece(Kind::Line, 0, "ATE0\\r"),
                piece(Kind::Line, 5, "\\r\\nOK\\r\\n"),
                piece(Kind::Command, 5, "AT+CGMM\\r"),
                piece(Kind::Line, 11, "\\r\\nME310\\r\\n"),
                piece(Kind::Line, 20, "\\r\\nOK\\r\\n"),
            ]
        );
    }

    #[test]
    fn prompts_and_payloads() {
        let found = cut(&[
            (Speaker::Host, b"AT#SSLSECDATA=1,1,1,4\r"),
            (Speaker::Module, b"\r\n> "),
            (Speaker::Host, b"a\rb\x1a"),
            (Speaker::Module, b"\r\nOK\r\n"),
        ]);
        assert_eq!(found[1], piece(Kind::Prompt, 0, "\\r\\n> "));
        assert_eq!(found[2], piece(Kind::Payload, 22, "a\\rb\\x1a"));
    }

    #[test]
    fn counted_bodies_are_one_piece_each() {
        for (header, count) in [
            ("#FTPRECV: 12", 12),
            ("#SSLRECV: 1,12", 12),
            ("#MQREAD: 1,a,12", 12),
            ("#MQREAD: 1,\"a: b, 7\",12", 12),
            ("#SSLRECV: 1,DISCONNECTED", 0),
            ("#SSLRECV: (1-6),(1-1500)", 0),
            ("#FTPRECV: (1-3000)", 0),
        ] {
            assert_eq!(counted(header), count, "{header}");
        }
        for header in ["#FTPRECV: 12", "#SSLRECV: 1,12", "#MQREAD: 1,a,12"] {
            let answer = format!("\r\n{header}\r\n\r\nOK\r\nERROR\r\n\r\nOK\r\n");
            let found = cut(&[(Speaker::Module, answer.as_bytes())]);
            let first = header.len() + 4;
            assert_eq!(
                found,
                [
                    piece(Kind::Line, 0, &format!("\\r\\n{header}\\r\\n")),
                    piece(Kind::Data, first, "\\r\\nOK\\r\\nERROR\\r"),
                    piece(Kind::Line, first + 12, "\\n\\r\\nOK\\r\\n"),
                ],
                "{header}"
            );
        }
    }

    #[test]
    fn the_mark_before_a_message_is_not_counted() {
        let found = cut(&[(Speaker::Module, b"\r\n#MQREAD: 1,a,6\r\n<<<\r\n<<<\r\nO\r\nOK\r\n")]);
        let kinds: Vec<_> = found.iter().map(|(kind, _, text)| (*kind, text.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Line, "\\r\\n#MQREAD: 1,a,6\\r\\n"),
                (Kind::Mark, "<<<\\r\\n"),
                (Kind::Data, "<<<\\r\\nO"),
                (Kind::Line, "\\r\\nOK\\r\\n"),
            ]
        );
    }

    #[test]
    #[should_panic(expected = "announces no bytes")]
    fn a_count_that_cannot_be_read_is_an_error() {
        cut(&[(Speaker::Module, b"\r\n#FTPRECV: many\r\n")]);
    }

    #[test]
    fn bodies_are_not_taken_for_lines() {
        let found = cut(&[
            (Speaker::Module, b"\r\n#MQREAD: 1,a,6\r\nx\r\nOK\n\r\n\r\nOK\r\n"),
            (Speaker::Host, b"AT#HTTPRCV=0\r"),
            (Speaker::Module, b"\r\n<<<a\r\nOK\r\nb\r\nOK\r\n"),
        ]);
        let kinds: Vec<_> = found.iter().map(|(kind, _, text)| (*kind, text.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Line, "\\r\\n#MQREAD: 1,a,6\\r\\n"),
                (Kind::Data, "x\\r\\nOK\\n"),
                (Kind::Line, "\\r\\n\\r\\nOK\\r\\n"),
                (Kind::Command, "AT#HTTPRCV=0\\r"),
                (Kind::Line, "\\r\\n<<<"),
                (Kind::Data, "a\\r\\nOK\\r\\nb"),
                (Kind::Line, "\\r\\nOK\\r\\n"),
            ]
        );
    }
}
