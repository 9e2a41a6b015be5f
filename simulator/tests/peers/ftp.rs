use std::time::Duration;

use telit_simulator::peers::{FtpServer, FtpTransfer, Peers};
use telit_simulator::{Builder, Quirk, VirtualModule};

use crate::bench::{in_virtual_time, module, ready, settle};
use crate::port::Port;

const FILE: &str = "0123456789\r\nOK\r\nNO CARRIER\r\n";
const OPEN: &str = "AT#FTPOPEN=\"files.test:21\",\"device\",\"let-me-in\",1,1";

fn peers() -> (Peers, FtpServer) {
    let peers = Peers::new();
    let server = peers.ftp("files.test", 21);
    server.add_user("device", "let-me-in");
    server.put("/fw.bin", FILE);
    (peers, server)
}

async fn logged_in(builder: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = ready(builder).await;
    port.ok("AT#FTPCFG=600,1,1,1").await;
    port.ok("AT#SSLSECCFG=1,0xC02F,0").await;
    port.ok(OPEN).await;
    (module, port)
}

fn transfer(
    command: &str,
    path: &str,
    start: u64,
    bytes: u64,
    complete: bool,
) -> (String, String, u64, u64, bool) {
    (command.to_owned(), path.to_owned(), start, bytes, complete)
}

fn short(transfers: &[FtpTransfer]) -> Vec<(String, String, u64, u64, bool)> {
    assert!(transfers.iter().all(|transfer| transfer.secured));
    transfers.iter().map(|t| transfer(&t.command, &t.path, t.start, t.bytes, t.complete)).collect()
}

#[test]
fn small_commands() {
    in_virtual_time(async {
        let (peers, server) = peers();
        server.put("/logs/a.txt", "a\nb\n");
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ask(OPEN, "\r\n+CME ERROR: Already connected\r\n").await;
        port.ask("AT#FTPPWD", "\r\n#FTPPWD: 257 \"/\" is the current directory\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPFSIZE=\"fw.bin\"", "\r\n#FTPFSIZE: 28\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPFSIZE=\"none\"", "\r\n+CME ERROR: FTP file not found\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 550 /none: no such file\r\n\r\nOK\r\n").await;
        port.ok("AT#FTPCWD=\"logs\"").await;
        port.ask("AT#FTPCWD=\"none\"", "\r\n+CME ERROR: FTP file not found\r\n").await;
        port.ask("AT#FTPLIST=\"\"", "\r\nCONNECT\r\n").await;
        port.expect("-rw-r--r-- 1 user group        4 Jan 01 00:00 a.txt\r\n\r\nNO CARRIER\r\n").await;
        port.ok("AT#FTPTYPE=1").await;
        port.ask("AT#FTPGET=\"a.txt\"", "\r\nCONNECT\r\na\r\nb\r\n\r\nNO CARRIER\r\n").await;
        port.ok("AT#FTPDELE=\"/fw.bin\"").await;
        port.ok("AT#FTPCLOSE").await;
        assert_eq!(server.paths(), ["/logs/a.txt"]);
        let commands = server.commands();
        let start = ["AUTH TLS", "PBSZ 0", "PROT P", "USER device", "PASS", "PWD", "SIZE fw.bin"];
        assert_eq!(commands[..start.len()], start);
        assert_eq!(commands.last().map(String::as_str), Some("QUIT"));
    });
}

#[test]
fn a_download_in_command_mode_from_a_position_on() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ok("AT#FTPREST=10").await;
        port.ok("AT#FTPGETPKT=\"fw.bin\",0").await;
        settle().await;
        port.ask("AT#FTPRECV?", "\r\n#FTPRECV: 18\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPRECV=6", "\r\n#FTPRECV: 6\r\n\r\nOK\r\n\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPRECV=3000", "\r\n#FTPRECV: 12\r\nNO CARRIER\r\n\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPRECV=3000", "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
        port.ask("AT#FTPGETPKT?", "\r\n#FTPGETPKT: fw.bin,0,1\r\n\r\nOK\r\n").await;
        assert_eq!(short(&server.transfers()), [transfer("RETR", "/fw.bin", 10, 18, true)]);
    });
}

