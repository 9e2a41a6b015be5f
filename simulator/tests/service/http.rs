use std::net::SocketAddr;
use std::time::Duration;

use telit_simulator::Quirk;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench;
use crate::port::Port;

/// A server that answers each connection with what the test says.
struct Server(TcpListener);

impl Server {
    async fn new() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self(listener), address)
    }

    /// Takes a request whole.
    async fn request(&self, body: usize) -> (String, TcpStream) {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut text = Vec::new();
        while !text.windows(4).any(|window| window == b"\r\n\r\n") {
            text.push(stream.read_u8().await.unwrap());
        }
        let mut rest = vec![0; body];
        stream.read_exact(&mut rest).await.unwrap();
        text.extend_from_slice(&rest);
        (String::from_utf8(text).unwrap(), stream)
    }
}

async fn module(address: SocketAddr) -> (telit_simulator::VirtualModule, Port) {
    let (module, mut port) = bench::ready(bench::module("http.test", 80, address)).await;
    port.ok("AT#HTTPCFG=0,\"http.test\",80,0,,,0,2,1").await;
    (module, port)
}

#[tokio::test]
async fn a_body_of_known_length_is_read_in_blocks() {
    let (server, address) = Server::new().await;
    let (_module, mut port) = module(address).await;
    port.write("AT#HTTPQRY=0,0,\"/a?b=c\",\"X-One: 1>>X-Two: 2\"\r").await;
    let (request, mut stream) = server.request(0).await;
    assert!(request.starts_with("GET /a?b=c HTTP/1.1\r\nHost: http.test\r\n"), "{request}");
    assert!(request.contains("\r\nConnection: close\r\n"), "{request}");
    assert!(request.ends_with("\r\nX-One: 1\r\nX-Two: 2\r\n\r\n"), "{request}");
    port.expect("\r\nOK\r\n").await;
    let body = format!("\r\nOK\r\n{}", "b".repeat(94));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 100\r\n\r\n";
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    port.expect("\r\n#HTTPRING: 0,200,\"text/plain; charset=utf-8\",100\r\n").await;
    port.ask("AT#HTTPRCV=0,63", "\r\nERROR\r\n").await;
    port.ask("AT#HTTPRCV=0,64", &format!("\r\n<<<{}\r\nOK\r\n", &body[..64])).await;
    port.ask("AT#HTTPRCV=0,64", &format!("\r\n<<<{}\r\nOK\r\n", &body[64..])).await;
    port.ask("AT#HTTPRCV=0,64", "\r\n+CME ERROR: wrong state\r\n").await;
}

#[tokio::test]
async fn a_body_of_unknown_length_ends_with_an_empty_block() {
    let (server, address) = Server::new().await;
    let (_module, mut port) = module(address).await;
    port.write("AT#HTTPQRY=0,0,\"/\"\r").await;
    let (_, mut stream) = server.request(0).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n0,1,1,0,0").await.unwrap();
    drop(stream);
    port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,200,\"\",0\r\n").await;
    port.ask("AT#HTTPRCV=0,64", "\r\n<<<0,1,1,0,0\r\nOK\r\n").await;
    port.ask("AT#HTTPRCV=0,64", "\r\n<<<\r\nOK\r\n").await;
    port.ask("AT#HTTPRCV=0,64", "\r\n+CME ERROR: wrong state\r\n").await;
}

#[tokio::test]
async fn everything_in_one_go() {
    let (server, address) = Server::new().await;
    let (_module, mut port) = module(address).await;
    port.write("AT#HTTPQRY=0,0,\"/\"\r").await;
    let (_, mut stream) = server.request(0).await;
    let body = "c".repeat(300_000);
    let answer = format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let sending = tokio::spawn(async move { stream.write_all(answer.as_bytes()).await.unwrap() });
    port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,206,\"\",300000\r\n").await;
    port.ask("AT#HTTPRCV=0", &format!("\r\n<<<{body}\r\nOK\r\n")).await;
    port.ask("AT#HTTPRCV=0", "\r\n+CME ERROR: wrong state\r\n").await;
    sending.await.unwrap();
}

#[tokio::test]
async fn a_post_is_prompted_and_counted() {
    let (server, address) = Server::new().await;
    let (_module, mut port) = module(address).await;
    port.ask("AT#HTTPSND=0,0,\"/api\",9,\"application/json\"", "\r\n>>>").await;
    port.write("{\"a\":\x1a\x1b}").await;
    port.write("\n").await;
    let (request, mut stream) = server.request(9).await;
    assert!(request.starts_with("POST /api HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":\x1a\x1b}\n"), "{request}");
    stream
        .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nnone")
        .await
        .unwrap();
    // Type and size are shown for 200 to 206 only.
    port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,404,\"\",0\r\n").await;
    port.ask("AT#HTTPRCV=0,64", "\r\n<<<none\r\nOK\r\n").await;
}

#[tokio::test]
async fn silence_is_status_0_and_a_closed_port_an_error() {
    let (server, address) = Server::new().await;
    let (_module, mut port) = module(address).await;
    port.write("AT#HTTPQRY=0,0,\"/\"\r").await;
    let (_, stream) = server.request(0).await;
    port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,0,\"\",0\r\n").await;
    port.ask("AT#HTTPRCV=0,64", "\r\n+CME ERROR: wrong state\r\n").await;
    drop((server, stream));
    tokio::time::sleep(Duration::from_millis(50)).await;
    port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: can not open socket\r\n").await;
}

#[tokio::test]
async fn a_block_is_as_long_as_it_can_be_or_what_has_arrived() {
    let body = "0123456789".repeat(20);
    for short in [false, true] {
        let (server, address) = Server::new().await;
        let module = bench::module("http.test", 80, address);
        let module = if short { module.quirk(Quirk::HttpBlocksShort) } else { module };
        let (_module, mut port) = bench::ready(module).await;
        port.ok("AT#HTTPCFG=0,\"http.test\",80").await;
        port.write("AT#HTTPQRY=0,0,\"/\"\r").await;
        let (_, mut stream) = server.request(0).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n";
        stream.write_all(format!("{head}{}", &body[..100]).as_bytes()).await.unwrap();
        port.expect("\r\nOK\r\n\r\n#HTTPRING: 0,200,\"\",200\r\n").await;
        port.write("AT#HTTPRCV=0,150\r").await;
        if short {
            port.expect(&format!("\r\n<<<{}\r\nOK\r\n", &body[..100])).await;
            continue;
        }
        stream.write_all(&body.as_bytes()[100..]).await.unwrap();
        port.expect(&format!("\r\n<<<{}\r\nOK\r\n", &body[..150])).await;
    }
}
