//! What a transcript shows of a conversation, and what it never shows.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure, Line, Settings, StreamEnding, Trace};

use crate::rig::{Rig, read, set};

fn tracing() -> Rig {
    let mut settings = Settings::default();
    settings.trace = true;
    Rig::with(settings)
}

/// The traces since the last call, one a line: direction, text escaped, payload by its length.
fn shown(rig: &mut Rig) -> Vec<String> {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\\"", "\"");
    let traces = std::mem::take(&mut rig.traces);
    let shown = traces.iter().map(|trace| match trace {
        Trace::Sent(bytes) => format!("> {}", text(bytes)),
        Trace::SentPayload(bytes) => format!("> [{}]", bytes.len()),
        Trace::Received(bytes) => format!("< {}", text(bytes)),
        Trace::ReceivedPayload(bytes) => format!("< [{}]", bytes.len()),
        Trace::Redacted { sent: true, length } => format!("> redacted {length}"),
        Trace::Redacted { sent: false, length } => format!("< redacted {length}"),
        Trace::Remark(remark) => format!("# {remark}"),
        trace => format!("{trace:?}"),
    });
    shown.collect()
}

fn login(password: &str) -> Exchange {
    let line = CommandLine::set("#MQCONN").secret_text("password", password).build().expect("it encodes");
    Exchange::new(line, Expect::result())
}

#[test]
fn nothing_is_recorded_unless_it_is_asked_for() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(shown(&mut rig), Vec::<String>::new());
}

#[test]
fn lines_and_codes_are_shown_with_their_line_ends() {
    let mut rig = tracing();
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.begin(read("#SSLEN"));
    rig.feed(b"AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(
        shown(&mut rig),
        [
            "< \\r\\n+CEREG: 1\\r\\n",
            "> AT#SSLEN?\\r",
            "< AT#SSLEN?\\r",
            "< \\r\\n#SSLEN: 1,0\\r\\n",
            "< \\r\\nOK\\r\\n"
        ]
    );
}

#[test]
fn payloads_are_shown_as_payloads_both_ways() {
    let mut rig = tracing();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))));
    rig.feed(b"\r\n>>>\r\nOK\r\n");
    rig.pass(Duration::from_millis(20));
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 64)));
    rig.feed(b"\r\n#MQREAD: 1,a,3\r\n<<<\r\nabc\r\nOK\r\n");
    rig.pass(Duration::from_millis(20));
    rig.feed(b"SSLSRING: 1,4,abcd\r\n");
    assert_eq!(
        shown(&mut rig),
        [
            "> AT#MQPUBSEXT=1\\r",
            "< \\r\\n>>>",
            "> [3]",
            "< \\r\\nOK\\r\\n",
            "> AT#MQREAD=1\\r",
            "< \\r\\n#MQREAD: 1,a,3\\r\\n",
            "< <<<\\r\\n",
            "< [3]",
            "< \\r\\nOK\\r\\n",
            "< SSLSRING: 1,4,",
            "< [4]",
            "< \\r\\n"
        ]
    );
}

#[test]
fn secrets_of_a_command_are_shown_neither_in_it_nor_in_its_echo() {
    let mut rig = tracing();
    rig.begin(login("topsecret"));
    rig.feed(b"AT#MQCONN=\"topsecret\"\r\r\nOK\r\n");
    assert_eq!(
        shown(&mut rig),
        ["> AT#MQCONN=\"[redacted]\"\\r", "< AT#MQCONN=\"[redacted]\"\\r", "< \\r\\nOK\\r\\n"]
    );
    assert_eq!(rig.events, [Event::EchoSeen, Event::Completed(Ok(Default::default()))]);
}

#[test]
fn a_damaged_echo_is_shown_by_its_length_if_it_holds_a_piece_of_the_secret() {
    for (password, echo, is_shown) in [
        ("topsecret", "AT#MQCONX=\"topsecret\"", false),
        ("topsecret", "secret", false),
        ("topsecret", "topsec", false),
        ("topsecret", "topse and no more", true),
        ("1234", "AT#XQCONN=\"1234\"", false),
        ("1234", "number 123", true),
        ("123", "AT#XQCONN=\"123\"", true),
    ] {
        let mut rig = tracing();
        rig.begin(login(password));
        shown(&mut rig);
        rig.feed(format!("{echo}\r\n").as_bytes());
        let traced = if is_shown { format!("< {echo}\\r\\n") } else { redacted(echo) };
        assert_eq!(shown(&mut rig), [traced], "{echo}");
        assert_eq!(rig.unsolicited().len(), usize::from(is_shown), "{echo}");
    }
}

