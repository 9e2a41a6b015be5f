//! `ClientHello` of TLS 1.2. Source: RFC 5246 7.4.1.2, RFC 6066 3, RFC 8422 5.1.

use std::net::IpAddr;

/// TLS 1.0, as first records carry it, and TLS 1.2.
const RECORD_VERSION: [u8; 2] = [3, 1];
const VERSION: [u8; 2] = [3, 3];
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
/// x25519, P-256, P-384, P-521.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];
/// RSA, RSA-PSS and ECDSA with all hashes in use, SHA-1 last.
const ALGORITHMS: [u16; 13] =
    [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x0401, 0x0501, 0x0601, 0x0201, 0x0203];

/// A first record that offers TLS 1.2 with these suites, and names the server if `name` is a host name.
pub(in crate::diagnosis) fn question(random: [u8; 32], suites: &[u16], name: Option<&str>) -> Vec<u8> {
    let mut body = VERSION.to_vec();
    body.extend(random);
    // No session, then the suites, then no compression.
    body.push(0);
    body.extend(vector16(&numbers(suites)));
    body.extend([1, 0]);
    body.extend(vector16(&extensions(name)));
    let mut message = vec![CLIENT_HELLO];
    message.extend(length24(body.len()));
    message.extend(body);
    let mut record = vec![HANDSHAKE];
    record.extend(RECORD_VERSION);
    record.extend(vector16(&message));
    record
}

fn extensions(name: Option<&str>) -> Vec<u8> {
    let mut extensions = Vec::new();
    // An address is no server name. Source: RFC 6066 3.
    if let Some(name) = name.filter(|name| name.parse::<IpAddr>().is_err()) {
        let mut entry = vec![0];
        entry.extend(vector16(name.as_bytes()));
        extensions.extend(extension(SERVER_NAME, &vector16(&entry)));
    }
    extensions.extend(extension(SUPPORTED_GROUPS, &vector16(&numbers(&GROUPS))));
    extensions.extend(extension(POINT_FORMATS, &[1, 0]));
    extensions.extend(extension(SIGNATURE_ALGORITHMS, &vector16(&numbers(&ALGORITHMS))));
    extensions
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut extension = kind.to_be_bytes().to_vec();
    extension.extend(vector16(content));
    extension
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// Content behind its length. What is longer than a length can say is cut; no host and no list of suites is.
fn vector16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let mut vector = length.to_be_bytes().to_vec();
    vector.extend(content.iter().take(usize::from(length)));
    vector
}

fn length24(length: usize) -> impl Iterator<Item = u8> {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes().into_iter().skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_bytes() {
        let hello = question([0xaa; 32], &[0xc02f, 0x009c], Some("a.test"));
        let hex: String = hello.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = [
            "16030100740100007003",
            "03",
            &"aa".repeat(32),
            "00",
            "0004c02f009c",
            "0100",
            "0043",
            "0000000b00090000",
            "06612e74657374",
            "000a000a0008001d001700180019",
            "000b00020100",
            "000d001c001a0403050306030804080508060809080a0401050106010201",
            "0203",
        ];
        assert_eq!(hex, expected.concat());
    }

    #[test]
    fn an_address_is_not_sent_as_a_name() {
        let hello = question([0; 32], &[0xc02f], Some("192.0.2.1"));
        assert_eq!(hello, question([0; 32], &[0xc02f], None));
    }
}
