//! The flight recorder: what it shows, and what nobody is shown.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::{AtChannel, AtPort, DriverOptions, Recorder};
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::rig::{expect, read, send};

/// Where a transcript goes; after a few writes it takes nothing any more.
#[derive(Clone)]
struct Sink {
    text: Arc<Mutex<String>>,
    writes: usize,
}

impl Sink {
    fn taking(writes: usize) -> Self {
        Self { text: Arc::default(), writes }
    }

    fn lines(&self) -> Vec<String> {
        let text = self.text.lock().unwrap().clone();
        text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes = self.writes.checked_sub(1).ok_or_else(|| io::Error::other("the disk is full"))?;
        self.text.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn recorded(sink: &Sink) -> (AtPort, DuplexStream) {
    let (host, module) = tokio::io::duplex(4096);
    let recorder = Some(Recorder::new(sink.clone()));
    (AtPort::start(host, DriverOptions { recorder, ..DriverOptions::default() }), module)
}

#[tokio::test(start_paused = true)]
async fn a_transcript_that_cannot_be_written_holds_up_nothing() {
    let sink = Sink::taking(1);
    let (port, mut module) = recorded(&sink);
    for _ in 0..2 {
        let running = tokio::spawn({
            let port = port.clone();
            async move { port.execute(read("#SSLEN")).await }
        });
        expect(&mut module, b"AT#SSLEN?\r").await;
        send(&mut module, "\r\nOK\r\n").await;
        running.await.unwrap().unwrap();
    }
    assert_eq!(sink.lines(), ["> AT#SSLEN?\\r"]);
    assert_eq!(format!("{:?}", Recorder::new(sink)), "Recorder { .. }");
}

#[tokio::test(start_paused = true)]
async fn a_transcript_ends_with_the_loss_of_the_port() {
    let sink = Sink::taking(1_000);
    let (port, mut module) = recorded(&sink);
    let running = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.shutdown().await.unwrap();
    running.await.unwrap().unwrap_err();
    assert_eq!(sink.lines(), ["> AT#SSLEN?\\r", "# the port is lost"]);
}

#[tokio::test(start_paused = true)]
async fn the_transcript_shows_the_conversation_and_no_secret() {
    let sink = Sink::taking(1_000);
    let (port, mut module) = recorded(&sink);
    let login = CommandLine::set("#FTPOPEN")
        .text("server", "h")
        .text("user", "u")
        .secret_text("password", "swordfish");
    let login = Exchange::new(login.build().unwrap(), Expect::result());
    let running = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(login).await })
    };
    expect(&mut module, b"AT#FTPOPEN=\"h\",\"u\",\"swordfish\"\r").await;
    send(&mut module, "AT#FTPOPEN=\"h\",\"u\",\"swordfish\"\r\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    let key = Expect::terminated_prompt("key", Bytes::from_static(b"topsecret")).unwrap();
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), key).secret();
    let running = tokio::spawn(async move { port.execute(key).await });
    expect(&mut module, b"AT#SSLSECDATA\r").await;
    send(&mut module, "\r\n> ").await;
    expect(&mut module, b"topsecret\x1a").await;
    send(&mut module, "\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    assert_eq!(
        sink.lines(),
        [
            "> AT#FTPOPEN=\"h\",\"u\",\"[redacted]\"\\r",
            "< AT#FTPOPEN=\"h\",\"u\",\"[redacted]\"\\r",
            "< \\r\\nOK\\r\\n",
            "> AT#SSLSECDATA\\r",
            "< \\r\\n> ",
            "> [redacted]",
            "> \\x1a",
            "< \\r\\nOK\\r\\n",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn secrets_that_come_late_or_damaged_are_shown_to_nobody() {
    let sink = Sink::taking(1_000);
    let (port, mut module) = recorded(&sink);
    let mut codes = port.unsolicited();
    // A key that is read back after the deadline.
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::text()).secret();
    port.execute(key.deadline(Duration::from_secs(5))).await.unwrap_err();
    send(&mut module, "\r\nMIIEtopsecretkey\r\n").await;
    expect(&mut module, b"AT#SSLSECDATA\rAT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    // A key whose echo the line has damaged, and a password behind a stray byte.
    let key = Expect::terminated_prompt("key", Bytes::from_static(b"a\ntopsecretkey")).unwrap();
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), key).secret();
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(key).await }
    });
    expect(&mut module, b"AT#SSLSECDATA\r").await;
    send(&mut module, "AT#SSLSECDATA\r\r\n> a\r\ntopsecretkey\r\n\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    let login = CommandLine::set("#MQCONN").secret_text("password", "topsecretkey").build().unwrap();
    let running = tokio::spawn(async move { port.execute(Exchange::new(login, Expect::result())).await });
    expect(&mut module, b"a\ntopsecretkey\x1aAT#MQCONN=\"topsecretkey\"\r").await;
    send(&mut module, "xAT#MQCONN=\"topsecretkey\"\r\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    let transcript = sink.lines().join("\n");
    assert!(!transcript.contains("topsecret"), "{transcript}");
    while let Some(code) = codes.try_next() {
        assert!(!code.unwrap().text().contains("topsecret"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_holds_digits_of_a_password_is_received_and_not_shown() {
    let sink = Sink::taking(1_000);
    let (port, mut module) = recorded(&sink);
    let mut codes = port.unsolicited();
    let login = CommandLine::set("#MQCONN").secret_text("password", "1883").build().unwrap();
    let running = tokio::spawn(async move { port.execute(Exchange::new(login, Expect::result())).await });
    expect(&mut module, b"AT#MQCONN=\"1883\"\r").await;
    send(&mut module, "\r\n#MQRING: 1,1,plant/1883,4\r\n\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    assert_eq!(codes.try_next().unwrap().unwrap().text(), "#MQRING: 1,1,plant/1883,4");
    let transcript = sink.lines().join("\n");
    assert!(!transcript.contains("1883"), "{transcript}");
}

#[tokio::test(start_paused = true)]
async fn a_password_in_a_late_or_damaged_echo_is_shown_to_nobody() {
    let sink = Sink::taking(1_000);
    let (port, mut module) = recorded(&sink);
    let mut codes = port.unsolicited();
    let login = || {
        let line =
            CommandLine::set("#MQCONN").secret_text("password", "correct-horse-battery").build().unwrap();
        Exchange::new(line, Expect::result()).deadline(Duration::from_secs(5))
    };
    // A byte of the password itself is damaged.
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(login()).await }
    });
    expect(&mut module, b"AT#MQCONN=\"correct-horse-battery\"\r").await;
    send(&mut module, "AT#MQCONN=\"correct-hXrse-battery\"\r\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    // The echo comes behind the deadline.
    port.execute(login()).await.unwrap_err();
    send(&mut module, "AT#MQCONN=\"correct-horse-battery\"\r").await;
    expect(&mut module, b"AT#MQCONN=\"correct-horse-battery\"\rAT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    let running = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    send(&mut module, "\r\n#MQRING: 1,7,a,3\r\n\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    running.await.unwrap().unwrap();
    let transcript = sink.lines().join("\n");
    let mut shown = Vec::new();
    while let Some(code) = codes.try_next() {
        shown.push(code.unwrap().text().into_owned());
    }
    assert_eq!(shown, ["#MQRING: 1,7,a,3"], "and nothing of an echo");
    for fragment in ["correct-h", "rse-battery"] {
        assert!(!transcript.contains(fragment), "{transcript}");
    }
}
