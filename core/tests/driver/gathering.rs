//! Bytes gather while a body runs: few pieces reach the host, and nothing that somebody waits for comes later.

use std::time::Duration;

use telit_core::at::{StreamEnd, StreamEnding};
use telit_core::driver::{AtChannel, AtPort, DataStream, DriverOptions};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep_until};

use crate::rig::{expect, online, send, stream};

/// Bytes that a line carries in a millisecond.
const AT_921600: usize = 92;
const AT_3_MBAUD: usize = 300;

fn start(line_rate: Option<u32>) -> (AtPort, DuplexStream) {
    let (host, module) = tokio::io::duplex(64 * 1024);
    (AtPort::start(host, DriverOptions { line_rate, ..DriverOptions::default() }), module)
}

async fn announced(port: &AtPort, module: &mut DuplexStream, length: usize) -> DataStream {
    let opening = tokio::spawn({
        let port = port.clone();
        let ending = StreamEnding::Length(length as u64);
        async move { port.open_stream(stream("#FTPGET", ending)).await }
    });
    expect(module, b"AT#FTPGET\r").await;
    send(module, "\r\nCONNECT\r\n").await;
    opening.await.unwrap().unwrap()
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|number| number.to_le_bytes()[0]).collect()
}

/// Brings the data at so many bytes a millisecond, a millisecond later the words of the end, and tells when that was.
fn bring(
    mut module: DuplexStream,
    data: Vec<u8>,
    a_millisecond: usize,
    end: &'static str,
) -> tokio::task::JoinHandle<(DuplexStream, Instant)> {
    tokio::spawn(async move {
        let begun = Instant::now();
        for (piece, at) in data.chunks(a_millisecond).chain([end.as_bytes()]).zip(1..) {
            sleep_until(begun + Duration::from_millis(at)).await;
            module.write_all(piece).await.unwrap();
        }
        (module, Instant::now())
    })
}

/// All pieces of the stream, with their times.
async fn pieces(stream: &mut DataStream, length: usize) -> Vec<(Instant, usize)> {
    let mut pieces = Vec::new();
    let mut received = Vec::new();
    while received.len() < length {
        let data = stream.next().await.unwrap();
        pieces.push((Instant::now(), data.len()));
        received.extend_from_slice(&data);
    }
    assert!(received == bytes(length), "every byte, in order");
    pieces
}

