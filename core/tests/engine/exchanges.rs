//! Every reply shape that the manuals name.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure, ModuleError, Settings};

use crate::rig::{Rig, lines, read, set};

/// All byte values, and what could be taken for the end of an answer.
pub(crate) fn hostile() -> Bytes {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(b"\r\nOK\r\n\r\n+CME ERROR: 4\r\n\r\nNO CARRIER\r\n<<<>>>> \x1a\x1b\"");
    bytes.into()
}

#[test]
fn a_command_is_written_with_one_carriage_return() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
}

#[test]
fn information_lines_in_every_framing() {
    for answer in [
        "\r\n#SSLEN: 1,0\r\n#SSLEN: 2,1\r\n\r\nOK\r\n",
        "\r\n#SSLEN:1,0\n#SSLEN:2,1\n\r\n\r\nOK\r\n",
        "#SSLEN: 1,0\r\n\r\n#SSLEN:  2,1\r\n\r\n\r\nOK\r\n",
        "AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\n#SSLEN: 2,1\r\n\r\nOK\r\n",
    ] {
        let mut rig = Rig::new();
        rig.begin(read("#SSLEN"));
        rig.feed(answer.as_bytes());
        assert_eq!(rig.reply().values("#SSLEN"), ["1,0", "2,1"], "{answer:?}");
        assert_eq!(rig.unsolicited(), Vec::<String>::new());
    }
}

#[test]
fn refusals_are_kept_as_they_arrive() {
    for (answer, expected) in [
        ("\r\nERROR\r\n", ModuleError::plain()),
        ("\r\n+CME ERROR: 1004\r\n", ModuleError::equipment("1004")),
        ("\r\n+CME ERROR: SSL already activated\r\n", ModuleError::equipment("SSL already activated")),
    ] {
        let mut rig = Rig::new();
        rig.begin(read("#SSLEN"));
        rig.feed(answer.as_bytes());
        assert_eq!(rig.result(), Some(Err(Failure::Refused(expected))), "{answer:?}");
    }
}

#[test]
fn echo_is_dropped_and_reported() {
    let mut rig = Rig::new();
    rig.begin(read("+CMEE"));
    rig.feed(b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["+CMEE: 0"]);
    assert_eq!(rig.events, [Event::EchoSeen]);
}

#[test]
fn bare_text_takes_everything_but_known_codes() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CGMM"), Expect::text()));
    rig.feed(b"\r\n#MQRING: 1,1,t,3\r\n\r\nME310G1-WW\r\n\r\n+CEREG: 1\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["ME310G1-WW"]);
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3", "+CEREG: 1"]);
}

#[test]
fn codes_with_the_answers_prefix_are_told_apart() {
    let mut rig = Rig::new();
    let two_fields = |rest: &str| rest.contains(',');
    rig.begin(Exchange::new(CommandLine::read("+CEREG"), Expect::lines_if("+CEREG", two_fields)));
    rig.feed(b"\r\n+CEREG: 5\r\n\r\n+CEREG: 1,5\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["+CEREG: 1,5"]);
    assert_eq!(rig.unsolicited(), ["+CEREG: 5"]);
}

#[test]
fn codes_between_commands_are_handed_on() {
    let mut rig = Rig::new();
    rig.feed(b"\r\nSSLSRING: 1,3\r\n\r\nNO CARRIER:SSL,1,4\r\n");
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,3", "NO CARRIER:SSL,1,4"]);
}

#[test]
fn a_code_with_data_is_taken_by_count_wherever_it_comes() {
    let data = hostile();
    let code = [format!("SSLSRING: 1,{},", data.len()).as_bytes(), &data].concat();
    let mut rig = Rig::new();
    rig.feed(&[b"\r\n", &code[..], b"\r\n"].concat());
    rig.pass(Duration::from_millis(20));
    rig.begin(read("#SSLEN"));
    rig.feed(&[b"\r\n", &code[..], b"\r\n\r\n#SSLEN: 1,0\r\n\r\nSSLSRING: 2,3\r\n\r\nOK\r\n"].concat());
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
    let codes: Vec<Vec<u8>> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Unsolicited(line) => Some(line.as_bytes().to_vec()),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [code.clone(), code, b"SSLSRING: 2,3".to_vec()]);
}

