//! The client against scripted servers, byte by byte.

use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;

use super::super::test_support::{
    AMPLE, Authority, LeafOptions, Peer, SHORT, TlsServer, listen, tls_settings,
};
use super::super::{NetError, Network};
use super::*;

const GET: &str = "GET /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n";

fn get() -> Request {
    Request {
        host: "server.test".into(),
        port: 80,
        tls: None,
        method: Method::Get,
        resource: "/x".into(),
        headers: Vec::new(),
        basic_auth: None,
        content_type: None,
        body: Bytes::new(),
        chunks_as_they_come: false,
        connect_timeout: AMPLE,
        timeout: AMPLE,
    }
}

fn network(port: u16) -> Network {
    Network::new(vec![
        format!("server.test:80=127.0.0.1:{port}").parse().unwrap(),
        format!("server.test:8080=127.0.0.1:{port}").parse().unwrap(),
        format!("server.test:443=127.0.0.1:{port}").parse().unwrap(),
    ])
}

/// Sends `request` to a server that expects `expected` and hands the connection over.
async fn exchange(request: Request, expected: &str) -> (Pending, Peer<TcpStream>) {
    let (listener, port) = listen().await;
    let network = network(port);
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect(expected).await;
        peer
    };
    let (sent, peer) = tokio::join!(send(&network, request), server);
    (sent.unwrap(), peer)
}

async fn whole(body: &mut Body) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

/// The answer to a GET when the server sends `answer` and closes.
async fn answered(answer: &[u8]) -> Result<Response, HttpError> {
    let (pending, mut peer) = exchange(get(), GET).await;
    peer.send(answer).await;
    peer.close().await;
    pending.response().await
}

#[tokio::test]
async fn a_get_with_headers_and_authentication() {
    let request = Request {
        headers: vec!["Accept: */*".into(), "X: y".into()],
        basic_auth: Some(("user".into(), "pass".into())),
        port: 8080,
        body: Bytes::from_static(b"not for a GET"),
        ..get()
    };
    let expected = "GET /x HTTP/1.1\r\nHost: server.test:8080\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\
        Connection: close\r\nAccept: */*\r\nX: y\r\n\r\n";
    let (pending, mut peer) = exchange(request, expected).await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello").await;
    let mut response = pending.response().await.unwrap();
    assert_eq!(
        (response.status, response.content_type.as_deref(), response.content_length),
        (200, Some("text/plain"), Some(5))
    );
    assert_eq!(whole(&mut response.body).await.unwrap(), b"hello");
    // The client says goodbye by itself, having sent nothing else.
    assert_eq!(peer.rest().await.unwrap(), b"");
}

#[tokio::test]
async fn a_post_carries_its_body_exactly() {
    let body = Bytes::from_static(b"\0\r\nOK\r\n\x1A+++");
    let request = Request {
        method: Method::Post,
        content_type: Some("text/plain".into()),
        body: body.clone(),
        ..get()
    };
    let head = "POST /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\nContent-Type: text/plain\r\n\
        Content-Length: 11\r\n\r\n";
    let (pending, mut peer) = exchange(request, head).await;
    peer.expect(&body).await;
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await;
    let mut response = pending.response().await.unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(whole(&mut response.body).await.unwrap(), b"");
}

#[tokio::test]
async fn the_other_methods() {
    let cases = [
        (Method::Head, "HEAD /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n"),
        (Method::Delete, "DELETE /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n"),
        (
            Method::Put,
            "PUT /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    for (method, expected) in cases {
        let (pending, mut peer) = exchange(Request { method, ..get() }, expected).await;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").await;
        let mut response = pending.response().await.unwrap();
        assert_eq!(response.content_length, Some(3));
        if method == Method::Head {
            assert_eq!(whole(&mut response.body).await.unwrap(), b"");
        } else {
            peer.send("abc").await;
            assert_eq!(whole(&mut response.body).await.unwrap(), b"abc");
        }
    }
}

#[tokio::test]
async fn what_would_break_out_of_its_line_is_not_sent() {
    let bad = [
        Request { resource: "/x y".into(), ..get() },
        Request { resource: "/x\r\nEvil: 1".into(), ..get() },
        Request { resource: String::new(), ..get() },
        Request { headers: vec!["A: b\r\nEvil: 1".into()], ..get() },
        Request { headers: vec![String::new()], ..get() },
        Request { method: Method::Post, content_type: Some("a\nb".into()), ..get() },
    ];
    for request in bad {
        assert_eq!(send(&Network::default(), request).await.unwrap_err(), HttpError::Invalid);
    }
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let mut response = answered(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 404 No\r\n\r\nx",
    )
    .await
    .unwrap();
    assert_eq!((response.status, response.content_length), (404, None));
    assert_eq!(whole(&mut response.body).await.unwrap(), b"x");
}

#[tokio::test]
async fn chunked_framing_is_removed() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n";
    let mut response = answered(answer).await.unwrap();
    assert_eq!(response.content_length, None);
    assert_eq!(whole(&mut response.body).await.unwrap(), b"0\r\n\r\n");
}

