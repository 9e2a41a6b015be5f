//! URLs as they are given to the tool.

use url::Url;

use crate::failure::Failure;

/// A URL. It can carry a password, so it is not repeated in errors.
pub(crate) fn url(text: &str) -> Result<Url, Failure> {
    // The standard drops line ends and tabs, and another URL would be asked for than the one that was given.
    if text.contains(|c: char| c.is_control()) {
        return Err(Failure::usage("invalid URL: it contains a control character"));
    }
    Url::parse(text).map_err(|error| Failure::usage(format!("invalid URL: {error}")))
}
