//! URLs as they are given to the tool.

use url::{ParseError, Url};

use crate::failure::Failure;

/// A URL of this form. It can carry a password, so it is not repeated in errors.
pub(crate) fn url(text: &str, form: &str) -> Result<Url, Failure> {
    let invalid =
        |problem: &str| Failure::usage(format!("invalid URL: {problem}")).hint(format!("write {form}"));
    // The standard drops line ends and tabs, and another URL would be asked for than the one that was given.
    if text.contains(|c: char| c.is_control()) {
        return Err(invalid("it contains a control character"));
    }
    Url::parse(text).map_err(|error| match error {
        ParseError::RelativeUrlWithoutBase => invalid("it does not begin with a scheme"),
        error => invalid(&error.to_string()),
    })
}