#[test]
fn no_carrier_ends_only_dial_commands() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\nNO CARRIER\r\n");
    assert_eq!(rig.result(), None);
    rig.feed(b"\r\nOK\r\n");
    assert!(rig.result().unwrap().is_ok());
    assert_eq!(rig.unsolicited(), ["NO CARRIER"]);
}

#[test]
fn a_terminated_prompt_gets_its_text_and_ctrl_z() {
    for prompt in ["\r\n> ", "\r\n>"] {
        let mut rig = Rig::new();
        let expect = Expect::terminated_prompt("certificate", Bytes::from_static(b"PEM\n")).unwrap();
        rig.begin(set("#SSLSECDATA", expect));
        assert_eq!(rig.take_written(), "AT#SSLSECDATA=1\r");
        rig.feed(prompt.as_bytes());
        assert_eq!(rig.take_written(), "PEM\n\x1a");
        rig.feed(b"\r\nOK\r\n");
        assert_eq!(rig.result(), Some(Ok(Default::default())));
    }
}

#[test]
fn a_counted_prompt_gets_exactly_its_bytes() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPAPPEXT", Expect::counted_prompt(hostile(), Some("#FTPAPPEXT"))));
    rig.take_written();
    rig.feed(b"\r\n> ");
    assert_eq!(rig.written, hostile());
    rig.feed(b"\r\n#FTPAPPEXT: 304\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#FTPAPPEXT: 304"]);
}

#[test]
fn a_triple_prompt_is_awaited_whole() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(hostile())));
    rig.take_written();
    rig.feed(b"\r\n>>");
    assert_eq!(rig.take_written(), "");
    rig.feed(b">");
    assert_eq!(rig.written, hostile());
    rig.feed(b"\r\n#MQRING: 1,1,t,3\r\n\r\nOK\r\n");
    assert!(rig.result().unwrap().is_ok());
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3"]);
}

#[test]
fn a_prompt_can_be_refused_before_and_after_the_data() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"x"))));
    rig.feed(b"\r\n+CME ERROR: MQTT PUBSEXT Fail\r\n");
    let refused = ModuleError::equipment("MQTT PUBSEXT Fail");
    assert_eq!(rig.result(), Some(Err(Failure::Refused(refused))));
    rig.pass(Duration::from_millis(20));
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"x"))));
    rig.feed(b"\r\n>>>");
    rig.events.clear();
    rig.feed(b"\r\n+CME ERROR: 1110\r\n");
    assert_eq!(rig.result(), Some(Err(Failure::Refused(ModuleError::equipment("1110").behind_payload()))));
    assert_eq!(rig.abandoned, 1, "the module reads commands again");
    assert!(!rig.engine.is_ready(rig.now));
}

#[test]
fn ok_without_the_prompt_is_no_success() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"x"))));
    rig.feed(b"\r\nOK\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn an_empty_payload_needs_no_prompt() {
    for answer in ["\r\nOK\r\n", "\r\n>>>\r\nOK\r\n"] {
        let mut rig = Rig::new();
        rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::new())));
        rig.feed(answer.as_bytes());
        assert!(rig.result().unwrap().is_ok(), "{answer:?}");
    }
}

#[test]
fn echoed_payload_is_dropped_by_count() {
    let payload = Bytes::from_static(b"a\r\nOK\r\n>b");
    let mut rig = Rig::new();
    rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(payload, None)));
    rig.feed(b"AT#SSLSENDEXT=1\r\r\n> a\r\nOK\r\n>b\r\nOK\r\n");
    assert!(rig.result().unwrap().is_ok());
    assert_eq!(rig.unsolicited(), Vec::<String>::new());
}

#[test]
fn a_counted_block_is_never_searched() {
    let body = hostile();
    for head in ["\r\n#FTPRECV: 304\r\n", "\r\n#FTPRECV:304\r\n"] {
        let mut rig = Rig::new();
        rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000)));
        rig.feed(&[head.as_bytes(), &body, b"\r\n\r\nOK\r\n"].concat());
        assert_eq!(rig.reply().body(), &body);
    }
}

