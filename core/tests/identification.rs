//! Which platform a module is taken for when it is opened, by what it says of itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use telit_core::modem::OpenError;
use telit_core::platform::PlatformId;
use telit_core::{Category, CommandError, Modem};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// Answers by the command line; the rest is `OK`, and what has no answer in the table but a `?` is refused.
async fn module(
    line: DuplexStream,
    answers: HashMap<&'static str, &'static str>,
    log: Arc<Mutex<Vec<String>>>,
) {
    let (reader, mut writer) = tokio::io::split(line);
    let mut reader = BufReader::new(reader);
    let mut command = Vec::new();
    while reader.read_until(b'\r', &mut command).await.is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&command).trim().to_owned();
        command.clear();
        let answer = match answers.get(text.as_str()) {
            Some(answer) => format!("\r\n{answer}\r\n\r\nOK\r\n"),
            None if text == "AT+CMEE?" => "\r\n+CMEE: 2\r\n\r\nOK\r\n".to_owned(),
            None if text.ends_with('?') || text == "AT#SWPKGV" => "\r\nERROR\r\n".to_owned(),
            None => "\r\nOK\r\n".to_owned(),
        };
        log.lock().expect("no panic").push(text);
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// What opening says, and what was sent.
async fn open(answers: &[(&'static str, &'static str)]) -> (Result<Modem, OpenError>, Vec<String>) {
    let (host, line) = tokio::io::duplex(4096);
    let log = Arc::new(Mutex::new(Vec::new()));
    let running = tokio::spawn(module(line, answers.iter().copied().collect(), Arc::clone(&log)));
    let opened = Modem::builder().open(host).await;
    running.abort();
    let sent = log.lock().expect("no panic").clone();
    (opened, sent)
}

async fn platform(answers: &[(&'static str, &'static str)]) -> PlatformId {
    open(answers).await.0.expect("it is identified").profile().id
}

#[tokio::test(start_paused = true)]
async fn the_firmware_decides_between_2g_families() {
    let quad = |firmware| [("AT+CGMM", "GL865-QUAD"), ("AT+CGMR", firmware)];
    assert_eq!(platform(&quad("10.00.177")).await, PlatformId::P10);
    assert_eq!(platform(&quad("16.00.153")).await, PlatformId::P16);
    assert_eq!(platform(&[("AT+CGMM", "GE910-QUAD"), ("AT+CGMR", "13.00.007")]).await, PlatformId::P13);
}

#[tokio::test(start_paused = true)]
async fn a_silent_firmware_is_an_error_with_the_choices() {
    for (model, candidates) in [
        ("GL865-QUAD", [PlatformId::P10, PlatformId::P16]),
        ("GE910-QUAD", [PlatformId::P13, PlatformId::P16]),
    ] {
        let (opened, _) = open(&[("AT+CGMM", model), ("AT+CGMR", "unknown")]).await;
        let error = opened.expect_err("nothing tells");
        assert!(
            matches!(&error, OpenError::Undecided { candidates: found, .. } if **found == candidates),
            "{error:?}"
        );
        assert_eq!(error.category(), Category::Other);
        assert_eq!(
            error.to_string(),
            format!(
                "model {model} with firmware unknown is of platform {} or {}; \
                 choose one with ModemBuilder::platform (telit --platform)",
                candidates[0], candidates[1]
            )
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_package_that_says_nothing_does_not_hide_the_revision() {
    let answers = [("AT+CGMM", "GL868-DUAL"), ("AT+CGMR", "16.00.003"), ("AT#SWPKGV", "none")];
    assert_eq!(platform(&answers).await, PlatformId::P16);
}

const LE910C: [(&str, &str); 2] = [("AT+CGMM", "LE910C1-EU"), ("AT+CGMR", "25.20.009")];

async fn le910cx(name: &'static str, answer: &'static str) -> Result<PlatformId, OpenError> {
    let (opened, _) = open(&[LE910C[0], LE910C[1], (name, answer)]).await;
    opened.map(|modem| modem.profile().id)
}

#[tokio::test(start_paused = true)]
async fn test_forms_tell_the_two_stacks_of_le910cx_apart() {
    let security = "AT#SSLSECCFG2=?";
    let linux = le910cx(security, "#SSLSECCFG2: (1-6),(0-3),(0),(0),(0),(0)").await;
    assert_eq!(linux, Ok(PlatformId::P25Linux));
    let threadx = le910cx(security, "#SSLSECCFG2: (1-6),(0-4),(0,1),(0-15),(0-7),(1-4)").await;
    assert_eq!(threadx, Ok(PlatformId::P25ThreadX));
}

#[tokio::test(start_paused = true)]
async fn without_a_sim_the_number_of_socket_fields_tells() {
    let linux = "#SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0,1)";
    assert_eq!(le910cx("AT#SSLCFG=?", linux).await, Ok(PlatformId::P25Linux));
    let threadx =
        "#SSLCFG: (1-6),(1-5),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0,1),(0,1),(0,10-1200),(0)";
    assert_eq!(le910cx("AT#SSLCFG=?", threadx).await, Ok(PlatformId::P25ThreadX));
}

#[tokio::test(start_paused = true)]
async fn a_le910cx_that_does_not_tell_is_an_error_with_the_choices() {
    let (opened, sent) = open(&LE910C).await;
    let error = opened.expect_err("nothing tells");
    assert_eq!(
        error.to_string(),
        "model LE910C1-EU with firmware 25.20.009 is of platform 25-linux or 25-threadx; \
         choose one with ModemBuilder::platform (telit --platform)"
    );
    assert_eq!(sent.last().map(String::as_str), Some("AT#SSLCFG=?"));
}

#[tokio::test(start_paused = true)]
async fn the_newest_syntax_is_chosen_on_2g_only() {
    let (_, on_2g) = open(&[("AT+CGMM", "GE910-QUAD-V3"), ("AT+CGMR", "16.00.302")]).await;
    assert!(on_2g.contains(&"AT#SELINT=2".to_owned()), "{on_2g:?}");
    let (_, on_4g) = open(&[("AT+CGMM", "ME310G1-WW"), ("AT+CGMR", "37.00.217")]).await;
    assert!(!on_4g.iter().any(|line| line.starts_with("AT#SELINT")), "{on_4g:?}");
}

#[tokio::test(start_paused = true)]
async fn noise_is_not_taken_for_a_name() {
    let (opened, sent) = open(&[("AT+CGMM", "~U\r\nME310G1-WW"), ("AT+CGMR", "37.00.217")]).await;
    let error = opened.expect_err("nobody knows which line is the name");
    assert!(matches!(error, OpenError::Command(CommandError::Unexpected { .. })), "{error:?}");
    assert_eq!(sent.iter().filter(|line| *line == "AT+CGMM").count(), 2, "it is asked once more: {sent:?}");
}
