//! Names in AWS IoT, which become levels of topics. What uses one checks it too; these tell before a connection is made.
//!
//! Source: AWS IoT API reference, patterns of `thingName`, `shadowName`, `jobId`, `templateName` and `ruleName`.

use telit_core::at::InvalidValue;

/// Checks the name of a thing: 1 to 128 letters, digits, `:`, `_` and `-`.
///
/// # Errors
/// It is no such name.
pub fn check_thing_name(name: &str) -> Result<(), InvalidValue> {
    check("thing name", name, 128, |c| matches!(c, ':' | '_' | '-'))
}

/// Checks the name of a shadow: as that of a thing, at most 64 characters.
///
/// # Errors
/// It is no such name.
pub fn check_shadow_name(name: &str) -> Result<(), InvalidValue> {
    check("shadow name", name, 64, |c| matches!(c, ':' | '_' | '-'))
}

/// Checks the identifier of a job: 1 to 64 letters, digits, `_` and `-`.
///
/// # Errors
/// It is no such identifier.
pub fn check_job_id(id: &str) -> Result<(), InvalidValue> {
    check("job identifier", id, 64, |c| matches!(c, '_' | '-'))
}

/// The name of a provisioning template: as that of a job, at most 36.
pub(super) fn check_template(name: &str) -> Result<(), InvalidValue> {
    check("template name", name, 36, |c| matches!(c, '_' | '-'))
}

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
        assert!(check_thing_name("Sensor:7_a-b").is_ok());
        assert!(check_thing_name(&"t".repeat(128)).is_ok());
        for bad in ["", "a/b", "a+b", "#", "a b", "grün", "$next", "a\"b", &"t".repeat(129)] {
            assert!(check_thing_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_shadow_name(&"s".repeat(64)).is_ok() && check_shadow_name(&"s".repeat(65)).is_err());
        assert!(check_job_id("job_1-a").is_ok() && check_job_id("$next").is_err());
        assert!(check_template(&"t".repeat(36)).is_ok() && check_template(&"t".repeat(37)).is_err());
        assert!(check_rule("my_rule").is_ok() && check_rule("my-rule").is_err());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = check_thing_name("a/b").unwrap_err();
        assert_eq!(error.field(), "thing name");
        assert!(error.to_string().contains("AWS IoT takes no '/' in it"), "{error}");
    }
}
