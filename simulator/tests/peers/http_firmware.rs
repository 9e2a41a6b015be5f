//! Firmware whose HTTP client differs in what no manual tells, or tells in two ways.

use telit_simulator::peers::{HttpServer, Peers, Response};
use telit_simulator::{Quirk, VirtualModule};

use crate::bench::{in_virtual_time, module, ready};
use crate::port::Port;

/// A module with these quirks, and a server at which nobody is at port 81.
async fn served(quirks: &[Quirk]) -> (Peers, HttpServer, VirtualModule, Port) {
    let peers = Peers::new();
    let server = peers.http("http.test", 80);
    let module = quirks.iter().fold(module(&peers), |module, quirk| module.quirk(*quirk));
    let (module, mut port) = ready(module).await;
    port.ok("AT#HTTPCFG=0,\"http.test\",80,0,,,0,20,1").await;
    (peers, server, module, port)
}

const NOBODY: &str = "AT#HTTPCFG=0,\"nobody.test\",80,0,,,0,20,1";
const WRONG_STATE: &str = "\r\n+CME ERROR: wrong state\r\n";

#[test]
fn a_failure_is_an_error_of_the_command_or_a_ring() {
    in_virtual_time(async {
        let (_peers, _server, _module, mut port) = served(&[]).await;
        port.ok(NOBODY).await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: can not resolve DN\r\n").await;
        let (_peers, _server, _module, mut port) = served(&[Quirk::HttpFailuresRing]).await;
        port.ok(NOBODY).await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\nOK\r\n\r\n#HTTPRING: 0,0,\"\",0\r\n").await;
        port.ask("AT#HTTPRCV=0", WRONG_STATE).await;
    });
}

#[test]
fn the_prompt_comes_before_the_connection_or_after_it() {
    in_virtual_time(async {
        let (_peers, _server, _module, mut port) = served(&[]).await;
        port.ok(NOBODY).await;
        port.ask("AT#HTTPSND=0,0,\"/\",2", "\r\n>>>").await;
        port.write("{}").await;
        port.expect("\r\n+CME ERROR: can not resolve DN\r\n").await;
        let (_peers, server, _module, mut port) = served(&[Quirk::ConnectsBeforePrompt]).await;
        server.handle("PUT", "/", |request| Response::ok("text/plain", request.body.clone()));
        port.ask("AT#HTTPSND=0,1,\"/\",2,,\"X-One: 1\"", "\r\n>>>").await;
        port.write("{}").await;
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",2\r\n").await;
        port.ask("AT#HTTPRCV=0", "\r\n<<<{}\r\nOK\r\n").await;
        assert_eq!(server.requests()[0].header("content-length"), Some("2"));
        port.ok(NOBODY).await;
        port.ask("AT#HTTPSND=0,0,\"/\",2", "\r\n+CME ERROR: can not resolve DN\r\n").await;
    });
}

#[test]
fn a_network_that_is_lost_at_the_prompt_shows_behind_the_body() {
    in_virtual_time(async {
        let (_peers, _server, module, mut port) = served(&[Quirk::ConnectsBeforePrompt]).await;
        port.ask("AT#HTTPSND=0,0,\"/\",4", "\r\n>>>").await;
        module.set_network(false);
        port.write("AT\r\r").await;
        port.expect("\r\n+CME ERROR: context not opened\r\n").await;
        port.ok("AT").await;
    });
}

#[test]
fn the_forms_of_the_ring() {
    in_virtual_time(async {
        let rows: &[(&[Quirk], &str, &str, &str)] = &[
            (&[], " 0,200,\"a/b; c=d\",4", " 0,404,\"\",0", " 0,0,\"\",0"),
            (&[Quirk::HttpringTwoBlanks], " 0,200,\"a/b; c=d\",4", " 0,404,\"\",0", "  0,0,\"\",0"),
            (&[Quirk::HttpringWithoutQuotes], " 0,200,a/b; c=d,4", " 0,404,,0", " 0,0,,0"),
            (&[Quirk::HttpringWithoutTail], " 0,200,\"a/b; c=d\",4", " 0,404", " 0,0"),
        ];
        for (quirks, fine, missing, silent) in rows {
            let (_peers, server, _module, mut port) = served(quirks).await;
            server.route("GET", "/fine", Response::ok("a/b; c=d", "four"));
            server.route("GET", "/silent", Response::silence());
            for (path, ring) in [("fine", fine), ("missing", missing), ("silent", silent)] {
                let answer = format!("\r\nOK\r\n\r\n#HTTPRING:{ring}\r\n");
                port.ask(&format!("AT#HTTPQRY=0,0,\"/{path}\""), &answer).await;
            }
        }
    });
}

