//! Values and lines, in both directions.

use std::time::Instant;

use telit_core::at::{
    CommandLine, DEFAULT_LINE_LIMIT, Engine, Event, Fields, Line, Reply, Settings, after_prefix,
};

/// A line longer than that is thrown away.
const LINE_LIMIT: usize = 60;

/// Reads the input as lines, as fields and as values, and sends it as values.
///
/// # Panics
/// A line, a field or a value does not come out as it went in, or what could inject is not refused.
pub fn codec(input: &[u8]) {
    lines(input);
    let text = String::from_utf8_lossy(input);
    fields(&text);
    parameters(&text);
    typed(&text);
}

/// An engine that waits for nothing gives the lines of its input, however it is cut.
fn lines(input: &[u8]) {
    // Codes that carry bytes are taken by count, so for them lines say nothing.
    if input.windows(8).any(|part| part == b"SSLSRING") {
        return;
    }
    let expected: Vec<Vec<u8>> = complete_lines(input).map(<[u8]>::to_vec).collect();
    for size in [1, 7, input.len().max(1)] {
        let mut settings = Settings::default();
        settings.line_limit = LINE_LIMIT;
        let mut engine = Engine::new(settings);
        let mut found = Vec::new();
        for piece in input.chunks(size) {
            engine.input().extend_from_slice(piece);
            engine.handle_input(Instant::now());
            while let Some(event) = engine.poll_event() {
                match event {
                    Event::Unsolicited(line) => found.push(line.as_bytes().to_vec()),
                    event => panic!("{event:?} out of nothing"),
                }
            }
        }
        assert_eq!(found, expected, "in pieces of {size} bytes");
    }
}

fn complete_lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = input.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or_default();
    let complete = input.get(..end).unwrap_or_default();
    complete
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|line| !line.is_empty() && line.len() <= LINE_LIMIT)
}

/// Every field is found, and what is between them is what separates them.
fn fields(text: &str) {
    let fields = Fields::parse(text);
    assert!(!fields.is_empty());
    let raw: Vec<&str> = (0..fields.len()).filter_map(|index| fields.raw(index)).collect();
    assert_eq!(raw.len(), fields.len());
    assert_eq!(fields.raw(fields.len()), None);
    let joined: String = raw.join(",");
    assert_eq!(without_blanks(&joined), without_blanks(text), "something is lost");
    for index in 0..fields.len() {
        let _: (Option<u8>, Option<u64>, Option<i32>) =
            (fields.number(index), fields.number(index), fields.number(index));
    }
    let reply = Reply::new(text.lines(), input_bytes(text));
    for prefix in ["#MQRING", "+CREG", ""] {
        assert_eq!(reply.value(prefix), reply.values(prefix).first().cloned());
        let behind = after_prefix(text, prefix);
        assert!(behind.is_none_or(|behind| text.contains(behind)));
    }
    let line = Line::new(input_bytes(text));
    assert!(!line.to_string().contains(['\r', '\n', '\0', '\u{1b}', '\u{1a}']), "it could reach a terminal");
}

fn input_bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// What a string parameter cannot carry is refused; what it carries arrives.
fn parameters(text: &str) {
    let (first, second) =
        text.split_at(text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at));
    let built = CommandLine::set("#X")
        .number(7_u8)
        .text("first", first)
        .omitted()
        .secret_text("second", second)
        .hex(0xC02F)
        .build();
    let harmless = |value: &str| value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"');
    let length = "AT#X=7,\"\",,\"\",0xC02F".len() + text.len();
    let Ok(line) = built else {
        return assert!(!harmless(text) || length > DEFAULT_LINE_LIMIT, "{text:?} is refused");
    };
    assert!(harmless(text) && length <= DEFAULT_LINE_LIMIT, "{text:?} is not refused");
    assert_eq!(line.as_bytes().len(), length);
    let sent = String::from_utf8_lossy(line.as_bytes());
    let parameters = Fields::parse(sent.strip_prefix("AT#X=").expect("it is a set command"));
    assert_eq!(parameters.len(), 5, "a value has added a parameter");
    assert_eq!((parameters.text(1), parameters.text(3)), (Some(first), Some(second)));
    assert_eq!(parameters.text(4), Some("0xC02F"));
    let shown = if second.is_empty() { "\"\"" } else { "\"[redacted]\"" };
    assert_eq!(line.redacted(), format!("AT#X=7,\"{first}\",,{shown},0xC02F"));
}

/// A line that a person typed is one line, and its secrets are within it.
fn typed(text: &str) {
    let Ok(line) = CommandLine::verbatim(text) else {
        return;
    };
    assert_eq!(line.as_bytes(), text.as_bytes());
    assert!(line.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~')));
    assert!(text.starts_with(line.name()));
    drop(line.redacted());
}
