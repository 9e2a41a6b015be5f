//! Topics that lead straight to a rule.

use telit_core::at::InvalidValue;

use super::names::check_rule;

/// The topic that leads a message straight to a rule, past the broker and its costs (Basic Ingest).
///
/// Nobody can subscribe to it, an acknowledgement means that the rules engine has it, and the part in front of `topic`
/// does not count towards the limits of topics at AWS; the module's limit counts all of it.
///
/// ```
/// use telit_mqtt::aws::basic_ingest_topic;
///
/// # fn main() -> Result<(), telit_core::at::InvalidValue> {
/// assert_eq!(basic_ingest_topic("store_readings", "meter/7")?, "$aws/rules/store_readings/meter/7");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The name of the rule is none.
pub fn basic_ingest_topic(rule: &str, topic: &str) -> Result<String, InvalidValue> {
    check_rule(rule)?;
    Ok(format!("$aws/rules/{rule}/{topic}"))
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;
    use crate::message::{Publish, QoS};

    #[test]
    fn the_address_does_not_count() {
        let topic = basic_ingest_topic("r", "1/2/3/4/5/6/7/8").unwrap();
        assert_eq!(RULES.check_publish(&Publish::new(topic.as_str(), "")), Ok(()));
        assert!(RULES.check_publish(&Publish::new(topic.clone() + "/9", "")).is_err());
        assert!(RULES.check_subscribe(&topic, QoS::AtMostOnce, 1).is_err());
        assert!(basic_ingest_topic("a/b", "t").is_err());
    }
}