#[test]
fn data_mode_in_both_directions() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNO CARRIER\r\n")).await;
        port.ask("AT#FTPGET=\"none\"", "\r\nNO CARRIER\r\n").await;
        port.ask("AT#FTPPUT=\"up.bin\",0", "\r\nCONNECT\r\n").await;
        port.write(FILE).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        port.write("+++").await;
        port.expect("\r\nNO CARRIER\r\n").await;
        assert_eq!(server.get("up.bin").unwrap(), FILE);
    });
}

#[test]
fn an_upload_in_command_mode() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ok("AT#FTPPUT=\"up.bin\",1").await;
        port.ask("AT#FTPAPPEXT=5", "\r\n> ").await;
        port.write("\x1a\x1b\x08\r\n").await;
        port.expect("\r\n#FTPAPPEXT: 5\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPAPPEXT=3,1", "\r\n> ").await;
        port.write("end").await;
        port.expect("\r\n#FTPAPPEXT: 3\r\n\r\nOK\r\n").await;
        port.ok("AT#FTPAPP=\"up.bin\",1").await;
        port.ask("AT#FTPAPPEXT=1,1", "\r\n> ").await;
        port.write("!").await;
        port.expect("\r\n#FTPAPPEXT: 1\r\n\r\nOK\r\n").await;
        assert_eq!(server.get("/up.bin").unwrap(), "\x1a\x1b\x08\r\nend!");
        let expected = [transfer("STOR", "/up.bin", 0, 8, true), transfer("APPE", "/up.bin", 0, 1, true)];
        assert_eq!(short(&server.transfers()), expected);
    });
}

/// The server dials the module.
#[test]
fn active_mode() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = ready(module(&peers)).await;
        port.ok("AT#FTPOPEN=\"files.test:21\",\"device\",\"let-me-in\",0,1").await;
        port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNO CARRIER\r\n")).await;
        let commands = server.commands();
        assert!(commands.iter().any(|line| line.starts_with("PORT 10,0,0,1,")), "{commands:?}");
        assert!(!server.transfers()[0].secured);
    });
}

#[test]
fn a_transfer_can_break() {
    in_virtual_time(async {
        let (peers, server) = peers();
        server.put("/large", vec![7; 100_000]);
        let (_module, mut port) = logged_in(module(&peers)).await;
        server.cut_next_transfer_after(5000);
        port.ok("AT#FTPGETPKT=\"large\",0").await;
        settle().await;
        let block =
            |length: usize| format!("\r\n#FTPRECV: {length}\r\n{}\r\n\r\nOK\r\n", "\x07".repeat(length));
        port.ask("AT#FTPRECV=3000", &block(3000)).await;
        port.ask("AT#FTPRECV=3000", &block(2000)).await;
        port.ask("AT#FTPRECV=3000", "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
        port.ask("AT#FTPGETPKT?", "\r\n#FTPGETPKT: large,0,0\r\n\r\nOK\r\n").await;
        assert_eq!(short(&server.transfers()), [transfer("RETR", "/large", 0, 5000, false)]);
    });
}

#[test]
fn who_is_not_let_in_is_told() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ok("AT#FTPCLOSE").await;
        port.ask(
            "AT#FTPOPEN=\"files.test\",\"device\",\"wrong\",1,1",
            "\r\n+CME ERROR: FTP login incorrect\r\n",
        )
        .await;
        port.ask(
            "AT#FTPOPEN=\"files.test:22\",\"d\",\"w\",1,1",
            "\r\n+CME ERROR: Can not connect control socket\r\n",
        )
        .await;
        port.ask("AT#FTPOPEN=\"nobody.test\",\"d\",\"w\",1,1", "\r\n+CME ERROR: Can not resolve name\r\n")
            .await;
    });
}

