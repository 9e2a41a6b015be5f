//! Bodies, by the names that paths call them.

use bytes::Bytes;

/// The largest block that the module gives at once. Source: M37 p869.
const BLOCK: usize = 1500;
/// The most that its `#HTTPSND` takes here, as `AT#HTTPSND=?` tells.
const MOST_SENT: usize = 65_535;

/// What looks like the end of an answer, a prompt or an event of the module.
const LOOKALIKES: [(&str, &[u8]); 8] = [
    ("mark", b"<<<"),
    ("okay", b"\r\nOK\r\n"),
    ("error", b"\r\n+CME ERROR: wrong state\r\n"),
    ("prompt", b"\r\n>>>"),
    ("no-carrier", b"\r\nNO CARRIER\r\n"),
    ("ring", b"\r\n#HTTPRING: 0,200,\"text/html\",5\r\n"),
    ("escape", b"+++"),
    ("end-of-block", b"\r\nOK\r\n\r\n<<<\r\nOK\r\n"),
];

/// Every body, by its name.
pub(super) fn all() -> Vec<(&'static str, Bytes)> {
    let sizes = [("0", 0), ("1", 1), ("1499", BLOCK - 1), ("1500", BLOCK), ("1501", BLOCK + 1)];
    let large = [("65535", MOST_SENT), ("65536", MOST_SENT + 1)];
    let mut all: Vec<_> = sizes.into_iter().chain(large).map(|(name, size)| (name, noise(size))).collect();
    all.push(("all-values", (0..=255).collect()));
    all.extend(LOOKALIKES.map(|(name, text)| (name, lookalike(text))));
    all
}

/// The body of that name.
pub(super) fn named(name: &str) -> Bytes {
    let known = all().into_iter().find(|(known, _)| *known == name);
    known.unwrap_or_else(|| panic!("there is no body {name}")).1
}

/// It begins and ends with the text, and the first block of the module is cut in the middle of one.
fn lookalike(text: &[u8]) -> Bytes {
    let before = BLOCK - text.len() / 2 - text.len();
    [text, &vec![b'.'; before], text, b"..", text].concat().into()
}

fn noise(size: usize) -> Bytes {
    (0..size as u64).map(|n| (n.wrapping_mul(2_654_435_761) >> 16).to_le_bytes()[0]).collect()
}
