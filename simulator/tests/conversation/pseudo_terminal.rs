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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_plugged_in_again_has_another_path_behind_the_same_link() {
    let module = builder().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("modem");
    let mut pty = module.attach_pty(Some(&link)).unwrap();
    let ask = |mut port: File| {
        let asking = tokio::task::spawn_blocking(move || {
            port.write_all(b"AT\r").unwrap();
            (read(&mut port, 9), port)
        });
        async { asking.await.unwrap() }
    };
    let open = || OpenOptions::new().read(true).write(true).open(&link).unwrap();
    for _ in 0..3 {
        let before = link.read_link().unwrap();
        let (answer, mut port) = ask(open()).await;
        assert_eq!(answer, "AT\r\r\nOK\r\n");
        assert!(tokio::time::timeout(Duration::ZERO, pty.unplugged()).await.is_err());
        module.unplug();
        pty.unplugged().await;
        pty.unplugged().await;
        assert!(!link.is_symlink());
        assert_eq!(port.read(&mut [0]).unwrap(), 0);
        module.plug_in_again(&mut pty).unwrap();
        assert_eq!(pty.path(), link);
        assert_ne!(link.read_link().unwrap(), before);
    }
    assert_eq!(ask(open()).await.0, "AT\r\r\nOK\r\n");
    drop(pty);
    assert!(!link.is_symlink());
}
