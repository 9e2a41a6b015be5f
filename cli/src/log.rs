//! Logs, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// The crates whose logs concern a user of the tool.
const OURS: [&str; 6] = ["telit", "telit_core", "telit_mqtt", "telit_https", "telit_ftps", "telit_simulator"];

/// Warnings by default, none with `-q`, more with `-v` and `-vv`. `RUST_LOG` beats all of that.
pub(crate) fn start(verbose: u8, quiet: bool) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives(verbose, quiet)));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(verbose > 1)
        .without_time()
        .init();
}

fn directives(verbose: u8, quiet: bool) -> String {
    let level = match (quiet, verbose) {
        (true, _) => "off",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    OURS.map(|name| format!("{name}={level}")).join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        assert!(directives(0, false).starts_with("telit=warn,telit_core=warn"));
        assert!(directives(1, false).contains("telit_core=info"));
        assert!(directives(2, false).contains("telit_mqtt=debug"));
        assert!(directives(2, true).contains("telit_core=off"));
        EnvFilter::try_new(directives(2, false)).unwrap();
    }
}
