//! The reader of transcripts.

use telit_transcript::{Fixtures, Kind, Matcher, Progress, Text, Transcript, content};

/// Reads the input as a transcript, and takes it by its own words.
///
/// # Panics
/// What was read is printed as something else, or a text does not match the bytes that it stands for.
pub fn transcript(input: &[u8]) {
    let Ok(read) = Transcript::parse(input) else {
        return;
    };
    assert_eq!(read.to_string().parse().as_ref(), Ok(&read), "printed and read back");
    assert!(read.events.iter().is_sorted_by_key(|event| event.at), "time goes on");
    for event in &read.events {
        if let Kind::Host { text, .. } | Kind::Module { text, .. } = &event.kind {
            matches_itself(text, input);
        }
    }
}

fn matches_itself(text: &Text, other: &[u8]) {
    let fixtures = Fixtures::from([("ca".to_owned(), b"a certificate".to_vec())]);
    if let Ok(mut matcher) = Matcher::new(text, &fixtures) {
        // Whatever comes, after a byte that does not belong there nobody goes on.
        let _unused = other.iter().any(|byte| matcher.take(*byte) == Progress::Differs);
    }
    let Ok(bytes) = content(text, &fixtures) else {
        return;
    };
    let mut matcher = Matcher::new(text, &fixtures).expect("its content is known");
    for (index, byte) in bytes.iter().enumerate() {
        let expected = if index + 1 == bytes.len() { Progress::Complete } else { Progress::More };
        assert_eq!(matcher.take(*byte), expected, "byte {index}");
    }
    assert!(matcher.is_complete());
}
