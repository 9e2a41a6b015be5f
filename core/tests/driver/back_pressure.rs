//! Readers that do not read: what waits for them is bounded, and nobody else waits for long.

use std::time::Duration;

use telit_core::CommandError;
use telit_core::at::{StreamEnd, StreamEnding};
use telit_core::driver::AtChannel;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::rig::{expect, next_command, online, read, send, start, stream};

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() {
    let (port, mut module) = start();
    let mut asleep = port.unsolicited();
    let mut awake = port.unsolicited();
    let started = Instant::now();
    for round in 0..10 {
        let running = tokio::spawn({
            let port = port.clone();
            async move { port.execute(read("#SSLEN")).await }
        });
        expect(&mut module, b"AT#SSLEN?\r").await;
        let codes: String =
            (0..100).map(|number| format!("\r\n#MQRING: 1,{},a,3\r\n", round * 100 + number)).collect();
        send(&mut module, &format!("{codes}\r\n#SSLEN: 1,0\r\n\r\nOK\r\n")).await;
        assert_eq!(running.await.unwrap().unwrap().value("#SSLEN").as_deref(), Some("1,0"));
        for number in 0..100 {
            let code = format!("#MQRING: 1,{},a,3", round * 100 + number);
            assert_eq!(awake.next().await.unwrap().unwrap().text(), code);
        }
    }
    // Nothing but the pauses between the commands.
    assert!(started.elapsed() < Duration::from_millis(10 * 25), "{:?}", started.elapsed());
    assert_eq!(asleep.next().await, Some(Err(1000 - 256)), "the oldest are gone, and counted");
    for number in 744..1000 {
        assert_eq!(asleep.next().await.unwrap().unwrap().text(), format!("#MQRING: 1,{number},a,3"));
    }
    assert_eq!(asleep.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_is_kept_within_bounds_and_arrives_whole() {
    let (port, mut module) = start();
    let mut stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let data: Vec<u8> = (0..2_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let sending = tokio::spawn({
        let data = data.clone();
        async move {
            module.write_all(&data).await.unwrap();
            module
        }
    });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!sending.is_finished(), "the module is held up");
    let kept = port.statistics().bytes_read;
    // 64 pieces of 4 KiB, one more in the hand, and a little for CONNECT.
    assert!(kept <= 66 * 4096, "{kept} bytes were taken");
    let mut received = Vec::new();
    while received.len() < data.len() {
        received.extend_from_slice(&stream.next().await.unwrap());
    }
    assert!(received == data, "every byte, in order");
    let mut module = sending.await.unwrap();
    stream.close().await;
    expect(&mut module, b"+++").await;
    send(&mut module, "\r\nOK\r\n").await;
    assert_eq!(stream.end().await, StreamEnd::Suspended);
}

/// A stream that holds all it may because nobody reads it, and the task that feeds it.
async fn unread() -> (
    telit_core::driver::AtPort,
    telit_core::driver::DataStream,
    tokio::task::JoinHandle<tokio::io::DuplexStream>,
) {
    let (port, mut module) = start();
    let stream = online(&port, &mut module, StreamEnding::MarkAndSilence).await;
    let feeding = tokio::spawn(async move {
        module.write_all(&vec![b'd'; 500_000]).await.unwrap();
        module
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    (port, stream, feeding)
}

#[tokio::test(start_paused = true)]
async fn an_unread_stream_pauses_its_own_port_and_no_other() {
    let (port, mut stream, feeding) = unread().await;
    let waiting = tokio::spawn({
        let port = port.clone();
        async move { port.execute(read("#SSLEN")).await }
    });
    let (other, mut other_module) = start();
    let served = tokio::spawn(async move { other.execute(read("#SSLEN")).await });
    expect(&mut other_module, b"AT#SSLEN?\r").await;
    send(&mut other_module, "\r\n#SSLEN: 2,0\r\n\r\nOK\r\n").await;
    assert_eq!(served.await.unwrap().unwrap().value("#SSLEN").as_deref(), Some("2,0"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!waiting.is_finished() && !feeding.is_finished());
    let mut left = 500_000;
    while left > 0 {
        left -= stream.next().await.unwrap().len();
    }
    let mut module = feeding.await.unwrap();
    send(&mut module, "\r\nNO CARRIER:SSL,1,4\r\n").await;
    assert!(matches!(stream.end().await, StreamEnd::Closed { .. }));
    // The peer could have sent that mark, so the engine makes sure first.
    expect(&mut module, b"+++\rAT+CMEE?\r").await;
    send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    assert_eq!(next_command(&mut module).await.unwrap(), "AT#SSLEN?");
    send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
    assert_eq!(waiting.await.unwrap().unwrap().value("#SSLEN").as_deref(), Some("1,0"));
}

#[tokio::test(start_paused = true)]
async fn an_unread_stream_that_is_dropped_frees_its_port() {
    // Whether the task first notices that nobody reads or that nobody writes any more is left to chance.
    for _ in 0..20 {
        let (port, stream, feeding) = unread().await;
        let dropped = Instant::now();
        drop(stream);
        let mut module = timeout(Duration::from_secs(60), feeding).await.unwrap().unwrap();
        timeout(Duration::from_secs(60), expect(&mut module, b"+++")).await.unwrap();
        assert_eq!(dropped.elapsed().as_secs(), 0, "the silence before it has long passed");
        send(&mut module, "\r\nOK\r\n").await;
        let waiting = tokio::spawn(async move { port.execute(read("#SSLEN")).await });
        expect(&mut module, b"+++\rAT+CMEE?\r").await;
        send(&mut module, "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
        expect(&mut module, b"AT#SSLEN?\r").await;
        send(&mut module, "\r\n#SSLEN: 1,0\r\n\r\nOK\r\n").await;
        assert_eq!(waiting.await.unwrap().unwrap().value("#SSLEN").as_deref(), Some("1,0"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_whose_module_does_not_answer_frees_the_port_within_its_bound() {
    let (port, stream, feeding) = unread().await;
    drop(stream);
    let _module = feeding.await.unwrap();
    // 12.4 s to leave online mode, then what it takes to find that nobody answers.
    let answer = timeout(Duration::from_secs(13 + 22), port.execute(read("#SSLEN"))).await;
    assert!(matches!(answer, Ok(Err(CommandError::NotResponding { .. }))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn data_that_wait_for_their_reader_survive_the_port() {
    let (port, mut stream, feeding) = unread().await;
    // The port goes while it does not read; only its writing side can tell.
    feeding.abort();
    drop(feeding.await);
    stream.write("x".into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(port.is_closed());
    let kept = port.statistics().bytes_read - "\r\nCONNECT\r\n".len() as u64;
    let mut received = 0;
    while let Some(data) = stream.next().await {
        assert!(data.iter().all(|byte| *byte == b'd'));
        received += data.len() as u64;
    }
    assert_eq!(received, kept, "all that was read");
    let StreamEnd::LinkLost { reason } = stream.end().await else { panic!("another end") };
    assert_eq!(reason, "broken pipe");
}

#[tokio::test(start_paused = true)]
async fn data_that_wait_for_a_reader_that_leaves_are_given_up() {
    let (port, stream, feeding) = unread().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    feeding.abort();
    drop(feeding.await);
    stream.write("x".into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(port.is_closed());
    assert_eq!(tasks(), 1, "the one that waits for the reader");
    drop(stream);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(tasks(), 0);
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
    send(&mut module, "\r\nCONNECT\r\n").await;
    let mut stream = opening.await.unwrap().unwrap();
    let data: Vec<u8> = (0..4_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
    let sent = data.clone();
    let sender = tokio::spawn(async move {
        module.write_all(&sent).await.unwrap();
        send(&mut module, "\r\nNO CARRIER\r\n").await;
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
