//! Counting instructions: the bench runs itself under `valgrind --tool=callgrind`, which counts inside [`counted`].

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use telit_benches::Report;

/// Does the work that is counted. Callgrind finds it by its name.
#[inline(never)]
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// Whether instructions can be counted here.
pub(crate) fn is_here() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The instructions of one measurement of this bench, which it does in a process of its own.
pub(crate) fn instructions(measurement: &str, read_size: usize) -> io::Result<u64> {
    let folder = Report::folder().join("callgrind");
    fs::create_dir_all(&folder)?;
    let out = folder.join(format!("engine_cost-{measurement}-{read_size}.out"));
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--toggle-collect=*engine_cost*counted*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["--measure", measurement, &read_size.to_string()])
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("{measurement} failed under valgrind: {status}")));
    }
    total(&out)
}

fn total(out: &PathBuf) -> io::Result<u64> {
    let text = fs::read_to_string(out)?;
    let summary = text.lines().find_map(|line| line.strip_prefix("summary: "));
    summary
        .and_then(|summary| summary.trim().parse().ok())
        .filter(|instructions| *instructions > 0)
        .ok_or_else(|| io::Error::other(format!("{} has no summary", out.display())))
}
