//! What a device says about a job besides its status.
//!
//! Source: AWS IoT API reference, `UpdateJobExecution`.

use std::collections::BTreeMap;

use telit_core::at::InvalidValue;

/// Longest name of a detail.
const NAME_LIMIT: usize = 128;
/// Longest value of a detail.
const VALUE_LIMIT: usize = 1024;

/// Checks what is to be sent.
pub(super) fn check(details: &BTreeMap<String, String>) -> Result<(), InvalidValue> {
    for (name, value) in details {
        check_name(name)?;
        check_value(value)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), InvalidValue> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    if name.is_empty() || name.len() > NAME_LIMIT || !name.chars().all(allowed) {
        let problem =
            format!("AWS IoT takes 1 to {NAME_LIMIT} letters, digits, colons, hyphens and underscores");
        return Err(InvalidValue::new("name of a status detail", problem));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), InvalidValue> {
    let length = value.chars().count();
    if length == 0 || length > VALUE_LIMIT || value.chars().any(char::is_control) {
        let problem = format!("AWS IoT takes 1 to {VALUE_LIMIT} characters without control characters");
        return Err(InvalidValue::new("value of a status detail", problem));
    }
    Ok(())
}

/// What stays of a text that is to be a value: control characters become blanks, and its end may be missing.
pub(super) fn fitting(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let fitting: String = printable.take(VALUE_LIMIT).collect();
    if fitting.is_empty() { "-".to_owned() } else { fitting }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, value: &str) -> Result<(), InvalidValue> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn names_and_values() {
        assert_eq!(checked("step:1_a-b", "50 %"), Ok(()));
        for name in ["", "a b", "grün", &"n".repeat(129)] {
            assert!(checked(name, "v").is_err(), "{name:?}");
        }
        for value in ["", "a\nb", &"v".repeat(1025)] {
            assert!(checked("n", value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn any_text_can_be_made_to_fit() {
        for text in ["", "a\nb", &"ü".repeat(2000)] {
            assert_eq!(checked("n", &fitting(text)), Ok(()), "{text:?}");
        }
        assert_eq!(fitting("a\r\nb"), "a  b");
    }
}
