//! The clients of all services against a module that answers anything, at any time.

mod job;
mod module;
mod recorded;

use std::time::Duration;

use tokio::io::duplex;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

pub use job::{JOBS, PASSWORD, PAYLOAD, fixtures};
pub use module::{PROBE, encode};
pub use recorded::{Turn, answers, turns};

use job::Job;
use module::{Script, Step, play};

/// Longer than everything that a job does takes together, when each step takes as long as it may.
const AT_MOST: Duration = Duration::from_secs(12 * 60 * 60);
/// Room between module and host.
const LINE: usize = 64 * 1024;

/// Does the job that the first three bytes name (the platform, the job, the cipher policy), while the module answers
/// what the rest says (see [`encode`]), in virtual time. But for the first job, the module has come on line before.
///
/// # Panics
/// A client panics, shows a password, or a job does not end.
pub fn clients(input: &[u8]) {
    drop(attempt(input));
}

/// Like [`clients`], and tells what the job came to.
///
/// # Errors
/// What the client says.
///
/// # Panics
/// As [`clients`].
pub fn attempt(input: &[u8]) -> Result<(), String> {
    let (job, rest) = Job::decode(input);
    let mut script = Script::decode(rest);
    run(job, |said| script.next(said))
}

/// Like [`attempt`], for a job that is named by three bytes and a module that answers what it is told to.
///
/// # Errors
/// What the client says.
///
/// # Panics
/// As [`clients`].
pub fn attempt_with(job: [u8; 3], mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> Result<(), String> {
    run(Job::decode(&job).0, |said| vec![Step::Say(answer(said))])
}

fn run(job: Job, mut answer: impl FnMut(&[u8]) -> Vec<Step>) -> Result<(), String> {
    let mut before = job.before();
    let mut said = |said: &[u8]| before.pop_front().unwrap_or_else(|| answer(said));
    runtime().block_on(async {
        let (host, port) = duplex(LINE);
        let module = play(port, &mut said);
        let job_done = timeout(AT_MOST, job.run(host));
        tokio::pin!(job_done);
        let ended = tokio::select! {
            ended = &mut job_done => ended,
            () = module => job_done.await,
        };
        ended.unwrap_or_else(|_| panic!("{job:?} does not end"))
    })
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime without I/O")
}
