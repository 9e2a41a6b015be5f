use telit_simulator::Platform;
use telit_simulator::servers::{Authority, RestOptions, RestServer};

use super::{Certified, finding, ready, suite_name};
use crate::bench::store;
use crate::dialect::{ALL, Dialect};
use crate::port::{Port, internet};

const NO_HTTPS: &[Platform] = &[Platform::P25Linux, Platform::P25ThreadX];

/// `#HTTPCFG` with the context of the Internet.
fn configuration(dialect: &Dialect, port: u16, tls: u8) -> String {
    format!("AT#HTTPCFG=0,\"rest.test\",{port},0,,,{tls},120,{}", internet(dialect.platform))
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
        let (_module, mut port) = ready(dialect, module).await;
        port.ok(&configuration(dialect, 80, 0)).await;
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
        let (_module, mut port) = ready(dialect, module).await;
        port.ok(&configuration(dialect, 80, 0)).await;
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
        let (_module, mut port) = ready(dialect, module).await;
        if NO_HTTPS.contains(&dialect.platform) {
            port.ask(&configuration(dialect, 443, 1), "\r\nERROR\r\n").await;
            continue;
        }
        port.ok(&configuration(dialect, 443, 1)).await;
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
        port.ok(&configuration(dialect, 443, 0)).await;
    }
}

#[tokio::test]
async fn http_refuses_a_server_it_cannot_verify() {
    let certified = Certified::new("rest.test");
    let server = RestServer::start(&RestOptions::with_front(certified.front())).await.unwrap();
    let other = Authority::new().unwrap();
    for dialect in ALL.iter().filter(|dialect| !NO_HTTPS.contains(&dialect.platform)) {
        let module = finding(dialect, "rest.test", 443, server.addr());
        let (_module, mut port) = ready(dialect, module).await;
        port.ok(&configuration(dialect, 443, 1)).await;
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
        let https = configuration(dialect, 443, 1);
        port.ask(&https, "\r\n+CME ERROR: SSL already activated\r\n").await;
        port.ok("AT#SSLEN=1,0").await;
        port.ok(&https).await;
        match dialect.checks_host() {
            true => {
                port.ask("AT#HTTPQRY=0,0,\"/health\"", "\r\n+CME ERROR: SSL error during handshake\r\n").await
            }
            false => get(&mut port, "/health", "application/json", "{\"status\":\"ok\"}").await,
        }
    }
}
