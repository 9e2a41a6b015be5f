//! Several channels on one line, with a module that sends anything.

use telit_core::multiplexer::{Content, Decoded, Decoder, Frame, Message};

/// Octets of information of one frame at most.
const LIMIT: usize = 1500;

/// Reads the input as the octets of a line, divided or not.
///
/// # Panics
/// What divides the octets changes what is found, more than a frame is kept, or what was read is written otherwise.
pub fn multiplexer(input: &[u8]) {
    let whole = decode(input, input.len().max(1));
    for piece in [1, 3] {
        assert_eq!(decode(input, piece), whole, "in pieces of {piece} bytes");
    }
    let frames = whole.into_iter().filter_map(|found| match found {
        Decoded::Frame(frame) => Some(frame),
        _ => None,
    });
    frames.for_each(|frame| check(&frame));
}

/// Everything that is found; what is outside is put together.
fn decode(input: &[u8], piece: usize) -> Vec<Decoded> {
    let mut decoder = Decoder::new(LIMIT);
    let mut found: Vec<Decoded> = Vec::new();
    for piece in input.chunks(piece) {
        decoder.input().extend_from_slice(piece);
        while let Some(decoded) = decoder.decode() {
            match (found.last_mut(), decoded) {
                (Some(Decoded::Outside(before)), Decoded::Outside(more)) => {
                    *before = [&before[..], &more[..]].concat().into();
                }
                (_, decoded) => found.push(decoded),
            }
        }
        assert!(decoder.input().len() <= LIMIT + 6, "{} bytes wait", decoder.input().len());
    }
    if let Some(damage) = decoder.give_up() {
        found.push(Decoded::Damaged(damage));
    }
    found
}

fn check(frame: &Frame) {
    let again = decode(&frame.encode(), LIMIT + 7);
    assert_eq!(again, [Decoded::Frame(frame.clone())], "it is written otherwise");
    let messages = Message::decode(&frame.information).into_iter();
    // Of one that is not known its value is not kept.
    for message in messages.filter(|message| !matches!(message.content, Content::Unknown(_))) {
        let again = Message::decode(&message.encode());
        assert_eq!(again, [message], "a message is written otherwise");
    }
}
