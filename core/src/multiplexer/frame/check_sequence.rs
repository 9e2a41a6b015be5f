//! The check sequence of a frame: CRC-8 with the polynomial x^8 + x^2 + x + 1, lowest bit first.
//!
//! Source: 3GPP TS 27.010 5.2.1.6, annex B.

const REVERSED_POLYNOMIAL: u8 = 0xe0;
const INITIAL: u8 = 0xff;

const TABLE: [u8; 256] = table();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut remainder = index as u8;
        let mut bit = 0;
        while bit < 8 {
            let divided = if remainder & 1 == 1 { REVERSED_POLYNOMIAL } else { 0 };
            remainder = remainder >> 1 ^ divided;
            bit += 1;
        }
        table[index] = remainder;
        index += 1;
    }
    table
}

/// The octet that follows these parts of a frame.
pub(super) fn check_sequence(parts: [&[u8]; 2]) -> u8 {
    let octets = parts.into_iter().flatten();
    !octets.fold(INITIAL, |remainder, octet| {
        TABLE.get(usize::from(remainder ^ octet)).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_standard() {
        assert_eq!(TABLE[..8], [0x00, 0x91, 0xe3, 0x72, 0x07, 0x96, 0xe4, 0x75]);
        assert_eq!(TABLE[248..], [0xba, 0x2b, 0x59, 0xc8, 0xbd, 0x2c, 0x5e, 0xcf]);
    }

    #[test]
    fn frames_that_everybody_knows() {
        assert_eq!(check_sequence([&[0x03, 0x3f, 0x01], &[]]), 0x1c, "SABM for the control channel");
        assert_eq!(check_sequence([&[0x03, 0x73, 0x01], &[]]), 0xd7, "its UA");
        assert_eq!(check_sequence([&[0x07, 0x3f], &[0x01]]), 0xde, "SABM for the first data channel");
    }
}
