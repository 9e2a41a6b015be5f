//! Paths in FTPS URLs.

use telit_core::at::InvalidValue;
use url::Url;

/// The path of an FTPS URL as the server knows it: percent-decoded, and without the slash that only
/// separates it from the host. `ftps://host/fw.bin` is `fw.bin` in the login directory;
/// `ftps://host//fw.bin` and `ftps://host/%2Ffw.bin` are `/fw.bin`. Source: RFC 1738 3.2.2.
///
/// # Errors
/// The decoded path is no UTF-8. What the module cannot take is refused later, when it is used.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = url::Url::parse("ftps://device@files.example/images/fw%201.bin")?;
/// assert_eq!(telit_ftps::remote_path(&url)?, "images/fw 1.bin");
/// # Ok(())
/// # }
/// ```
pub fn remote_path(url: &Url) -> Result<String, InvalidValue> {
    let path = url.path();
    decoded(path.strip_prefix('/').unwrap_or(path))
}

pub(crate) fn decoded(text: &str) -> Result<String, InvalidValue> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = (*first == b'%').then(|| behind.get(..2).and_then(hexadecimal)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8(bytes).map_err(|_| InvalidValue::new("URL", "it is no UTF-8 once it is decoded"))
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let path = |url: &str| remote_path(&Url::parse(url).unwrap());
        assert_eq!(path("ftps://h/fw.bin").unwrap(), "fw.bin");
        assert_eq!(path("ftps://h//fw.bin").unwrap(), "/fw.bin");
        assert_eq!(path("ftps://h/%2Fa/b%20c").unwrap(), "/a/b c");
        assert_eq!(path("ftps://h").unwrap(), "");
        assert!(path("ftps://h/%ff").is_err());
        assert_eq!(decoded("100%").unwrap(), "100%");
        assert_eq!(decoded("%+1").unwrap(), "%+1");
    }
}
