//! The module's real-time clock.
//!
//! Source: M37 p512-535. An unset clock starts at the GPS epoch (80/01/06), which is a guess that the manual's users
//! report.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// 1980-01-06 00:00:00, in seconds since 1970.
const GPS_EPOCH: u64 = 315_964_800;
const QUARTER: i64 = 15 * 60;

/// A running clock: the time it was set to, and when. Holds local time and its zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// UTC at `since`.
    utc: SystemTime,
    since: Instant,
    /// Zone in quarters of an hour.
    zone: i8,
}

impl Clock {
    /// An unset clock, at power-on.
    pub(crate) fn unset(now: Instant) -> Self {
        Self { utc: UNIX_EPOCH + Duration::from_secs(GPS_EPOCH), since: now, zone: 0 }
    }

    pub(crate) fn at(utc: SystemTime, zone: i8, now: Instant) -> Self {
        Self { utc, since: now, zone }
    }

    /// Universal time, as a certificate check takes it.
    pub(crate) fn utc(&self, now: Instant) -> SystemTime {
        self.utc + now.duration_since(self.since)
    }

    pub(crate) fn zone(&self) -> i8 {
        self.zone
    }

    /// `yy/MM/dd,hh:mm:ss` in local time.
    pub(crate) fn local_text(&self, now: Instant) -> String {
        let utc = seconds(self.utc(now));
        format_seconds(utc + i64::from(self.zone) * QUARTER)
    }

    /// `yy/MM/dd,hh:mm:ss` in universal time.
    pub(crate) fn utc_text(&self, now: Instant) -> String {
        format_seconds(seconds(self.utc(now)))
    }
}

/// `+08`, `-04`: a zone in quarters of an hour.
pub(crate) fn zone_text(zone: i8) -> String {
    format!("{}{:02}", if zone < 0 { '-' } else { '+' }, zone.unsigned_abs())
}

/// Reads `yy/MM/dd,hh:mm:ss[±zz]` into universal time and zone. A missing zone is `current_zone`.
pub(crate) fn parse(text: &str, current_zone: i8) -> Option<(SystemTime, i8)> {
    let (date_time, zone) = match text.get(17..) {
        Some("") | None => (text, current_zone),
        Some(zone) => (text.get(..17)?, parse_zone(zone)?),
    };
    let bytes = date_time.as_bytes();
    let separators = [(2, b'/'), (5, b'/'), (8, b','), (11, b':'), (14, b':')];
    if bytes.len() != 17 || !separators.iter().all(|(index, byte)| bytes.get(*index) == Some(byte)) {
        return None;
    }
    let number = |at: usize| date_time.get(at..at + 2)?.parse::<u32>().ok();
    let (year, month, day) = (number(0)?, number(3)?, number(6)?);
    let (hour, minute, second) = (number(9)?, number(12)?, number(15)?);
    // Two digits: 80 and above are the years before 2000 that an unset clock shows.
    let year = if year >= 80 { 1900 + year } else { 2000 + year };
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_from_civil(i64::from(year), i64::from(month), i64::from(day));
    let local = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    let utc = u64::try_from(local - i64::from(zone) * QUARTER).ok()?;
    Some((UNIX_EPOCH + Duration::from_secs(utc), zone))
}

fn parse_zone(text: &str) -> Option<i8> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let quarters: i8 = digits.parse().ok()?;
    (digits.len() == 2 && (0..=96).contains(&quarters)).then_some(sign * quarters)
}

fn seconds(time: SystemTime) -> i64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}

fn format_seconds(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}", year.rem_euclid(100))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, by eras of 400 years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unset_clock_shows_the_gps_epoch_and_runs() {
        let power_on = Instant::now();
        let clock = Clock::unset(power_on);
        assert_eq!(clock.local_text(power_on), "80/01/06,00:00:00");
        assert_eq!(clock.local_text(power_on + Duration::from_secs(86_401)), "80/01/07,00:00:01");
    }

    #[test]
    fn what_is_set_is_shown() {
        let now = Instant::now();
        for text in ["12/01/27,14:42:39+04", "24/02/29,23:59:59-20", "00/12/31,00:00:00+00"] {
            let (utc, zone) = parse(text, 0).unwrap();
            let clock = Clock::at(utc, zone, now);
            assert_eq!(format!("{}{}", clock.local_text(now), zone_text(clock.zone())), text);
        }
        let (utc, zone) = parse("20/06/01,15:20:00+04", 0).unwrap();
        assert_eq!(Clock::at(utc, zone, now).utc_text(now), "20/06/01,14:20:00");
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "",
            "20/13/01,00:00:00",
            "20/02/30,00:00:00",
            "20/01/01 00:00:00",
            "20/01/01,24:00:00",
            "20/01/01,00:00:00+99",
        ] {
            assert_eq!(parse(text, 0), None, "{text}");
        }
    }
}
