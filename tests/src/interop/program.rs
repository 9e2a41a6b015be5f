//! Finding programs that may not be installed.

use std::env;
use std::path::PathBuf;

/// Where a program is. If it is not installed: a note and `None`; in CI the test fails.
pub(super) fn required(program: &str, package: &str) -> Option<PathBuf> {
    let found = find(program);
    if found.is_none() {
        missing(program, package);
    }
    found
}

/// Notes that something is not installed; in CI the test fails.
pub(super) fn missing(what: &str, package: &str) {
    skip(&not_installed(what, package));
}

/// Notes why a test does nothing; in CI it fails.
pub(super) fn skip(reason: &str) {
    assert!(env::var_os("CI").is_none(), "{reason}");
    println!("skipped: {reason}");
}

/// On `PATH`, and where Debian has its servers.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn not_installed(what: &str, package: &str) -> String {
    format!("{what} is not installed; it is in the Debian package {package}")
}