#[tokio::test(start_paused = true)]
async fn a_long_body_comes_in_few_pieces_and_its_announced_end_at_once() {
    for line_rate in [Some(921_600), None] {
        let (port, mut module) = start(line_rate);
        let length = 1000 * AT_921600;
        let mut stream = announced(&port, &mut module, length).await;
        let begun = Instant::now();
        let bringing = bring(module, bytes(length), AT_921600, "\r\nNO CARRIER\r\n");
        let pieces = pieces(&mut stream, length).await;
        assert!(pieces.len() < 300, "{} pieces of 1000", pieces.len());
        assert_eq!(
            pieces[0],
            (begun + Duration::from_millis(1), AT_921600),
            "the first bytes are not delayed"
        );
        let (_module, ended) = bringing.await.unwrap();
        assert_eq!(pieces.last().unwrap().0 + Duration::from_millis(1), ended, "nor are the last ones");
        assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
        assert_eq!(Instant::now(), ended, "nor is the end");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_nobody_announced_is_as_early_as_without_gathering() {
    let (port, mut module) = start(Some(921_600));
    let mut usual = None;
    // The first is too short to gather; the ends of the others fall on every place within the time that bytes gather.
    for milliseconds in [10, 300, 301, 302, 303, 304, 305, 306] {
        let length = milliseconds * AT_921600;
        let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
        let bringing = bring(module, bytes(length), AT_921600, "\r\nNO CARRIER:SSL,1,4\r\n");
        let pieces = pieces(&mut stream, length).await;
        assert!(pieces.len() < 150, "{} pieces", pieces.len());
        let (back, ended) = bringing.await.unwrap();
        module = back;
        assert!(pieces.last().unwrap().0 <= ended + Duration::from_millis(5));
        assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
        let silence = ended.elapsed();
        let usual = *usual.get_or_insert(silence);
        // A timer knows whole milliseconds.
        assert!(silence <= usual + Duration::from_millis(1), "{silence:?} instead of {usual:?}");
        assert!(silence >= Duration::from_millis(195), "{silence:?}");
        expect(&mut module, b"+++\rAT+CMEE?\r").await;
        send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_peer_is_not_delayed() {
    let (port, mut module) = start(Some(921_600));
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    for _ in 0..20 {
        stream.write("question".into()).await.unwrap();
        expect(&mut module, b"question").await;
        let begun = Instant::now();
        // As much as the line carries in 15 ms.
        let bringing = bring(module, bytes(15 * AT_921600), AT_921600, "");
        let pieces = pieces(&mut stream, 15 * AT_921600).await;
        for ((at, length), millisecond) in pieces.iter().zip(1..) {
            assert_eq!((*at - begun, *length), (Duration::from_millis(millisecond), AT_921600));
        }
        module = bringing.await.unwrap().0;
    }
}

#[tokio::test(start_paused = true)]
async fn what_answers_a_write_is_not_delayed_by_the_body_before_it() {
    let (port, mut module) = start(Some(921_600));
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let bringing = bring(module, bytes(200 * AT_921600), AT_921600, "");
    let _pieces = pieces(&mut stream, 200 * AT_921600).await;
    let mut module = bringing.await.unwrap().0;
    stream.write("question".into()).await.unwrap();
    expect(&mut module, b"question").await;
    send(&mut module, "answer").await;
    let sent = Instant::now();
    assert_eq!(stream.next().await.unwrap(), "answer");
    assert_eq!(Instant::now(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_pauses_begins_anew_at_once() {
    let (port, mut module) = start(Some(921_600));
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    for _ in 0..3 {
        let bringing = bring(module, bytes(200 * AT_921600), AT_921600, "");
        let _pieces = pieces(&mut stream, 200 * AT_921600).await;
        module = bringing.await.unwrap().0;
        tokio::time::sleep(Duration::from_millis(10)).await;
        send(&mut module, "next").await;
        let sent = Instant::now();
        assert_eq!(stream.next().await.unwrap(), "next");
        assert_eq!(Instant::now(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn the_escape_sequence_and_its_answer_are_not_delayed() {
    let (port, mut module) = start(Some(921_600));
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let begun = Instant::now();
    let mut closed = None;
    for millisecond in 1..2000 {
        sleep_until(begun + Duration::from_millis(millisecond)).await;
        if millisecond == 1500 {
            stream.close().await;
            closed = Some(Instant::now());
        }
        module.write_all(&[b'd'; AT_921600]).await.unwrap();
        if closed.is_some() {
            break;
        }
        let _data = tokio::time::timeout(Duration::ZERO, stream.next()).await;
    }
    expect(&mut module, b"+++").await;
    // The silence before it has long passed.
    assert_eq!(closed.unwrap().elapsed(), Duration::ZERO);
    send(&mut module, "\r\nOK\r\n").await;
    let answered = Instant::now();
    assert_eq!(stream.end().await, StreamEnd::Suspended);
    // An OK counts when silence follows it.
    assert_eq!(answered.elapsed(), Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn what_gathers_fits_half_of_what_a_terminal_holds() {
    for line_rate in [Some(3_000_000), None] {
        let (port, mut module) = start(line_rate);
        let length = 1000 * AT_3_MBAUD;
        let mut stream = announced(&port, &mut module, length).await;
        let _bringing = bring(module, bytes(length), AT_3_MBAUD, "\r\nNO CARRIER\r\n");
        let pieces = pieces(&mut stream, length).await;
        let longest = pieces.iter().map(|(_, length)| *length).max().unwrap();
        assert!(pieces.len() < 500, "{} pieces of 1000", pieces.len());
        assert!(longest <= 2048 + AT_3_MBAUD, "{longest} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_faster_than_its_rate_is_read_as_fast_as_it_comes() {
    // A USB port: its rate is only a number.
    let (port, mut module) = start(Some(115_200));
    let length = 1000 * 20 * AT_3_MBAUD;
    let mut stream = announced(&port, &mut module, length).await;
    let bringing = bring(module, bytes(length), 20 * AT_3_MBAUD, "\r\nNO CARRIER\r\n");
    let pieces = pieces(&mut stream, length).await;
    assert_eq!(pieces.last().unwrap().0 + Duration::from_millis(1), bringing.await.unwrap().1);
    assert!(pieces.iter().all(|(_, length)| *length <= 20 * AT_3_MBAUD), "none gathered");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_still_holds_up_the_line() {
    let (port, mut module) = start(Some(3_000_000));
    let length = 10_000 * AT_3_MBAUD;
    let mut stream = announced(&port, &mut module, length).await;
    let bringing = bring(module, bytes(length), AT_3_MBAUD, "\r\nNO CARRIER\r\n");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!bringing.is_finished(), "the module is held up");
    let kept = port.statistics().bytes_read;
    assert!(kept <= 66 * 4096, "{kept} bytes were taken");
    let _pieces = pieces(&mut stream, length).await;
    bringing.await.unwrap();
    assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
}
