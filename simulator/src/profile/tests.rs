use super::*;
use crate::command;

fn all() -> impl Iterator<Item = &'static Profile> {
    Platform::ALL.into_iter().map(Profile::of)
}

#[test]
fn every_command_of_every_profile_has_a_handler() {
    for profile in all() {
        for command in profile.commands() {
            assert!(command::handler(command.name).is_some(), "{} {}", profile.platform, command.name);
        }
    }
}

#[test]
fn every_platform_answers_with_its_own_profile_and_knows_a_command_once() {
    for platform in Platform::ALL {
        let profile = Profile::of(platform);
        assert_eq!(profile.platform, platform);
        let mut names: Vec<_> = profile.commands().map(|command| command.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{platform}");
    }
}

#[test]
fn identities_are_plausible_and_only_the_two_of_25_are_alike() {
    let mut seen = Vec::new();
    for profile in all() {
        let identity = &profile.identity;
        let digits =
            |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        assert!(digits(identity.imei, 15) && digits(identity.imsi, 15), "{}", profile.platform);
        assert!(digits(identity.iccid, 20), "{}", profile.platform);
        if let Some(number) =
            profile.platform.id().get(..2).filter(|_| identity.firmware.starts_with(char::is_numeric))
        {
            assert!(identity.firmware.starts_with(number), "{}", profile.platform);
        }
        if profile.platform != Platform::P25ThreadX {
            assert!(!seen.contains(&identity.model), "{}", identity.model);
        }
        seen.push(identity.model);
    }
    let (linux, threadx) =
        (&Profile::of(Platform::P25Linux).identity, &Profile::of(Platform::P25ThreadX).identity);
    assert_eq!((linux.model, linux.firmware), (threadx.model, threadx.firmware));
}

#[test]
fn what_value_0_offers_is_in_the_table_once() {
    for profile in all() {
        let table = &profile.tls.suites;
        let guide = table.guide_default.unwrap_or_default();
        for list in [table.default, table.default_1_3, guide] {
            for (index, iana) in list.iter().enumerate() {
                assert!(table.contains(*iana), "{} {iana:04X}", profile.platform);
                assert!(!list[..index].contains(iana), "{} {iana:04X}", profile.platform);
            }
        }
        for (index, suite) in table.suites.iter().enumerate() {
            let same = |other: &tls::Suite| {
                other.iana == suite.iana || (other.decimal.is_some() && other.decimal == suite.decimal)
            };
            assert!(!table.suites[..index].iter().any(same), "{} {suite:?}", profile.platform);
        }
    }
}

/// The number of rows in SSL guide 12.1 (M37 for 37), and of those that value 0 offers. Left out are a row of table 7
/// that is no suite (`EMPTY_RENEGOTIATION_INFO_SCSV`) and the three rows of table 9 that serve FTP alone.
#[test]
fn the_suite_tables_are_complete() {
    let sizes = |platform| {
        let table = &Profile::of(platform).tls.suites;
        (table.suites.len(), table.default.len())
    };
    assert_eq!(sizes(Platform::P10), (6, 6));
    assert_eq!(sizes(Platform::P12), (13, 12));
    assert_eq!(sizes(Platform::P20), (13, 12));
    assert_eq!(sizes(Platform::P23), (79, 78));
    assert_eq!(sizes(Platform::P25Linux), (10, 10));
    assert_eq!(sizes(Platform::P25ThreadX), (32, 8));
    assert_eq!(sizes(Platform::P30), (8, 8));
    assert_eq!(sizes(Platform::P37), (56, 16));
    assert_eq!(sizes(Platform::P52), (38, 38));
}
