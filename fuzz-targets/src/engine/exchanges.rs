//! One exchange of every shape, and the settings that matter.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Exchange, Expect, Settings, StreamEnding};

/// Most bytes of a body, whatever the shape.
pub(super) const BODY_LIMIT: usize = 300;
const PAYLOAD: Bytes = Bytes::from_static(b"payload\r\nOK\r\n>");

/// The settings that the first byte stands for, and the rest.
pub(super) fn settings(input: &[u8]) -> (Settings, &[u8]) {
    let (flags, rest) = input.split_first().unwrap_or((&0, input));
    let mut settings = Settings::default();
    settings.unknown_state = flags & 1 != 0;
    settings.trace = flags & 2 != 0;
    settings.line_limit = if flags & 4 != 0 { 40 } else { 500 };
    settings.reply_limit = if flags & 8 != 0 { 100 } else { 2000 };
    if flags & 16 != 0 {
        settings.pause = Duration::ZERO;
    }
    (settings, rest)
}

/// The exchange with this number; there are some for every shape of an answer.
pub(super) fn exchange(number: u8) -> Exchange {
    let stream = |ending| one("#SSLD", Expect::stream(ending));
    match number % 28 {
        0 => read("#SSLEN"),
        1 => one("#SSLEN", Expect::result()),
        2 => Exchange::new(CommandLine::read("+CREG"), Expect::lines_if("+CREG", |rest| rest.contains(','))),
        3 => Exchange::new(CommandLine::execute("+CGMM"), Expect::text()),
        4 => Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()),
        5 => {
            let payload = Expect::terminated_prompt("payload", PAYLOAD);
            one("#SSLSECDATA", payload.unwrap_or_else(|_| Expect::result())).secret()
        }
        6 => one("#SSLSEND", Expect::counted_prompt(PAYLOAD, None)),
        7 => one("#HTTPSND", Expect::counted_prompt(PAYLOAD, Some("#HTTPSND"))),
        8 => one("#MQPUBSEXT", Expect::triple_prompt(PAYLOAD)),
        9 => one("#MQPUBSEXT", Expect::triple_prompt(Bytes::new())),
        10 => one("#FTPRECV", Expect::block("#FTPRECV", 0, &["WAIT"], BODY_LIMIT)),
        11 => {
            one("#SSLRECV", Expect::block("#SSLRECV", 1, &["TIMEOUT", "DISCONNECTED"], BODY_LIMIT)).secret()
        }
        12 => one("#MQREAD", Expect::marked_block("#MQREAD", BODY_LIMIT)),
        13 => one("#HTTPRCV", Expect::unannounced_block(None, BODY_LIMIT)),
        14 => one("#HTTPRCV", Expect::unannounced_block(Some(20), BODY_LIMIT)),
        15 => one("#FTPGET", Expect::stream(StreamEnding::Length(20))),
        16 => one("#FTPGET", Expect::stream(StreamEnding::Length(0))),
        17 => one("#FTPLIST", Expect::stream(StreamEnding::ReceiveOnly)),
        18 => stream(StreamEnding::MarkAndSilence),
        19 => stream(StreamEnding::ProvenMarkAndSilence),
        20 => stream(StreamEnding::NamedMarkAndSilence),
        21 => Exchange::new(CommandLine::execute("E0"), Expect::result()).numeric_result(),
        22 => typed(b"AT#SSLRECV=1,100").refuse_prompt(),
        23 => one("+CPIN", Expect::lines("+CPIN")).secret(),
        24 => read("#SSLEN").deadline(Duration::ZERO),
        25 => read("#SSLEN").deadline(Duration::MAX),
        26 => one("#FTPGET", Expect::stream(StreamEnding::Length(u64::MAX))),
        _ => secret(),
    }
}

fn read(name: &'static str) -> Exchange {
    Exchange::new(CommandLine::read(name), Expect::lines(name))
}

fn one(name: &'static str, expect: Expect) -> Exchange {
    line(CommandLine::set(name).number(1_u8).build(), expect)
}

fn typed(text: &[u8]) -> Exchange {
    line(CommandLine::verbatim(&String::from_utf8_lossy(text)), Expect::text())
}

fn secret() -> Exchange {
    line(
        CommandLine::set("#FTPOPEN").text("host", "h").secret_text("password", "swordfish").build(),
        Expect::result(),
    )
}

fn line<E: std::fmt::Debug>(line: Result<CommandLine, E>, expect: Expect) -> Exchange {
    Exchange::new(line.expect("the line is harmless"), expect)
}