#[test]
fn commands_of_the_server() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        let both = "\r\n350 What shall it be called?\r\n\r\n250 Renamed\r\n\r\nOK\r\n";
        port.ask("AT#FTPCMD=\"RNFR fw.bin\",3,\"RNTO old.bin\",2", both).await;
        assert_eq!(server.paths(), ["/old.bin"]);
        port.ask("AT#FTPCMD=\"MKD logs\",2", "\r\n257 \"/logs\" made\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPCMD=\"RMD logs\",2", "\r\n250 Removed\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPCMD=\"RNFR none\",3", "\r\n+CME ERROR: FTP file not found\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 550 /none: no such file\r\n\r\nOK\r\n").await;
    });
}

#[test]
fn a_file_for_the_module_itself() {
    in_virtual_time(async {
        let (peers, server) = peers();
        server.put("/large", vec![b'x'; 10_000]);
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ask("AT#FTPGETF=?", "\r\n#FTPGETF: 200,192,(0,1),(0,1)\r\n\r\nOK\r\n").await;
        port.ok("AT#FTPGETF=\"fw.bin\",\"own.bin\"").await;
        port.ask("AT#M2MREAD=\"/mod/own.bin\"", &format!("\r\n<<<{FILE}\r\nOK\r\n")).await;
        port.ask("AT#FTPGETF=\"large\",\"own.bin\"", "\r\nERROR\r\n").await;
        port.ask("AT#FTPGETF=\"large\",\"own.bin\",1,1", "##\r\nOK\r\n").await;
        port.ask("AT#FTPGETF=\"none\",\"none\"", "\r\n+CME ERROR: FTP file not found\r\n").await;
        server.cut_next_transfer_after(5000);
        port.ask("AT#FTPGETF=\"large\",\"half\"", "\r\n+CME ERROR: FTP open channel timeout\r\n").await;
        port.ask("AT#M2MREAD=\"half\"", "\r\nERROR\r\n").await;
        port.ok("AT#M2MDEL=\"own.bin\"").await;
        port.ask("AT#M2MDEL=\"own.bin\"", "\r\nERROR\r\n").await;
        port.ok("AT#FTPREST=20").await;
        port.ok("AT#FTPGETF=\"fw.bin\",\"end\"").await;
        port.ask("AT#M2MREAD=\"end\"", &format!("\r\n<<<{}\r\nOK\r\n", &FILE[20..])).await;
    });
}

#[test]
fn positions_have_more_than_32_bits() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ok("AT#FTPREST=5368709120").await;
        port.ask("AT#FTPREST?", "\r\n#FTPREST:5368709120\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPREST=18446744073709551616", "\r\nERROR\r\n").await;
        port.ask("AT#FTPREST=-1", "\r\nERROR\r\n").await;
    });
}

#[test]
fn a_deletion_may_be_answered_late() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::LateDeletes)).await;
        port.ask("AT#FTPDELE=\"fw.bin\"", "\r\nERROR\r\n").await;
        settle().await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 250 Deleted\r\n\r\nOK\r\n").await;
        assert!(server.paths().is_empty());
        port.ask("AT#FTPPWD", "\r\n#FTPPWD: 257 \"/\" is the current directory\r\n\r\nOK\r\n").await;
    });
}

#[test]
fn messages_may_come_without_their_prefix() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::BareMessages)).await;
        port.ask("AT#FTPPWD", "\r\n257 \"/\" is the current directory\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPMSG", "\r\n257 \"/\" is the current directory\r\n\r\nOK\r\n").await;
    });
}

#[test]
fn the_last_message_may_outlive_a_session_that_never_was() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let open = "AT#FTPOPEN=\"files.test\",\"device\",\"wrong\",1,1";
        let (_module, mut port) = ready(module(&peers)).await;
        port.ask(open, "\r\n+CME ERROR: FTP login incorrect\r\n").await;
        port.ask("AT#FTPMSG", "\r\n+CME ERROR: Not connected\r\n").await;
        let (_module, mut port) = ready(module(&peers).quirk(Quirk::LastMessageKept)).await;
        port.ask(open, "\r\n+CME ERROR: FTP login incorrect\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 530 Login incorrect\r\n\r\nOK\r\n").await;
    });
}