#[test]
fn an_empty_block_says_why() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLRECV", Expect::block("#SSLRECV", 0, &["TIMEOUT", "DISCONNECTED"], 1000)));
    rig.feed(b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLRECV: 0", "TIMEOUT"]);
}

#[test]
fn a_block_over_its_limit_takes_no_memory() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLRECV", Expect::block("#SSLRECV", 0, &[], 1000)));
    rig.feed(b"\r\n#SSLRECV: 4000000000\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn a_marked_block_with_and_without_the_line_end() {
    let body = hostile();
    for (head, behind_mark) in
        [("#MQREAD: 1,a,b,304", "\r\n"), ("#MQREAD: 1,\"a,b\",304,", "\r\n"), ("#MQREAD: 1,topic,304", "")]
    {
        let mut rig = Rig::new();
        rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 65536)));
        let parts = [b"\r\n", head.as_bytes(), b"\r\n<<<", behind_mark.as_bytes(), &body, b"\r\n\r\nOK\r\n"];
        rig.feed(&parts.concat());
        let reply = rig.reply();
        assert_eq!(reply.body(), &body, "{head}");
        assert_eq!(lines(&reply), [head]);
    }
}

#[test]
fn an_empty_marked_block() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 65536)));
    rig.feed(b"\r\n#MQREAD: 1,topic,0\r\n<<<\r\n\r\nOK\r\n");
    assert!(rig.reply().body().is_empty());
}

#[test]
fn a_missing_mark_is_out_of_step() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 65536)));
    rig.feed(b"\r\n#MQREAD: 1,topic,3\r\nabc\r\n\r\nOK\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn an_unannounced_block_of_known_length() {
    let body = hostile();
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(body.len()), 1500)));
    rig.feed(&[b"\r\n<<<", &body[..], b"\r\nOK\r\n"].concat());
    assert_eq!(rig.reply().body(), &body);
}

#[test]
fn an_unannounced_block_that_is_shorter_than_expected_ends_in_a_long_silence() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(1500), 1500)));
    rig.feed(b"\r\n<<<\r\nOK\r\nshort\r\nOK\r\n");
    rig.pass(Duration::from_millis(1900));
    assert_eq!(rig.result(), None, "the rest may be late");
    rig.pass(Duration::from_millis(100));
    rig.answer_probe();
    assert_eq!(&rig.reply().body()[..], b"\r\nOK\r\nshort");
}

/// The result stands where the last bytes were expected, and all or nothing of it is left.
#[test]
fn an_unannounced_block_that_lacks_a_few_bytes_ends_in_a_long_silence_or_at_once() {
    for missing in 1..=8_usize {
        let mut rig = Rig::new();
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(100), 1500)));
        let body = vec![b'x'; 100 - missing];
        rig.feed(&[b"\r\n<<<", &body[..], b"\r\nOK\r\n"].concat());
        if matches!(missing, 1 | 2 | 3 | 5) {
            let too_short = Failure::Unexpected("a body is not as long as announced");
            assert_eq!(rig.result(), Some(Err(too_short)), "{missing}");
            continue;
        }
        rig.pass(Duration::from_millis(1999));
        assert_eq!(rig.result(), None, "{missing}: the rest may be late");
        rig.pass(Duration::from_millis(1));
        rig.answer_probe();
        assert_eq!(&rig.reply().body()[..], body, "{missing}");
    }
}

