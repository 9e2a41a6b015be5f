use std::time::Duration;

use crate::port::{Port, builder, start};

#[tokio::test(start_paused = true)]
async fn settings_belong_to_the_instance() {
    let (module, mut first) = start(builder()).await;
    let mut second = Port::of(&module);
    second.write("AT+CMEE?\r").await;
    second.expect("AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    first.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_belongs_to_who_enabled_it() {
    let (module, mut first) = start(builder()).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    first.ok("AT#SSLEN=1,1").await;
    let refused = "\r\n+CME ERROR: Resource used by other instance\r\n";
    for command in [
        "AT#SSLEN=1,0",
        "AT#SSLEN=1,1",
        "AT#SSLCFG=1,1,300,90,100,50",
        "AT#SSLSECCFG=1,0,0",
        "AT#SSLSECCFG2=1,3",
        "AT#SSLSECDATA=1,0,1",
        "AT#SSLD=1,443,\"host.example\",0,1",
    ] {
        second.ask(command, refused).await;
    }
    second.ok("AT+CMEE=1").await;
    second.ask("AT#SSLEN=1,0", "\r\n+CME ERROR: 612\r\n").await;
    // Reading is allowed, and so is another socket.
    second.ask("AT#SSLSECCFG?", "\r\n#SSLSECCFG: 1,0,0\r\n\r\nOK\r\n").await;
    second.ok("AT#SSLEN=2,1").await;
    first.ok("AT#SSLEN=1,0").await;
    second.ok("AT#SSLEN=1,1").await;
}

#[tokio::test(start_paused = true)]
async fn the_lowest_free_instance_is_taken() {
    let (module, first) = start(builder()).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(1)).await;
    // Instance 1 again, with its settings.
    let mut again = Port::of(&module);
    again.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn registration_is_reported_to_who_asked() {
    let (module, mut first) = start(builder()).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    first.ok("AT+CEREG=1").await;
    module.set_network(false);
    first.expect("\r\n+CEREG: 0\r\n\r\n+CEREG: 2\r\n").await;
    second.silent(Duration::from_secs(1)).await;
}
