//! A recorded module, played again: in virtual time, byte by byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use telit_simulator::{Recording, ReplayStopped, ReplayedModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

type Played = JoinHandle<(Result<(), ReplayStopped>, Option<usize>)>;

fn play(transcript: &str) -> (DuplexStream, Played) {
    let recording = Recording::parse(transcript.as_bytes()).unwrap();
    let (host, port) = tokio::io::duplex(4096);
    let mut module = ReplayedModule::new(recording, port);
    let playing = tokio::spawn(async move {
        let played = module.play().await;
        (played, module.next().map(|(line, _)| line))
    });
    (host, playing)
}

async fn say(host: &mut DuplexStream, text: &[u8]) {
    host.write_all(text).await.unwrap();
}

async fn expect(host: &mut DuplexStream, text: &[u8]) {
    let mut got = vec![0; text.len()];
    host.read_exact(&mut got).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(text));
}

#[tokio::test(start_paused = true)]
async fn it_says_the_same_at_the_same_times() {
    let (mut host, playing) = play(
        "0.100 > AT\\r\n0.130 < \\r\\nOK\\r\n0.131 < \\n\n5.000 < \\r\\n+CREG: 1\\r\\n\n5.010 > AT+CGMM\\r\n5.030 < \\r\\nX\\r\\n\n",
    );
    // The first line may take as long as it likes.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let begin = Instant::now();
    say(&mut host, b"AT\r").await;
    expect(&mut host, b"\r\nOK\r").await;
    assert_eq!(begin.elapsed().as_millis(), 30);
    expect(&mut host, b"\n").await;
    assert_eq!(begin.elapsed().as_millis(), 31);
    // What the host says too early is heard in its turn.
    say(&mut host, b"AT+CGMM\r").await;
    expect(&mut host, b"\r\n+CREG: 1\r\n").await;
    assert_eq!(begin.elapsed().as_millis(), 4900);
    expect(&mut host, b"\r\nX\r\n").await;
    assert_eq!(begin.elapsed().as_millis(), 4920);
    let (played, next) = playing.await.unwrap();
    played.unwrap();
    assert_eq!(next, None);
}

