//! The topics of one thing's jobs.

use telit_core::at::InvalidValue;

use crate::aws::names::check_thing_name;

#[derive(Clone, Debug)]
pub(super) struct Topics {
    prefix: String,
}

impl Topics {
    pub(super) fn new(thing: &str) -> Result<Self, InvalidValue> {
        check_thing_name(thing)?;
        Ok(Self { prefix: format!("$aws/things/{thing}/jobs") })
    }

    pub(super) fn notify_next(&self) -> String {
        format!("{}/notify-next", self.prefix)
    }

    pub(super) fn pending(&self) -> String {
        format!("{}/get", self.prefix)
    }

    pub(super) fn start_next(&self) -> String {
        format!("{}/start-next", self.prefix)
    }

    pub(super) fn describe(&self, job_id: &str) -> String {
        format!("{}/{job_id}/get", self.prefix)
    }

    pub(super) fn update(&self, job_id: &str) -> String {
        format!("{}/{job_id}/update", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::RULES;
    use crate::message::QoS;

    #[test]
    fn topics() {
        let topics = Topics::new("t").unwrap();
        assert_eq!(topics.pending(), "$aws/things/t/jobs/get");
        assert_eq!(topics.start_next(), "$aws/things/t/jobs/start-next");
        assert_eq!(topics.describe("$next"), "$aws/things/t/jobs/$next/get");
        assert_eq!(topics.notify_next(), "$aws/things/t/jobs/notify-next");
        assert!(Topics::new("a/b").is_err());
        let longest = Topics::new(&"t".repeat(128)).unwrap().update(&"j".repeat(64)) + "/accepted";
        assert_eq!(RULES.check_subscribe(&longest, QoS::AtLeastOnce, 1), Ok(()));
    }
}
