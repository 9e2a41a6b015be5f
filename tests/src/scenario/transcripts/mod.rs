//! The SDK's own conversation for each job on each platform, as recorded, beside the guide's examples.
//!
//! `tests/transcripts/sdk/PLATFORM-JOB.txt` is what the recorder writes, from the end of bring-up on, without the
//! time, and with `{...}` for what differs from run to run. With `TELIT_RECORD_TRANSCRIPTS=1` in the environment
//! they are written anew; the difference is for people to judge.

mod jobs;
mod replayed;
mod servers;
mod tape;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use telit_core::Modem;
use telit_core::driver::Recorder;
use telit_simulator::Platform;
use tokio::task::JoinSet;

use self::jobs::{JOBS, Job, Refused, run};
use self::servers::Servers;
use self::tape::{Tape, normalised};

/// Platforms without a suite that the file server takes: it serves ephemeral keys and AEAD only.
/// Source: SSL guide 12.1.1, 12.1.5, 12.1.6.
const WITHOUT_FTPS: [Platform; 5] =
    [Platform::P10, Platform::P13, Platform::P16, Platform::P25Linux, Platform::P30];

/// What is recorded of the job, if the platform can do it.
async fn record(job: Job, platform: Platform, servers: &Servers) -> Option<String> {
    let module = servers.module(platform);
    let tape = Tape::default();
    let builder = Modem::builder().apn("iot.test").recorder(Recorder::new(tape.clone()));
    let modem = builder.open(module.attach_duplex()).await.expect("the module answers");
    modem.bring_up().await.expect("it comes on line");
    for tls in servers.tls(&modem, job) {
        let start = if matches!(job, Job::BringUp) { 0 } else { tape.length() };
        match run(job, &modem, servers, tls).await {
            Ok(()) => {
                drop(modem);
                return Some(normalised(&tape.since(start), servers));
            }
            Err(Refused::Here) => {}
            Err(Refused::Unexpectedly(error)) => panic!("{job:?} on {platform}: {error}"),
        }
    }
    None
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("transcripts/sdk")
}

#[tokio::test]
async fn the_conversations_are_as_recorded() {
    let recording = std::env::var_os("TELIT_RECORD_TRANSCRIPTS").is_some();
    let servers = Arc::new(Servers::start().await);
    let mut running = JoinSet::new();
    for platform in Platform::ALL {
        for (job, name) in JOBS {
            if matches!(job, Job::FtpsGet) && WITHOUT_FTPS.contains(&platform) {
                continue;
            }
            let servers = Arc::clone(&servers);
            running.spawn(async move {
                let file = format!("{platform}-{name}.txt");
                record(job, platform, &servers).await.map(|recorded| (file, recorded))
            });
        }
    }
    let recorded: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    if recording {
        fs::remove_dir_all(folder()).ok();
        fs::create_dir_all(folder()).expect("the folder is writable");
        recorded
            .iter()
            .for_each(|(file, text)| fs::write(folder().join(file), text).expect("it is writable"));
    }
    let files =
        fs::read_dir(folder()).expect("the folder is there").map(|file| file.expect("it is readable"));
    let kept: BTreeSet<_> = files.map(|file| file.file_name().into_string().expect("a name")).collect();
    let expected: BTreeSet<_> = recorded.iter().map(|(file, _)| file.clone()).collect();
    assert_eq!(kept, expected, "the jobs that the platforms can do");
    let different = recorded.iter().filter_map(|(file, text)| {
        let kept = fs::read_to_string(folder().join(file)).expect("it is text");
        difference(&kept, text).map(|difference| format!("{file}: {difference}"))
    });
    let different: Vec<_> = different.collect();
    assert!(different.is_empty(), "TELIT_RECORD_TRANSCRIPTS=1 records anew:\n{}", different.join("\n"));
}

/// The first line that is not the same.
fn difference(kept: &str, now: &str) -> Option<String> {
    let (mut kept, mut now) = (kept.lines(), now.lines());
    for number in 1.. {
        match (kept.next(), now.next()) {
            (None, None) => return None,
            (kept, now) if kept == now => {}
            (kept, now) => {
                return Some(format!("line {number}: `{}`, now `{}`", kept.unwrap_or(""), now.unwrap_or("")));
            }
        }
    }
    None
}
