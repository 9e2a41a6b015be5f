//! Help, and what is refused before any port is opened.

use crate::harness::{Ran, command, run, telit};

/// None of these may get as far as the port, which does not exist: that would be exit code 3.
fn refused(arguments: &[&str]) -> Ran {
    let mut all = vec!["--port", "/nonexistent/tty"];
    all.extend(arguments);
    let ran = telit(&all).failed(2);
    assert_eq!(ran.stdout, "");
    ran
}

#[test]
fn help_lists_the_commands_that_exist() {
    let help = telit(&["--help"]).ok().stdout;
    for command in ["info", "provision", "mqtt", "aws", "https", "ftps", "at", "simulate", "demo"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {help}");
    }
    for option in [
        "--port",
        "usb:VENDOR",
        "--recover",
        "--reset-command",
        "--heartbeat",
        "--resolve",
        "--json",
        "--transcript",
        "--ca",
        "--danger-no-verify",
        "TELIT_PORT",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
    assert!(help.contains("Exit codes"));
    for command in ["mqtt pub", "mqtt sub", "https post", "ftps get", "simulate", "demo"] {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        assert!(telit(&arguments).ok().stdout.contains("Usage: telit"), "{command}");
    }
    assert!(telit(&["--version"]).ok().stdout.starts_with("telit "));
}

#[test]
fn the_help_of_simulate_tells_the_options_that_mean_something_there() {
    let help = telit(&["simulate", "--help"]).ok().stdout;
    let told = |option: &str| {
        help.lines().any(|line| line.split([' ', ',']).any(|word| word.trim_end_matches('.') == option))
    };
    let own = ["--link", "--latency", "--fault", "--state", "--aws-broker"];
    let global = ["--platform", "--baud", "--resolve", "--json", "--verbose", "--quiet"];
    for option in own.iter().chain(&global) {
        assert!(told(option), "{option}: {help}");
    }
    for option in
        ["--port", "--apn", "--cid", "--clock", "--transcript", "--recover", "--heartbeat", "--ca", "--ram"]
    {
        assert!(!told(option), "{option}: {help}");
    }
    assert!(!help.contains("TLS options") && !help.contains("Recovery options"), "{help}");
    let help = telit(&["info", "--help"]).ok().stdout;
    assert!(help.contains("--transcript") && help.contains("TLS options"), "{help}");
}

#[test]
fn without_a_command_the_help_is_an_error() {
    let ran = telit(&[""; 0]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: telit"));
}

#[test]
fn mistakes_are_one_line_and_a_hint() {
    assert!(refused(&["nothing"]).error().contains("'nothing'"));
    assert!(refused(&["mqtt", "pub", "--host", "h"]).error().contains("--client-id"));
    assert!(refused(&["info", "--baud", "fast"]).stderr.contains("hint: "));
    assert!(refused(&["info", "--platform", "38"]).error().contains("25-threadx"));
    assert!(refused(&["info", "--resolve", "a:1=127.0.0.1:2"]).error().contains("--resolve"));
    assert!(refused(&["provision", "--recover"]).error().starts_with("--recover is for info, "));
    assert!(refused(&["info", "--heartbeat", "5"]).error().contains("--recover"));
    assert!(refused(&["info", "--recover", "--reset-command", "'"]).error().contains("closed"));
    refused(&["at", "CGMM"]);
    refused(&["at", "AT\rATD123;"]);
}

#[test]
fn no_port_is_a_mistake() {
    assert!(telit(&["info"]).failed(2).error().contains("port"));
}

#[test]
fn urls_topics_and_headers_are_checked_first() {
    let tls = "--danger-no-verify";
    refused(&["https", "get", "http://h/", tls]);
    refused(&["https", "get", "h/path", tls]);
    refused(&["https", "get", "https://h/", "-H", "no colon", tls]);
    refused(&["https", "post", "https://h/", "--data-file", "/nonexistent/data", tls]);
    refused(&["ftps", "size", "ftp://u@h/f", "--password-env", "PATH", tls]);
    refused(&["ftps", "size", "ftps://u@h/f", tls]);
    refused(&["ftps", "size", "ftps://u@h/f", "--password-env", "TELIT_TEST_NO_SUCH_VARIABLE", tls]);
    refused(&[
        "ftps",
        "get",
        "ftps://u@h/f",
        "--password-env",
        "PATH",
        "--output",
        "o",
        "--sha256",
        "abc",
        tls,
    ]);
    refused(&["mqtt", "pub", "--host", "h", "--client-id", "c", "--message", "m", "--topic", "a/#", tls]);
    refused(&["mqtt", "sub", "--host", "h", "--client-id", "c", "--topic", "a#", tls]);
}

#[test]
fn a_broker_is_named_by_its_name_alone() {
    let publish = |host| {
        let words = ["mqtt", "pub", "--host", host, "--client-id", "c", "--topic", "t", "--message", "m"];
        refused(&[&words[..], &["--danger-no-verify"]].concat())
    };
    for (host, hint) in [
        ("h:8884", "give --host h --port-number 8884"),
        ("mqtts://h", "give --host h"),
        ("mqtts://h:8884", "give --host h --port-number 8884"),
        ("h/path", "give --host h"),
    ] {
        let ran = publish(host);
        assert!(ran.error().starts_with("--host takes the name or the address"), "{ran:?}");
        assert!(ran.stderr.ends_with(&format!("hint: {hint}\n")), "{ran:?}");
    }
    let secret = publish("mqtts://user:s3cr3t@h");
    assert!(!secret.stderr.contains("s3cr3t") && secret.stderr.contains("--password-env"), "{secret:?}");
}

#[test]
fn a_payload_has_an_option() {
    let words = "mqtt pub --host h --client-id c --topic t hello --danger-no-verify";
    let ran = refused(&words.split(' ').collect::<Vec<_>>());
    assert!(ran.error().contains("--message TEXT, --file FILE, - for standard input"), "{ran:?}");
}

#[test]
fn a_password_has_at_least_a_character() {
    let words = ["ftps", "size", "ftps://u@h/f", "--danger-no-verify", "--port", "/nonexistent/tty"];
    let mqtt = "mqtt pub --host h --client-id c --username u --topic t --message m --danger-no-verify";
    let mqtt: Vec<&str> = mqtt.split(' ').chain(["--port", "/nonexistent/tty"]).collect();
    for words in [&words[..], &mqtt] {
        let words = [words, &["--password-env", "TELIT_TEST_EMPTY"]].concat();
        let ran = run(command(&words).env("TELIT_TEST_EMPTY", "")).failed(2);
        assert_eq!(ran.error(), "the environment variable TELIT_TEST_EMPTY holds no password");
    }
}

#[test]
fn a_server_is_verified_unless_the_danger_is_named() {
    assert!(refused(&["https", "get", "https://h/"]).stderr.contains("hint: give --ca"));
}

#[test]
fn passwords_in_urls_are_refused_and_not_repeated() {
    for url in ["https://user:s3cr3t@h/", "ftps://user:s3cr3t@h/f", "ftps://user:s3cr3t@h:port/f"] {
        let verb = if url.starts_with("https") { ["https", "get"] } else { ["ftps", "size"] };
        let ran = refused(&[verb[0], verb[1], url, "--danger-no-verify"]);
        assert!(!ran.stderr.contains("s3cr3t"), "{ran:?}");
    }
    let ran = refused(&["ftps", "size", "ftps://user:s3cr3t@h/f", "--danger-no-verify"]);
    assert!(ran.error().contains("the URL holds a password"), "{ran:?}");
}

#[test]
fn mistakes_with_files_on_servers_have_their_own_hints() {
    let ftps = |verb: &str, url: &str, more: &[&str]| {
        let ran = refused(&[&["ftps", verb, url, "--danger-no-verify"], more].concat());
        let hint = ran.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
        (ran.error().to_owned(), hint.to_owned())
    };
    let said = |error: &str, hint: &str| (error.to_owned(), hint.to_owned());
    let in_the_clear =
        "write ftps://: the connection begins in the clear on port 21, and nothing goes without TLS";
    assert_eq!(ftps("ls", "ftp://h/", &[]), said("ftp is not how files are reached here", in_the_clear));
    assert_eq!(ftps("ls", "ftpes://h/", &[]), said("ftpes is not how files are reached here", in_the_clear));
    let expected = said("sftp is no scheme of file servers", "write ftps://USER@HOST/PATH");
    assert_eq!(ftps("ls", "sftp://h/", &[]), expected);
    let no_file = said("the URL names no file", "write ftps://USER@HOST/PATH/FILE");
    assert_eq!(ftps("put", "ftps://h/", &[]), no_file);
    assert_eq!(ftps("size", "ftps://h/logs/", &[]), no_file);
    assert_eq!(ftps("get", "ftps://h", &["--output", "f"]), no_file);
    for input in ["/nonexistent/f", "/"] {
        let (error, hint) = ftps("put", "ftps://h/f", &["--input", input]);
        assert!(error.starts_with(&format!("{input} cannot be read: ")), "{error}");
        let expected =
            "give a file that exists and that you may read, or leave --input out for standard input";
        assert_eq!(hint, expected);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_a_mistake() {
    let output = ["--danger-no-verify", "--output", "/nonexistent/f"];
    for words in [["https", "get", "https://h/"], ["ftps", "get", "ftps://h/f"]] {
        let ran = refused(&[&words[..], &output].concat());
        assert_eq!(ran.error(), "/nonexistent/f cannot be written: its folder does not exist");
    }
}

#[test]
fn credentials_are_checked_before_the_port() {
    let file = |name: &str| format!("{}/../core/tests/credentials/{name}", env!("CARGO_MANIFEST_DIR"));
    assert!(refused(&["provision"]).stderr.contains("hint: give --ca"));
    assert!(refused(&["provision", "--cert", &file("client.pem")]).error().contains("--key"));
    assert!(refused(&["provision", "--key", &file("client_key.pem")]).error().contains("--cert"));
    refused(&["provision", "--ca", &file("client_key.pem")]);
    refused(&["provision", "--ca", "/nonexistent/ca.pem"]);
    refused(&["provision", "--cert", &file("client.pem"), "--key", &file("other_key.pem")]);
    let encrypted =
        refused(&["provision", "--cert", &file("client.pem"), "--key", &file("client_key_encrypted.pem")]);
    assert!(encrypted.error().contains("encrypted"), "{encrypted:?}");
}

#[test]
fn a_transcript_that_cannot_be_written_is_a_mistake() {
    assert!(refused(&["info", "--transcript", "/nonexistent/t"]).error().contains("transcript"));
}

#[test]
fn the_port_can_come_from_the_environment() {
    let ran = run(command(&["info"]).env("TELIT_PORT", "/nonexistent/tty"));
    assert!(ran.failed(3).error().contains("/nonexistent/tty"));
}