#[tokio::test(start_paused = true)]
async fn bytes_one_at_a_time_are_the_same_words() {
    let (mut host, playing) = play("0.000 > AT+CGMM\\r\n0.000 < \\r\\nX\\r\\n\n");
    for byte in b"AT+CGMM\r" {
        say(&mut host, &[*byte]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    expect(&mut host, b"\r\nX\r\n").await;
    playing.await.unwrap().0.unwrap();
}

#[tokio::test(start_paused = true)]
async fn something_else_is_shown_beside_what_was_said() {
    let (mut host, playing) = play("0.000 # by somebody\n0.000 > AT+CGMM\\r\n0.000 < X\n");
    say(&mut host, b"AT+CGMR\r\x1b").await;
    let (stopped, next) = playing.await.unwrap();
    let told = stopped.unwrap_err().to_string();
    assert_eq!(told, "line 2: the host was to say `AT+CGMM\\r` and said `AT+CGMR\\r\\x1b`");
    assert_eq!(next, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_goes_is_told() {
    let (host, playing) = play("0.000 > AT\\r\n0.000 < X\n");
    drop(host);
    let (stopped, _) = playing.await.unwrap();
    assert_eq!(
        stopped.unwrap_err().to_string(),
        "line 1: the host has closed the port before `0.000 > AT\\r`"
    );
}

#[tokio::test(start_paused = true)]
async fn the_clock_the_payload_and_the_secret_of_today_will_do() {
    let (mut host, playing) = play(
        "0.000 > AT+CCLK=\"26/11/26,16:50:00+04\"\\r\n\
         0.000 < OK\\r\\n\n\
         0.000 > AT+CPIN=[redacted]\\r\n\
         0.000 < AT+CPIN=[redacted]\\r\n\
         0.000 < OK\\r\\n\n\
         0.000 > [3 bytes sha256:ba7816bf8f01]\n\
         0.000 < [4 bytes sha256:000000000000]\n\
         0.000 > [redacted]\n\
         0.000 < OK\\r\\n\n",
    );
    say(&mut host, b"AT+CCLK=\"31/01/02,03:04:05-12\"\r").await;
    expect(&mut host, b"OK\r\n").await;
    say(&mut host, b"AT+CPIN=9999\r").await;
    expect(&mut host, b"AT+CPIN=9999\rOK\r\n").await;
    say(&mut host, b"\0\r\n").await;
    expect(&mut host, b"....").await;
    let begin = Instant::now();
    say(&mut host, b"-----BEGIN").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    say(&mut host, b" PRIVATE KEY").await;
    expect(&mut host, b"OK\r\n").await;
    assert_eq!(begin.elapsed().as_millis(), 350, "its end is a silence");
    playing.await.unwrap().0.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_wrong_goes_on_from_what_it_is_set_to() {
    let (mut host, playing) = play(
        "0.000 > AT+CCLK?\\r\n\
         0.000 < +CCLK: \"80/01/06,00:00:07+00\"\\r\\n\n\
         0.000 > AT+CCLK=\"26/11/26,16:50:00+04\"\\r\n\
         0.000 < OK\\r\\n\n\
         0.000 > AT+CCLK?\\r\n\
         0.000 < +CCLK: \"26/11/26,16:50:03+04\"\\r\\n\n",
    );
    say(&mut host, b"AT+CCLK?\r").await;
    expect(&mut host, b"+CCLK: \"80/01/06,00:00:07+00\"\r\n").await;
    say(&mut host, b"AT+CCLK=\"31/12/31,23:59:58-12\"\r").await;
    expect(&mut host, b"OK\r\n").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    say(&mut host, b"AT+CCLK?\r").await;
    expect(&mut host, b"+CCLK: \"32/01/01,00:00:01-12\"\r\n").await;
    playing.await.unwrap().0.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_right_is_right() {
    let (mut host, playing) = play("0.000 > AT+CCLK?\\r\n0.000 < +CCLK: \"20/11/26,16:50:03+00\"\\r\\n\n");
    say(&mut host, b"AT+CCLK?\r").await;
    let mut shown = [0; 31];
    host.read_exact(&mut shown).await.unwrap();
    playing.await.unwrap().0.unwrap();
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(shown.starts_with("+CCLK: \"") && shown.ends_with("+00\"\r\n"), "{shown}");
    assert!(shown.as_str() > "+CCLK: \"26/11/26", "a time long past: {shown}");
}

#[tokio::test(start_paused = true)]
async fn more_than_a_megabyte_in_a_row_is_heard() {
    let lines = "0.000 > [65536 bytes sha256:000000000000]\n".repeat(20);
    let (mut host, playing) = play(&format!("{lines}0.000 < OK\n"));
    host.write_all(&vec![b'x'; 20 * 65536]).await.unwrap();
    expect(&mut host, b"OK").await;
    playing.await.unwrap().0.unwrap();
}

#[tokio::test]
async fn a_port_can_be_closed_and_opened_again() {
    let recording =
        Recording::parse(b"0.000 > AT\\r\n0.000 < 1\\r\\n\n0.000 > AT\\r\n0.000 < 2\\r\\n\n").unwrap();
    let (mut module, pty) = ReplayedModule::on_pty(recording, None).unwrap();
    let path = pty.path().to_owned();
    let hosts = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        [b"1\r\n", b"2\r\n"].map(|answer| {
            let mut port = std::fs::File::options().read(true).write(true).open(&path).unwrap();
            port.write_all(b"AT\r").unwrap();
            let mut got = [0; 3];
            port.read_exact(&mut got).unwrap();
            got == *answer
        })
    });
    module.play().await.unwrap();
    assert_eq!(hosts.await.unwrap(), [true, true]);
}
