use std::time::{Duration, UNIX_EPOCH};

use crate::port::{builder, start};

#[tokio::test(start_paused = true)]
async fn registration_takes_its_time_and_is_reported() {
    let (_module, mut port) = start(builder().registration_delay(Duration::from_secs(5))).await;
    port.ask("AT+CEREG?", "\r\n+CEREG: 0,2\r\n\r\nOK\r\n").await;
    port.ok("AT+CEREG=1").await;
    port.ok("AT+CREG=2").await;
    port.ask("AT+CSQ", "\r\n+CSQ: 99,99\r\n\r\nOK\r\n").await;
    port.ask("AT#SGACT=1,1", "\r\n+CME ERROR: activation failed\r\n").await;
    port.expect("\r\n+CREG: 1,\"0001\",\"01A2D101\",8\r\n\r\n+CEREG: 1\r\n").await;
    port.ask("AT+CEREG?", "\r\n+CEREG: 1,1\r\n\r\nOK\r\n").await;
    port.ask("AT+COPS?", "\r\n+COPS: 0,0,\"Virtual Network\",8\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_context_is_activated_once() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CGDCONT=1,IP,soracom.io").await;
    port.ask("AT+CGPADDR=1", "\r\n+CGPADDR: 1,\"10.0.0.1\"\r\n\r\nOK\r\n").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    port.ask("AT#SGACT=1,1", "\r\n+CME ERROR: context already activated\r\n").await;
    port.ok("AT+CMEE=1").await;
    port.ask("AT#SGACT=1,1", "\r\n+CME ERROR: 553\r\n").await;
    // No socket of #SCFG is on context 3.
    port.ask("AT#SGACT=3,1", "\r\nERROR\r\n").await;
    port.ok("AT#SCFG=6,3,300,90,600,50").await;
    // A dual-stack context.
    port.ask("AT#SGACT=3,1", "\r\n#SGACT: 10.0.0.3,\r\n\r\nOK\r\n").await;
    port.ok("AT#SGACT=1,0").await;
    port.ask(
        "AT#SGACT?",
        "\r\n#SGACT: 1,0\r\n#SGACT: 2,0\r\n#SGACT: 3,1\r\n#SGACT: 4,0\r\n#SGACT: 5,0\r\n#SGACT: 6,0\r\n\r\nOK\r\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_two_contexts_have_the_same_name() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CGDCONT=1,\"IP\",\"internet\"").await;
    port.ask("AT+CGDCONT=2,\"IP\",\"internet\"", "\r\nERROR\r\n").await;
    for cid in 2..=6 {
        port.ok(&format!("AT+CGDCONT={cid}")).await;
    }
    port.ask("AT+CGDCONT?", "\r\n+CGDCONT: 1,\"IP\",\"internet\",\"\",0,0,0,0\r\n\r\nOK\r\n").await;
    port.ask(
        "AT+CGCONTRDP=1",
        "\r\n+CGCONTRDP: 1,5,\"internet\",\"10.0.0.1\",,\"10.0.0.251\",\"10.0.0.252\"\r\n\r\nOK\r\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_closes_the_contexts() {
    let (module, mut port) = start(builder()).await;
    port.ask("AT#SGACT=2,1", "\r\n#SGACT: 10.0.0.2,\r\n\r\nOK\r\n").await;
    port.ok("AT+CEREG=1").await;
    module.set_network(false);
    port.expect("\r\n+CEREG: 0\r\n\r\n+CEREG: 2\r\n").await;
    port.ask("AT#SGACT=2,1", "\r\n+CME ERROR: activation failed\r\n").await;
    module.set_network(true);
    port.expect("\r\n+CEREG: 1\r\n").await;
    port.ask("AT#SGACT=2,1", "\r\n#SGACT: 10.0.0.2,\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_radio_can_be_switched() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CFUN=4").await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,0\r\n\r\nOK\r\n").await;
    port.ok("AT+CFUN=1").await;
    port.silent(Duration::from_millis(1)).await;
    port.ask("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n").await;
    port.ask("AT+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_unset_runs_and_can_be_set() {
    let (_module, mut port) = start(builder()).await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"80/01/06,00:00:00+00\"\r\n\r\nOK\r\n").await;
    port.ok("AT+CCLK=\"24/02/28,23:59:59+04\"").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"24/02/29,00:00:00+04\"\r\n\r\nOK\r\n").await;
    port.ok("AT#CCLKMODE=1").await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"24/02/28,23:00:00+04\"\r\n\r\nOK\r\n").await;
    port.ok("AT#CCLKMODE=0").await;
    port.ok("AT#NITZ=0,0").await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"24/02/29,00:00:00\"\r\n\r\nOK\r\n").await;
    port.ask("AT+CCLK=\"24/02/30,00:00:00+04\"", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_can_start_set() {
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let (_module, mut port) = start(builder().clock(time)).await;
    port.ask("AT#CCLK?", "\r\n#CCLK: \"23/11/14,22:13:20+00,0\"\r\n\r\nOK\r\n").await;
}

#[tokio::test]
async fn the_virtual_network_knows_the_time() {
    let (_module, mut port) = start(builder()).await;
    port.ask("AT#NTP=\"ntp.example\",123,1,2", "\r\n+CME ERROR: sntp - context not opened\r\n").await;
    port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    port.ask("AT#NTP=\"ntp.example\",123,1,2", "\r\n#NTP: ").await;
    let year = std::process::Command::new("date").args(["-u", "+%y/%m/"]).output().unwrap().stdout;
    port.expect(String::from_utf8(year).unwrap().trim()).await;
}