#[test]
fn chunks_with_their_framing_or_without() {
    in_virtual_time(async {
        for (quirks, body) in [
            (&[][..], "0,1,1,0,0"),
            (&[Quirk::ChunksAsTheyCome], "4\r\n0,1,\r\n4\r\n1,0,\r\n1\r\n0\r\n0\r\n\r\n"),
        ] {
            let (_peers, server, _module, mut port) = served(quirks).await;
            server.route("GET", "/", Response::ok("text/plain", "0,1,1,0,0").chunked(4));
            port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"text/plain\",0\r\n").await;
            port.ask("AT#HTTPRCV=0", &format!("\r\n<<<{body}\r\nOK\r\n")).await;
        }
    });
}

#[test]
fn an_unread_body_is_dropped_or_stands_in_the_way() {
    in_virtual_time(async {
        let ring = "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",100\r\n";
        let whole = format!("\r\n<<<{}\r\nOK\r\n", "x".repeat(100));
        let (_peers, server, _module, mut port) = served(&[]).await;
        server.route("GET", "/", Response::ok("a/b", "x".repeat(100)));
        port.ask("AT#HTTPQRY=0,0,\"/\"", ring).await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", ring).await;
        port.ask("AT#HTTPRCV=0", &whole).await;
        let (_peers, server, _module, mut port) = served(&[Quirk::UnreadBodyBlocks]).await;
        server.route("GET", "/", Response::ok("a/b", "x".repeat(100)));
        port.ask("AT#HTTPQRY=0,0,\"/\"", ring).await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", WRONG_STATE).await;
        port.ask("AT#HTTPSND=0,0,\"/\",1", WRONG_STATE).await;
        port.ask("AT#HTTPRCV=0", &whole).await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", ring).await;
        // The profile's defaults take the answer with them.
        port.ok("AT#HTTPCFG=0").await;
        port.ask("AT#HTTPRCV=0", WRONG_STATE).await;
        port.ok("AT#HTTPCFG=0,\"http.test\",80").await;
        port.ask("AT#HTTPQRY=0,0,\"/\"", ring).await;
    });
}

#[test]
fn an_empty_block_ends_a_body_of_unknown_length_or_an_error() {
    in_virtual_time(async {
        for (quirks, end) in [(&[][..], "\r\n<<<\r\nOK\r\n"), (&[Quirk::NoEmptyBlock], WRONG_STATE)] {
            let (_peers, server, _module, mut port) = served(quirks).await;
            server.route("GET", "/", Response::ok("a/b", "four").until_close());
            port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\nOK\r\n\r\n#HTTPRING: 0,200,\"a/b\",0\r\n").await;
            port.ask("AT#HTTPRCV=0,64", "\r\n<<<four\r\nOK\r\n").await;
            port.ask("AT#HTTPRCV=0,64", end).await;
            port.ask("AT#HTTPRCV=0,64", WRONG_STATE).await;
        }
    });
}

#[test]
fn a_body_of_no_bytes_is_refused_or_sent() {
    in_virtual_time(async {
        let (_peers, _server, _module, mut port) = served(&[]).await;
        port.ask("AT#HTTPSND=0,0,\"/\",0", "\r\nERROR\r\n").await;
        let (_peers, server, _module, mut port) = served(&[Quirk::EmptyBodiesTaken]).await;
        server.route("POST", "/", Response::new(204));
        let ranges = "\r\n# HTTPSND: (0-2),(0,1),150,(0-65535),100,100\r\n\r\nOK\r\n";
        port.ask("AT#HTTPSND=?", ranges).await;
        port.ask("AT#HTTPSND=0,0,\"/\",0", "\r\n>>>\r\nOK\r\n\r\n#HTTPRING: 0,204,\"\",0\r\n").await;
        assert_eq!(server.requests()[0].header("content-length"), Some("0"));
    });
}

#[test]
fn a_client_without_tls_and_none_at_all() {
    in_virtual_time(async {
        let (_peers, _server, _module, mut port) = served(&[Quirk::HttpWithoutTls]).await;
        let ranges = "\r\n#HTTPCFG:(0-2),63,(1-65535),(0,1),50,50,(0),(1-65535),(1-6)\r\n\r\nOK\r\n";
        port.ask("AT#HTTPCFG=?", ranges).await;
        port.ask("AT#HTTPCFG=0,\"http.test\",443,0,,,1,20,1", "\r\nERROR\r\n").await;
        port.ask("AT#HTTPCFG=0,\"http.test\",443,0,,,0,20,1,300", "\r\nERROR\r\n").await;
        let peers = Peers::new();
        let (_module, mut port) = ready(module(&peers).quirk(Quirk::NoHttp)).await;
        for command in ["AT#HTTPCFG=?", "AT#HTTPCFG?", "AT#HTTPQRY=0,0,\"/\"", "AT#HTTPRCV=0"] {
            port.ask(command, "\r\nERROR\r\n").await;
        }
    });
}
