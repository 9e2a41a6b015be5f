//! Names in AWS IoT, which become levels of topics.
//!
//! Source: AWS IoT API reference, patterns of thingName, shadowName, jobId, templateName and ruleName.

use telit_core::at::InvalidValue;

/// The name of a rule: letters, digits and `_`.
pub(super) fn check_rule(name: &str) -> Result<(), InvalidValue> {
    check("rule name", name, 128, |c| c == '_')
}

fn check(
    field: &'static str,
    name: &str,
    limit: usize,
    extra: impl Fn(char) -> bool,
) -> Result<(), InvalidValue> {
    if name.is_empty() || name.len() > limit {
        return Err(InvalidValue::new(field, format!("AWS IoT takes 1 to {limit} characters")));
    }
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !extra(*c)) {
        Some(other) => Err(InvalidValue::new(field, format!("AWS IoT takes no {other:?} in it"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_levels_of_topics() {
        assert!(check_rule("my_rule_7").is_ok() && check_rule(&"r".repeat(128)).is_ok());
        for bad in ["", "a/b", "a+b", "#", "a b", "grün", "$next", "a\"b", "my-rule", &"r".repeat(129)] {
            assert!(check_rule(bad).is_err(), "{bad:?}");
        }
        let error = check_rule("a/b").unwrap_err();
        assert_eq!(error.field(), "rule name");
        assert!(error.to_string().contains("AWS IoT takes no '/' in it"), "{error}");
    }
}
