use std::time::Duration;

use crate::port::{Port, builder, start};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n";

#[tokio::test(start_paused = true)]
async fn a_certificate_is_stored_read_and_deleted() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=1,2,1", "\r\n#SSLSECDATA: 1,1\r\nNo data stored\r\n\r\nOK\r\n").await;
    port.ask(&format!("AT#SSLSECDATA=1,1,1,{}", PEM.len()), "\r\n> ").await;
    port.write(format!("{PEM}\x1a")).await;
    port.expect("\r\nOK\r\n").await;
    port.ask(
        "AT#SSLSECDATA=1,2,1",
        "\r\n#SSLSECDATA: 1,1\r\n-----BEGIN CERTIFICATE-----\r\nMIIB\r\nAAAA\r\n-----END CERTIFICATE-----\r\n\r\nOK\r\n",
    )
    .await;
    port.ask(
        "AT#SSLSECDATA?",
        "\r\n#SSLSECDATA: 1,0,1,0,0,0\r\n#SSLSECDATA: 2,0,0,0,0,0\r\n#SSLSECDATA: 3,0,0,0,0,0\r\n\
         #SSLSECDATA: 4,0,0,0,0,0\r\n\r\nOK\r\n",
    )
    .await;
    port.ok("AT#SSLSECDATA=1,0,1").await;
    port.ask("AT#SSLSECDATA=1,2,1", "\r\n#SSLSECDATA: 1,1\r\nNo data stored\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn escape_leaves_and_backspace_erases() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=1,1,1,10", "\r\n> ").await;
    port.write("abc\x1b").await;
    port.expect("\r\nOK\r\n").await;
    port.ask("AT#SSLSECDATA=1,2,1", "\r\n#SSLSECDATA: 1,1\r\nNo data stored\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLSECCA=3,1,1,10", "\r\n> ").await;
    port.write("abx\x08c\x1a").await;
    port.expect("\r\nOK\r\n").await;
    port.ask("AT#SSLSECCA=3,2,1", "\r\n#SSLSECCA: 3,1\r\nabc\r\n\r\nOK\r\n").await;
    port.ask(
        "AT#SSLSECCA?",
        "\r\n#SSLSECCA: 1,0,0,0,,0\r\n#SSLSECCA: 2,0,0,0,,0\r\n#SSLSECCA: 3,0,1,0,,0\r\n\r\nOK\r\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_der_certificate_is_counted() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ok("AT#SSLSECCFG=1,0,1,0").await;
    port.ask("AT#SSLSECDATA=2,1,1,5", "\r\n> ").await;
    port.write("\x1a\x1b\x08\rA").await;
    port.expect("\r\nOK\r\n").await;
    port.ok("AT").await;
}

#[tokio::test(start_paused = true)]
async fn entered_data_are_echoed() {
    let module = builder().build().unwrap();
    let mut port = Port::of(&module);
    port.write("AT#SSLEN=1,1\r").await;
    port.expect("AT#SSLEN=1,1\r\r\nOK\r\n").await;
    port.write("AT#SSLSECDATA=1,1,1,3\r").await;
    port.expect("AT#SSLSECDATA=1,1,1,3\r\r\n> ").await;
    port.write("abc\x1a").await;
    port.expect("abc\x1a\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn client_data_go_to_the_first_slot_only() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=2,1,0,10", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSECDATA=2,1,2,10", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSECDATA=1,3,2,10", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSECDATA=1,1,1,4097", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSECDATA=1,1,1", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_key_can_be_hidden_behind_its_digest() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=1,1,2,11,,1", "\r\n> ").await;
    port.write("hello world\x1a").await;
    port.expect("\r\nOK\r\n").await;
    // md5("hello world")
    port.ask("AT#SSLSECDATA=1,2,2", "\r\n#SSLSECDATA: 1,2\r\n5eb63bbbe01eeed093cb22bb8f5acdc3\r\n\r\nOK\r\n")
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_can_have_a_password() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=1,1,2,3,\"pass1\"", "\r\n> ").await;
    port.write("key\x1a").await;
    port.expect("\r\nOK\r\n").await;
    port.ask("AT#SSLSECDATA=1,2,2", "\r\n+CME ERROR: operation not allowed\r\n").await;
    port.ask("AT#SSLSECDATA=1,2,2,,\"pass1\"", "\r\n#SSLSECDATA: 1,2\r\nkey\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLSECDATA=1,0,2").await;
    port.ask("AT#SSLSECDATA=1,2,2", "\r\n#SSLSECDATA: 1,2\r\nNo data stored\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_command_may_follow_in_the_same_write() {
    let (_module, mut port) = start(builder()).await;
    port.write("AT#SSLEN=1,1\rAT#SSLSECDATA=1,1,1,3\rabc\x1aAT+CMEE?\r").await;
    port.expect("\r\nOK\r\n\r\n> \r\nOK\r\n\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
    port.silent(Duration::from_secs(1)).await;
}
