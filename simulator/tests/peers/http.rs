use std::time::Duration;

use telit_simulator::VirtualModule;
use telit_simulator::peers::{HttpServer, Peers, Response};

use crate::bench::{in_virtual_time, module, ready};
use crate::port::Port;

async fn served() -> (Peers, HttpServer, VirtualModule, Port) {
    let peers = Peers::new();
    let server = peers.http("http.test", 443);
    let (module, mut port) = ready(module(&peers)).await;
    port.ok("AT#HTTPCFG=0,\"http.test\",443,0,,,1,20,1").await;
    port.ok("AT#SSLSECCFG=1,0xC02F,0").await;
    (peers, server, module, port)
}

#[test]
fn a_request_is_recorded_as_it_came_and_answered_by_its_route() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("GET", "/a", Response::ok("text/plain", "x".repeat(100)));
        port.ask(
            "AT#HTTPQRY=0,0,\"/a?b=c\",\"X-One: 1>>X-Two: 2\"",
            "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",100\r\n",
        )
        .await;
        port.ask("AT#HTTPRCV=0,64", &format!("\r\n<<<{}\r\nOK\r\n", "x".repeat(64))).await;
        port.ask("AT#HTTPRCV=0,64", &format!("\r\n<<<{}\r\nOK\r\n", "x".repeat(36))).await;
        port.ask("AT#HTTPRCV=0,64", "\r\n+CME ERROR: wrong state\r\n").await;
        let [request] = server.requests().try_into().unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str(), request.secured),
            ("GET", "/a?b=c", true)
        );
        let headers: Vec<_> = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(headers, [("Host", "http.test"), ("Connection", "close"), ("X-One", "1"), ("X-Two", "2")]);
    });
}

#[test]
fn every_method_and_a_body_of_any_bytes() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        for (method, status) in [("POST", 201), ("PUT", 204), ("DELETE", 204)] {
            server.handle(method, "/thing", move |request| {
                Response::new(status).body(request.body.clone()).header("Content-Type", "a/b")
            });
        }
        server.route("GET", "/thing", Response::ok("text/plain", "four"));
        port.ask("AT#HTTPSND=0,0,\"/thing\",9,\"application/json\"", "\r\n>>>").await;
        port.write("{\"a\":\x1a\x1b}\n").await;
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,201,\"a/b\",9\r\n").await;
        port.ask("AT#HTTPRCV=0", "\r\n<<<{\"a\":\x1a\x1b}\n\r\nOK\r\n").await;
        port.ask("AT#HTTPSND=0,1,\"/thing\",1", "\r\n>>>").await;
        port.write("x").await;
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,204,\"a/b\",0\r\n").await;
        port.ask("AT#HTTPQRY=0,2,\"/thing\"", "\r\nOK\r\n\r\n#HTTPRING: 0,204,\"a/b\",0\r\n").await;
        port.ask("AT#HTTPQRY=0,1,\"/thing\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",4\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/none\"", "\r\nOK\r\n\r\n#HTTPRING: 0,404,\"\",0\r\n").await;
        let requests: Vec<_> =
            server.requests().iter().map(|request| (request.method.clone(), request.body.clone())).collect();
        let expected = [
            ("POST", &b"{\"a\":\x1a\x1b}\n"[..]),
            ("PUT", b"x"),
            ("DELETE", b""),
            ("HEAD", b""),
            ("GET", b""),
        ];
        assert_eq!(requests, expected.map(|(method, body)| (method.to_owned(), body.into())));
        assert_eq!(server.requests()[0].header("content-type"), Some("application/json"));
    });
}

#[test]
fn a_body_of_unknown_length_ends_with_an_empty_block() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("GET", "/chunked", Response::ok("text/plain", "0,1,1,0,0").chunked(4));
        server.route("GET", "/close", Response::ok("text/plain", "0,1,1,0,0").until_close());
        for path in ["/chunked", "/close"] {
            let answer = "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",0\r\n";
            port.ask(&format!("AT#HTTPQRY=0,0,\"{path}\""), answer).await;
            port.ask("AT#HTTPRCV=0,64", "\r\n<<<0,1,1,0,0\r\nOK\r\n").await;
            port.ask("AT#HTTPRCV=0,64", "\r\n<<<\r\nOK\r\n").await;
        }
    });
}

#[test]
fn a_file_can_be_had_from_any_byte_on() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.serve_file("/file", "a/b", "0123456789");
        port.ask(
            "AT#HTTPQRY=0,0,\"/file\",\"Range: bytes=6-\"",
            "\r\nOK\r\n\r\n#HTTPRING: 0,206,\"a/b\",4\r\n",
        )
        .await;
        port.ask("AT#HTTPRCV=0", "\r\n<<<6789\r\nOK\r\n").await;
        port.ask(
            "AT#HTTPQRY=0,0,\"/file\",\"Range: bytes=10-\"",
            "\r\nOK\r\n\r\n#HTTPRING: 0,416,\"\",0\r\n",
        )
        .await;
        port.ask("AT#HTTPQRY=0,1,\"/file\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",10\r\n").await;
    });
}

#[test]
fn a_large_body_comes_as_the_host_takes_it() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        let body = "c".repeat(300_000);
        server.route("GET", "/", Response::new(200).body(body.clone()));
        port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"\",300000\r\n").await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        port.ask("AT#HTTPRCV=0", &format!("\r\n<<<{body}\r\nOK\r\n")).await;
    });
}

