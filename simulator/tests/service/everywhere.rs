//! HTTP, FTP and MQTT on every platform that has them, with TLS where the platform has it for them.

use std::net::SocketAddr;

use telit_simulator::servers::{
    Authority, Broker, BrokerOptions, CertificateRequest, FrontOptions, Issued, RestOptions, RestServer,
};
use telit_simulator::{Builder, Platform, VirtualModule};

use crate::bench::store;
use crate::dialect::{ALL, Dialect};
use crate::file_server::{FileServer, Login, PASSWORD, USER};
use crate::port::{Port, start_newest};

const NO_HTTPS: &[Platform] = &[Platform::P25Linux, Platform::P25ThreadX];
const WITH_MQTT: &[Platform] =
    &[Platform::P25Linux, Platform::P25ThreadX, Platform::P30, Platform::P37, Platform::P52];
/// Those whose `#FTPOPEN` takes a context.
const NEWER: &[Platform] = &[Platform::P30, Platform::P37, Platform::P52];

struct Certified {
    authority: Authority,
    server: Issued,
}

impl Certified {
    fn new(name: &str) -> Self {
        let authority = Authority::new().unwrap();
        let server = authority.issue(&CertificateRequest::server(name)).unwrap();
        Self { authority, server }
    }

    fn front(&self) -> FrontOptions {
        FrontOptions::new(&self.server).danger_accept_everything()
    }
}

/// Registered, with a context.
async fn ready(module: Builder) -> (VirtualModule, Port) {
    let (module, mut port) = start_newest(module).await;
    port.ok("AT+CGDCONT=1,\"IP\",\"a\"").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    (module, port)
}

/// A module that can find `host:port` at `address`.
fn finding(dialect: &Dialect, host: &str, port: u16, address: SocketAddr) -> Builder {
    dialect.module().resolve(host, port, address)
}

/// The body of a GET, read whole.
async fn get(port: &mut Port, resource: &str, kind: &str, body: &str) {
    let ring = format!("\r\nOK\r\n\r\n#HTTPRING: 0,200,\"{kind}\",{}\r\n", body.len());
    port.ask(&format!("AT#HTTPQRY=0,0,\"{resource}\""), &ring).await;
    port.ask("AT#HTTPRCV=0", &format!("\r\n<<<{body}\r\nOK\r\n")).await;
}

#[tokio::test]
async fn http_without_tls() {
    let certified = Certified::new("rest.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    for dialect in &ALL {
        let module = finding(dialect, "rest.test", 80, server.plain_addr());
        let (_module, mut port) = ready(module).await;
        port.ok("AT#HTTPCFG=0,\"rest.test\",80,0,,,0,120,1").await;
        get(&mut port, "/health", "application/json", "{\"status\":\"ok\"}").await;
        port.ask("AT#HTTPSND=0,0,\"/telemetry\",5,\"1\"", "\r\n>>>").await;
        port.write("\x1a\x1b\r\n!").await;
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,201,").await;
    }
    let stored = server.telemetry();
    assert_eq!(stored.len(), ALL.len());
    assert!(stored.iter().all(|body| &body[..] == b"\x1a\x1b\r\n!"), "{stored:?}");
}

#[tokio::test]
async fn what_the_ring_tells_of_a_failure() {
    let certified = Certified::new("rest.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    for dialect in &ALL {
        let module = finding(dialect, "rest.test", 80, server.plain_addr());
        let (_module, mut port) = ready(module).await;
        port.ok("AT#HTTPCFG=0,\"rest.test\",80,0,,,0,120,1").await;
        // Only 37, and 52 after it, hide type and size.
        let hidden = [Platform::P37, Platform::P52].contains(&dialect.platform);
        let ring = if hidden { "404,\"\",0" } else { "404,\"text/plain; charset=utf-8\",11" };
        port.ask("AT#HTTPQRY=0,0,\"/status/404\"", &format!("\r\nOK\r\n\r\n#HTTPRING: 0,{ring}\r\n")).await;
    }
}

