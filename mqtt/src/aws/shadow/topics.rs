//! The topics of one shadow.

use telit_core::at::InvalidValue;

use crate::aws::names::{check_shadow_name, check_thing_name};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topics {
    prefix: String,
}

impl Topics {
    pub(super) fn classic(thing: &str) -> Result<Self, InvalidValue> {
        check_thing_name(thing)?;
        Ok(Self { prefix: format!("$aws/things/{thing}/shadow") })
    }

    pub(super) fn named(thing: &str, name: &str) -> Result<Self, InvalidValue> {
        check_thing_name(thing)?;
        check_shadow_name(name)?;
        Ok(Self { prefix: format!("$aws/things/{thing}/shadow/name/{name}") })
    }

    pub(super) fn get(&self) -> String {
        format!("{}/get", self.prefix)
    }

    pub(super) fn update(&self) -> String {
        format!("{}/update", self.prefix)
    }

    pub(super) fn delete(&self) -> String {
        format!("{}/delete", self.prefix)
    }

    pub(super) fn delta(&self) -> String {
        format!("{}/update/delta", self.prefix)
    }

    pub(super) fn documents(&self) -> String {
        format!("{}/update/documents", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::RULES;
    use crate::message::QoS;

    #[test]
    fn topics() {
        let classic = Topics::classic("t").unwrap();
        assert_eq!(classic.get(), "$aws/things/t/shadow/get");
        assert_eq!(classic.delta(), "$aws/things/t/shadow/update/delta");
        let named = Topics::named("t", "n").unwrap();
        assert_eq!(named.update(), "$aws/things/t/shadow/name/n/update");
        assert_eq!(named.delete(), "$aws/things/t/shadow/name/n/delete");
        assert!(Topics::classic("a/b").is_err() && Topics::named("t", "#").is_err());
    }

    #[test]
    fn the_longest_one_keeps_the_rules() {
        let longest = Topics::named(&"t".repeat(128), &"s".repeat(64)).unwrap().documents();
        assert_eq!(longest.len(), 234);
        assert_eq!(RULES.check_subscribe(&longest, QoS::AtLeastOnce, 1), Ok(()));
    }
}
