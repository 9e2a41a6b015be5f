//! From when to when a certificate is valid.

use std::time::{Duration, SystemTime};

use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Decode, SliceReader, Tag};

/// Both ends of the validity, inclusive. Source: RFC 5280 4.1.2.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    not_before: DateTime,
    not_after: DateTime,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Before,
    Within,
    After,
}

impl Validity {
    /// Reads the content of the SEQUENCE.
    pub(super) fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        Ok(Self { not_before: time(reader)?, not_after: time(reader)? })
    }

    pub(super) fn not_before(&self) -> SystemTime {
        system_time(&self.not_before)
    }

    pub(super) fn not_after(&self) -> SystemTime {
        system_time(&self.not_after)
    }

    pub(super) fn position(&self, now: SystemTime) -> Position {
        if now < self.not_before() {
            Position::Before
        } else if now >= self.not_after() + Duration::from_secs(1) {
            // The whole last second is valid: its fraction belongs to it.
            Position::After
        } else {
            Position::Within
        }
    }

    pub(super) fn first_day(&self) -> String {
        day(&self.not_before)
    }

    pub(super) fn last_day(&self) -> String {
        day(&self.not_after)
    }
}

fn time(reader: &mut SliceReader<'_>) -> der::Result<DateTime> {
    if Tag::peek(reader)? == Tag::UtcTime {
        Ok(UtcTime::decode(reader)?.to_date_time())
    } else {
        Ok(GeneralizedTime::decode(reader)?.to_date_time())
    }
}

fn system_time(time: &DateTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + time.unix_duration()
}

fn day(time: &DateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validity() -> Validity {
        Validity {
            not_before: DateTime::new(2020, 1, 1, 0, 0, 0).unwrap(),
            not_after: DateTime::new(9999, 12, 31, 23, 59, 59).unwrap(),
        }
    }

    #[test]
    fn both_ends_belong_to_the_validity() {
        let validity = validity();
        let second = Duration::from_secs(1);
        assert_eq!(validity.position(validity.not_before() - Duration::from_millis(1)), Position::Before);
        assert_eq!(validity.position(validity.not_before()), Position::Within);
        assert_eq!(validity.position(validity.not_after()), Position::Within);
        assert_eq!(validity.position(validity.not_after() + second / 2), Position::Within);
        assert_eq!(validity.position(validity.not_after() + second), Position::After);
    }

    #[test]
    fn days_are_written_in_order_of_size() {
        assert_eq!(validity().first_day(), "2020-01-01");
        assert_eq!(validity().last_day(), "9999-12-31");
    }
}
