use telit_simulator::Platform;
use telit_simulator::servers::Authority;

use super::{Certified, finding, ready, suite_name};
use crate::bench::store;
use crate::dialect::{ALL, Dialect};
use crate::file_server::{FileServer, Login, PASSWORD, USER};
use crate::port::Port;

/// Those whose `#FTPOPEN` takes a context.
const NEWER: &[Platform] = &[Platform::P30, Platform::P37, Platform::P52];

const FILE: &str = "0123456789\r\nOK\r\nNO CARRIER\r\n";

/// Opens a session; `<cid>` is given where it can be.
async fn open(dialect: &Dialect, port: &mut Port, server: &str) {
    let context = if NEWER.contains(&dialect.platform) { ",1" } else { "" };
    port.ok(&format!("AT#FTPOPEN=\"{server}\",\"{USER}\",\"{PASSWORD}\",1{context}")).await;
}

/// A part of a file down, a file up.
async fn transfer(dialect: &Dialect, port: &mut Port, server: &FileServer) {
    port.ok("AT#FTPTYPE=0").await;
    port.ask("AT#FTPFSIZE=\"fw.bin\"", "\r\n#FTPFSIZE: 28\r\n\r\nOK\r\n").await;
    port.ok("AT#FTPREST=10").await;
    let blank = if dialect.platform == Platform::P37 { "" } else { " " };
    port.ask("AT#FTPREST?", &format!("\r\n#FTPREST:{blank}10\r\n\r\nOK\r\n")).await;
    port.ok("AT#FTPGETPKT=\"fw.bin\"").await;
    while port.answer("AT#FTPRECV?").await != "\r\n#FTPRECV: 18\r\n\r\nOK\r\n" {
        tokio::task::yield_now().await;
    }
    port.ask("AT#FTPRECV=3000", &format!("\r\n#FTPRECV: 18\r\n{}\r\n\r\nOK\r\n", &FILE[10..])).await;
    while port.answer("AT#FTPGETPKT?").await != "\r\n#FTPGETPKT: fw.bin,0,1\r\n\r\nOK\r\n" {
        tokio::task::yield_now().await;
    }
    port.ok("AT#FTPPUT=\"up.bin\",1").await;
    port.ask("AT#FTPAPPEXT=5,1", "\r\n> ").await;
    port.write("\x1a\x1b\x08\r\n").await;
    port.expect("\r\n#FTPAPPEXT: 5\r\n\r\nOK\r\n").await;
    assert_eq!(server.file("up.bin").unwrap(), b"\x1a\x1b\x08\r\n", "{}", dialect.platform);
    port.ok("AT#FTPCLOSE").await;
}

async fn file_server(certified: &Certified) -> FileServer {
    let server = FileServer::start(&certified.server).await;
    server.put("fw.bin", FILE);
    server
}

#[tokio::test]
async fn ftp_without_tls() {
    let server = file_server(&Certified::new("files.test")).await;
    for dialect in &ALL {
        let module = finding(dialect, "files.test", 21, server.explicit);
        let (_module, mut port) = ready(dialect, module).await;
        port.ok("AT#FTPCFG=600,1").await;
        open(dialect, &mut port, "files.test").await;
        transfer(dialect, &mut port, &server).await;
    }
    let plain = Login { suite: None, data_suites: vec![None, None] };
    assert_eq!(server.logins(), vec![plain; ALL.len()]);
}

#[tokio::test]
async fn ftp_with_tls_by_the_first_secure_socket() {
    let certified = Certified::new("files.test");
    let server = file_server(&certified).await;
    for dialect in &ALL {
        let module = finding(dialect, "files.test", 21, server.explicit);
        let (_module, mut port) = ready(dialect, module).await;
        port.ok("AT#FTPCFG=600,1,1").await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &certified.authority.certificate_pem()).await;
        open(dialect, &mut port, "files.test").await;
        transfer(dialect, &mut port, &server).await;
        let login = server.logins().pop().unwrap();
        let suite = suite_name(dialect);
        let expected = Login { suite: suite.clone(), data_suites: vec![suite.clone(), suite] };
        assert_eq!(login, expected, "{}", dialect.platform);
        port.ok("AT#FTPCFG=600,1,0").await;
        port.ok("AT#SSLEN=1,1").await;
    }
}

#[tokio::test]
async fn ftp_refuses_a_server_it_cannot_verify() {
    let server = file_server(&Certified::new("files.test")).await;
    let other = Authority::new().unwrap();
    for dialect in &ALL {
        let module = finding(dialect, "files.test", 21, server.explicit);
        let (_module, mut port) = ready(dialect, module).await;
        port.ok("AT#FTPCFG=600,1,1").await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &other.certificate_pem()).await;
        let open = format!("AT#FTPOPEN=\"files.test\",\"{USER}\",\"{PASSWORD}\",1");
        port.ask(&open, "\r\n+CME ERROR: SSL error during handshake\r\n").await;
    }
    assert!(server.logins().is_empty());
}

#[tokio::test]
async fn tls_from_the_first_byte_on_52() {
    let certified = Certified::new("files.test");
    let server = file_server(&certified).await;
    let dialect = Dialect::of(Platform::P52);
    let module = finding(dialect, "files.test", 990, server.implicit);
    let (_module, mut port) = ready(dialect, module).await;
    port.ok("AT#FTPCFG=600,1,1,2").await;
    dialect.secure(&mut port, 1).await;
    store(&mut port, 1, &certified.authority.certificate_pem()).await;
    open(dialect, &mut port, "files.test:990").await;
    transfer(dialect, &mut port, &server).await;
    assert_eq!(server.logins().len(), 1);
    assert_eq!(server.logins()[0].suite, suite_name(dialect));
}
