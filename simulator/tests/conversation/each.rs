//! The same command on every platform, and what each answers.

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX};
use telit_simulator::VirtualModule;

use crate::port::start_newest;

pub(crate) fn information(line: &str) -> String {
    if line.is_empty() { "\r\nOK\r\n".to_owned() } else { format!("\r\n{line}\r\n\r\nOK\r\n") }
}

/// One line, or `OK` alone, in answer to the same command on every platform of a row. The rows are of all platforms.
#[track_caller]
pub(crate) fn each<'rows>(
    command: &'rows str,
    rows: &'rows [(&'rows [Platform], &'rows str)],
) -> impl Future<Output = ()> + 'rows {
    each_but(&[], command, rows)
}

/// The same without these platforms, which answer what no source tells or do not have the command.
#[track_caller]
pub(crate) fn each_but<'rows>(
    rest: &[Platform],
    command: &'rows str,
    rows: &'rows [(&'rows [Platform], &'rows str)],
) -> impl Future<Output = ()> + 'rows {
    assert_all(rows.iter().flat_map(|(platforms, _)| *platforms).chain(rest));
    async move {
        for (platforms, line) in rows {
            for platform in *platforms {
                let (_module, mut port) = start_newest(VirtualModule::builder(*platform)).await;
                assert_eq!(port.answer(command).await, information(line), "{platform} {command}");
            }
        }
    }
}

/// Every platform is there once.
#[track_caller]
pub(crate) fn assert_all<'platform>(platforms: impl IntoIterator<Item = &'platform Platform>) {
    let named: Vec<Platform> = platforms.into_iter().copied().collect();
    let missing: Vec<_> = Platform::ALL.into_iter().filter(|platform| !named.contains(platform)).collect();
    assert!(missing.is_empty() && named.len() == Platform::ALL.len(), "{named:?} are without {missing:?}");
}

pub(crate) const TWO_G: &[Platform] = &[P10, P13, P16];
pub(crate) const THREE_G: &[Platform] = &[P12];
pub(crate) const FOUR_G: &[Platform] = &[P20, P23, P25Linux, P25ThreadX];
pub(crate) const PLATFORM_25: &[Platform] = &[P25Linux, P25ThreadX];