#[test]
fn a_position_that_the_server_refuses() {
    in_virtual_time(async {
        let (peers, server) = peers();
        server.refuse_restart();
        let (_module, mut port) = logged_in(module(&peers)).await;
        port.ok("AT#FTPREST=10").await;
        port.ask("AT#FTPGET=\"fw.bin\"", "\r\nNO CARRIER\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 502 REST not implemented\r\n\r\nOK\r\n").await;
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::RefusedRestartIgnored)).await;
        port.ok("AT#FTPREST=10").await;
        port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNO CARRIER\r\n")).await;
    });
}

#[test]
fn a_session_may_be_good_for_one_download() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::OneDownloadASession)).await;
        port.ok("AT#FTPGETPKT=\"fw.bin\",0").await;
        settle().await;
        port.ask("AT#FTPRECV=3000", &format!("\r\n#FTPRECV: 28\r\n{FILE}\r\n\r\nOK\r\n")).await;
        port.ask("AT#FTPGETPKT?", "\r\n#FTPGETPKT: fw.bin,0,1\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPGETPKT=\"fw.bin\",0", "\r\n+CME ERROR: Bad or no response from server\r\n").await;
        port.ok("AT#FTPCLOSE").await;
        port.ok(OPEN).await;
        port.ok("AT#FTPGETPKT=\"fw.bin\",0").await;
    });
}

#[test]
fn data_may_end_in_one_word() {
    in_virtual_time(async {
        let (peers, _server) = peers();
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::NoCarrierInOneWord)).await;
        port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNOCARRIER\r\n")).await;
    });
}

#[test]
fn a_server_may_answer_otherwise() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        server.answer_next("SIZE", "450 Busy");
        port.ask("AT#FTPFSIZE=\"fw.bin\"", "\r\n+CME ERROR: FTP open channel timeout\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 450 Busy\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPFSIZE=\"fw.bin\"", "\r\n#FTPFSIZE: 28\r\n\r\nOK\r\n").await;
        server.ignore_restart();
        port.ok("AT#FTPREST=10").await;
        port.ask("AT#FTPGET=\"fw.bin\"", &format!("\r\nCONNECT\r\n{FILE}\r\nNO CARRIER\r\n")).await;
        server.ignore_next("SIZE");
        port.write("AT#FTPFSIZE=\"fw.bin\"\r").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        port.expect("\r\n+CME ERROR: FTP timed out\r\n").await;
    });
}

/// The file stays as it was.
#[test]
fn an_upload_may_be_rejected_in_the_end() {
    in_virtual_time(async {
        let (peers, server) = peers();
        let (_module, mut port) = logged_in(module(&peers)).await;
        let upload = async |port: &mut Port, answer: &str| {
            port.ok("AT#FTPPUT=\"fw.bin\",1").await;
            port.ask("AT#FTPAPPEXT=3,1", "\r\n> ").await;
            port.write("new").await;
            port.expect(answer).await;
            port.ask("AT#FTPMSG", "\r\n#FTPMSG: 552 Quota exceeded\r\n\r\nOK\r\n").await;
            assert_eq!(server.get("/fw.bin").unwrap(), FILE);
        };
        server.reject_next_upload("552 Quota exceeded");
        upload(&mut port, "\r\n+CME ERROR: FTP CmdMode data socket closed\r\n").await;
        let (_module, mut port) = logged_in(module(&peers).quirk(Quirk::AppendsEndEarly)).await;
        server.reject_next_upload("552 Quota exceeded");
        upload(&mut port, "\r\n#FTPAPPEXT: 3\r\n\r\nOK\r\n").await;
        server.answer_next("RETR", "550 No");
        port.ask("AT#FTPGET=\"fw.bin\"", "\r\nNO CARRIER\r\n").await;
        port.ok("AT#FTPPUT=\"fw.bin\",1").await;
        port.ask("AT#FTPAPPEXT=3,1", "\r\n> ").await;
        port.write("new").await;
        port.expect("\r\n#FTPAPPEXT: 3\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPMSG", "\r\n#FTPMSG: 226 Transfer complete\r\n\r\nOK\r\n").await;
        assert_eq!(server.get("/fw.bin").unwrap(), "new");
    });
}
