//! Servers that stall, hang up, lie and talk nonsense, seen from this computer: a typed error in bounded time, and the next
//! request is answered.

use std::time::Duration;

use telit_core::Category;
use telit_core::exclusive::Service;
use telit_https::{BodyError, Engine, HttpsClient, HttpsOptions, Redirects, RequestBody, RequestError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::socket::peer::{NAME, PORT, Peer};

const LIMIT: usize = 1 << 20;
/// Longer than every bound in here.
const HANG: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(1);

type Answered = Result<http::Response<telit_https::Body>, RequestError>;

fn client(peer: &Peer) -> HttpsClient {
    let options = HttpsOptions::new().engine(Engine::Socket).timeout(PATIENCE);
    HttpsClient::new(&peer.modem, peer.tls()).with_options(options)
}

fn url() -> String {
    format!("https://{NAME}:{PORT}/")
}

/// Reads the head of a request.
pub(super) async fn head(remote: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(remote.read_u8().await.expect("it comes"));
    }
    String::from_utf8(head).expect("it is text")
}

/// What a client makes of an answer behind which the connection ends.
async fn answered(peer: &Peer, answer: &[u8]) -> Answered {
    let client = client(peer);
    let (answer, ()) = tokio::join!(timeout(HANG, client.get(url())), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        // A client that has heard enough hangs up.
        drop(remote.write_all(answer).await);
        drop(remote.shutdown().await);
        if remote.read_u8().await.is_ok() {
            panic!("nothing more was to be sent");
        }
    });
    answer.expect("it does not hang")
}

/// The module and its TLS are of use for the next request.
async fn works(peer: &Peer) {
    let client = client(peer);
    let (answer, ()) = tokio::join!(client.get(url()), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        remote.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.expect("it is sent");
    });
    let body = answer.expect("it answers").into_body().text(LIMIT).await;
    assert_eq!(body.as_deref(), Ok("ok"));
    assert_eq!(peer.modem.tls_holder(), None);
}

#[tokio::test]
async fn what_is_sent_is_what_http_wants() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let request = client.post(format!("{}a?b=c", url())).header("x-one", "1").body("hello");
    let (answer, seen) = tokio::join!(request.send(), async {
        let mut remote = peer.accept().await;
        let head = head(&mut remote).await;
        let mut body = [0; 5];
        remote.read_exact(&mut body).await.expect("it comes");
        remote.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("it is sent");
        (head, body)
    });
    assert_eq!(answer.expect("it answers").status(), 204);
    let expected = format!(
        "POST /a?b=c HTTP/1.1\r\nHost: {NAME}:{PORT}\r\nConnection: close\r\nUser-Agent: telit-https/0.1.0\r\n\
         Accept: */*\r\nX-One: 1\r\nContent-Length: 5\r\n\r\n"
    );
    assert_eq!(seen, (expected, *b"hello"));
}

#[tokio::test]
async fn a_megabyte_of_headers() {
    let peer = Peer::start().await;
    let one = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: 1\r\n".repeat(1 << 17));
    let endless = "X".repeat(1 << 20);
    for answer in [one, many, endless] {
        let error = answered(&peer, answer.as_bytes()).await.expect_err("it is too much");
        assert!(
            matches!(
                error,
                RequestError::HeadTooLarge { limit: 65_536, .. } | RequestError::Malformed { .. }
            ),
            "{error:?}"
        );
        works(&peer).await;
    }
}

#[tokio::test]
async fn headers_up_to_the_limit() {
    let peer = Peer::start().await;
    let value = "x".repeat(60_000);
    let answer = format!("HTTP/1.1 200 OK\r\nX-Long: {value}\r\nContent-Length: 0\r\n\r\n");
    let response = answered(&peer, answer.as_bytes()).await.expect("it fits");
    assert_eq!(response.headers()["x-long"], value);
}

#[tokio::test]
async fn nonsense() {
    let peer = Peer::start().await;
    let answers: [&[u8]; 7] = [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-Nul: \0\r\n\r\n",
        b"\xff\xfe\x00\x01\r\n\r\n",
    ];
    for answer in answers {
        let error = answered(&peer, answer).await.expect_err("it is no HTTP");
        assert!(matches!(error, RequestError::Malformed { .. }), "{}: {error:?}", answer.escape_ascii());
        assert!(error.may_have_taken_effect());
    }
    works(&peer).await;
}

#[tokio::test]
async fn no_answer() {
    let peer = Peer::start().await;
    for answer in [&b""[..], b"HTTP/1.1 200 O", b"HTTP/1.1 100 Continue\r\n\r\n"] {
        let error = answered(&peer, answer).await.expect_err("there is none");
        assert_eq!(error, RequestError::NoAnswer { host: NAME.to_owned() }, "{}", answer.escape_ascii());
    }
    works(&peer).await;
}

