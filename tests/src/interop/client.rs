//! Running foreign client programs.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// No client takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a client to its end, with `input` on its standard input.
pub(super) async fn run(command: &mut Command, input: &[u8]) -> Output {
    let described = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut client = command.spawn().unwrap_or_else(|error| panic!("{described}: {error}"));
    let mut stdin = client.stdin.take().expect("it is piped");
    let finished = async {
        // A client that ends before it has read everything says why by its exit code.
        stdin.write_all(input).await.unwrap_or_default();
        drop(stdin);
        client.wait_with_output().await
    };
    let output = timeout(LIMIT, finished).await.unwrap_or_else(|_| panic!("{described} does not end"));
    output.unwrap_or_else(|error| panic!("{described}: {error}"))
}

/// Runs a client that must succeed, and gives its standard output.
pub(super) async fn succeed(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let output = run(command, input).await;
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    output.stdout
}
