//! `telit simulate --replay`: a recorded module behind a serial port.

use std::path::{Path, PathBuf};

use telit_core::Category;
use telit_simulator::{Recording, ReplayStopped, ReplayedModule};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

pub(super) async fn run(
    arguments: &Arguments,
    transcript: &Path,
    links: &[PathBuf],
    mut interrupt: Interrupt,
    output: &Output,
) -> Result<(), Failure> {
    let link = only_link(arguments, links)?;
    let recording = read(transcript)?;
    let lines = recording.lines();
    let (mut module, pty) = ReplayedModule::on_pty(recording, Some(link)).map_err(|error| {
        Failure::new(Category::Link, format!("no port can be made at {}: {error}", link.display()))
    })?;
    let path = pty.path().display().to_string();
    output.result(&serde_json::json!({ "ready": path }), || format!("ready {path}"))?;
    tokio::select! {
        played = module.play() => played.map_err(stopped)?,
        () = interrupt.received() => return Err(unfinished(&module)),
    }
    output.result(&serde_json::json!({ "replayed": true, "lines": lines }), || {
        format!("played to its end, {lines} lines")
    })?;
    // The port stays: what a program loses while it closes it, it may take for an error.
    interrupt.received().await;
    Ok(())
}

/// What makes a virtual module means nothing here.
fn only_link<'a>(arguments: &Arguments, links: &'a [PathBuf]) -> Result<&'a Path, Failure> {
    if arguments.global.platform.0.is_some() {
        return Err(Failure::usage("--platform has no effect with --replay")
            .hint("the module is the one that was recorded; leave --platform out"));
    }
    if !arguments.global.resolve.is_empty() {
        return Err(Failure::usage("--resolve has no effect with --replay")
            .hint("a recorded module connects to nobody; leave --resolve out"));
    }
    match links {
        [link] => Ok(link),
        _ => Err(Failure::usage("a transcript is played on one port").hint("give one --link")),
    }
}

fn read(transcript: &Path) -> Result<Recording, Failure> {
    let about = transcript.display();
    let bytes = std::fs::read(transcript).map_err(|error| {
        Failure::usage(format!("{about} cannot be read: {error}")).hint("give a file of --transcript")
    })?;
    Recording::parse(&bytes).map_err(|error| {
        Failure::usage(format!("{about}: {error}"))
            .hint("give a transcript of one port, as --transcript writes it")
    })
}

fn stopped(stopped: ReplayStopped) -> Failure {
    let hint = match &stopped {
        ReplayStopped::Differs { .. } => {
            "run the same command with the same options and files, or record it again"
        }
        _ => "the program ended earlier than the one that was recorded",
    };
    Failure::new(Category::Other, stopped).hint(hint)
}

fn unfinished(module: &ReplayedModule) -> Failure {
    let next =
        module.next().map_or_else(String::new, |(line, text)| format!(": line {line}, `{text}`, is next"));
    Failure::new(Category::Other, format!("the transcript was not played to its end{next}"))
}
