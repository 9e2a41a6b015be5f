//! Logs, on standard error.

use std::fmt;
use std::io::{self, IsTerminal};

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

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
        .event_format(LevelAndWords { target: verbose > 1 })
        .init();
}

/// `WARN what happened`: without time, and without the blanks that line up levels of different length.
struct LevelAndWords {
    target: bool,
}

impl<S, N> FormatEvent<S, N> for LevelAndWords
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        write!(writer, "{} ", metadata.level())?;
        if self.target {
            write!(writer, "{}: ", metadata.target())?;
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn directives(verbose: u8, quiet: bool) -> String {
    let level = match (quiet, verbose) {
        (true, _) => "off",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let ours = OURS.map(|name| format!("{name}={level}")).join(",");
    // With --recover that is told anyway, in words.
    if verbose > 1 { ours } else { format!("{ours},telit_core::supervisor=off") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        assert!(directives(0, false).starts_with("telit=warn,telit_core=warn"));
        assert!(directives(1, false).contains("telit_core=info"));
        assert!(directives(1, false).ends_with("telit_core::supervisor=off"));
        assert!(directives(2, false).contains("telit_mqtt=debug"));
        assert!(!directives(2, false).contains("supervisor"));
        assert!(directives(2, true).contains("telit_core=off"));
        EnvFilter::try_new(directives(2, false)).unwrap();
    }
}
