//! The line discipline `n_gsm` of the Linux kernel, put on the line by `ldattach`.
//!
//! Many kernels come without it, and no test can install one: then there is a note, in CI as well.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::super::program::required;
use super::super::serial_line::{Port, python_with_pyserial, talk};

/// The channels of the first multiplexed line.
const CHANNELS: [&str; 3] = ["/dev/gsmtty1", "/dev/gsmtty2", "/dev/gsmtty3"];

#[tokio::test(flavor = "multi_thread")]
async fn the_kernel_makes_ports_of_the_channels() {
    let disciplines = std::fs::read_to_string("/proc/tty/ldiscs").unwrap_or_default();
    if !disciplines.lines().any(|line| line.starts_with("n_gsm")) {
        println!("skipped: this kernel has no line discipline n_gsm");
        return;
    }
    let Some(attach) = required("ldattach", "util-linux") else { return };
    let Some(python) = python_with_pyserial().await else { return };
    let port = Port::new();
    let mut command = Command::new(attach);
    command.args([
        "--debug",
        "--speed",
        "115200",
        "--pause",
        "1",
        "--intro-command",
        "AT+CMUX=0\\r",
        "GSM0710",
    ]);
    let attached = command.arg(port.path()).kill_on_drop(true).spawn().expect("it starts");
    let patience = tokio::time::timeout(Duration::from_secs(30), async {
        while !CHANNELS.iter().all(|channel| Path::new(channel).exists()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    patience.await.expect("the channels appear");
    for (number, channel) in CHANNELS.iter().enumerate() {
        // Each parser has settings of its own.
        let lines = ["ATE0".to_owned(), format!("AT+CMEE={number}"), "AT+CMEE?".to_owned()];
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let answers = talk(&python, Path::new(channel), &lines).await;
        let read = format!("\r\n+CMEE: {number}\r\n\r\nOK\r\n");
        assert_eq!(answers, [&b"ATE0\r\r\nOK\r\n"[..], b"\r\nOK\r\n", read.as_bytes(), b""]);
    }
    drop(attached);
}
