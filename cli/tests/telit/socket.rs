//! `telit socket` as a pipe.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

use telit_simulator::servers::{Authority, CertificateRequest, Front, FrontOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, command, finish};

/// A TLS server whose connections one function serves.
struct Server {
    _runtime: Runtime,
    front: Front,
    folder: TempDir,
}

impl Server {
    fn start(serve: fn(TcpStream)) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new().unwrap();
        let issued = authority.issue(&CertificateRequest::server("peer.test")).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let backend = listener.local_addr().unwrap();
        thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
        let front = runtime.block_on(Front::start(&FrontOptions::new(&issued), backend)).unwrap();
        Self { _runtime: runtime, front, folder }
    }

    /// The tool with this standard input.
    fn telit(&self, words: &[&str], input: &[u8]) -> Ran {
        let ca = self.folder.path().join("ca.pem");
        let mut command = command(&["socket", "peer.test:7777", "--port", "sim:37"]);
        command.args(["--resolve", &format!("peer.test:7777={}", self.front.addr())]).args(words);
        command.arg("--ca").arg(ca).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A tool that has ended takes no more.
        let writer = thread::spawn(move || stdin.write_all(&input).unwrap_or_default());
        let ran = finish(child);
        writer.join().unwrap();
        ran
    }
}

/// Answers a line and closes.
fn answer(mut stream: TcpStream) {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap() == 0 {
            return;
        }
        line.push(byte[0]);
    }
    stream.write_all(b"you said: ").unwrap();
    stream.write_all(&line).unwrap();
}

fn echo(mut stream: TcpStream) {
    let mut reading = stream.try_clone().unwrap();
    std::io::copy(&mut reading, &mut stream).unwrap_or_default();
}

fn totals(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap()
}

#[test]
fn it_ends_when_the_peer_closes() {
    let server = Server::start(answer);
    for mode in [&[][..], &["--online"]] {
        let ran = server.telit(mode, b"hello\n").ok();
        assert_eq!(ran.stdout, "you said: hello\n");
        assert_eq!(totals(&ran), serde_json::json!({ "sent": 6, "received": 16 }));
    }
}

#[test]
fn it_ends_some_time_after_standard_input() {
    let server = Server::start(echo);
    let text = "0123456789".repeat(1000);
    let ran = server.telit(&["--timeout", "3"], text.as_bytes()).ok();
    assert_eq!(ran.stdout, text);
    assert_eq!(totals(&ran), serde_json::json!({ "sent": 10_000, "received": 10_000 }));
}

#[test]
fn nobody_there_is_a_network_error() {
    let server = Server::start(echo);
    let other = Authority::new().unwrap();
    fs::write(server.folder.path().join("ca.pem"), other.certificate_pem()).unwrap();
    let ran = server.telit(&[], b"").failed(5);
    assert!(ran.error().starts_with("no connection to peer.test:7777: "), "{ran:?}");
    let mut command = command(&["socket", "nowhere.invalid:1", "--port", "sim:37", "--danger-no-verify"]);
    let ran = finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    ran.failed(5);
}

#[test]
fn a_server_needs_a_port() {
    let mut command = command(&["socket", "peer.test", "--port", "sim:37", "--danger-no-verify"]);
    finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).failed(2);
}