#[test]
fn late_silent_and_broken_answers() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("GET", "/late", Response::new(200).delay(Duration::from_millis(19_999)));
        server.route("GET", "/never", Response::silence());
        server.route("GET", "/cut", Response::new(200).body("0123456789").cut_after(4));
        port.ask("AT#HTTPQRY=0,0,\"/late\"", "\r\nOK\r\n").await;
        port.silent(Duration::from_millis(19_990)).await;
        port.expect("\r\n#HTTPRING: 0,200,\"\",0\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/never\"", "\r\nOK\r\n").await;
        port.silent(Duration::from_millis(19_990)).await;
        port.expect("\r\n#HTTPRING: 0,0,\"\",0\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/cut\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"\",10\r\n").await;
        port.ask("AT#HTTPRCV=0", "\r\n<<<0123\r\nOK\r\n").await;
    });
}

#[test]
fn a_body_is_stored_as_firmware() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("GET", "/fw", Response::ok("a/b", vec![0_u8; 10_000]));
        server.route("GET", "/short", Response::ok("a/b", "0123456789").cut_after(4));
        server.route("GET", "/chunks", Response::ok("a/b", vec![0_u8; 4096]).chunked(1000));
        port.ask("AT#HTTPRCVOTA=0", "\r\n+CME ERROR: wrong state\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/fw\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",10000\r\n").await;
        port.ask("AT#HTTPRCVOTA=0,2", "\r\nERROR\r\n").await;
        port.ask("AT#HTTPRCVOTA=0,1", "##\r\nOK\r\n").await;
        port.ask("AT#HTTPRCV=0", "\r\n+CME ERROR: wrong state\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/chunks\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",0\r\n").await;
        port.ask("AT#HTTPRCVOTA=0", "\r\nOK\r\n").await;
        port.ask("AT#HTTPQRY=0,0,\"/short\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",10\r\n").await;
        port.ask("AT#HTTPRCVOTA=0", "\r\nERROR\r\n").await;
    });
}

/// The last profile is set up for the vendor's service, and works for others too.
#[test]
fn each_profile_has_an_answer_of_its_own() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("GET", "/", Response::ok("a/b", "four"));
        port.ok("AT#HTTPCFG=0,,,,,,0").await;
        for profile in [1, 2] {
            port.ok(&format!("AT#HTTPCFG={profile},\"http.test\",443,0,,,1,20,1")).await;
            let ring = format!("\r\nOK\r\n\r\n#HTTPRING: {profile},200,\"a/b\",4\r\n");
            // GET is the default.
            port.ask(&format!("AT#HTTPQRY={profile},,\"/\""), &ring).await;
            port.ask("AT#HTTPRCV=0", "\r\n+CME ERROR: wrong state\r\n").await;
            port.ask(&format!("AT#HTTPRCV={profile}"), "\r\n<<<four\r\nOK\r\n").await;
            port.ok(&format!("AT#HTTPCFG={profile}")).await;
        }
        port.ask("AT#HTTPQRY=3,0,\"/\"", "\r\nERROR\r\n").await;
    });
}

#[test]
fn what_a_request_may_hold() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("POST", "/", Response::new(204));
        port.ok("AT#HTTPCFG=0,\"http.test\",443,1,\"me\",\"s3cret\",1,20,1,300,0,0").await;
        let ring = "\r\nOK\r\n\r\n#HTTPRING: 0,204,\"\",0\r\n";
        for (kind, sent) in [
            ("", None),
            (",0", Some("application/x-www-form-urlencoded")),
            (",1", Some("text/plain")),
            (",\"1:charset=utf-8\"", Some("text/plain; charset=utf-8")),
            (",2", Some("application/octet-stream")),
            (",\"3:boundary=----FormBoundary\"", Some("multipart/form-data; boundary=----FormBoundary")),
            (",\"application/json\"", Some("application/json")),
            (",,\"X-One: 1>>X-Two: 2\"", None),
        ] {
            port.ask(&format!("AT#HTTPSND=0,0,\"/\",1{kind}"), "\r\n>>>").await;
            port.write("x").await;
            port.expect(ring).await;
            let request = server.requests().pop().unwrap();
            assert_eq!(request.header("content-type"), sent, "{kind}");
            // RFC 7617: me:s3cret
            assert_eq!(request.header("authorization"), Some("Basic bWU6czNjcmV0"));
            assert_eq!(request.header("connection"), Some("close"));
        }
        let path = |length: usize| format!("AT#HTTPQRY=0,0,\"/{}\"", "p".repeat(length - 1));
        let header = |length: usize| format!("AT#HTTPQRY=0,0,\"/\",\"A: {}\"", "h".repeat(length - 3));
        let missing = "\r\nOK\r\n\r\n#HTTPRING: 0,404,\"\",0\r\n";
        for (line, answer) in [
            (path(150), missing),
            (path(151), "\r\nERROR\r\n"),
            (header(100), missing),
            (header(101), "\r\nERROR\r\n"),
            ("AT#HTTPQRY=0,0,\"no/slash\"".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPQRY=0,3,\"/\"".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPSND=0,2,\"/\",1".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPSND=0,0,\"/\",65536".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPSND=0,0,\"/\"".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPRCV=0,1501".to_owned(), "\r\nERROR\r\n"),
            ("AT#HTTPRCV=1500".to_owned(), "\r\nERROR\r\n"),
        ] {
            port.ask(&line, answer).await;
        }
    });
}

/// Whatever is typed is body, until it is whole: nothing leaves the prompt earlier.
#[test]
fn a_body_that_is_short_is_waited_for() {
    in_virtual_time(async {
        let (_peers, server, _module, mut port) = served().await;
        server.route("POST", "/", Response::new(204));
        port.ask("AT#HTTPSND=0,0,\"/\",9", "\r\n>>>").await;
        port.write("\x1b\x1a+++AT\r").await;
        port.silent(Duration::from_secs(3600)).await;
        port.write("\r").await;
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,204,\"\",0\r\n").await;
        assert_eq!(&server.requests()[0].body[..], b"\x1b\x1a+++AT\r\r");
    });
}
