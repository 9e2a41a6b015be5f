//! A recording in memory, and how it is made the same in every run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telit_transcript::{Transcript, is_clock};

use super::servers::Servers;

/// Without the time, and with placeholders for what differs from run to run.
pub(super) fn normalised(recorded: &str, servers: &Servers) -> String {
    let mut transcript: Transcript = recorded.parse().expect("the recorder writes the format");
    for event in &mut transcript.events {
        event.at = Duration::ZERO;
    }
    let (ca, identity) = (servers.ca(), servers.identity());
    let fixtures = [
        ("ca", 1, ca.certificate().module_bytes()),
        ("client-certificate", 0, identity.certificate().certificate().module_bytes()),
        ("client-key", 2, identity.private_key().module_bytes()),
    ];
    let mut text = without_clock(&transcript.to_string());
    for (name, kind, bytes) in fixtures {
        let mut line = Tape::default();
        line.payload(bytes);
        text = text.replace(&line.text(), &format!("{{{name}}}"));
        text = text.replace(&read_back(bytes), &format!("0.000 < {{{name}}}\\r\\n\n"));
        text = text.replace(
            &format!("AT#SSLSECDATA=1,1,{kind},{}", bytes.len()),
            &format!("AT#SSLSECDATA=1,1,{kind},{{{name}.size}}"),
        );
    }
    text
}

/// How a certificate that is read back is recorded: line by line.
fn read_back(pem: &[u8]) -> String {
    String::from_utf8_lossy(pem).lines().map(|line| format!("0.000 < {line}\\r\\n\n")).collect()
}

fn without_clock(text: &str) -> String {
    const LENGTH: usize = 20;
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.as_bytes().windows(LENGTH).position(is_clock) {
        shown.push_str(&rest[..at]);
        shown.push_str("{?clock}");
        rest = &rest[at + LENGTH..];
    }
    shown + rest
}

/// What a recorder writes to.
#[derive(Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<u8>>>);

impl Tape {
    pub(super) fn length(&self) -> usize {
        self.0.lock().expect("no holder panics").len()
    }

    fn text(&self) -> String {
        self.since(0)
    }

    pub(super) fn since(&self, start: usize) -> String {
        let recorded = self.0.lock().expect("no holder panics");
        String::from_utf8_lossy(&recorded[start..]).into_owned()
    }

    /// How a payload is recorded.
    fn payload(&mut self, bytes: &[u8]) {
        use sha2::{Digest, Sha256};
        let digest: String = Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        write!(self, "[{} bytes sha256:{digest}]", bytes.len()).expect("a tape takes everything");
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no holder panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
