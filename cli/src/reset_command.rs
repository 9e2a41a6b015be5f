//! The program of `--reset-command`.

use std::io;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// A hook that hangs must not hold recovery.
const LIMIT: Duration = Duration::from_secs(60);

/// A program with its arguments, written as for a shell. No shell takes part: `$`, `*` and `|` are letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResetCommand {
    program: String,
    arguments: Vec<String>,
}

impl FromStr for ResetCommand {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = shlex::split(text).ok_or("a quote or a backslash is not closed")?.into_iter();
        let program = words.next().filter(|word| !word.is_empty()).ok_or("name a program")?;
        Ok(Self { program, arguments: words.collect() })
    }
}

impl ResetCommand {
    /// Runs it to its end. What it prints goes to standard error.
    pub(crate) async fn run(&self) -> io::Result<()> {
        self.run_within(LIMIT).await
    }

    async fn run_within(&self, limit: Duration) -> io::Result<()> {
        let program = &self.program;
        let mut running = Command::new(program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{program} cannot be run: {error}")))?;
        match timeout(limit, running.wait()).await {
            Ok(ended) => match ended? {
                status if status.success() => Ok(()),
                status => Err(io::Error::other(format!("{program} ended with {status}"))),
            },
            Err(_) => {
                let reason = format!("{program} was killed after {} s", limit.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, reason))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_in_a_shell() {
        let command: ResetCommand = "uhubctl -a cycle --hub '1 1' $HOME".parse().unwrap();
        assert_eq!(command.program, "uhubctl");
        assert_eq!(command.arguments, ["-a", "cycle", "--hub", "1 1", "$HOME"]);
        for nonsense in ["", "  ", "''", "reset 'now"] {
            assert!(nonsense.parse::<ResetCommand>().is_err(), "{nonsense:?}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_succeeds_fails_or_is_ended() {
        let run = async |text: &str| {
            let command: ResetCommand = text.parse().unwrap();
            command.run_within(Duration::from_secs(20)).await.map_err(|error| error.to_string())
        };
        assert_eq!(run("true").await, Ok(()));
        assert_eq!(run("sh -c 'exit 3'").await, Err("sh ended with exit status: 3".to_owned()));
        let missing = run("/nonexistent/reset").await.unwrap_err();
        assert!(missing.starts_with("/nonexistent/reset cannot be run: "), "{missing}");
        let endless: ResetCommand = "sleep 600".parse().unwrap();
        let killed = endless.run_within(Duration::ZERO).await.unwrap_err();
        assert_eq!(killed.to_string(), "sleep was killed after 0 s");
    }
}
