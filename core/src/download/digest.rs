//! SHA-256 values.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const BLOCK: usize = 64 * 1024;

/// A SHA-256 value. It is read from and shown as 64 hexadecimal digits.
///
/// ```
/// use telit_core::download::Sha256Digest;
/// let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// let digest: Sha256Digest = text.parse()?;
/// assert_eq!(digest.to_string(), text);
/// # Ok::<(), telit_core::download::InvalidDigest>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Digest([u8; 32]);

/// This is no SHA-256 value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 value has 64 hexadecimal digits")]
pub struct InvalidDigest;

impl Sha256Digest {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Sha256Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Sha256Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * index..2 * index + 2).ok_or(InvalidDigest)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

pub(super) fn hash_text(text: &str) -> Sha256Digest {
    <[u8; 32]>::from(Sha256::digest(text)).into()
}

/// Hash and length of a file.
pub(super) fn hash_file(path: &Path) -> io::Result<(Sha256Digest, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    let mut length = 0;
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(block.get(..count).unwrap_or_default());
        length += count as u64;
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Ok((digest.into(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_digits() {
        let digits = "0123456789ABCDEF".repeat(4);
        assert_eq!(digits.parse::<Sha256Digest>().unwrap().to_string(), digits.to_lowercase());
        for bad in ["", "00", &digits[1..], &format!("{digits}0"), &digits.replace('0', "x"), &"é".repeat(32)]
        {
            assert_eq!(bad.parse::<Sha256Digest>(), Err(InvalidDigest), "{bad}");
        }
    }
}