/// Two lost bytes make it end in the first of two line ends, and one is left, which is what other modules send.
#[test]
fn a_block_that_lacks_two_bytes_is_found_out_by_the_line_ends_of_those_before() {
    let answer =
        |body: &[u8], ends: &str| [b"\r\n#FTPRECV: 10\r\n", body, ends.as_bytes(), b"OK\r\n"].concat();
    let (once, twice) = ("\r\n", "\r\n\r\n");
    let too_short = || Err(Failure::Unexpected("a body is not as long as announced"));
    for cut in [1, 2, 3, 5, 1000] {
        let mut rig = Rig::new();
        let ends_in_line_end = &b"01234567\r\n"[..];
        for (name, body, ends, whole) in [
            ("#FTPRECV", ends_in_line_end, once, true),
            ("#FTPRECV", b"0123456789", twice, true),
            ("#FTPRECV", ends_in_line_end, twice, true),
            ("#FTPRECV", b"0123456789", once, true),
            ("#SSLRECV", ends_in_line_end, once, true),
            ("#FTPRECV", ends_in_line_end, "\r\n\r\nRING\r\n\r\n", true),
            ("#FTPRECV", ends_in_line_end, once, false),
        ] {
            rig.begin(set(name, Expect::block(name, 0, &[], 3000)));
            let answer = String::from_utf8_lossy(&answer(body, ends)).replace("#FTPRECV", name);
            for piece in answer.as_bytes().chunks(cut) {
                rig.feed(piece);
            }
            let expected = if whole { Ok(Bytes::copy_from_slice(body)) } else { too_short() };
            let got = rig.result().expect("it has ended").map(|reply| reply.body().clone());
            assert_eq!(got, expected, "{name} {ends:?} cut {cut}");
            rig.pass(Duration::from_secs(1));
        }
    }
}

/// Where no length is announced, a line end before the result may be the module's own.
#[test]
fn blocks_without_a_length_are_not_judged_by_their_line_ends() {
    let mut rig = Rig::new();
    for (body, ends) in [("abcd", "\r\n\r\n"), ("ab\r\n", "\r\n")] {
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(4), 1500)));
        rig.feed(format!("\r\n<<<{body}{ends}OK\r\n").as_bytes());
        assert_eq!(rig.reply().body(), body);
        rig.pass(Duration::from_secs(1));
    }
}

/// It may look like the head of a body.
#[test]
fn a_start_up_line_is_no_head() {
    let mut settings = Settings::default();
    settings.start_up_lines = vec!["#FTPRECV: 7".to_owned()];
    let mut rig = Rig::with(settings);
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000)));
    rig.feed(b"\r\n#FTPRECV: 7\r\n\r\n#FTPRECV: 3\r\nabc\r\n\r\nOK\r\n");
    assert_eq!(rig.unsolicited(), ["#FTPRECV: 7"]);
    assert_eq!(&rig.reply().body()[..], b"abc");
}

#[test]
fn a_code_with_data_may_come_before_the_head_of_a_message() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 4096)));
    rig.feed(b"\r\nSSLSRING: 1,3,abc\r\n\r\n#MQREAD: 1,a,3\r\n<<<def\r\n\r\nOK\r\n");
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,3,abc"]);
    assert_eq!(&rig.reply().body()[..], b"def");
}

#[test]
fn a_code_with_data_may_come_between_a_body_and_its_result() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000)));
    rig.feed(b"\r\n#FTPRECV: 3\r\nabc\r\n\r\nSSLSRING: 1,3,def\r\n\r\nOK\r\n");
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,3,def"]);
    assert_eq!(&rig.reply().body()[..], b"abc");
}

/// The module may be another one.
#[test]
fn a_new_stream_knows_nothing_of_the_blocks_before() {
    let mut rig = Rig::new();
    let block = || set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000));
    rig.begin(block());
    rig.feed(b"\r\n#FTPRECV: 2\r\nab\r\n\r\nOK\r\n");
    assert_eq!(&rig.reply().body()[..], b"ab");
    rig.engine.begin_on_new_stream(rig.now);
    rig.pass(Duration::from_secs(60));
    rig.begin(block());
    rig.answer_probe();
    rig.feed(b"\r\n#FTPRECV: 2\r\n\r\n\r\nOK\r\n");
    assert_eq!(&rig.reply().body()[..], b"\r\n");
}

