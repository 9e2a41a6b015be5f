//! What the shadow service takes, checked before anything is sent.
//!
//! Source: AWS IoT documentation, "AWS IoT Device Shadow service limits and quotas", "Device Shadow service documents".

use serde_json::Value;

use super::ShadowError;

/// Most bytes of a state document.
pub(super) const SIZE: usize = 8 * 1024;
/// Most levels of a section.
const DEPTH: usize = 8;

/// Checks one section, desired or reported.
pub(super) fn check_section(section: &Value) -> Result<(), ShadowError> {
    if !section.is_object() && !section.is_null() {
        return Err(ShadowError::Unsendable { problem: "a state is an object".to_owned() });
    }
    let depth = depth(section);
    if depth > DEPTH {
        return Err(ShadowError::TooDeep { depth, limit: DEPTH });
    }
    if has_null_in_array(section) {
        return Err(ShadowError::NullInArray);
    }
    Ok(())
}

pub(super) fn check_size(size: usize) -> Result<(), ShadowError> {
    if size > SIZE {
        return Err(ShadowError::TooLarge { size, limit: SIZE });
    }
    Ok(())
}

/// Levels of names and of arrays, one in another. It cannot be endless: it was serialised.
fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(elements) => elements.iter().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

fn has_null_in_array(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|it| it.is_null() || has_null_in_array(it)),
        Value::Object(members) => members.values().any(has_null_in_array),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn eight_levels_and_no_more() {
        assert_eq!(check_section(&nested(8)), Ok(()));
        assert_eq!(check_section(&nested(9)), Err(ShadowError::TooDeep { depth: 9, limit: 8 }));
        assert_eq!(
            check_section(&json!({ "a": [[nested(6)]] })),
            Err(ShadowError::TooDeep { depth: 9, limit: 8 })
        );
    }

    #[test]
    fn null_removes_a_value_but_not_one_of_an_array() {
        assert_eq!(check_section(&json!({ "a": null })), Ok(()));
        assert_eq!(check_section(&json!({ "a": [1, { "b": [null] }] })), Err(ShadowError::NullInArray));
    }

    #[test]
    fn a_state_is_an_object() {
        assert_eq!(check_section(&Value::Null), Ok(()), "which removes it");
        for other in [json!(1), json!("text"), json!([{ "a": 1 }])] {
            assert!(matches!(check_section(&other), Err(ShadowError::Unsendable { .. })), "{other}");
        }
    }

    #[test]
    fn eight_kilobytes() {
        assert_eq!(check_size(8192), Ok(()));
        assert_eq!(check_size(8193), Err(ShadowError::TooLarge { size: 8193, limit: 8192 }));
    }
}
