//! The same command on every platform, and what each answers.

use telit_simulator::Platform::{self, P10, P12, P13, P16, P20, P23, P25Linux, P25ThreadX};
use telit_simulator::VirtualModule;

use crate::port::start_newest;

pub(crate) fn information(line: &str) -> String {
    if line.is_empty() { "\r\nOK\r\n".to_owned() } else { format!("\r\n{line}\r\n\r\nOK\r\n") }
}

/// One line, or `OK` alone, in answer to the same command on every platform of a row.
pub(crate) async fn each(command: &str, rows: &[(&[Platform], &str)]) {
    for (platforms, line) in rows {
        for platform in *platforms {
            let (_module, mut port) = start_newest(VirtualModule::builder(*platform)).await;
            assert_eq!(port.answer(command).await, information(line), "{platform} {command}");
        }
    }
}

pub(crate) const TWO_G: &[Platform] = &[P10, P13, P16];
pub(crate) const THREE_G: &[Platform] = &[P12];
pub(crate) const FOUR_G: &[Platform] = &[P20, P23, P25Linux, P25ThreadX];
pub(crate) const PLATFORM_25: &[Platform] = &[P25Linux, P25ThreadX];