#[test]
fn a_code_that_holds_a_piece_of_the_secret_is_handed_on_where_nothing_is_recorded() {
    let mut rig = Rig::new();
    rig.begin(login("1883"));
    rig.feed(b"\r\n#MQRING: 1,1,plant/1883,4\r\n\r\n#MQRING: 1,2,plant/7,4\r\n\r\nOK\r\n");
    let [Event::UnsolicitedSecret(secret), Event::Unsolicited(other), Event::Completed(Ok(_))] =
        &rig.events[..]
    else {
        panic!("{:?}", rig.events)
    };
    assert_eq!(
        (secret.to_string(), other.to_string()),
        ("#MQRING: 1,1,plant/1883,4".into(), "#MQRING: 1,2,plant/7,4".into())
    );
}

#[test]
fn a_code_that_holds_a_piece_of_the_secret_is_handed_on_and_shown_by_its_length() {
    for (password, code) in [
        ("1883", "#MQRING: 1,1,plant/1883,4"),
        ("1883", "+CEREG: 1,\"00A1\",\"01188300\",7"),
        ("topsecret", "#MQRING: 1,1,\"topsecret\",3"),
    ] {
        let mut rig = tracing();
        rig.begin(login(password));
        shown(&mut rig);
        rig.feed(format!("{code}\r\n").as_bytes());
        assert_eq!(shown(&mut rig), [redacted(code)], "{code}");
        assert_eq!(rig.events, [Event::UnsolicitedSecret(Line::new(code.as_bytes()))]);
        rig.feed(b"\r\nOK\r\n");
        rig.reply();
        rig.feed(format!("{code}\r\n").as_bytes());
        assert_eq!(
            rig.events[1..],
            [Event::Unsolicited(Line::new(code.as_bytes()))],
            "no command is under way"
        );
    }
}

#[test]
fn behind_the_whole_echo_a_line_with_a_piece_of_the_secret_is_handed_on() {
    let mut rig = tracing();
    rig.begin(login("1883"));
    rig.feed(b"AT#MQCONN=\"1883\"\r\r\n^BOOT: 1883\r\n");
    assert_eq!(
        shown(&mut rig)[1..],
        ["< AT#MQCONN=\"[redacted]\"\\r".to_owned(), "< redacted 15".to_owned()]
    );
    assert_eq!(rig.unsolicited(), ["^BOOT: 1883"]);
}

#[test]
fn an_echo_behind_a_code_that_lost_its_line_end_is_shown_to_nobody() {
    for damaged in ["+CEREG: 1AT#MQCONN=\"topsecret\"", "+CEREG: 1AT#XXX=\"ONN=\"topsecret\""] {
        let mut rig = tracing();
        rig.begin(login("topsecret"));
        shown(&mut rig);
        rig.feed(format!("{damaged}\r\n").as_bytes());
        assert_eq!(shown(&mut rig), [redacted(damaged)]);
        assert_eq!(rig.unsolicited(), Vec::<String>::new());
        rig.pass(Duration::from_secs(5));
        shown(&mut rig);
        rig.feed(format!("{damaged}\r\n").as_bytes());
        assert_eq!(shown(&mut rig), [redacted(damaged)], "behind the deadline");
        assert_eq!(rig.unsolicited(), Vec::<String>::new());
    }
}

#[test]
fn a_code_behind_the_deadline_that_holds_a_piece_of_the_secret_is_handed_on() {
    let mut rig = tracing();
    rig.begin(login("1883"));
    rig.pass(Duration::from_secs(5));
    shown(&mut rig);
    rig.feed(b"#MQRING: 1,1,plant/1883,4\r\n+CEREG: 1\r\n");
    assert_eq!(shown(&mut rig), [redacted("#MQRING: 1,1,plant/1883,4"), "< +CEREG: 1\\r\\n".to_owned()]);
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,plant/1883,4", "+CEREG: 1"]);
}

/// The line by its length, its end included.
fn redacted(line: &str) -> String {
    format!("< redacted {}", line.len() + 2)
}

