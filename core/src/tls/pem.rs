//! PEM text in every shape that people have it in, and the one shape that the module gets.
//!
//! Read: text around the blocks, CR or CR LF line ends, any line length, leading blanks, a byte order mark.
//! Written: the BEGIN line, base64 in lines of 64 characters, the END line, each ended by one LF and nothing after.
//! Source: SSL guide 6.5 ("each certificate line must be terminated only with LF (no CR), and no EOF character").

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::credential_error::{Credential, CredentialError};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const LINE_LENGTH: usize = 64;
const LONGEST_LABEL: usize = 40;

/// One decoded block.
pub(super) struct Block {
    /// The words after BEGIN.
    pub(super) label: String,
    /// Whether a `Proc-Type: 4,ENCRYPTED` header says that the content is encrypted.
    pub(super) encrypted: bool,
    /// The decoded content.
    pub(super) content: Zeroizing<Vec<u8>>,
}

/// All blocks of `bytes`, at least one.
pub(super) fn blocks(expected: Credential, bytes: &[u8]) -> Result<Vec<Block>, CredentialError> {
    let malformed = |reason| CredentialError::Malformed { expected, reason };
    let mut blocks = Vec::new();
    let mut open: Option<OpenBlock> = None;
    for line in lines(bytes) {
        let Some(block) = open.as_mut() else {
            open = boundary(line, b"-----BEGIN ").map(|label| OpenBlock::new(label, bytes.len()));
            continue;
        };
        if let Some(label) = boundary(line, b"-----END ") {
            if label != block.label {
                return Err(malformed("its BEGIN and END lines differ"));
            }
            blocks.extend(open.take().map(OpenBlock::close).transpose().map_err(malformed)?);
        } else if boundary(line, b"-----BEGIN ").is_some() {
            return Err(malformed("its END line is missing"));
        } else {
            block.push(line);
        }
    }
    if open.is_some() {
        return Err(malformed("its END line is missing"));
    }
    if blocks.is_empty() {
        return Err(CredentialError::NotPem { expected, found: describe(bytes) });
    }
    Ok(blocks)
}

/// The only block of `bytes`.
pub(super) fn single(expected: Credential, blocks: Vec<Block>) -> Result<Block, CredentialError> {
    let count = blocks.len();
    let mut blocks = blocks.into_iter();
    match (blocks.next(), count) {
        (Some(block), 1) => Ok(block),
        _ => Err(CredentialError::SeveralBlocks { expected, count }),
    }
}

/// The text that is sent to the module.
pub(super) fn encode(label: &str, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let body = Zeroizing::new(Base64::encode_string(content));
    // Reserved at once: growing would leave copies of a key behind.
    let mut text = Vec::with_capacity(body.len() + body.len() / LINE_LENGTH + 2 * label.len() + 36);
    text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in body.as_bytes().chunks(LINE_LENGTH) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    Zeroizing::new(text)
}

/// Whether this is the binary form instead: a long ASN.1 sequence, which no text starts like. Source: X.690 8.1.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// What a block with this label is, in words.
pub(super) fn name_of(label: &str) -> String {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => "a certificate".to_owned(),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request (CSR)".to_owned(),
        "PRIVATE KEY" | "RSA PRIVATE KEY" => "a private key".to_owned(),
        "ENCRYPTED PRIVATE KEY" => "an encrypted private key".to_owned(),
        "EC PRIVATE KEY" => "an EC private key".to_owned(),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key".to_owned(),
        "PKCS7" | "CMS" => "a PKCS#7 bundle".to_owned(),
        "X509 CRL" => "a revocation list (CRL)".to_owned(),
        other => format!("a block named {other}"),
    }
}

struct OpenBlock {
    label: String,
    encrypted: bool,
    body: Zeroizing<Vec<u8>>,
}

