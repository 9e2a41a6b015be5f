//! What the help shows: options that mean nothing to a command are accepted, because they stand before and after
//! every command, but not told.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::args::Arguments;

/// What `simulate` reads of the options of every command.
const SIMULATE_READS: [&str; 6] = ["platform", "baud", "resolve", "json", "verbose", "quiet"];

/// The command line as it is parsed and explained.
pub(crate) fn command() -> clap::Command {
    let command = Arguments::command();
    let meaningless: Vec<clap::Arg> = command
        .get_arguments()
        .filter(|option| option.is_global_set() && !SIMULATE_READS.contains(&option.get_id().as_str()))
        .map(|option| option.clone().hide(true))
        .collect();
    // An option that a command has by itself is not taken from above.
    command.mut_subcommand("simulate", |simulate| simulate.args(meaningless))
}

/// The arguments, the program's name first.
pub(crate) fn parse<T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
) -> Result<Arguments, clap::Error> {
    let mut command = command();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    Arguments::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn what_simulate_reads_exists() {
        let command = Arguments::command();
        for name in SIMULATE_READS {
            assert!(command.get_arguments().any(|option| option.get_id() == name), "{name}");
        }
    }

    #[test]
    fn what_is_not_told_is_accepted_before_and_after_the_command() {
        let options =
            "--port p --apn a --cid 2 --transcript t --ca c --min-tls 1.3 --ram --danger-no-verify --recover";
        let command = "simulate --platform 37 --link l";
        for line in [format!("telit {options} {command}"), format!("telit {command} {options}")] {
            let Arguments { global, tls, .. } = parse(line.split(' ')).unwrap();
            assert_eq!(
                (global.port.as_deref(), global.apn.as_deref(), global.cid),
                (Some("p"), Some("a"), Some(2))
            );
            assert_eq!(global.transcript, Some("t".into()));
            assert_eq!((tls.ca, tls.min_tls), (vec!["c".into()], "1.3".parse().unwrap()));
            assert!(tls.ram && tls.danger_no_verify && global.recovery.recover);
        }
    }
}
