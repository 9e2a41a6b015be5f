//! What a string on the command line carries as it is.

/// Whether it carries this byte. Source: M37 p166-167.
pub(crate) fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) && byte != b'"'
}

/// Whether it carries all of them. They are looked at together: a loop that stops at the first other byte takes them one
/// by one.
pub(crate) fn are_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, byte| plain & is_plain(*byte))
}

#[cfg(test)]
mod tests {
    use telit_core::at::CommandLine;

    use super::*;

    #[test]
    fn it_is_what_the_encoder_takes() {
        for number in 0..=0xff_u8 {
            let text = format!("ab{}cd", char::from(number));
            let taken = CommandLine::set("#").text("text", &text).build().is_ok();
            assert_eq!(are_plain(text.as_bytes()), taken, "{text:?}");
            assert_eq!(number.is_ascii() && is_plain(number), taken, "{number}");
        }
        assert!(are_plain(b""));
    }
}