#[test]
fn the_answer_to_a_secret_exchange_is_shown_by_its_length() {
    let mut rig = tracing();
    rig.begin(Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::lines("#SSLSECDATA")).secret());
    rig.feed(b"\r\n+CEREG: 1\r\n#SSLSECDATA: topsecret\r\n\r\nOK\r\n");
    assert_eq!(
        shown(&mut rig),
        ["> AT#SSLSECDATA\\r", "< \\r\\n+CEREG: 1\\r\\n", "< redacted 24", "< \\r\\nOK\\r\\n"]
    );
    assert_eq!(rig.reply().values("#SSLSECDATA"), ["topsecret"], "who asked gets it");
}

#[test]
fn a_secret_body_is_shown_by_its_length() {
    let mut rig = tracing();
    rig.begin(set("#X", Expect::block("#X", 0, &[], 64)).secret());
    rig.feed(b"\r\n#X: 3\r\nkey\r\nOK\r\n");
    assert_eq!(shown(&mut rig), ["> AT#X=1\\r", "< redacted 9", "< redacted 3", "< \\r\\nOK\\r\\n"]);
}

#[test]
fn a_secret_payload_is_shown_by_its_length_and_so_is_its_echo() {
    let key = || Expect::terminated_prompt("key", Bytes::from_static(b"key\nkey")).unwrap();
    let mut rig = tracing();
    rig.begin(set("#SSLSECDATA", key()).secret());
    rig.feed(b"AT#SSLSECDATA=1\r\r\n> key\nkey\x1a\r\n\r\nOK\r\n");
    assert_eq!(
        shown(&mut rig),
        [
            "> AT#SSLSECDATA=1\\r",
            "< AT#SSLSECDATA=1\\r",
            "< \\r\\n> ",
            "> redacted 7",
            "> \\x1a",
            "< redacted 8",
            "< \\r\\n\\r\\nOK\\r\\n"
        ]
    );
    // An echo that the line has damaged.
    rig.pass(Duration::from_millis(20));
    rig.events.clear();
    rig.begin(set("#SSLSECDATA", key()).secret());
    rig.feed(b"AT#SSLSECDATA=1\r\r\n> kay\nkey\x1a\r\n\r\n+CEREG: 1\r\n\r\nOK\r\n");
    assert_eq!(
        shown(&mut rig).split_off(5),
        ["< redacted 1", "< redacted 3", "< redacted 6", "< \\r\\n+CEREG: 1\\r\\n", "< \\r\\nOK\\r\\n"]
    );
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

/// It is told to whoever looks after the module, which has lost the secret with everything else.
#[test]
fn a_start_up_line_shows_no_secret() {
    let key = Expect::triple_prompt(Bytes::from_static(b"BOOT"));
    for (exchange, before) in [(set("#SSLSECDATA", key).secret(), "\r\n>>>"), (login("BOOT"), "")] {
        for wait in [0, 5] {
            let mut settings = Settings::default();
            (settings.trace, settings.start_up_lines) = (true, vec!["^BOOT".to_owned()]);
            let mut rig = Rig::with(settings);
            rig.begin(exchange.clone());
            rig.feed(before.as_bytes());
            rig.pass(Duration::from_secs(wait));
            shown(&mut rig);
            rig.feed(b"^BOOT\r\n");
            assert_eq!(rig.unsolicited(), ["^BOOT"], "{wait}");
            if wait == 0 {
                assert_eq!(shown(&mut rig), ["< ^BOOT\\r\\n"]);
            }
        }
    }
}

#[test]
fn what_comes_late_to_a_secret_exchange_is_shown_by_its_length() {
    for secret in [true, false] {
        let mut rig = tracing();
        let exchange = Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::text());
        rig.begin(if secret { exchange.secret() } else { exchange });
        rig.pass(Duration::from_secs(5));
        shown(&mut rig);
        rig.feed(b"topsecret\r\n+CEREG: 1\r\nOK\r\n");
        rig.answer_probe();
        let late = if secret { "< redacted 11" } else { "< topsecret\\r\\n" };
        assert_eq!(
            shown(&mut rig),
            [
                late,
                "< +CEREG: 1\\r\\n",
                "< OK\\r\\n",
                "> AT+CMEE?\\r",
                "< \\r\\n+CMEE: 2\\r\\n",
                "< \\r\\nOK\\r\\n"
            ]
        );
    }
}

