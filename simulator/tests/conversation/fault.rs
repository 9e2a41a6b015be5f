use std::time::Duration;

use telit_simulator::Split;
use tokio::io::AsyncReadExt;

use crate::port::{Port, builder, start};

fn with(fault: &str) -> telit_simulator::Builder {
    builder().fault(fault.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_command_can_fail() {
    let (_module, mut port) = start(with("error:command=+CREG,nth=2,code=100")).await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
    port.ask("AT+CREG?", "\r\n+CME ERROR: unknown\r\n").await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_late_or_missing() {
    let module = with("delay:command=+CSQ,ms=30000").fault("no-answer:command=#SSLEN=1".parse().unwrap());
    let (_module, mut port) = start(module).await;
    port.write("AT+CSQ\r").await;
    port.silent(Duration::from_millis(29_999)).await;
    port.expect("\r\n+CSQ: 21,3\r\n\r\nOK\r\n").await;
    port.write("AT#SSLEN=1,1\r").await;
    port.silent(Duration::from_secs(100)).await;
    // It was executed all the same.
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,1\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn unsolicited_lines_and_garbage_stand_before_the_answer() {
    let module = with("urc:text=#MQRING: 0,command=+CSQ")
        .fault("garbage:bytes=3,seed=1,command=+CIMI".parse().unwrap());
    let (_module, mut port) = start(module).await;
    port.ask("AT+CSQ", "\r\n#MQRING: 0\r\n\r\n+CSQ: 21,3\r\n\r\nOK\r\n").await;
    port.write("AT+CIMI\r").await;
    port.silent(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn the_echo_can_come_back_and_bytes_can_go() {
    let module = with("echo-on:command=+CSQ").fault("drop-byte:at=22".parse().unwrap());
    let (_module, mut port) = start(module).await;
    // 11 bytes for ATE0, 6 for CMEE: the fifth byte of this answer is lost.
    port.ask("AT+CSQ", "\r\n+CQ: 21,3\r\n\r\nOK\r\n").await;
    port.write("AT\r").await;
    port.expect("AT\r\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_module_can_restart_by_itself() {
    let (_module, mut port) = start(with("reboot:command=#SSLD")).await;
    port.write("AT#SSLD=1,1,\"h\",0,1\r").await;
    port.silent(Duration::from_millis(1999)).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    port.quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_module_that_hangs_needs_its_reset_pin() {
    let (module, mut port) = start(with("hang:command=+CSQ")).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    port.ok("AT#ENHRST=1,1").await;
    port.write("AT+CSQ\r").await;
    for _ in 0..3 {
        port.write("AT\r").await;
        second.write("AT#REBOOT\r").await;
        port.silent(Duration::from_secs(100)).await;
        second.silent(Duration::from_secs(100)).await;
    }
    module.set_network(false);
    module.set_network(true);
    let mut third = Port::of(&module);
    third.write("AT\r").await;
    third.silent(Duration::from_secs(100)).await;
    module.reboot();
    tokio::time::sleep(Duration::from_millis(2010)).await;
    port.quiet().await;
    second.quiet().await;
    third.quiet().await;
    port.ask("AT+CSQ", "\r\n+CSQ: 21,3\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_plugs_can_be_pulled_at_a_command() {
    let (module, mut port) = start(with("unplug:command=#SSLEN")).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    port.write("AT#SSLEN=1,1\r").await;
    for port in [port, second] {
        let mut stream = port.into_stream();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
    // The module runs on, with its settings, and has executed the command.
    let mut port = Port::of(&module);
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,1\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_network_can_be_lost_for_a_while() {
    let (_module, mut port) = start(with("net-loss:command=+CSQ,ms=30000")).await;
    port.ok("AT+CREG=1").await;
    let lost = "\r\n+CREG: 0\r\n\r\n+CREG: 2\r\n";
    port.ask("AT+CSQ", &format!("{lost}\r\n+CSQ: 99,99\r\n\r\nOK\r\n")).await;
    port.silent(Duration::from_millis(29_999)).await;
    port.expect("\r\n+CREG: 1\r\n").await;
    port.ask("AT+CSQ", "\r\n+CSQ: 21,3\r\n\r\nOK\r\n").await;
}

/// The network is not the module's: a restart does not bring it back.
#[tokio::test(start_paused = true)]
async fn a_lost_network_outlasts_a_restart() {
    let (module, mut port) = start(with("net-loss:command=+CSQ,ms=30000")).await;
    port.ask("AT+CSQ", "\r\n+CSQ: 99,99\r\n\r\nOK\r\n").await;
    module.reboot();
    tokio::time::sleep(Duration::from_secs(5)).await;
    port.quiet().await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,2\r\n\r\nOK\r\n").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
    module.set_network(false);
    module.reboot();
    tokio::time::sleep(Duration::from_secs(5)).await;
    port.quiet().await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn output_comes_in_pieces() {
    use tokio::io::AsyncWriteExt;
    let module = builder().split(Split::SingleBytes).build().unwrap();
    let mut stream = Port::of(&module).into_stream();
    stream.write_all(b"AT\r").await.unwrap();
    let mut got = Vec::new();
    while got.len() < 9 {
        let mut buffer = [0; 64];
        let count = stream.read(&mut buffer).await.unwrap();
        assert_eq!(count, 1);
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, b"AT\r\r\nOK\r\n"[..9]);
}

#[tokio::test(start_paused = true)]
async fn the_line_takes_its_time() {
    let module = builder().baud(Some(9600)).build().unwrap();
    let mut port = Port::of(&module);
    let start = tokio::time::Instant::now();
    port.write("AT\r").await;
    port.expect("AT\r\r\nOK\r\n").await;
    let took = start.elapsed();
    // 3 bytes in, 9 bytes out, 1.04 ms each.
    assert!(took >= Duration::from_millis(10) && took <= Duration::from_millis(18), "{took:?}");
}

/// Timers count whole milliseconds. What they are late must not become the module's.
#[tokio::test(start_paused = true)]
async fn late_timers_do_not_add_up() {
    let latency = Duration::from_micros(5300);
    let module = builder().baud(Some(100_000)).latency(latency).build().unwrap();
    let mut port = Port::of(&module);
    port.write("ATE0\r").await;
    port.expect("ATE0\r\r\nOK\r\n").await;
    let start = tokio::time::Instant::now();
    port.write("AT\r".repeat(20)).await;
    port.expect(&"\r\nOK\r\n".repeat(20)).await;
    // All but the first command cross the line while the module is busy.
    let busy = latency * 20 + Duration::from_micros(100 * (3 + 6));
    let took = start.elapsed();
    assert!(took >= busy && took <= busy + Duration::from_millis(2), "{took:?} for {busy:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_leaves_no_pause_on_the_line() {
    const RATE: u32 = 9600;
    let (_module, mut port) = start(builder()).await;
    let answer = port.answer("AT+CLAC").await;
    let (_module, mut port) = start(builder().baud(Some(RATE))).await;
    let start = tokio::time::Instant::now();
    port.ask("AT+CLAC", &answer).await;
    let took = start.elapsed();
    let bytes = u32::try_from("AT+CLAC\r".len() + answer.len()).unwrap();
    let busy = Duration::from_secs(10) * bytes / RATE;
    assert!(took >= busy.mul_f64(0.99) && took <= busy.mul_f64(1.03), "{took:?} for {busy:?} of line");
}
