//! Channels and the parsers behind them.

use std::time::Duration;

use crate::host::{DISC, DM, Host, SABM, UA, UIH, builder, frame, ours, theirs};
use crate::port::Port;

#[tokio::test(start_paused = true)]
async fn each_has_its_own_echo_and_errors() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    // Echo and errors were set on the plain line before: no channel knows of it.
    host.open(3).await;
    host.say(3, "AT+CMEE?\r").await;
    host.hear(3, "AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    host.ask(1, "AT+CMEE=1", "\r\nOK\r\n").await;
    host.ask(2, "AT+CMEE=2", "\r\nOK\r\n").await;
    host.ask(1, "AT#SSLO=1", "\r\n+CME ERROR: 1000\r\n").await;
    host.ask(2, "AT#SSLO=1", "\r\n+CME ERROR: SSL not activated\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn unsolicited_codes_come_where_they_were_asked_for() {
    let (module, mut host) = Host::start(builder(), &[1, 2, 3]).await;
    host.ask(2, "AT+CEREG=1", "\r\nOK\r\n").await;
    module.set_network(false);
    host.hear(2, "\r\n+CEREG: 0\r\n\r\n+CEREG: 2\r\n").await;
    host.is_silent(1).await;
    host.is_silent(3).await;
}

#[tokio::test(start_paused = true)]
async fn tls_belongs_to_the_parser_that_enabled_it() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.ask(2, "AT+CMEE=1;#SSLEN=1,1", "\r\nOK\r\n").await;
    host.ask(1, "AT+CMEE=1;#SSLEN=1,0", "\r\n+CME ERROR: 612\r\n").await;
    // Closing the channel does not change it.
    host.write(frame(ours(2), DISC, &[])).await;
    assert_eq!(host.frames().await, [(ours(2), UA, vec![])]);
    host.ask(1, "AT#SSLEN=1,0", "\r\n+CME ERROR: 612\r\n").await;
    host.open(2).await;
    host.ask(2, "AT#SSLEN=1,0", "\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_open_is_answered_so() {
    let (_module, mut host) = Host::start(builder(), &[1]).await;
    for (address, control) in [(ours(2), DISC), (ours(4), SABM), (ours(63), SABM)] {
        host.write(frame(address, control, &[])).await;
        assert_eq!(host.frames().await, [(address, DM, vec![])]);
    }
    // Data are not polled for, and so not answered with a final bit.
    host.say(2, "AT\r").await;
    assert_eq!(host.frames().await, [(ours(2), DM & !0x10, vec![])]);
    // An answer to nothing is nothing, and so is a second SABM.
    for control in [UA, DM] {
        host.write(frame(ours(2), control, &[])).await;
        assert_eq!(host.frames().await, []);
    }
    host.write(frame(ours(1), SABM, &[])).await;
    assert_eq!(host.frames().await, [(ours(1), UA, vec![])]);
    host.ask(1, "AT", "\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_control_channel_comes_first() {
    let module = builder().build().unwrap();
    let mut port = Port::of(&module);
    port.quiet().await;
    port.ok("AT+CMUX=0").await;
    tokio::time::sleep(crate::host::SETTLING).await;
    let mut host = Host::new(port.into_stream());
    host.write(frame(ours(1), SABM, &[])).await;
    host.write(frame(ours(0), DISC, &[])).await;
    assert_eq!(host.frames().await, [(ours(1), DM, vec![]), (ours(0), DM, vec![])]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_channel_says_nothing_and_opens_as_it_was() {
    let (module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.ask(2, "AT+CEREG=1", "\r\nOK\r\n").await;
    host.say(2, "AT+CE").await;
    host.write(frame(ours(2), DISC, &[])).await;
    assert_eq!(host.frames().await, [(ours(2), UA, vec![])]);
    module.set_network(false);
    host.is_silent(2).await;
    host.open(2).await;
    // The half of a command is forgotten, the settings are not.
    host.ask(2, "AT+CEREG?", "\r\n+CEREG: 1,2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn closing_the_control_channel_ends_it_all() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.write([frame(ours(0), DISC, &[]), b"AT\r".to_vec()].concat()).await;
    let mut expected = frame(ours(0), UA, &[]);
    expected.extend(b"\r\nOK\r\n");
    assert_eq!(host.bytes().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_goes_on_when_its_channel_closes_answers_nobody() {
    let delay = "delay:ms=1000,command=+CSQ".parse().unwrap();
    let (_module, mut host) = Host::start(builder().fault(delay), &[1]).await;
    host.say(1, "AT+CSQ\r").await;
    host.control(&[0xC3, 0x01]).await;
    assert_eq!(host.frames().await, [(theirs(0), UIH, vec![0xC1, 0x01])]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(host.bytes().await, b"");
    host.write("AT\r").await;
    assert_eq!(host.bytes().await, b"\r\nOK\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_parser_has_one_port_at_a_time() {
    let module = builder().build().unwrap();
    let (mut first, mut second) = (Port::of(&module), Port::of(&module));
    second.quiet().await;
    first.quiet().await;
    first.ok("AT+CMUX=0").await;
    tokio::time::sleep(crate::host::SETTLING).await;
    let mut host = Host::new(first.into_stream());
    host.open(0).await;
    // The second parser has a port of its own.
    host.write(frame(ours(2), SABM, &[])).await;
    assert_eq!(host.frames().await, [(ours(2), DM, vec![])]);
    host.open(1).await;
    host.open(3).await;
    second.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    // All three are taken now.
    let mut fourth = Port::of(&module);
    assert_eq!(fourth.read(1).await, "");
    drop(second);
    tokio::time::sleep(Duration::from_millis(1)).await;
    host.open(2).await;
}

#[tokio::test(start_paused = true)]
async fn an_ftp_session_belongs_to_the_channel_that_opened_it() {
    let peers = telit_simulator::peers::Peers::new();
    let files = peers.ftp("files.test", 21);
    files.add_user("user", "secret");
    let (_module, mut host) = Host::start(builder().peers(&peers), &[1, 2]).await;
    host.ask(1, "AT+CMEE=1;+CGDCONT=1,\"IP\",\"a\"", "\r\nOK\r\n").await;
    host.ask(1, "AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    host.ask(2, "AT+CMEE=1", "\r\nOK\r\n").await;
    let open = "AT#FTPOPEN=\"files.test\",\"user\",\"secret\",1";
    host.ask(1, open, "\r\nOK\r\n").await;
    for command in [open, "AT#FTPPWD", "AT#FTPCLOSE"] {
        host.ask(2, command, "\r\n+CME ERROR: 612\r\n").await;
    }
    host.ask(1, "AT#FTPCLOSE", "\r\nOK\r\n").await;
    host.ask(2, open, "\r\nOK\r\n").await;
}

/// Open is the connection, from the request until the last byte of the answer has come.
#[tokio::test(start_paused = true)]
async fn an_http_connection_keeps_other_channels_from_theirs_while_it_is_open() {
    let peers = telit_simulator::peers::Peers::new();
    let server = peers.http("http.test", 80);
    let body = "x".repeat(200_000);
    server.route("GET", "/long", telit_simulator::peers::Response::ok("text/plain", body.clone()));
    server.route("GET", "/short", telit_simulator::peers::Response::ok("text/plain", "short"));
    let (_module, mut host) = Host::start(builder().peers(&peers), &[1, 2]).await;
    host.ask(1, "AT+CMEE=2;+CGDCONT=1,\"IP\",\"a\"", "\r\nOK\r\n").await;
    host.ask(1, "AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    host.ask(1, "AT#HTTPCFG=0,\"http.test\",80", "\r\nOK\r\n").await;
    host.ask(2, "AT+CMEE=2", "\r\nOK\r\n").await;
    let long = "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",200000\r\n";
    host.ask(1, "AT#HTTPQRY=0,0,\"/long\"", long).await;
    host.ask(2, "AT#HTTPQRY=0,0,\"/short\"", "\r\n+CME ERROR: Resource used by other instance\r\n").await;
    host.ask(1, "AT#HTTPRCV=0", &format!("\r\n<<<{body}\r\nOK\r\n")).await;
    let short = "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",5\r\n";
    host.ask(2, "AT#HTTPQRY=0,0,\"/short\"", short).await;
    // It has come, and its connection is closed.
    host.ask(1, "AT#HTTPQRY=0,0,\"/short\"", short).await;
    assert_eq!(server.requests().len(), 3);
}
