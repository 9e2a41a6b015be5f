//! Lines that no command asked for.

use super::fields::bytes_after_prefix;
use super::result_code::is_no_carrier;

/// Prefixes of the unsolicited codes of all manuals. They matter for commands that are answered by
/// bare text, where everything else belongs to the answer.
///
/// Source: M37 p189, p289, p366-370, p528, p685, p706, p862, p878, p1032, p1175; SSL guide 7.4.4.
pub const KNOWN_PREFIXES: [&str; 15] = [
    "#MQRING",
    "SSLSRING",
    "#HTTPRING",
    "+CREG",
    "+CEREG",
    "+CGREG",
    "+CGEV",
    "+CTZV",
    "#NITZ",
    "#QSS",
    "#SIMPR",
    "#SGACT",
    "SRING",
    "+CEDRXP",
    "RING",
];

/// Whether a line is one of the known unsolicited codes.
pub(crate) fn is_known(line: impl AsRef<[u8]>) -> bool {
    let line = line.as_ref();
    if !matches!(line.first(), Some(b'#' | b'+' | b'S' | b'R' | b'N')) {
        return false;
    }
    is_no_carrier(line)
        || line == b"RING"
        || line.starts_with(b"#PSMURC=")
        || KNOWN_PREFIXES.iter().any(|prefix| bytes_after_prefix(line, prefix).is_some())
}

/// Whether a line has the form of a code, known or not: a sign, a name in capitals, a colon.
pub(crate) fn looks_like_code(line: &[u8]) -> bool {
    let named = |rest: &[u8]| {
        let length =
            rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        length > 0 && rest.get(length) == Some(&b':')
    };
    is_known(line) || matches!(line, [b'+' | b'#' | b'%' | b'^' | b'*' | b'$', rest @ ..] if named(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_sign_a_name_in_capitals_and_a_colon() {
        for line in ["+CMTI: \"SM\",3", "%IPADDR:1", "^C2: 1", "NO CARRIER", "SRING: 1,5", "#X:"] {
            assert!(looks_like_code(line.as_bytes()), "{line}");
        }
        for line in ["NOTE: 1", "+cmti: 1", "+: 1", "+CMTI", "+CM TI: 1", "+", "", "a+CMTI: 1"] {
            assert!(!looks_like_code(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn knows_what_the_manuals_print() {
        for line in [
            "#MQRING: 1,1,topic,3",
            "#MQRING: 0",
            "SSLSRING:1,3",
            "#HTTPRING: 0,200,\"text/html\",5",
            "+CEREG: 1",
            "NO CARRIER",
            "NO CARRIER:SSL,1,4",
            "RING",
            "#PSMURC=0,1",
            "#NITZ: 26/01/01,00:00:00",
        ] {
            assert!(is_known(line), "{line}");
        }
        for line in ["ME310G1-WW", "MIIDXTCCAkWgAwIBAgIJAJC1", "+CMEE: 2", "No data stored", "Ring road"] {
            assert!(!is_known(line), "{line}");
        }
    }
}
