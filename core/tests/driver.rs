//! The driver task: cancellation, lost links, data streams, in virtual time over an in-memory link.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Effect, Exchange, Expect, Settings, StreamEnd, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DataStream, DriverOptions, Recorder};
use telit_core::{CommandError, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Where a transcript goes.
#[derive(Clone, Default)]
struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn start() -> (AtPort, DuplexStream) {
    let (host, module) = tokio::io::duplex(64 * 1024);
    (AtPort::start(host, DriverOptions::default()), module)
}

async fn expect(module: &mut DuplexStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    module.read_exact(&mut read).await.expect("the port writes");
    assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(bytes));
}

fn read(name: &'static str) -> Exchange {
    Exchange::new(CommandLine::read(name), Expect::lines(name)).effect(Effect::Query)
}

fn stream(name: &'static str, ending: StreamEnding) -> Exchange {
    Exchange::new(CommandLine::execute(name), Expect::stream(ending))
}

#[tokio::test(start_paused = true)]
async fn answers_go_to_who_asked() {
    let (port, mut module) = start();
    let (one, two) = (port.clone(), port.clone());
    let first = tokio::spawn(async move { one.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    let second = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLCFG?\r").await;
    module.write_all(b"\r\n#SSLCFG: 1,1\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(first.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
    assert_eq!(second.await.unwrap().unwrap().value("#SSLCFG").unwrap(), "1,1");
}

#[tokio::test(start_paused = true)]
async fn a_command_dropped_before_it_was_written_is_not_sent() {
    let (port, mut module) = start();
    let running = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT#SSLEN?\r").await;
    let dropped = tokio::time::timeout(Duration::from_millis(10), port.execute(read("#DROPPED"))).await;
    assert!(dropped.is_err());
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert!(running.await.unwrap().is_ok());
    let next = tokio::spawn(async move { port.execute(read("#SSLCFG")).await });
    expect(&mut module, b"AT#SSLCFG?\r").await;
    module.write_all(b"\r\nOK\r\n").await.unwrap();
    assert!(next.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_command_dropped_after_it_was_written_runs_to_its_end() {
    let (port, mut module) = start();
    let dropped = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT#SSLEN?\r").await;
    dropped.abort();
    let next = tokio::spawn(async move { port.execute(read("#SSLCFG")).await });
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLCFG?\r").await;
    module.write_all(b"\r\n#SSLCFG: 1,7\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().value("#SSLCFG").unwrap(), "1,7");
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_fails_what_runs_and_what_waits() {
    let (port, mut module) = start();
    let (one, two) = (port.clone(), port.clone());
    let running = tokio::spawn(async move {
        one.execute(Exchange::new(CommandLine::execute("#X"), Expect::result())).await
    });
    expect(&mut module, b"AT#X\r").await;
    let waiting = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    tokio::task::yield_now().await;
    drop(module);
    let running = running.await.unwrap().unwrap_err();
    assert!(running.is_link_lost() && running.may_have_taken_effect());
    assert_eq!(running.to_string(), "the link to the module is lost: the port hung up");
    let waiting = waiting.await.unwrap().unwrap_err();
    assert!(waiting.is_link_lost());
    assert_eq!(waiting.outcome(), Outcome::NotSent);
    let later = port.execute(read("#SSLEN")).await.unwrap_err();
    assert!(matches!(later, CommandError::LinkLost { sent: false, .. }));
    assert!(port.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_told_and_the_next_command_gets_its_own_answer() {
    let (port, mut module) = start();
    let error = port.execute(read("#SSLEN").deadline(Duration::from_secs(5))).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_taken_effect());
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#SSLEN: 9,9\r\n\r\nOK\r\n").await.unwrap();
    let next = {
        let port = port.clone();
        tokio::spawn(async move { port.execute(read("#SSLEN")).await })
    };
    expect(&mut module, b"AT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
    assert_eq!(port.statistics().resyncs, 1);
    assert!(port.statistics().dropped_bytes >= 13);
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_gets_the_codes() {
    let (port, mut module) = start();
    let (mut one, mut two) = (port.unsolicited(), port.unsolicited());
    module.write_all(b"\r\n#MQRING: 1,1,t,3\r\n").await.unwrap();
    assert_eq!(one.next().await.unwrap().unwrap().text(), "#MQRING: 1,1,t,3");
    assert_eq!(two.next().await.unwrap().unwrap().text(), "#MQRING: 1,1,t,3");
}

#[tokio::test(start_paused = true)]
async fn a_stream_carries_bytes_both_ways_and_ends() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#FTPGET", StreamEnding::Length(6))).await })
    };
    expect(&mut module, b"AT#FTPGET\r").await;
    module.write_all(b"\r\nCONNECT\r\nabc").await.unwrap();
    let mut stream = opening.await.unwrap().unwrap();
    assert_eq!(stream.next().await.unwrap(), "abc");
    stream.write(Bytes::from_static(b"up\r\n")).await.unwrap();
    expect(&mut module, b"up\r\n").await;
    module.write_all(b"def\r\nNO CARRIER\r\n").await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "def");
    assert_eq!(stream.next().await, None);
    assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\nOK\r\n").await.unwrap();
    assert!(next.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_what_is_held_back() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#SSLO", StreamEnding::MarkAndSilence)).await })
    };
    expect(&mut module, b"AT#SSLO\r").await;
    module.write_all(b"\r\nCONNECT\r\n").await.unwrap();
    let stream = opening.await.unwrap().unwrap();
    let writer = stream.writer();
    writer.flush().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let started = tokio::time::Instant::now();
    writer.write(Bytes::from_static(b"+++")).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_millis(1200));
    expect(&mut module, b"+++").await;
    drop(stream);
    assert!(writer.write(Bytes::from_static(b"x")).await.is_err(), "a writer alone keeps nothing open");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_is_left_by_the_escape_sequence() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#FTPGET", StreamEnding::Length(6000))).await })
    };
    expect(&mut module, b"AT#FTPGET\r").await;
    module.write_all(b"\r\nCONNECT\r\nabc").await.unwrap();
    drop(opening.await.unwrap().unwrap());
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"+++").await;
    module.write_all(b"still data\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_up_the_line_and_loses_nothing() {
    let (port, mut module) = start();
    let opening = {
        let port = port.clone();
        tokio::spawn(
            async move { port.open_stream(stream("#FTPGET", StreamEnding::Length(4_000_000))).await },
        )
    };
    expect(&mut module, b"AT#FTPGET\r").await;
    module.write_all(b"\r\nCONNECT\r\n").await.unwrap();
    let mut stream = opening.await.unwrap().unwrap();
    let data: Vec<u8> = (0..4_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
    let sent = data.clone();
    let sender = tokio::spawn(async move {
        module.write_all(&sent).await.unwrap();
        module.write_all(b"\r\nNO CARRIER\r\n").await.unwrap();
        module
    });
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!sender.is_finished(), "bounded memory: the line must be held up");
    let mut received = Vec::new();
    while let Some(chunk) = stream.next().await {
        received.extend_from_slice(&chunk);
    }
    assert_eq!(received.len(), data.len());
    assert!(received == data);
}

#[tokio::test(start_paused = true)]
async fn the_transcript_shows_the_conversation_and_no_secret() {
    let sink = Sink::default();
    let (host, mut module) = tokio::io::duplex(4096);
    let options = DriverOptions { recorder: Some(Recorder::new(sink.clone())), ..DriverOptions::default() };
    let port = AtPort::start(host, options);
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
    module.write_all(b"AT#FTPOPEN=\"h\",\"u\",\"swordfish\"\r\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    let key = Expect::terminated_prompt("key", Bytes::from_static(b"topsecret")).unwrap();
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), key).secret();
    let running = tokio::spawn(async move { port.execute(key).await });
    expect(&mut module, b"AT#SSLSECDATA\r").await;
    module.write_all(b"\r\n> ").await.unwrap();
    expect(&mut module, b"topsecret\x1a").await;
    module.write_all(b"\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    let transcript = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = transcript.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(
        lines,
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
async fn the_rest_of_a_refused_payload_is_not_written_to_a_module_that_reads_commands() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let payload = b"\rAT#REBOOT\r".repeat(100);
    let prompt = Expect::counted_prompt(payload.into(), None);
    let send = Exchange::new(CommandLine::execute("#FTPAPPEXT"), prompt);
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(send).await }
    });
    expect(&mut module, b"AT#FTPAPPEXT\r").await;
    module.write_all(b"\r\n> ").await.unwrap();
    // The line holds 64 bytes; the rest waits in the port when the module gives up.
    tokio::task::yield_now().await;
    module.write_all(b"\r\n+CME ERROR: 614\r\n").await.unwrap();
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused);
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"AT+CMEE?\r") {
        module.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.len() < 200, "{} bytes were written", seen.len());
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_caller_left_while_the_line_was_looked_for_is_not_sent() {
    let (host, mut module) = tokio::io::duplex(4096);
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let port = AtPort::start(host, DriverOptions { settings, ..DriverOptions::default() });
    let dropped = tokio::time::timeout(Duration::from_millis(100), port.execute(read("#DROPPED"))).await;
    assert!(dropped.is_err());
    expect(&mut module, b"AT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_module_that_echoes_again_gets_its_settings_back_before_the_next_command() {
    let (host, mut module) = tokio::io::duplex(4096);
    let echo_off = Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result();
    let port = AtPort::start(host, DriverOptions { restored: vec![echo_off], ..DriverOptions::default() });
    let (one, two) = (port.clone(), port.clone());
    let first = tokio::spawn(async move { one.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    let second = tokio::spawn(async move { two.execute(read("#SSLCFG")).await });
    tokio::task::yield_now().await;
    module.write_all(b"AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert!(first.await.unwrap().is_ok());
    expect(&mut module, b"ATE0\r").await;
    module.write_all(b"ATE0\r\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLCFG?\r").await;
    module.write_all(b"\r\nOK\r\n").await.unwrap();
    assert!(second.await.unwrap().is_ok());
    assert_eq!(port.statistics().echoes, 1);
}

#[tokio::test(start_paused = true)]
async fn secrets_that_come_late_or_damaged_are_shown_to_nobody() {
    let sink = Sink::default();
    let (host, mut module) = tokio::io::duplex(4096);
    let recorder = Some(Recorder::new(sink.clone()));
    let port = AtPort::start(host, DriverOptions { recorder, ..DriverOptions::default() });
    let mut codes = port.unsolicited();
    // A key that is read back after the deadline.
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::text()).secret();
    port.execute(key.deadline(Duration::from_secs(5))).await.unwrap_err();
    module.write_all(b"\r\nMIIEtopsecretkey\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLSECDATA\rAT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    // A key whose echo the line has damaged, and a password behind a stray byte.
    let key = Expect::terminated_prompt("key", Bytes::from_static(b"a\ntopsecretkey")).unwrap();
    let key = Exchange::new(CommandLine::execute("#SSLSECDATA"), key).secret();
    let running = tokio::spawn({
        let port = port.clone();
        async move { port.execute(key).await }
    });
    expect(&mut module, b"AT#SSLSECDATA\r").await;
    module.write_all(b"AT#SSLSECDATA\r\r\n> a\r\ntopsecretkey\r\n\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    let login = CommandLine::set("#MQCONN").secret_text("password", "topsecretkey").build().unwrap();
    let running = tokio::spawn(async move { port.execute(Exchange::new(login, Expect::result())).await });
    expect(&mut module, b"a\ntopsecretkey\x1aAT#MQCONN=\"topsecretkey\"\r").await;
    module.write_all(b"xAT#MQCONN=\"topsecretkey\"\r\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    let transcript = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(!transcript.contains("topsecret"), "{transcript}");
    while let Some(code) = codes.try_next() {
        assert!(!code.unwrap().text().contains("topsecret"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_in_a_late_or_damaged_echo_is_shown_to_nobody() {
    let sink = Sink::default();
    let (host, mut module) = tokio::io::duplex(4096);
    let recorder = Some(Recorder::new(sink.clone()));
    let port = AtPort::start(host, DriverOptions { recorder, ..DriverOptions::default() });
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
    module.write_all(b"AT#MQCONN=\"correct-hXrse-battery\"\r\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    // The echo comes behind the deadline.
    port.execute(login()).await.unwrap_err();
    module.write_all(b"AT#MQCONN=\"correct-horse-battery\"\r").await.unwrap();
    expect(&mut module, b"AT#MQCONN=\"correct-horse-battery\"\rAT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    let running = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#MQRING: 1,7,a,3\r\n\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    running.await.unwrap().unwrap();
    let transcript = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let mut shown = Vec::new();
    while let Some(code) = codes.try_next() {
        shown.push(code.unwrap().text().into_owned());
    }
    assert_eq!(shown, ["#MQRING: 1,7,a,3"], "and nothing of an echo");
    for fragment in ["correct-h", "rse-battery"] {
        assert!(!transcript.contains(fragment), "{transcript}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_module_that_goes_on_echoing_still_gets_the_next_command() {
    let (host, mut module) = tokio::io::duplex(4096);
    let echo_off = Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result();
    let errors = Exchange::new(CommandLine::execute("+CMEE=2"), Expect::result());
    let port =
        AtPort::start(host, DriverOptions { restored: vec![echo_off, errors], ..DriverOptions::default() });
    let running = tokio::spawn(async move {
        for _ in 0..2 {
            port.execute(read("#SSLEN")).await.unwrap();
        }
    });
    for line in ["AT#SSLEN?", "ATE0", "AT+CMEE=2", "AT#SSLEN?"] {
        expect(&mut module, format!("{line}\r").as_bytes()).await;
        module.write_all(format!("{line}\r\r\nOK\r\n").as_bytes()).await.unwrap();
    }
    running.await.unwrap();
}

/// Opens a stream that the escape sequence ends.
async fn online(port: &AtPort, module: &mut DuplexStream) -> DataStream {
    let opening = {
        let port = port.clone();
        tokio::spawn(async move { port.open_stream(stream("#SSLO", StreamEnding::MarkAndSilence)).await })
    };
    expect(module, b"AT#SSLO\r").await;
    module.write_all(b"\r\nCONNECT\r\n").await.expect("the port reads");
    opening.await.expect("the task runs").expect("the stream opens")
}

#[tokio::test(start_paused = true)]
async fn the_guard_time_counts_from_when_a_slow_transport_has_taken_everything() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module).await;
    stream.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    stream.close().await;
    let mut taken = [0; 50];
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        module.read_exact(&mut taken).await.unwrap();
        assert_eq!(taken, [b'x'; 50]);
    }
    let taken = tokio::time::Instant::now();
    expect(&mut module, b"+++").await;
    assert!(taken.elapsed() >= Duration::from_millis(800), "{:?} after the last bytes", taken.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_guard_time_counts_from_when_a_serial_line_has_carried_everything() {
    let (host, mut module) = tokio::io::duplex(64 * 1024);
    let port = AtPort::start(host, DriverOptions { line_rate: Some(9600), ..DriverOptions::default() });
    let stream = online(&port, &mut module).await;
    let written = tokio::time::Instant::now();
    stream.write(Bytes::from(vec![b'x'; 4096])).await.unwrap();
    stream.close().await;
    module.read_exact(&mut [0; 4096]).await.unwrap();
    expect(&mut module, b"+++").await;
    // 4096 bytes of ten bits behind the eight of the command, and 1.2 s.
    let due = 8 + 4267 + 1200;
    assert!((due..due + 5).contains(&written.elapsed().as_millis()), "{:?}", written.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_module_that_takes_nothing_is_left_and_serves_the_next_command() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module).await;
    let writer = stream.writer();
    writer.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    let started = tokio::time::Instant::now();
    assert!(writer.flush().await.is_err());
    assert_eq!(started.elapsed(), Duration::from_secs(60));
    let mut taken = [0; 64];
    module.read_exact(&mut taken).await.unwrap();
    assert_eq!(taken, [b'x'; 64], "what the transport had");
    expect(&mut module, b"+++").await;
    module.write_all(b"\r\nOK\r\n").await.unwrap();
    assert_eq!(stream.end().await, StreamEnd::Stalled { waited: Duration::from_secs(60) });
    let next = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    // The sequence again, because the peer could have sent that OK; then the question.
    expect(&mut module, b"+++\rAT+CMEE?\r").await;
    module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
    expect(&mut module, b"AT#SSLEN?\r").await;
    module.write_all(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await.unwrap();
    assert_eq!(next.await.unwrap().unwrap().value("#SSLEN").unwrap(), "1,0");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_into_a_dead_module_does_not_keep_the_port() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let stream = online(&port, &mut module).await;
    stream.set_send_timeout(Duration::from_secs(5)).await;
    for _ in 0..10 {
        stream.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    }
    drop(stream);
    let answer = tokio::time::timeout(Duration::from_secs(60), port.execute(read("#SSLEN"))).await;
    assert!(matches!(answer, Ok(Err(CommandError::NotResponding { .. }))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_bounded_while_nobody_reads_the_stream() {
    let (host, mut module) = tokio::io::duplex(64);
    let port = AtPort::start(host, DriverOptions::default());
    let mut stream = online(&port, &mut module).await;
    let writer = stream.writer();
    // More than the port holds, so that it stops reading.
    let sending = tokio::spawn(async move {
        let sent = tokio::time::timeout(Duration::from_secs(200), module.write_all(&[b'd'; 500_000])).await;
        (module, sent.is_ok())
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    writer.write(Bytes::from(vec![b'x'; 1000])).await.unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(61), writer.flush()).await;
    assert!(matches!(flushed, Ok(Err(_))), "{flushed:?}");
    let mut received = 0;
    while let Some(data) = stream.next().await {
        received += data.len();
    }
    assert_eq!(received, 500_000);
    assert!(matches!(stream.end().await, StreamEnd::Stalled { .. }));
    assert!(sending.await.unwrap().1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_over_a_lost_link_says_so_behind_its_data() {
    let (port, mut module) = start();
    let mut stream = online(&port, &mut module).await;
    module.write_all(b"data").await.unwrap();
    drop(module);
    assert_eq!(stream.next().await.unwrap(), "data");
    assert_eq!(stream.next().await, None);
    assert_eq!(stream.end().await, StreamEnd::LinkLost { reason: "the port hung up".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn a_command_that_waited_for_the_line_when_the_port_went_was_not_sent() {
    let (host, mut module) = tokio::io::duplex(4096);
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let port = AtPort::start(host, DriverOptions { settings, ..DriverOptions::default() });
    let running = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
    expect(&mut module, b"AT+CMEE?\r").await;
    drop(module);
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent, "{error}");
}

#[tokio::test(start_paused = true)]
async fn whoever_writes_to_a_lost_stream_hears_it_before_the_reader_has_read() {
    let (port, mut module) = start();
    let opening = port.open_stream(stream("#SSLO", StreamEnding::MarkAndSilence));
    let answering = async {
        expect(&mut module, b"AT#SSLO\r").await;
        module.write_all(b"\r\nCONNECT\r\n").await.unwrap();
    };
    let (opened, ()) = tokio::join!(opening, answering);
    let mut stream = opened.unwrap();
    let writer = stream.writer();
    // More than the reader's queue takes, until nothing more is read.
    let chunk = [b'x'; 4096];
    let soon = Duration::from_millis(10);
    while tokio::time::timeout(soon, module.write(&chunk)).await.is_ok() {}
    drop(module);
    let writing = async { while writer.write(Bytes::from_static(b"late")).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(1), writing).await.expect("it is told that the port is gone");
    let mut rest = 0;
    while let Some(data) = stream.next().await {
        rest += data.len();
    }
    assert!(rest > 64 * 1024, "what had arrived can still be read: {rest}");
}
