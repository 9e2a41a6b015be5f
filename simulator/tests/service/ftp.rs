use std::time::Duration;

use telit_simulator::servers::TestServers;

use crate::bench;
use crate::port::Port;

const FILE: &str = "0123456789\r\nOK\r\nNO CARRIER\r\n";

async fn logged_in(servers: &TestServers, fault: Option<&str>) -> (telit_simulator::VirtualModule, Port) {
    let mut module = bench::module(TestServers::FILES_NAME, 21, servers.ftps().addr());
    if let Some(fault) = fault {
        module = module.fault(fault.parse().unwrap());
    }
    let (module, mut port) = bench::ready(module).await;
    port.ok("AT#FTPCFG=600,1,1,1").await;
    port.ok("AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0").await;
    bench::verify(&mut port, &servers.authority().certificate_pem()).await;
    port.ok("AT#FTPOPEN=\"files.test:21\",\"device\",\"let-me-in\",1,1").await;
    port.ok("AT#FTPTYPE=0").await;
    (module, port)
}

#[tokio::test]
async fn small_commands() {
    let servers = TestServers::start().await.unwrap();
    servers.ftps().put_file("fw.bin", FILE).unwrap();
    let (module, mut port) = logged_in(&servers, None).await;
    let open = "AT#FTPOPEN=\"files.test:21\",\"device\",\"let-me-in\",1,1";
    port.ask(open, "\r\n+CME ERROR: Already connected\r\n").await;
    port.ask("AT#FTPTYPE?", "\r\n#FTPTYPE: 0\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPTYPE=1").await;
    // Nothing behind the equals sign reads.
    port.ask("AT#FTPTYPE=", "\r\n#FTPTYPE: 1\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPTYPE=0").await;
    port.ask("AT#FTPPWD", "\r\n#FTPPWD: 257 \"/\"\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPFSIZE=\"fw.bin\"", "\r\n#FTPFSIZE: 28\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPFSIZE=\"none\"", "\r\n+CME ERROR: FTP file not found\r\n").await;
    port.ask("AT#FTPMSG", "\r\n#FTPMSG: 550 ").await;
    let mut second = Port::of(&module);
    second.quiet().await;
    second.ask("AT#FTPPWD", "\r\n+CME ERROR: Resource used by other instance\r\n").await;
}

#[tokio::test]
async fn a_download_in_command_mode() {
    let servers = TestServers::start().await.unwrap();
    servers.ftps().put_file("fw.bin", FILE).unwrap();
    let (_module, mut port) = logged_in(&servers, None).await;
    port.ok("AT#FTPREST=10").await;
    port.ask("AT#FTPREST?", "\r\n#FTPREST:10\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPGETPKT=\"fw.bin\",0").await;
    port.ask("AT#FTPLIST", "\r\n+CME ERROR: Data socket yet opened in cmdmode\r\n").await;
    // It has arrived when the server says so.
    servers.ftps().wait_for_transfers(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    port.ask("AT#FTPRECV?", "\r\n#FTPRECV: 18\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPRECV=6", "\r\n#FTPRECV: 6\r\n\r\nOK\r\n\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPRECV=3000", "\r\n#FTPRECV: 12\r\nNO CARRIER\r\n\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPRECV=3000", "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
    port.ask("AT#FTPGETPKT?", "\r\n#FTPGETPKT: fw.bin,0,1\r\n\r\nOK\r\n").await;
    // The position has gone back to 0, and the data connection is closed.
    port.ask("AT#FTPREST?", "\r\n#FTPREST:0\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPGETPKT=\"fw.bin\",1").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    port.ask("AT#FTPRECV=3", "\r\n#FTPRECV: 3\r\n303132\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPCLOSE").await;
    port.ask("AT#FTPCLOSE", "\r\n+CME ERROR: Not connected\r\n").await;
    port.ok("AT#FTPCFG=600,1,0").await;
    port.ok("AT#SSLEN=1,1").await;
}

#[tokio::test]
async fn data_mode_in_both_directions() {
    let servers = TestServers::start().await.unwrap();
    servers.ftps().put_file("fw.bin", FILE).unwrap();
    let (_module, mut port) = logged_in(&servers, None).await;
    port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNO CARRIER\r\n")).await;
    // This server agrees to the transfer before it looks for the file.
    port.ask("AT#FTPGET=\"none\"", "\r\nCONNECT\r\n\r\nNO CARRIER\r\n").await;
    port.ok("ATS12=10").await;
    port.ask("AT#FTPPUT=\"up.bin\",0", "\r\nCONNECT\r\n").await;
    port.write(FILE).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    port.write("+++").await;
    port.expect("\r\nNO CARRIER\r\n").await;
    assert_eq!(servers.ftps().read_file("up.bin").unwrap(), FILE.as_bytes());
    port.ok("AT#FTPDELE=\"up.bin\"").await;
}

#[tokio::test]
async fn an_upload_in_command_mode() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = logged_in(&servers, None).await;
    port.ask("AT#FTPAPPEXT=5", "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
    port.ok("AT#FTPPUT=\"up.bin\",1").await;
    port.ask("AT#FTPAPPEXT=5", "\r\n> ").await;
    port.write("\x1a\x1b\x08\r\n").await;
    port.expect("\r\n#FTPAPPEXT: 5\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPAPPEXT=3,1", "\r\n> ").await;
    port.write("end").await;
    port.expect("\r\n#FTPAPPEXT: 3\r\n\r\nOK\r\n").await;
    assert_eq!(servers.ftps().read_file("up.bin").unwrap(), b"\x1a\x1b\x08\r\nend");
    port.ok("AT#FTPAPP=\"up.bin\",1").await;
    port.ask("AT#FTPAPPEXT=1,1", "\r\n> ").await;
    port.write("!").await;
    port.expect("\r\n#FTPAPPEXT: 1\r\n\r\nOK\r\n").await;
    assert_eq!(servers.ftps().read_file("up.bin").unwrap(), b"\x1a\x1b\x08\r\nend!");
}

#[tokio::test]
async fn a_cut_is_not_the_end_of_the_file() {
    let servers = TestServers::start().await.unwrap();
    servers.ftps().put_file("fw.bin", vec![7; 100_000]).unwrap();
    let (_module, mut port) = logged_in(&servers, Some("net-cut:after=5000")).await;
    port.ok("AT#FTPGETPKT=\"fw.bin\",0").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    port.ask("AT#FTPRECV?", "\r\n#FTPRECV: 5000\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPRECV=3000", &format!("\r\n#FTPRECV: 3000\r\n{}\r\n\r\nOK\r\n", "\x07".repeat(3000)))
        .await;
    port.ask("AT#FTPRECV=3000", &format!("\r\n#FTPRECV: 2000\r\n{}\r\n\r\nOK\r\n", "\x07".repeat(2000)))
        .await;
    port.ask("AT#FTPRECV=3000", "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
    port.ask("AT#FTPGETPKT?", "\r\n#FTPGETPKT: fw.bin,0,0\r\n\r\nOK\r\n").await;
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = logged_in(&servers, None).await;
    port.ok("AT#FTPCLOSE").await;
    let open = "AT#FTPOPEN=\"files.test\",\"device\",\"wrong\",1,1";
    port.ask(open, "\r\n+CME ERROR: FTP login incorrect\r\n").await;
    port.ask("AT#FTPOPEN=\"files.test:22\",\"d\",\"w\",1,1", "\r\n+CME ERROR: Can not resolve name\r\n")
        .await;
}
