//! What a module in a pool is called.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The most characters of a name.
pub(super) const LONGEST: usize = 64;

/// What a module in a pool is called: the place where it is mounted, a serial number, whatever stays the same when it is
/// plugged in again. It is the label of its log lines and figures, so it has 1 to 64 characters of
/// `A-Z a-z 0-9 . _ - : / @ + #`, and should tell nothing that is a secret.
///
/// ```
/// use telit_core::pool::ModuleName;
///
/// let name: ModuleName = "hall-3/left".parse()?;
/// assert_eq!(name.as_str(), "hall-3/left");
/// assert!("two words".parse::<ModuleName>().is_err());
/// # Ok::<(), telit_core::pool::InvalidModuleName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName(Arc<str>);

/// The text names no module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no name of a module: 1 to 64 characters of A-Z a-z 0-9 . _ - : / @ + #")]
pub struct InvalidModuleName {
    /// What was given.
    pub name: String,
}

impl ModuleName {
    #[cfg(feature = "metrics")]
    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-:/@+#".contains(&byte)
}

impl FromStr for ModuleName {
    type Err = InvalidModuleName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed);
        match fits {
            true => Ok(Self(text.into())),
            false => Err(InvalidModuleName { name: text.to_owned() }),
        }
    }
}

impl TryFrom<&str> for ModuleName {
    type Error = InvalidModuleName;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for ModuleName {
    type Error = InvalidModuleName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<&String> for ModuleName {
    type Error = InvalidModuleName;

    fn try_from(text: &String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A [`ModuleName`] is one already.
impl From<Infallible> for InvalidModuleName {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Borrow<str> for ModuleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ModuleName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "hall-3/left", "usb:1bc7:110a:0123@02", "+49_7#x.y", &"x".repeat(64)] {
            assert_eq!(name.parse::<ModuleName>().unwrap().to_string(), name);
        }
        for name in ["", "two words", "a\n", "ä", "x\"", &"x".repeat(65)] {
            assert_eq!(name.parse::<ModuleName>(), Err(InvalidModuleName { name: name.to_owned() }));
        }
        let error = ModuleName::try_from("a b").unwrap_err();
        let text = "\"a b\" is no name of a module: 1 to 64 characters of A-Z a-z 0-9 . _ - : / @ + #";
        assert_eq!(error.to_string(), text);
    }
}