#[tokio::test]
async fn bodies_that_are_not_as_announced() {
    let peer = Peer::start().await;
    let cases: [(&[u8], BodyError); 5] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", BodyError::Truncated { got: 5, expected: 9 }),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            BodyError::BrokenOff { got: 5 },
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", BodyError::BrokenOff { got: 5 }),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
            BodyError::Malformed { got: 5, reason: "Invalid chunk size line: missing size digit".to_owned() },
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            BodyError::Malformed { got: 0, reason: "invalid chunk size: overflow".to_owned() },
        ),
    ];
    for (answer, expected) in cases {
        let body = answered(&peer, answer).await.expect("its head is right").into_body();
        let error =
            timeout(HANG, body.bytes(LIMIT)).await.expect("it does not hang").expect_err("it is short");
        assert_eq!(error, expected, "{}", answer.escape_ascii());
        works(&peer).await;
    }
}

#[tokio::test]
async fn what_follows_a_body_is_not_of_it() {
    let peer = Peer::start().await;
    let response =
        answered(&peer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n").await;
    assert_eq!(response.expect("it answers").into_body().text(LIMIT).await.as_deref(), Ok("ok"));
    works(&peer).await;
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let (answer, ()) = tokio::join!(timeout(HANG, client.get(url())), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        remote.write_all(b"HTTP/1.1 200 OK\r\n").await.expect("it is sent");
        // It goes on to say nothing until the client hangs up.
        assert!(remote.read_u8().await.is_err());
    });
    let error = answer.expect("it does not hang").expect_err("no answer");
    assert_eq!(error, RequestError::TimedOut { host: NAME.to_owned(), timeout: PATIENCE });
    works(&peer).await;
}

#[tokio::test]
async fn a_server_that_stops_within_the_body() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let (answer, mut remote) = tokio::join!(client.get(url()), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        remote.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").await.expect("it is sent");
        remote
    });
    let body = answer.expect("it answers").into_body();
    let error = timeout(HANG, body.bytes(LIMIT)).await.expect("it does not hang").expect_err("it stops");
    assert_eq!(error, BodyError::Stalled { got: 5, waited: PATIENCE });
    assert!(remote.read_u8().await.is_err());
    works(&peer).await;
}

#[tokio::test]
async fn a_body_that_owes_bytes_is_given_up() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let (_owing, reader) = tokio::io::duplex(16);
    let request = client.post(url()).body(RequestBody::wrap_reader(reader));
    let (answer, seen) = tokio::join!(timeout(HANG, request.send()), async {
        let mut remote = peer.accept().await;
        let head = head(&mut remote).await;
        assert!(remote.read_u8().await.is_err());
        head
    });
    let error = answer.expect("it does not hang").expect_err("it is not whole");
    assert_eq!(error.to_string(), "invalid request body: it gave nothing within 1s");
    assert!(seen.contains("\r\nTransfer-Encoding: chunked\r\n"), "{seen}");
    works(&peer).await;
}

#[tokio::test]
async fn a_body_that_breaks_its_word_never_looks_whole() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let long = 100_000_u64;
    for (announced, reason) in
        [(long, "more than the 100000 bytes"), (long + 2, "it gives 100001 bytes, 100002 were announced")]
    {
        let given = vec![b'x'; usize::try_from(long + 1).expect("it is small")];
        let body = RequestBody::from_reader(announced, std::io::Cursor::new(given));
        let (answer, got) = tokio::join!(timeout(HANG, client.post(url()).body(body)), async {
            let mut remote = peer.accept().await;
            head(&mut remote).await;
            let mut got = Vec::new();
            // The connection ends somewhere.
            drop(remote.read_to_end(&mut got).await);
            got.len() as u64
        });
        let error = answer.expect("it does not hang").expect_err("it is not whole");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(got < announced, "{got} of {announced} bytes came");
    }
    works(&peer).await;
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_body_is_an_answer() {
    let peer = Peer::start().await;
    let client = client(&peer);
    let (_owing, reader) = tokio::io::duplex(16);
    let request = client.post(url()).body(RequestBody::wrap_reader(reader));
    let (answer, ()) = tokio::join!(request.send(), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        remote.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await.expect("it is sent");
    });
    let response = answer.expect("it answers");
    assert_eq!(response.status(), 413);
    response.into_body().bytes(0).await.expect("it has none");
    works(&peer).await;
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closes_costs_nothing() {
    let peer = Peer::start().await;
    let options = HttpsOptions::new().engine(Engine::Socket).keep_tls(true);
    let client = HttpsClient::new(&peer.modem, peer.tls()).with_options(options);
    for _ in 0..3 {
        let (answer, ()) = tokio::join!(client.get(url()), async {
            let mut remote = peer.accept().await;
            let head = head(&mut remote).await;
            assert!(!head.contains("Connection:"), "{head}");
            remote.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.expect("it is sent");
            // It goes without a word, as servers do after a while.
        });
        assert_eq!(answer.expect("it answers").into_body().text(LIMIT).await.as_deref(), Ok("ok"));
    }
    client.release_tls().await.expect("it is given back");
    assert_eq!(peer.modem.tls_holder(), None);
}

