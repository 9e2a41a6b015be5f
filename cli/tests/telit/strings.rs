//! Every string of the tool that could end a line, a string or an entry is refused as what it is.

use crate::harness::{command, run};

/// What could do so, or edit a line; a program's argument cannot hold a NUL.
const FORBIDDEN: [&str; 7] = ["\r", "\n", "\u{1a}", "\u{1b}", "\u{8}", "\u{7f}", "\""];

#[track_caller]
fn refused(words: &str, bad: &str) {
    let value = format!("a{bad}b");
    let arguments: Vec<String> = words.split(' ').map(|word| word.replace('@', &value)).collect();
    let mut tool = command(&["--port", "sim:37"]);
    tool.args(&arguments)
        .arg("--danger-no-verify")
        .env("TELIT_TEST_PASSWORD", &value)
        .env("TELIT_TEST_GOOD", "good");
    let ran = run(&mut tool).failed(2);
    assert!(!ran.stderr.contains(['\r', '\u{1a}', '\u{1b}', '\u{8}', '\u{7f}']), "{ran:?}");
}

#[test]
fn hosts_names_topics_headers_and_passwords() {
    const WORDS: [&str; 14] = [
        "--apn @ https get https://h.test/",
        "--clock ntp:@ https get https://h.test/",
        "mqtt pub --host @ --client-id c --topic t --message m",
        "mqtt pub --host h --client-id @ --topic t --message m",
        "mqtt pub --engine module --host h --client-id c --username @ --password-env TELIT_TEST_GOOD --topic t --message m",
        "mqtt pub --engine module --host h --client-id c --username u --password-env TELIT_TEST_PASSWORD --topic t --message m",
        "mqtt pub --engine host --host @ --client-id c --topic t --message m",
        "mqtt pub --engine host --host h --client-id @ --topic t --message m",
        "mqtt pub --host h --client-id c --topic @ --message m",
        "mqtt sub --host h --client-id c --topic @",
        "socket @:443",
        "https get --engine module https://h.test/ -H X-A:@",
        "https get https://@.test/",
        "ftps size ftps://u@h/f --password-env TELIT_TEST_PASSWORD",
    ];
    for words in WORDS {
        for bad in FORBIDDEN {
            // The sign that stands for the value is part of this URL.
            let words = words.replace("ftps://u@h/f", "ftps://h/f");
            refused(&words, bad);
        }
    }
}

/// MQTT on this computer carries quotes in these, and nothing that ends or edits a line.
#[test]
fn user_names_and_passwords_of_mqtt() {
    let user = "--username @ --password-env TELIT_TEST_GOOD";
    let password = "--username u --password-env TELIT_TEST_PASSWORD";
    for engine in ["auto", "host"] {
        for who in [user, password] {
            for bad in FORBIDDEN.into_iter().filter(|bad| *bad != "\"") {
                refused(
                    &format!("mqtt pub --engine {engine} --host h --client-id c {who} --topic t --message m"),
                    bad,
                );
            }
        }
    }
}

/// HTTP on this computer carries quotes in these, and nothing that ends or edits a line.
#[test]
fn headers_tokens_and_user_names_of_https() {
    let url = "https://h.test/";
    for engine in ["auto", "socket"] {
        for what in
            ["-H X-A:@", "--bearer-env TELIT_TEST_PASSWORD", "--user @ --password-env TELIT_TEST_GOOD"]
        {
            for bad in FORBIDDEN.into_iter().filter(|bad| *bad != "\"") {
                refused(&format!("https get --engine {engine} {url} {what}"), bad);
            }
        }
    }
}

/// The URL standard drops line ends, and another URL than the one that was given would be asked for.
#[test]
fn urls_with_control_characters_are_not_mended() {
    for bad in ["\r", "\n", "\t", "\u{1a}", "\u{1b}"] {
        refused("https get https://h.test/@", bad);
        refused("ftps size ftps://h/@ --password-env TELIT_TEST_GOOD", bad);
    }
}
