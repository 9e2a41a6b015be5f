//! Bytes that show where they belong.

/// The byte at `position` of the endless sequence that servers and peers send where nothing else is asked for.
///
/// It is the top byte of `position * 2654435761` in 32-bit arithmetic (Knuth's multiplicative hash). All 256 values
/// occur, among them line ends and zeros, and a piece that is missing, doubled or moved does not go unseen.
pub fn pattern_byte(position: u64) -> u8 {
    let [.., low3, low2, low1, low0] = position.to_be_bytes();
    let [top, ..] = u32::from_be_bytes([low3, low2, low1, low0]).wrapping_mul(2_654_435_761).to_be_bytes();
    top
}

/// The first `length` bytes of the sequence, see [`pattern_byte`].
pub fn pattern(length: usize) -> Vec<u8> {
    (0..).map(pattern_byte).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_as_documented() {
        assert_eq!(pattern(6), [0x00, 0x9e, 0x3c, 0xda, 0x78, 0x17]);
    }

    #[test]
    fn has_every_value_and_no_short_period() {
        let bytes = pattern(10_000);
        assert!((0..=255).all(|value| bytes.contains(&value)));
        assert!((1..1000).all(|period| bytes[period..] != bytes[..bytes.len() - period]));
    }
}