#[test]
fn a_code_behind_a_block_that_lacks_a_few_bytes_does_not_put_its_end_off() {
    for (missing, wait) in [(6, 0), (6, 1000), (4, 0), (4, 1000)] {
        let mut rig = Rig::new();
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(100), 1500)));
        let body = vec![b'x'; 100 - missing];
        rig.feed(&[b"\r\n<<<", &body[..], b"\r\nOK\r\n"].concat());
        rig.pass(Duration::from_millis(wait));
        rig.feed(b"\r\n+CEREG: 1\r\n");
        rig.pass(Duration::from_millis(1999 - wait));
        assert_eq!(rig.result(), None, "{missing}: the rest may be late");
        rig.pass(Duration::from_millis(1));
        rig.answer_probe();
        assert_eq!(&rig.reply().body()[..], body, "{missing}");
        assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
    }
}

/// Its last bytes look like a result, and the result is late.
#[test]
fn an_unannounced_block_that_ends_like_a_result_is_not_cut() {
    for (body, first) in [("data\r\nOK\r\n", ""), ("data\r\nOK", ""), ("data\r\nOK\r\n", "\r\n")] {
        let mut rig = Rig::new();
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(body.len()), 1500)));
        rig.feed(format!("\r\n<<<{body}{first}").as_bytes());
        rig.pass(Duration::from_millis(1999));
        rig.feed(if first.is_empty() { b"\r\nOK\r\n" } else { b"OK\r\n" });
        assert_eq!(rig.reply().body(), body);
    }
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(10), 1500)));
    rig.feed(b"\r\n<<<data\r\nOK\r\n");
    rig.pass(Duration::from_secs(2));
    rig.feed(b"\r\nOK\r\n");
    rig.answer_probe();
    let more = Failure::Unexpected("more followed what looked like the end of the answer");
    assert_eq!(rig.result(), Some(Err(more)), "a result that is later still does not shorten it unseen");
}

/// A server can write anything, and nothing tells it from the module's own lines.
#[test]
fn data_without_their_mark_leave_the_engine_in_step() {
    for body in ["a\r\nOK\r\nb", "a\r\nERROR\r\nb", "a\r\n+CME ERROR: 4\r\nb\r\nOK"] {
        let mut rig = Rig::new();
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(body.len()), 1500)));
        rig.feed(format!("\r\n{body}\r\nOK\r\n").as_bytes());
        assert_eq!(rig.result(), Some(Err(Failure::Unexpected("the mark <<< is missing"))), "{body}");
        rig.take_written();
        rig.answer_probe();
        rig.begin(read("#SSLEN"));
        rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
        assert_eq!(rig.reply().values("#SSLEN"), ["1,0"], "{body}");
    }
}

/// A body of unknown length ends when the module refuses the next block, whatever it has to tell before.
#[test]
fn a_code_that_no_manual_knows_does_not_hide_a_refusal() {
    for code in ["+CMTI: \"SM\",3", "%STATE: 1", "+CEREG: 1", "^BOOT"] {
        let mut settings = Settings::default();
        settings.start_up_lines = vec!["^BOOT".to_owned()];
        let mut rig = Rig::with(settings);
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
        rig.feed(format!("\r\n{code}\r\n\r\nERROR\r\n").as_bytes());
        assert_eq!(rig.result(), Some(Err(Failure::Refused(ModuleError::plain()))), "{code}");
        assert_eq!(rig.unsolicited(), [code]);
    }
}

#[test]
fn an_unannounced_block_of_unknown_length_ends_in_silence() {
    let body = hostile();
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
    rig.feed(&[b"\r\n<<<", &body[..], b"\r\nOK\r\n"].concat());
    assert_eq!(rig.result(), None, "the end could still be part of the body");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.result(), None, "the line has to prove that nothing follows");
    rig.answer_probe();
    assert_eq!(rig.reply().body(), &body);
}

#[test]
fn a_block_that_goes_on_after_a_silence_is_no_success() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
    rig.feed(b"\r\n<<<first half\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    rig.feed(b"second half\r\nOK\r\n");
    rig.answer_probe();
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn text_of_a_server_cannot_end_the_answer_early() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.feed(b"\r\n230-hello\r\nOK\r\n230 welcome\r\n\r\nOK\r\n");
    rig.answer_probe();
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.feed(b"\r\n550-no\r\nERROR\r\n550 such file\r\n\r\nOK\r\n");
    rig.answer_probe();
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.feed(b"\r\n+CME ERROR: 607\r\n");
    rig.answer_probe();
    assert_eq!(rig.result(), Some(Err(Failure::Refused(ModuleError::equipment("607")))));
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.feed(b"\r\n#FTPMSG: 230 welcome\r\n\r\nOK\r\n");
    rig.answer_probe();
    assert_eq!(lines(&rig.reply()), ["#FTPMSG: 230 welcome"]);
}