#[tokio::test]
async fn a_kept_connection_that_ends_under_a_post_is_told_and_under_a_get_replaced() {
    let peer = Peer::start().await;
    let options = HttpsOptions::new().engine(Engine::Socket).keep_tls(true);
    let client = HttpsClient::new(&peer.modem, peer.tls()).with_options(options);
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for method in [http::Method::POST, http::Method::GET] {
        let (answer, mut remote) = tokio::join!(client.get(url()), async {
            let mut remote = peer.accept().await;
            head(&mut remote).await;
            remote.write_all(ok).await.expect("it is sent");
            remote
        });
        answer.expect("it answers").into_body().bytes(LIMIT).await.expect("it is read");
        let is_post = method == http::Method::POST;
        let (second, ()) = tokio::join!(client.request(method, url()).send(), async {
            head(&mut remote).await;
            drop(remote);
            if !is_post {
                let mut remote = peer.accept().await;
                head(&mut remote).await;
                remote.write_all(ok).await.expect("it is sent");
            }
        });
        match second {
            Err(error) if is_post => assert_eq!(error, RequestError::NoAnswer { host: NAME.to_owned() }),
            second => assert_eq!(
                second.expect("it answers").into_body().bytes(LIMIT).await.as_deref(),
                Ok(&b"ok"[..])
            ),
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_reset() {
    use super::socket::peer::Cut;
    let (peer, wire) = Peer::start_behind_wire().await;
    let client = client(&peer);
    let (answer, ()) = tokio::join!(timeout(HANG, client.get(url())), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        wire.cut(Cut::Reset);
    });
    let error = answer.expect("it does not hang").expect_err("no answer");
    assert_eq!(error, RequestError::NoAnswer { host: NAME.to_owned() });
    assert_eq!((error.category(), error.may_have_taken_effect()), (Category::Network, true));
}

/// A POST that is answered with one redirect after the other.
async fn redirected(locations: &[&str], options: HttpsOptions) -> RequestError {
    let peer = Peer::start().await;
    let options = options.engine(Engine::Socket).timeout(PATIENCE);
    let client = HttpsClient::new(&peer.modem, peer.tls()).with_options(options);
    let (answer, ()) = tokio::join!(timeout(HANG, client.post(url()).send()), async {
        for location in locations {
            let mut remote = peer.accept().await;
            head(&mut remote).await;
            let answer =
                format!("HTTP/1.1 303 See Other\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            remote.write_all(answer.as_bytes()).await.expect("it is sent");
        }
    });
    let error = answer.expect("it does not hang").expect_err("it leads nowhere");
    assert!(error.may_have_taken_effect(), "{error}");
    works(&peer).await;
    let RequestError::AfterEarlier { error } = error else { panic!("{error:?}") };
    *error
}

#[tokio::test]
async fn a_post_whose_redirect_leads_nowhere_may_have_been_done() {
    let error = redirected(&["https://user:password@elsewhere.test/"], any_host()).await;
    assert!(matches!(error, RequestError::InvalidUrl { .. }), "{error:?}");
    let error = redirected(&["https://nowhere.test/"], any_host()).await;
    assert!(matches!(error, RequestError::Dns { .. }), "{error:?}");
    let error =
        redirected(&["/once", "/twice"], HttpsOptions::new().redirects(Redirects::same_origin(1))).await;
    assert_eq!(error, RequestError::TooManyRedirects { limit: 1 });
}

fn any_host() -> HttpsOptions {
    HttpsOptions::new().redirects(Redirects::any_https(3))
}

#[tokio::test]
async fn a_put_that_was_written_on_a_kept_connection_may_have_been_done() {
    let peer = Peer::start().await;
    let options = HttpsOptions::new().engine(Engine::Socket).keep_tls(true).wait_for_tls(Duration::ZERO);
    let client = HttpsClient::new(&peer.modem, peer.tls()).with_options(options);
    let (answer, mut remote) = tokio::join!(client.get(url()), async {
        let mut remote = peer.accept().await;
        head(&mut remote).await;
        remote.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("it is sent");
        remote
    });
    answer.expect("it answers").into_body().bytes(LIMIT).await.expect("it is read");
    // Who waits for TLS has it before there is another connection.
    let (answer, lease, ()) =
        tokio::join!(client.put(url()).send(), peer.modem.acquire_tls(Service::Mqtt), async {
            head(&mut remote).await;
            drop(remote);
        });
    lease.expect("it is given back").release();
    let error = answer.expect_err("TLS is taken");
    let RequestError::AfterEarlier { error: last } = &error else { panic!("{error:?}") };
    assert!(matches!(**last, RequestError::Busy(_)), "{last:?}");
    assert_eq!((error.category(), error.may_have_taken_effect()), (Category::Busy, true));
}