#[test]
fn a_late_answer_to_a_command_with_a_secret_is_shown_by_its_length() {
    let mut rig = tracing();
    rig.begin(login("topsecret"));
    rig.pass(Duration::from_secs(5));
    shown(&mut rig);
    rig.feed(b"AT#MQCONN=\"topsXcret\"\r\r\nOK\r\n");
    assert_eq!(shown(&mut rig), ["< redacted 22", "< \\r\\nOK\\r\\n"]);
}

#[test]
fn an_overlong_line_of_a_secret_answer_is_shown_by_its_length() {
    let mut settings = Settings::default();
    (settings.trace, settings.line_limit) = (true, 8);
    let mut rig = Rig::with(settings);
    rig.begin(Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::text()).secret());
    rig.pass(Duration::from_secs(5));
    shown(&mut rig);
    rig.feed(b"topsecret");
    rig.feed(b"topsecret");
    rig.feed(b"\r\n");
    assert_eq!(shown(&mut rig).join(" "), "< redacted 9 < redacted 9 < redacted 2");
}

#[test]
fn the_rest_of_an_overlong_line_is_not_shown_with_what_follows() {
    for late in ["topsecret and more\r\n+CEREG: 1\r\n", "topsecret and more\rOK\r\n"] {
        for size in [1, 100] {
            let mut settings = Settings::default();
            (settings.trace, settings.line_limit) = (true, 10);
            let mut rig = Rig::with(settings);
            rig.begin(Exchange::new(CommandLine::execute("#SSLSECDATA"), Expect::text()).secret());
            rig.pass(Duration::from_secs(5));
            shown(&mut rig);
            late.as_bytes().chunks(size).for_each(|piece| rig.feed(piece));
            let shown = shown(&mut rig).join(" ");
            assert!(shown.starts_with("< redacted 11 < redacted "), "{shown}");
            assert!(!shown.contains("more"), "{shown}");
        }
    }
}

#[test]
fn the_way_back_is_remarked() {
    let mut settings = Settings::default();
    (settings.trace, settings.unknown_state) = (true, true);
    let mut rig = Rig::with(settings);
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_secs(25));
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
    let traces = shown(&mut rig);
    assert_eq!(traces.first().unwrap(), "> AT+CMEE?\\r");
    assert_eq!(traces.last().unwrap(), "# the module does not answer");
    let mut rig = tracing();
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_secs(5));
    assert_eq!(shown(&mut rig), ["> AT#SSLEN?\\r", "# looking for the line again"]);
}

#[test]
fn a_stream_is_shown_as_payload_and_its_end_as_text() {
    let mut rig = tracing();
    rig.begin(set("#SSLO", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\nabc");
    rig.engine.stream_write(rig.now, Bytes::from_static(b"de"));
    rig.engine.stream_close();
    rig.drain();
    rig.pass(Duration::from_millis(1200));
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(
        shown(&mut rig),
        [
            "> AT#SSLO=1\\r",
            "< \\r\\nCONNECT\\r\\n",
            "< [3]",
            "> [2]",
            "> +++",
            "< \\r\\nOK\\r\\n",
            "# looking for the line again"
        ]
    );
}

#[test]
fn the_end_of_a_download_is_shown_with_its_line_ends() {
    let mut rig = tracing();
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::Length(3))));
    rig.feed(b"\r\nCONNECT\r\nabc\r\nNO CARRIER\r\n");
    assert_eq!(
        shown(&mut rig),
        ["> AT#FTPGET=1\\r", "< \\r\\nCONNECT\\r\\n", "< [3]", "< \\r\\nNO CARRIER\\r\\n"]
    );
}

#[test]
fn a_write_that_the_port_does_not_take_is_remarked() {
    let mut rig = tracing();
    rig.begin(set("#SSLO", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"de"));
    shown(&mut rig);
    rig.pass(Duration::from_secs(60));
    assert_eq!(shown(&mut rig), ["> [2]", "# the port takes nothing"]);
}

#[test]
fn what_goes_into_a_late_prompt_is_never_shown() {
    let mut rig = tracing();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"payload"))));
    rig.pass(Duration::from_secs(5));
    shown(&mut rig);
    rig.feed(b"\r\n>>>");
    assert_eq!(shown(&mut rig), ["< \\r\\n>>>", "> redacted 7"]);
}
