//! Channels as byte streams.

use std::time::Duration;

use telit_core::channels::{ChannelLost, ChannelStream, Multiplexer};
use telit_core::multiplexer::{ChannelEnd, Content, FrameKind, Message, SessionSettings, Signals};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

use crate::module::{Module, dlci};

async fn opened(line_rate: Option<u32>) -> (Multiplexer, [ChannelStream; 2], Module) {
    opened_on(Module::new(), line_rate).await
}

async fn opened_on(
    (port, mut module): (DuplexStream, Module),
    line_rate: Option<u32>,
) -> (Multiplexer, [ChannelStream; 2], Module) {
    let mut settings = SessionSettings::default();
    (settings.channels, settings.frame_size) = (2, 1000);
    let starting = tokio::spawn(Multiplexer::start(Box::pin(port), settings, line_rate));
    module.open(2).await;
    let multiplexer = starting.await.unwrap().unwrap();
    let one = multiplexer.open(dlci(1)).await.unwrap();
    let two = multiplexer.open(dlci(2)).await.unwrap();
    (multiplexer, [one, two], module)
}

fn lost(error: &std::io::Error) -> Option<&ChannelLost> {
    error.get_ref().and_then(|source| source.downcast_ref())
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_holds_up_its_own_channel() {
    let (_multiplexer, [mut one, mut two], mut module) = opened(None).await;
    for _ in 0..12 {
        module.send(1, FrameKind::Uih, &[b'x'; 1400]).await;
    }
    let hold = Content::ModemStatus(dlci(1), Signals { hold: true, ..Signals::READY });
    assert_eq!(Message::decode(&module.frame().await.information), [Message::command(hold.clone())]);
    module.message(&Message::response(hold)).await;
    module.send(2, FrameKind::Uih, b"meanwhile").await;
    let mut read = [0; 9];
    two.read_exact(&mut read).await.unwrap();
    assert_eq!(read, *b"meanwhile");
    let mut all = vec![0; 12 * 1400];
    one.read_exact(&mut all).await.unwrap();
    assert_eq!(all, vec![b'x'; 12 * 1400]);
    let go_on = Content::ModemStatus(dlci(1), Signals::READY);
    assert_eq!(Message::decode(&module.frame().await.information), [Message::command(go_on)]);
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_for_a_module_that_takes_no_data() {
    let (_multiplexer, [mut one, mut two], mut module) = opened(None).await;
    let hold = Content::ModemStatus(dlci(1), Signals { hold: true, ..Signals::READY });
    module.message(&Message::command(hold.clone())).await;
    assert_eq!(Message::decode(&module.frame().await.information), [Message::response(hold)]);
    let blocked = timeout(Duration::from_secs(60), one.write_all(&[b'x'; 5000])).await;
    assert!(blocked.is_err(), "4 KiB wait, no more");
    let flushing = timeout(Duration::from_secs(60), one.flush()).await;
    assert!(flushing.is_err(), "nothing has gone");
    two.write_all(b"two").await.unwrap();
    two.flush().await.unwrap();
    assert_eq!(module.frame().await.information, "two");
    let go_on = Content::ModemStatus(dlci(1), Signals::READY);
    module.message(&Message::command(go_on.clone())).await;
    assert_eq!(Message::decode(&module.frame().await.information), [Message::response(go_on)]);
    one.flush().await.unwrap();
    let mut count = 0;
    while count < 4096 {
        count += module.frame().await.information.len();
    }
    assert_eq!(count, 4096);
}

#[tokio::test(start_paused = true)]
async fn on_a_slow_line_a_flush_waits_for_the_line_and_a_question_overtakes() {
    let (_multiplexer, [mut one, mut two], mut module) = opened(Some(9_600)).await;
    let began = Instant::now();
    one.write_all(&[b'x'; 4000]).await.unwrap();
    assert_eq!(module.frame().await.dlci, dlci(1));
    two.write_all(b"AT+CSQ\r").await.unwrap();
    two.flush().await.unwrap();
    let short = began.elapsed();
    assert!(short < Duration::from_millis(1_100), "one frame of a second in front: {short:?}");
    one.flush().await.unwrap();
    let long = began.elapsed();
    assert!(long > Duration::from_millis(4_100), "4 KB at 960 a second: {long:?}");
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(module.frame().await.dlci.number());
    }
    assert_eq!(order, [2, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_closes_its_channel_and_another_one_opens_it() {
    let (multiplexer, [one, mut two], mut module) = opened(None).await;
    drop(one);
    let frame = module.frame().await;
    assert_eq!((frame.kind, frame.dlci), (FrameKind::Disc, dlci(1)));
    let opening = tokio::spawn(async move { (multiplexer.open(dlci(1)).await, multiplexer) });
    module.send(1, FrameKind::Uih, b"stray").await;
    module.send(1, FrameKind::Ua, b"").await;
    assert_eq!(module.frame().await.kind, FrameKind::Sabm);
    module.send(1, FrameKind::Ua, b"").await;
    module.acknowledge_signals(1).await;
    let (one, _multiplexer) = opening.await.unwrap();
    module.send(1, FrameKind::Uih, b"new").await;
    let mut read = [0; 3];
    one.unwrap().read_exact(&mut read).await.unwrap();
    assert_eq!(read, *b"new");
    two.write_all(b"alive").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_the_module_closes_is_lost_alone_and_what_came_can_be_read() {
    let (_multiplexer, [mut one, mut two], mut module) = opened(None).await;
    module.send(1, FrameKind::Uih, b"last").await;
    module.send(1, FrameKind::Disc, b"").await;
    assert_eq!(module.frame().await.kind, FrameKind::Ua);
    let mut read = [0; 4];
    one.read_exact(&mut read).await.unwrap();
    assert_eq!(read, *b"last");
    let error = one.read_u8().await.unwrap_err();
    assert_eq!(lost(&error), Some(&ChannelLost::Channel(ChannelEnd::ByModule)));
    let error = one.write_u8(0).await.unwrap_err();
    assert_eq!(error.to_string(), "the module has closed this channel");
    two.write_all(b"alive").await.unwrap();
    assert_eq!(module.frame().await.information, "alive");
}

#[tokio::test(start_paused = true)]
async fn a_second_stream_of_a_channel_takes_it_over() {
    let (multiplexer, [mut one, _two], mut module) = opened(None).await;
    let opening =
        tokio::spawn(async move { multiplexer.open(dlci(1)).await.map(|stream| (stream, multiplexer)) });
    assert_eq!(module.frame().await.kind, FrameKind::Disc);
    module.send(1, FrameKind::Ua, b"").await;
    assert_eq!(module.frame().await.kind, FrameKind::Sabm);
    module.send(1, FrameKind::Ua, b"").await;
    module.acknowledge_signals(1).await;
    let (mut again, _multiplexer) = opening.await.unwrap().unwrap();
    assert!(one.write_u8(0).await.is_err());
    drop(one);
    again.write_all(b"mine").await.unwrap();
    assert_eq!(module.frame().await.information, "mine");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_takes_nothing_any_more_does_not_stay_open() {
    let (multiplexer, [mut one, _two], mut module) = opened_on(Module::with_room(64), None).await;
    one.write_all(&[b'x'; 4000]).await.unwrap();
    let closing = timeout(Duration::from_secs(10), multiplexer.close()).await;
    assert!(closing.expect("it is given up").is_none(), "the port is lost");
    let mut left = Vec::new();
    module.line.read_to_end(&mut left).await.expect("it is closed");
    assert_eq!(left.len(), 64);
}

/// It cannot answer what it was not asked.
#[tokio::test(start_paused = true)]
async fn a_module_that_holds_the_line_for_half_a_minute_is_not_lost() {
    let (multiplexer, [mut one, _two], mut module) = opened_on(Module::with_room(64), None).await;
    one.write_all(&[b'x'; 4000]).await.unwrap();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(multiplexer.lost(), None);
    let (mut data, mut questions) = (0, Vec::new());
    while data < 4000 || questions.len() < 2 {
        let frame = module.frame().await;
        match frame.dlci.is_control() {
            true => questions.extend(Message::decode(&frame.information)),
            false => data += frame.information.len(),
        }
    }
    let status = Message::command(Content::ModemStatus(dlci(1), Signals::READY));
    let test = Message::command(Content::Test(vec![0, 0, 0, 1].into()));
    assert_eq!(questions, [test, status.clone()], "it is asked once");
    module.message(&Message::response(status.content)).await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!(multiplexer.lost(), None);
    let second = timeout(Duration::from_secs(2), module.frame()).await.expect("it is asked again");
    assert!(second.dlci.is_control());
}
