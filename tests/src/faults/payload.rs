//! Bytes that break whoever searches where he should count.

use bytes::Bytes;

/// Everything that ends, begins or interrupts something on an AT line, and every byte once.
pub(super) fn hostile() -> Bytes {
    let mut bytes =
        b"\r\nOK\r\n\r\nERROR\r\n+CME ERROR: 4\r\nNO CARRIER\r\n#MQRING: 1,1,a,3\r\n> >>><<<\x1a\x1b\x08+++"
            .to_vec();
    bytes.extend(0..=255);
    bytes.extend(b"\"\\22\r\n\r\nOK\r");
    bytes.into()
}

/// So many times the same, each with a number of its own, so that no part is like another.
pub(super) fn numbered(times: usize) -> Bytes {
    (0..times)
        .flat_map(|number| [format!("{number:04}").into_bytes(), hostile().to_vec()])
        .flatten()
        .collect()
}