#[test]
fn a_body_longer_than_announced_is_no_success() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 65536)));
    rig.feed(b"\r\n#MQREAD: 1,topic,3\r\n<<<\r\nabcde\r\nOK\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn a_body_that_lost_a_byte_does_not_end_in_the_line_end_behind_it() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 65536)));
    rig.feed(b"\r\n#MQREAD: 1,topic,5\r\n<<<\r\nabde\r\nOK\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn a_block_whose_header_was_damaged_is_no_empty_answer() {
    for (expect, answer) in [
        (Expect::block("#SSLRECV", 0, &[], 1000), &b"\r\nSSLRECV: 9\r\n\r\nOK\r\nabc\r\n\r\nOK\r\n"[..]),
        (Expect::marked_block("#MQREAD", 1000), b"\r\nMQREAD: 1,t,9\r\n<<<\r\n\r\nOK\r\nabc\r\nOK\r\n"),
    ] {
        let mut rig = Rig::new();
        rig.begin(set("#READ", expect));
        rig.feed(answer);
        assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
        rig.answer_probe();
        rig.begin(set("#NEXT", Expect::result()));
        rig.feed(b"\r\nOK\r\n");
        assert!(matches!(rig.result(), Some(Ok(_))));
    }
}

#[test]
fn an_unannounced_block_of_the_largest_size_ends_at_once() {
    let body = vec![b'x'; 64];
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 64)));
    rig.feed(&[b"\r\n<<<", &body[..], b"\r\nOK\r\n"].concat());
    assert_eq!(rig.reply().body()[..], body);
}

#[test]
fn an_unannounced_block_with_codes_behind_it() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
    rig.feed(b"\r\n<<<short\r\nOK\r\n\r\n#MQRING: 1,1,t,3\r\n");
    rig.pass(Duration::from_millis(200));
    rig.answer_probe();
    assert_eq!(&rig.reply().body()[..], b"short");
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3"]);
}

#[test]
fn an_empty_unannounced_block_and_its_refusal() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
    rig.feed(b"\r\n<<<\r\nOK\r\n");
    rig.answer_probe();
    assert!(rig.reply().body().is_empty());
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 1500)));
    rig.feed(b"\r\n+CME ERROR: wrong state\r\n");
    assert_eq!(rig.result(), Some(Err(Failure::Refused(ModuleError::equipment("wrong state")))));
}

#[test]
fn the_next_command_waits_for_the_pause() {
    let mut rig = Rig::new();
    rig.begin(read("+CMEE"));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r");
    assert!(rig.result().unwrap().is_ok());
    assert!(!rig.engine.is_ready(rig.now));
    rig.pass(Duration::from_millis(15));
    rig.feed(b"\n");
    rig.pass(Duration::from_millis(15));
    assert!(!rig.engine.is_ready(rig.now), "the pause counts from the last byte of the answer");
    rig.pass(Duration::from_millis(5));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn numeric_results_count_only_where_they_are_expected() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    rig.feed(b"0\r");
    assert!(rig.result().unwrap().is_ok());
    rig.pass(Duration::from_millis(20));
    rig.begin(Exchange::new(CommandLine::execute("+CGSN"), Expect::text()));
    rig.feed(b"\r\n0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["0"]);
}

#[test]
fn an_overlong_line_is_reported_and_survived() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()));
    for _ in 0..10 {
        rig.feed(&[b'x'; 1024]);
    }
    rig.feed(b"\r\nOK\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}

#[test]
fn an_endless_answer_is_cut_off() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()));
    for _ in 0..100 {
        rig.feed(&[&[b'x'; 4096][..], b"\r\n"].concat());
    }
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
}
