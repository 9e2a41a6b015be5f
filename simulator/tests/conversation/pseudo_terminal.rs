use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::port::builder;

/// A client that knows nothing of tokio, as `picocom` or pyserial.
fn client(path: &Path, command: &str, length: usize) -> String {
    let mut port = OpenOptions::new().read(true).write(true).open(path).unwrap();
    port.write_all(command.as_bytes()).unwrap();
    read(&mut port, length)
}

fn read(port: &mut File, length: usize) -> String {
    let mut answer = vec![0; length];
    port.read_exact(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_come_and_go() {
    let module = builder().build().unwrap();
    let link = std::env::temp_dir().join(format!("telit-pty-{}", std::process::id()));
    let pty = module.attach_pty(Some(&link)).unwrap();
    assert_eq!(pty.path(), link);
    let run = |command: &'static str, length: usize| {
        let path = link.clone();
        tokio::task::spawn_blocking(move || client(&path, command, length))
    };
    assert_eq!(run("AT\r", 8).await.unwrap(), "AT\r\r\nOK\r");
    // The first client has left a byte unread, and the next one must not get it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(run("ATE0\r", 11).await.unwrap(), "ATE0\r\r\nOK\r\n");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(run("AT+CMEE?\r", 18).await.unwrap(), "\r\n+CMEE: 0\r\n\r\nOK\r\n");
    drop(pty);
    assert!(!link.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_nobody_listens_is_lost() {
    let module = builder().registration_delay(Duration::from_millis(150)).build().unwrap();
    let pty = module.attach_pty(None).unwrap();
    let path = pty.path().to_owned();
    let first = path.clone();
    let answer = tokio::task::spawn_blocking(move || client(&first, "ATE0+CEREG=1\r", 19)).await.unwrap();
    assert_eq!(answer, "ATE0+CEREG=1\r\r\nOK\r\n");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = tokio::task::spawn_blocking(move || client(&path, "AT\r", 6)).await.unwrap();
    assert_eq!(answer, "\r\nOK\r\n");
}
