//! The module's clock, which certificate checks depend on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{malformed, query, setting, value};
use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

const DAY: u64 = 86_400;

/// `AT+CCLK?`: the module's time. `None` if it was never set (a year before 2020).
///
/// Without a zone in the answer the time counts as UTC. Source: M37 p512-513.
#[derive(Clone, Copy, Debug)]
pub struct ReadClock;

impl Command for ReadClock {
    type Response = Option<SystemTime>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("+CCLK"), Expect::lines("+CCLK")))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<SystemTime>, UnexpectedReply> {
        let line = value(reply, "+CCLK")?;
        let fields = Fields::parse(&line);
        let clock = fields.text(0).and_then(parse_clock).ok_or_else(|| malformed("+CCLK", &line))?;
        Ok(clock)
    }
}

/// `AT+CCLK="yy/MM/dd,hh:mm:ss+00"`: sets the clock in UTC. Source: M37 p512-513.
#[derive(Clone, Copy, Debug)]
pub struct SetClock(pub SystemTime);

impl Command for SetClock {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let Some(text) = format_clock(self.0) else {
            return Err(InvalidValue::new("time", "the module's clock holds the years 2000 to 2099"));
        };
        Ok(setting(CommandLine::set("+CCLK").text("time", &text).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#NTP="<host>",<port>,1,10`: sets the clock from a time server. Source: M37 p790-794.
#[derive(Clone, Debug)]
pub struct SynchroniseClock {
    /// The time server.
    pub host: String,
    /// Its port, usually 123.
    pub port: u16,
}

impl Command for SynchroniseClock {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#NTP").text("time server", &self.host).number(self.port);
        let line = line.number(1_u8).number(10_u8).build()?;
        // Up to three times the given 10 s. Source: M37 p791.
        Ok(Exchange::new(line, Expect::lines("#NTP"))
            .deadline(Duration::from_secs(35))
            .effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `#NITZ`: what the module does with the time that the network sends. Source: M37 p528-530.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkTime {
    /// A sum: 1 updates the clock, 2 applies the network's name, 4 and 8 print the time zone.
    pub functions: u8,
    /// Whether an unsolicited line tells of it.
    pub announced: bool,
}

impl NetworkTime {
    const UPDATE_CLOCK: u8 = 1;
    /// Without it `+CCLK?` shows local time and keeps quiet about the zone.
    const PRINT_ZONE: u8 = 4;

    /// Whether the network sets the clock, and the clock is shown with its zone.
    #[must_use]
    pub fn updates_clock(self) -> bool {
        self == self.with_clock_update()
    }

    /// The same, with the clock set by the network and shown with its zone.
    #[must_use]
    pub fn with_clock_update(self) -> Self {
        Self { functions: self.functions | Self::UPDATE_CLOCK | Self::PRINT_ZONE, ..self }
    }
}

/// `AT#NITZ?`. Source: M37 p530.
#[derive(Clone, Copy, Debug)]
pub struct ReadNetworkTime;

impl Command for ReadNetworkTime {
    type Response = NetworkTime;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        // The unsolicited line has the same prefix and begins with a date.
        let expect = Expect::lines_if("#NITZ", |rest| Fields::parse(rest).number::<u8>(0).is_some());
        Ok(query(CommandLine::read("#NITZ"), expect))
    }

    fn parse(&self, reply: &Reply) -> Result<NetworkTime, UnexpectedReply> {
        let line = value(reply, "#NITZ")?;
        let fields = Fields::parse(&line);
        let functions = fields.number(0).ok_or_else(|| malformed("#NITZ", &line))?;
        Ok(NetworkTime { functions, announced: fields.number::<u8>(1) == Some(1) })
    }
}

/// `AT#NITZ=<functions>,<announced>`. Source: M37 p528-530.
#[derive(Clone, Copy, Debug)]
pub struct SetNetworkTime(pub NetworkTime);

impl Command for SetNetworkTime {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let NetworkTime { functions, announced } = self.0;
        Ok(setting(CommandLine::set("#NITZ").number(functions).number(u8::from(announced)).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// The outer `None`: no clock at all; the inner one: a clock that was never set.
fn parse_clock(text: &str) -> Option<Option<SystemTime>> {
    let (date, time) = text.split_once(',')?;
    let zone_at = time.find(['+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone_at);
    let mut date = date.split('/').map(|part| part.trim().parse::<u64>().ok());
    let mut time = time.split(':').map(|part| part.trim().parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let quarters: i64 = if zone.is_empty() { 0 } else { zone.parse().ok()? };
    // The widest zones are 14 hours wide.
    if !(-56..=56).contains(&quarters) {
        return None;
    }
    // No zone is further away than 14 hours.
    if !(-56..=56).contains(&quarters) {
        return None;
    }
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // An unset clock shows 70 or 80. Source: M37 p512.
    if !(20..=69).contains(&year) {
        return Some(None);
    }
    let local = days(2000 + year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let seconds = local.checked_add_signed(-quarters * 900)?;
    Some(Some(UNIX_EPOCH + Duration::from_secs(seconds)))
}

/// The time in UTC as the module writes it; `None` outside the years 2000 to 2099.
pub(crate) fn format_clock(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (year, month, day) = civil(seconds / DAY);
    let year = year.checked_sub(2000).filter(|year| *year < 100)?;
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    Some(format!("{year:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}+00"))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month <= 2 { (year - 1, month + 12) } else { (year, month) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1 - 719_468
}

/// The date of a day since 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn reads_what_manuals_print() {
        let parse = |line| ReadClock.parse(&Reply::new([line], "")).unwrap();
        assert_eq!(parse("+CCLK: \"12/01/27,14:42:39+04\""), None);
        assert_eq!(parse("+CCLK: \"24/02/29,14:42:39+04\""), Some(at(1_709_214_159)));
        assert_eq!(parse("+CCLK: \"24/02/29,13:42:39\""), Some(at(1_709_214_159)));
        assert_eq!(parse("+CCLK: \"24/02/29,12:42:39-04\""), Some(at(1_709_214_159)));
        assert_eq!(parse("+CCLK: \"80/01/06,00:00:10\""), None);
        assert!(ReadClock.parse(&Reply::new(["+CCLK: \"noon\""], "")).is_err());
        assert!(ReadClock.parse(&Reply::new(["+CCLK: \"24/13/01,00:00:00\""], "")).is_err());
    }

    #[test]
    fn a_zone_that_cannot_be_is_no_clock() {
        for zone in ["+57", "-57", "+9223372036854775807", "-9223372036854775808", "+x", "+"] {
            let line = format!("+CCLK: \"24/02/29,14:42:39{zone}\"");
            assert!(ReadClock.parse(&Reply::new([line.as_str()], "")).is_err(), "{zone}");
        }
    }

    #[test]
    fn writes_utc() {
        let exchange = SetClock(at(1_709_214_159)).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT+CCLK=\"24/02/29,13:42:39+00\"");
        assert!(SetClock(at(0)).exchange().is_err());
    }

    #[test]
    fn network_time_is_switched_on_beside_what_is_on_already() {
        let read = |line| ReadNetworkTime.parse(&Reply::new([line], "")).unwrap();
        let held = read("#NITZ: 2,1");
        assert!(!held.updates_clock());
        let exchange = SetNetworkTime(held.with_clock_update()).exchange().unwrap();
        assert_eq!(exchange.line().as_bytes(), b"AT#NITZ=7,1");
        assert!(read("#NITZ: 7,0").updates_clock());
        assert!(read("#NITZ: 15,0").updates_clock());
        assert!(!read("#NITZ: 3,0").updates_clock(), "the zone would be missing");
    }

    #[test]
    fn dates_there_and_back() {
        for day in (0..40_000).step_by(7) {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
    }
}
