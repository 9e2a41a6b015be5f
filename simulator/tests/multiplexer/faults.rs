//! What becomes of the multiplexer when the module restarts, hangs, or loses its plug.

use std::time::Duration;

use telit_simulator::FaultSpec;
use tokio::io::AsyncReadExt;

use crate::host::{Host, SABM, UIH, builder, frame, ours, theirs};
use crate::port::Port;

fn fault(text: &str) -> FaultSpec {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_it_behind_what_was_said() {
    let (_module, mut host) = Host::start(builder(), &[1, 2]).await;
    host.say(2, "AT#REBOOT\r").await;
    assert_eq!(host.frames().await, [(theirs(2), UIH, b"\r\nOK\r\n".to_vec())]);
    host.write(frame(ours(0), SABM, &[])).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.write("AT+CMEE?\r").await;
    assert_eq!(host.bytes().await, b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_module_that_hangs_answers_no_frame() {
    let (module, mut host) = Host::start(builder().fault(fault("hang:command=+CSQ")), &[1, 2]).await;
    host.say(1, "AT+CSQ\r").await;
    host.say(2, "AT\r").await;
    host.control(b"\x23\x01").await;
    assert_eq!(host.bytes().await, b"");
    module.reboot();
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.write("AT\r").await;
    assert_eq!(host.bytes().await, b"AT\r\r\nOK\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_plug_that_is_pulled_out_ends_it() {
    let (module, mut host) = Host::start(builder().fault(fault("unplug:command=+CSQ")), &[1, 2]).await;
    host.ask(1, "AT+CMEE=1", "\r\nOK\r\n").await;
    host.say(1, "AT+CSQ\r").await;
    let mut rest = Vec::new();
    host.stream.read_to_end(&mut rest).await.unwrap();
    // Plain AT on the same parser, with its settings.
    let mut again = Port::of(&module);
    again.ask("AT+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n").await;
    again.ok("AT+CMUX=0").await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_goes_away_ends_it() {
    let (module, host) = Host::start(builder(), &[1, 2]).await;
    drop(host);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut again = Port::of(&module);
    again.ok("AT+CMUX=0").await;
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_line_hit_the_frames() {
    // Behind the plain answers (11, 6 and 6 bytes) and the first frame (6) the second byte is an address.
    let (_module, mut host) = Host::start(builder().fault(fault("drop-byte:at=31")), &[]).await;
    host.control(b"\x23\x01").await;
    let mut expected = frame(theirs(0), UIH, b"\x21\x01");
    expected.remove(1);
    assert_eq!(host.bytes().await, expected);
}