#[tokio::test]
async fn no_body_where_none_can_be() {
    for answer in [&b"HTTP/1.1 204 No Content\r\n\r\n"[..], b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n"]
    {
        let mut response = answered(answer).await.unwrap();
        assert_eq!(whole(&mut response.body).await.unwrap(), b"");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_says_so() {
    let cut = [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ];
    for answer in cut {
        let mut body = answered(answer).await.unwrap().body;
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"abc"))));
        assert_eq!(body.next().await, Some(Err(BodyError::CutOff)));
        assert_eq!(body.next().await, None);
    }
}

#[tokio::test]
async fn a_broken_chunk_is_malformed() {
    let mut body =
        answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").await.unwrap().body;
    assert_eq!(whole(&mut body).await, Err(BodyError::Malformed));
}

#[tokio::test]
async fn an_ended_connection_is_not_a_silent_one() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-"] {
        assert_eq!(answered(answer).await.unwrap_err(), HttpError::Receiving(NetError::Closed));
    }
    let (pending, _silent) = exchange(Request { timeout: SHORT, ..get() }, GET).await;
    assert_eq!(pending.response().await.unwrap_err(), HttpError::NoAnswer);

    // Drops of an answer do not prolong the wait.
    let (pending, mut peer) = exchange(Request { timeout: SHORT, ..get() }, GET).await;
    let dripping = tokio::spawn(async move {
        loop {
            if tokio::io::AsyncWriteExt::write_all(&mut peer.0, b"HTTP").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(pending.response().await.unwrap_err(), HttpError::NoAnswer);
    dripping.await.unwrap();
}

#[tokio::test]
async fn garbage_and_endless_heads_are_malformed() {
    let error = answered(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap_err();
    assert!(matches!(error, HttpError::Malformed(_)), "{error}");

    let (listener, port) = listen().await;
    let flooding = tokio::spawn(async move {
        let mut peer = Peer::accept(&listener).await;
        peer.expect(GET).await;
        peer.send("HTTP/1.1 200 OK\r\n").await;
        let line = format!("X: {}\r\n", "y".repeat(1000));
        // A megabyte of headers, or until the client has enough.
        for _ in 0..1000 {
            if tokio::io::AsyncWriteExt::write_all(&mut peer.0, line.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    let error = request(&network(port), get()).await.unwrap_err();
    assert!(matches!(error, HttpError::Malformed(_)), "{error}");
    flooding.await.unwrap();
}

#[tokio::test]
async fn a_stall_in_the_body_is_an_error() {
    let (pending, mut peer) = exchange(Request { timeout: SHORT, ..get() }, GET).await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc").await;
    let mut body = pending.response().await.unwrap().body;
    assert_eq!(whole(&mut body).await, Err(BodyError::Stalled));
}

#[tokio::test]
async fn a_slow_reader_holds_the_server_back_and_is_no_stall() {
    let size = 8 << 20;
    let (pending, mut peer) = exchange(Request { timeout: SHORT, ..get() }, GET).await;
    let sending = tokio::spawn(async move {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")).await;
        peer.send(vec![b'z'; size]).await;
        peer
    });
    let mut body = pending.response().await.unwrap().body;
    // Longer than the time-out, which must not count while the reader sleeps.
    tokio::time::sleep(SHORT * 2).await;
    assert!(!sending.is_finished(), "all of it was read ahead");
    assert_eq!(whole(&mut body).await.unwrap().len(), size);
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn dropping_the_body_closes_the_connection() {
    let (pending, mut peer) = exchange(get(), GET).await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
    drop(pending.response().await.unwrap());
    assert_eq!(peer.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn failures_to_send_are_not_missing_answers() {
    let (listener, port) = listen().await;
    drop(listener);
    assert_eq!(send(&network(port), get()).await.unwrap_err(), HttpError::Sending(NetError::Refused));
}

#[tokio::test]
async fn over_tls_a_body_without_length_ends_with_the_connection() {
    let authority = Authority::new("Test CA");
    let server = TlsServer::new(&authority.issue(&LeafOptions::default()));
    let (listener, port) = listen().await;
    let serving = async {
        let mut peer = server.accept(&listener).await.unwrap();
        peer.expect(GET).await;
        peer.send("HTTP/1.1 200 OK\r\n\r\nall").await;
        peer.cut().await;
    };
    let network = network(port);
    let tls = Some(tls_settings(&authority));
    let (response, ()) = tokio::join!(request(&network, Request { port: 443, tls, ..get() }), serving);
    assert_eq!(whole(&mut response.unwrap().body).await.unwrap(), b"all");
}

#[test]
fn secrets_do_not_show() {
    let request = Request {
        basic_auth: Some(("user".into(), "secret".into())),
        headers: vec!["Authorization: Bearer secret".into()],
        resource: "/?token=secret".into(),
        ..get()
    };
    assert!(!format!("{request:?}").contains("secret"));
}
