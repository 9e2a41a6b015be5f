//! A module is found in whatever state an earlier owner left the line.

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions, TransferMode};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::rig::module_for;

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

/// A process that is killed leaves the module online, with data on their way that nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_download_that_was_killed() {
    let servers = TestServers::start().await.expect("the servers start");
    servers.ftps().put_file("fw.bin", vec![0x55; 1_000_000]).expect("it is stored");
    let module = module_for(Platform::P37, &servers, servers.ftps().addr())
        .baud(Some(115_200))
        .build()
        .expect("it starts");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pty = module.attach_pty(Some(&folder.path().join("modem"))).expect("a pseudo-terminal");
    let path = pty.path().to_str().expect("it is text").to_owned();
    let authority = servers.authority().certificate_pem();
    let (killed, port) = (path.clone(), path.clone());
    let victim = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let modem = Modem::builder().apn("iot.test").open_serial(killed).await.expect("it opens");
            modem.bring_up().await.expect("it comes on line");
            let ca = CaCertificate::from_pem(authority.as_bytes()).expect("a CA certificate");
            let tls = TlsOptions::builder().ca(ca).build().expect("it fits");
            let (user, password) = (TestServers::FTP_USER, TestServers::FTP_PASSWORD);
            let options = FtpsOptions::new(TestServers::FILES_NAME, user, password, tls);
            let mut client = FtpsClient::connect(&modem, options).await.expect("it logs in");
            let mut download = client.download("fw.bin").mode(TransferMode::Online).await.expect("it begins");
            download.next().await.expect("it has data").expect("they come");
        });
        // Ends every task where it stands, so that the port is closed; nobody leaves online mode.
        runtime.shutdown_timeout(std::time::Duration::from_secs(60));
    });
    victim.join().expect("it was killed in order");
    let modem = Modem::builder().open_serial(port).await.expect("the module is found");
    let lease = modem.acquire_tls(Service::Mqtt).await.expect("what was left is cleaned");
    lease.release();
}

#[tokio::test]
async fn nobody_there_is_a_clear_error() {
    let (host, _silent) = tokio::io::duplex(64 * 1024);
    let error = Modem::builder().open(host).await.expect_err("nobody answers");
    assert_eq!(error.to_string(), "no module answers on this port");
}