#[tokio::test]
async fn http_with_tls_by_the_first_secure_socket() {
    let certified = Certified::new("rest.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    let mut handshakes = 0;
    for dialect in &ALL {
        let module = finding(dialect, "rest.test", 443, server.addr());
        let (_module, mut port) = ready(module).await;
        if NO_HTTPS.contains(&dialect.platform) {
            port.ask("AT#HTTPCFG=0,\"rest.test\",443,0,,,1,120,1", "\r\nERROR\r\n").await;
            continue;
        }
        port.ok("AT#HTTPCFG=0,\"rest.test\",443,0,,,1,120,1").await;
        dialect.secure(&mut port, 1).await;
        // Nothing to verify by.
        let missing = "\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n";
        port.ask("AT#HTTPQRY=0,0,\"/health\"", missing).await;
        store(&mut port, 1, &certified.authority.certificate_pem()).await;
        get(&mut port, "/health", "application/json", "{\"status\":\"ok\"}").await;
        handshakes += 1;
        let handshake = server.front().wait_for_handshakes(handshakes).await.pop().unwrap();
        assert!(handshake.is_established(), "{}: {handshake:?}", dialect.platform);
        assert_eq!(handshake.suite, suite_name(dialect), "{}", dialect.platform);
        assert_eq!(handshake.server_name.is_some(), dialect.has_server_name, "{}", dialect.platform);
        port.ok("AT#HTTPCFG=0,\"rest.test\",443,0,,,0,120,1").await;
    }
}

#[tokio::test]
async fn http_refuses_a_server_it_cannot_verify() {
    let certified = Certified::new("rest.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    let other = Authority::new().unwrap();
    for dialect in ALL.iter().filter(|dialect| !NO_HTTPS.contains(&dialect.platform)) {
        let module = finding(dialect, "rest.test", 443, server.addr());
        let (_module, mut port) = ready(module).await;
        port.ok("AT#HTTPCFG=0,\"rest.test\",443,0,,,1,120,1").await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &other.certificate_pem()).await;
        port.ask("AT#HTTPQRY=0,0,\"/health\"", "\r\n+CME ERROR: SSL error during handshake\r\n").await;
    }
    assert!(server.requests().is_empty());
}

/// The order of SSL guide 8.2: set up while the sockets have TLS, then handed over.
#[tokio::test]
async fn http_takes_over_what_the_sockets_have_set_up() {
    // The name is wrong, which those see that can check it.
    let certified = Certified::new("other.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    for dialect in ALL.iter().filter(|dialect| !NO_HTTPS.contains(&dialect.platform)) {
        let module = finding(dialect, "rest.test", 443, server.addr());
        let (_module, mut port) = dialect.ready(module, 0).await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &certified.authority.certificate_pem()).await;
        let https = "AT#HTTPCFG=0,\"rest.test\",443,0,,,1,120,1";
        port.ask(https, "\r\n+CME ERROR: SSL already activated\r\n").await;
        port.ok("AT#SSLEN=1,0").await;
        port.ok(https).await;
        match dialect.checks_host() {
            true => {
                port.ask("AT#HTTPQRY=0,0,\"/health\"", "\r\n+CME ERROR: SSL error during handshake\r\n").await
            }
            false => get(&mut port, "/health", "application/json", "{\"status\":\"ok\"}").await,
        }
    }
}

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

fn suite_name(dialect: &Dialect) -> Option<String> {
    Some(
        match dialect.suite.1 {
            0x002F => "TLS_RSA_WITH_AES_128_CBC_SHA",
            0x003C => "TLS_RSA_WITH_AES_128_CBC_SHA256",
            0x006B => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
            _ => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        }
        .to_owned(),
    )
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
        let (_module, mut port) = ready(module).await;
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
        let (_module, mut port) = ready(module).await;
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
        let (_module, mut port) = ready(module).await;
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
    let (_module, mut port) = ready(module).await;
    port.ok("AT#FTPCFG=600,1,1,2").await;
    dialect.secure(&mut port, 1).await;
    store(&mut port, 1, &certified.authority.certificate_pem()).await;
    open(dialect, &mut port, "files.test:990").await;
    transfer(dialect, &mut port, &server).await;
    assert_eq!(server.logins().len(), 1);
    assert_eq!(server.logins()[0].suite, suite_name(dialect));
}

#[tokio::test]
async fn mqtt_with_and_without_tls() {
    let certified = Certified::new("broker.test");
    let broker = Broker::start(&BrokerOptions::with_front(certified.front())).await.unwrap();
    for (number, platform) in WITH_MQTT.iter().enumerate() {
        let dialect = Dialect::of(*platform);
        let module = finding(dialect, "broker.test", 1883, broker.plain_addr());
        let (_module, mut port) = ready(module.resolve("broker.test", 8883, broker.addr())).await;
        port.ok("AT#MQEN=1,1").await;
        port.ok("AT#MQCFG=1,\"broker.test\",1883,1").await;
        exchange(&mut port, &format!("plain-{number}")).await;
        port.ok("AT#MQCFG=1,\"broker.test\",8883,1,1").await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &certified.authority.certificate_pem()).await;
        exchange(&mut port, &format!("secure-{number}")).await;
        let handshake = broker.front().wait_for_handshakes(number + 1).await.pop().unwrap();
        assert_eq!(handshake.suite, suite_name(dialect), "{platform}");
        port.ok("AT#MQEN=1,0").await;
    }
}

/// A message to itself, then the end of the connection.
async fn exchange(port: &mut Port, topic: &str) {
    port.ok(&format!("AT#MQCONN=1,\"{topic}\",\"\",\"\"")).await;
    port.ok(&format!("AT#MQSUB=1,\"{topic}\"")).await;
    port.write(format!("AT#MQPUBS=1,\"{topic}\",0,1,\"abc\"\r")).await;
    let ring = format!("\r\n#MQRING: 1,1,{topic},3\r\n");
    let both = [format!("\r\nOK\r\n{ring}"), format!("{ring}\r\nOK\r\n")];
    let got = port.read(both[0].len()).await;
    assert!(both.contains(&got), "{got}");
    port.ask("AT#MQREAD=1,1", &format!("\r\n#MQREAD: 1,{topic},3\r\n<<<\r\nabc\r\n\r\nOK\r\n")).await;
    port.ok("AT#MQDISC=1").await;
}