impl OpenBlock {
    fn new(label: String, capacity: usize) -> Self {
        Self { label, encrypted: false, body: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    /// Takes a line of base64, or a header of the older format, which base64 cannot be mistaken for.
    fn push(&mut self, line: &[u8]) {
        if line.contains(&b':') {
            self.encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
        } else {
            self.body.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }

    fn close(self) -> Result<Block, &'static str> {
        let body = std::str::from_utf8(&self.body).map_err(|_| NOT_BASE64)?;
        let content = Base64::decode_vec(body).map_err(|_| NOT_BASE64)?;
        Ok(Block { label: self.label, encrypted: self.encrypted, content: Zeroizing::new(content) })
    }
}

const NOT_BASE64: &str = "its content is not base64";

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(bytes)
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
}

fn boundary(line: &[u8], start: &[u8]) -> Option<String> {
    let label = line.strip_prefix(start)?.strip_suffix(b"-----")?;
    let plausible = label.len() <= LONGEST_LABEL && label.iter().all(|byte| matches!(byte, b' '..=b'~'));
    plausible.then(|| String::from_utf8_lossy(label).into_owned())
}

fn describe(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "the file is empty",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16 text",
        _ if is_binary(bytes) => "the file is binary (DER)",
        _ if bytes.contains(&0) => "the file is binary",
        _ => "the file is text without a BEGIN line",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: Credential = Credential::CaCertificate;

    fn content_of(text: &str) -> Vec<u8> {
        let block = single(KIND, blocks(KIND, text.as_bytes()).unwrap()).unwrap();
        block.content.to_vec()
    }

    #[test]
    fn any_layout_of_the_same_block_reads_alike() {
        for text in [
            "-----BEGIN X-----\naGVs\nbG8=\n-----END X-----\n",
            "-----BEGIN X-----\r\naGVsbG8=\r\n-----END X-----",
            "\u{feff}remark\n  -----BEGIN X-----\r aG Vs\n\n\tbG8=\r-----END X-----  \nremark",
        ] {
            assert_eq!(content_of(text), b"hello", "{text:?}");
        }
    }

    #[test]
    fn the_written_form_is_exact() {
        let text = encode("X", &[0; 50]);
        let expected = format!("-----BEGIN X-----\n{}\nAAA=\n-----END X-----\n", "A".repeat(64));
        assert_eq!(text.as_slice(), expected.as_bytes());
    }

    #[test]
    fn damage_is_named() {
        let reason = |text: &str| match blocks(KIND, text.as_bytes()).err() {
            Some(CredentialError::Malformed { reason, .. }) => reason,
            other => panic!("{text:?}: {other:?}"),
        };
        assert_eq!(reason("-----BEGIN X-----\naGVs\n"), "its END line is missing");
        assert_eq!(reason("-----BEGIN X-----\n-----BEGIN X-----\n"), "its END line is missing");
        assert_eq!(reason("-----BEGIN X-----\n-----END Y-----\n"), "its BEGIN and END lines differ");
        assert_eq!(reason("-----BEGIN X-----\n=aGVs\n-----END X-----\n"), NOT_BASE64);
        assert_eq!(reason("-----BEGIN X-----\naGVsbG8\n-----END X-----\n"), NOT_BASE64);
        assert_eq!(reason("-----BEGIN X-----\n\u{e9}\n-----END X-----\n"), NOT_BASE64);
    }

    #[test]
    fn what_is_no_pem_is_described() {
        for (bytes, found) in [
            (b"".as_slice(), "the file is empty"),
            (b"\xff\xfe-\x00", "the file is UTF-16 text"),
            (b"\x30\x82\x01\x02", "the file is binary (DER)"),
            (b"\x1f\x8b\x00", "the file is binary"),
            (b"hello", "the file is text without a BEGIN line"),
        ] {
            assert_eq!(
                blocks(KIND, bytes).err(),
                Some(CredentialError::NotPem { expected: KIND, found }),
                "{bytes:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn written_text_reads_back(content in proptest::collection::vec(any::<u8>(), 1..400)) {
            let text = encode("SOME THING", &content);
            let block = single(KIND, blocks(KIND, &text).unwrap()).unwrap();
            prop_assert_eq!(block.content.as_slice(), content.as_slice());
            prop_assert_eq!(encode(&block.label, &block.content), text);
        }
    }
}
