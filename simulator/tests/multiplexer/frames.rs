//! The control channel's messages, frame sizes, and what is damaged.

use telit_simulator::Quirk;

use crate::host::{Host, UA, UIH, builder, frame, ours, theirs};

#[tokio::test(start_paused = true)]
async fn a_test_comes_back_and_what_is_unknown_is_named() {
    let (_module, mut host) = Host::start(builder(), &[1]).await;
    host.control(b"\x23\x0Bhello").await;
    assert_eq!(host.frames().await, [(theirs(0), UIH, b"\x21\x0Bhello".to_vec())]);
    // Remote port negotiation, power saving, line status, service negotiation, and none at all.
    for kind in [0x93, 0x43, 0x53, 0xD3, 0x03] {
        host.control(&[kind, 0x03, ours(1)]).await;
        assert_eq!(host.frames().await, [(theirs(0), UIH, vec![0x11, 0x03, kind])]);
    }
    // What is not whole is nothing.
    for torn in [&b"\x23\x0Bhell"[..], b"\x23", b"\x22\x01", b""] {
        host.control(torn).await;
        assert_eq!(host.frames().await, []);
    }
    // Answers to what was never asked are nothing.
    for kind in [0x21, 0xC1, 0xA1, 0x11] {
        host.control(&[kind, 0x01]).await;
        assert_eq!(host.frames().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn the_frame_size_holds_in_both_directions() {
    let (_module, mut host) = Host::start_with(builder(), "AT+CMUX=0,0,5,20", &[1]).await;
    host.say(1, "AT+CGMM;+CGMI;+CGMR\r").await;
    let frames = host.frames().await;
    let sizes: Vec<_> = frames.iter().map(|(_, _, information)| information.len()).collect();
    assert!(sizes.iter().all(|size| (1..=20).contains(size)), "{sizes:?}");
    let text: Vec<u8> = frames.into_iter().flat_map(|(_, _, information)| information).collect();
    assert_eq!(text, b"\r\nME310G1-WW\r\n\r\nTelit\r\n\r\nM0C.200006\r\n\r\nOK\r\n");
    // Twenty are taken, twenty-one are not.
    host.ask(1, "AT+CMEE=2;+CMEE?   ", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    host.say(1, "AT+CMEE=1;+CMEE?     ").await;
    host.ask(1, "AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_frame_size_of_a_channel_can_be_agreed_on() {
    let (_module, mut host) = Host::start_with(builder(), "AT+CMUX=0,0,5,20", &[]).await;
    // DLCI 2, UIH, priority 15, T1 100 ms, N1 64, N2 3, k 2.
    host.control(&[0x83, 0x11, 0x02, 0x00, 0x0F, 0x0A, 64, 0, 0x03, 0x02]).await;
    let agreed = vec![0x81, 0x11, 0x02, 0x00, 0x0F, 0x0A, 64, 0, 0x03, 0x02];
    assert_eq!(host.frames().await, [(theirs(0), UIH, agreed)]);
    host.open(2).await;
    host.open(1).await;
    for (dlci, size) in [(2, 64), (1, 20)] {
        host.say(dlci, "AT+CLAC\r").await;
        let sizes: Vec<_> = host.frames().await.iter().map(|(_, _, text)| text.len()).collect();
        assert_eq!(sizes.iter().max(), Some(&size), "{sizes:?}");
    }
    // More than the module can is less, and so are other kinds of frames.
    host.control(&[0x83, 0x11, 0x03, 0x01, 0x00, 0x0A, 0xFF, 0xFF, 0x03, 0x02]).await;
    let agreed = vec![0x81, 0x11, 0x03, 0x00, 0x00, 0x0A, 0xDC, 0x05, 0x03, 0x02];
    assert_eq!(host.frames().await, [(theirs(0), UIH, agreed)]);
}

#[tokio::test(start_paused = true)]
async fn long_frames_have_a_length_of_two_octets() {
    let (_module, mut host) = Host::start_with(builder(), "AT+CMUX=0,0,5,1500", &[1]).await;
    let command = format!("AT{}+CMEE?", " ".repeat(200));
    host.say(1, format!("{command}\r")).await;
    host.hear(1, "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    host.say(1, "AT+CLAC\r").await;
    let frames = host.frames().await;
    assert!(frames.iter().any(|(_, _, information)| information.len() > 127), "{}", frames.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_damaged_is_passed_over() {
    let (_module, mut host) = Host::start(builder(), &[1]).await;
    let good = frame(ours(1), UIH, b"AT\r");
    let answer = "\r\nOK\r\n";
    for index in 1..good.len() - 1 {
        // The text is not checked by UIH frames.
        if (4..7).contains(&index) {
            continue;
        }
        let mut damaged = good.clone();
        damaged[index] ^= 0x40;
        // A damaged length may reach over several frames; none of them is lost.
        host.write([damaged, good.repeat(5)].concat()).await;
        host.hear(1, &answer.repeat(5)).await;
    }
    for index in 0..good.len() {
        let mut torn = good.clone();
        torn.remove(index);
        host.write([torn, good.repeat(5)].concat()).await;
        // It may do without the flag that the frame before it or behind it has, too.
        let sound = usize::from([0, good.len() - 1].contains(&index));
        host.hear(1, &answer.repeat(5 + sound)).await;
        host.is_silent(1).await;
    }
    // One flag serves two frames; any number stands between them; noise does no harm.
    let rest = good.get(1..).unwrap();
    host.write([&b"\0\xF8noise\xF9\xF9\xF9"[..], &good, rest, b"\xF9\xF9"].concat()).await;
    host.hear(1, &answer.repeat(2)).await;
    host.is_silent(1).await;
}

#[tokio::test(start_paused = true)]
async fn text_may_hold_flags() {
    let (_module, mut host) = Host::start(builder(), &[1]).await;
    host.say(1, b"\xF9\x07\xEF\x07A\xF9AT\r\xF9").await;
    host.hear(1, "\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn frames_come_in_any_pieces() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    let both = [frame(ours(1), UIH, b"AT\r"), frame(ours(2), UIH, b"AT+CMEE?\r")].concat();
    for byte in both {
        host.write([byte]).await;
        tokio::task::yield_now().await;
    }
    host.hear(2, "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    host.hear(1, "\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn data_marked_as_an_answer_may_be_nothing() {
    let (_module, mut host) = Host::start(builder(), &[1]).await;
    host.write(frame(theirs(1), UIH, b"AT\r")).await;
    host.hear(1, "\r\nOK\r\n").await;
    let strict = builder().quirk(Quirk::MultiplexerWantsCommands);
    let (_module, mut host) = Host::start(strict, &[1]).await;
    host.write(frame(theirs(1), UIH, b"AT\r")).await;
    host.write(frame(theirs(0), UIH, &[0x23, 0x01])).await;
    assert_eq!(host.frames().await, []);
    host.ask(1, "AT", "\r\nOK\r\n").await;
    host.write(frame(ours(0), crate::host::DISC, &[])).await;
    assert_eq!(host.frames().await, [(ours(0), UA, vec![])]);
}
