//! A module is found in whatever state an earlier owner left the line.

use telit_core::Modem;
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

fn module() -> VirtualModule {
    VirtualModule::builder(Platform::P37).build().expect("it starts")
}

/// What the earlier owner typed, and until what answer it waited.
async fn typed(line: &mut DuplexStream, text: &[u8], answer: &str) {
    line.write_all(text).await.expect("the line is open");
    let mut seen = String::new();
    while !seen.contains(answer) {
        let mut byte = [0];
        line.read_exact(&mut byte).await.expect("the line is open");
        seen.push(char::from(byte[0]));
    }
}

async fn opens(line: DuplexStream) {
    let modem = Modem::builder().open(line).await.expect("the module is found");
    assert_eq!(modem.profile().id.as_str(), "37");
    assert!(modem.model().starts_with("ME"), "{}", modem.model());
}

#[tokio::test]
async fn fresh_with_echo_on() {
    let module = module();
    opens(module.attach_duplex()).await;
}

#[tokio::test]
async fn after_a_half_typed_line() {
    let module = module();
    let mut line = module.attach_duplex();
    line.write_all(b"AT+CGDCONT=1,\"IP").await.expect("the line is open");
    opens(line).await;
}

#[tokio::test]
async fn with_numeric_results() {
    let module = module();
    let mut line = module.attach_duplex();
    typed(&mut line, b"ATE0V0\r", "0\r").await;
    opens(line).await;
}

#[tokio::test]
async fn without_results() {
    let module = module();
    let mut line = module.attach_duplex();
    typed(&mut line, b"ATE0\r", "OK\r\n").await;
    line.write_all(b"ATQ1\r").await.expect("the line is open");
    opens(line).await;
}

#[tokio::test]
async fn with_a_terminated_prompt_open() {
    let module = module();
    let mut line = module.attach_duplex();
    typed(&mut line, b"AT#SSLEN=1,1\r", "OK\r\n").await;
    typed(&mut line, b"AT#SSLSECDATA=1,1,1,100\r", ">").await;
    line.write_all(b"-----BEGIN").await.expect("the line is open");
    opens(line).await;
}

#[tokio::test]
async fn nobody_there_is_a_clear_error() {
    let (host, _silent) = tokio::io::duplex(64 * 1024);
    let error = Modem::builder().open(host).await.expect_err("nobody answers");
    assert_eq!(error.to_string(), "no module answers on this port");
}
