use std::time::{Duration, Instant};

use telit_simulator::servers::{Authority, CertificateRequest, RestOptions, RestServer, pattern};
use tokio::io::AsyncWriteExt;

use super::client::{Client, read_all, within};

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

struct Bench {
    authority: Authority,
    server: RestServer,
}

impl Bench {
    async fn start() -> Self {
        let authority = Authority::new().unwrap();
        let certificate = authority.issue(&CertificateRequest::server("rest.test")).unwrap();
        let server =
            RestServer::start(&RestOptions::server_tls(&certificate).max_body(200_000)).await.unwrap();
        Self { authority, server }
    }

    /// One request on a connection of its own, HTTP/1.1 by hand.
    async fn ask(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = Client::new(&self.authority, "rest.test").connect(self.server.addr()).await.unwrap();
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: rest.test\r\nConnection: close\r\n{headers}{length}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        parse(&read_all(&mut stream).await)
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", b"").await
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    let headers =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let chunk = &bytes[end + 2..];
        assert_eq!(&chunk[length..length + 2], b"\r\n");
        if length == 0 {
            assert_eq!(chunk, b"\r\n");
            return whole;
        }
        whole.extend(&chunk[..length]);
        bytes = &chunk[length + 2..];
    }
}

#[tokio::test]
async fn tells_its_health() {
    within(async {
        let bench = Bench::start().await;
        let answer = bench.get("/health").await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &br#"{"status":"ok"}"#[..]));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(bench.server.handshakes()[0].server_name.as_deref(), Some("rest.test"));
    })
    .await;
}

#[tokio::test]
async fn echoes_queries_and_bodies() {
    within(async {
        let bench = Bench::start().await;
        assert_eq!(bench.get("/echo?a=1&b=%20c").await.body, b"a=1&b=%20c");
        assert_eq!(bench.get("/echo").await.body, b"");
        let body = pattern(131_000);
        for method in ["POST", "PUT"] {
            let answer = bench.ask(method, "/echo", "Content-Type: application/x-meter\r\n", &body).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-meter")));
            assert!(answer.body == body);
        }
        let untyped = bench.ask("POST", "/echo", "", b"x").await;
        assert_eq!((untyped.status, untyped.header("content-type")), (200, None));
        let deleted = bench.ask("DELETE", "/echo", "", b"").await;
        assert_eq!((deleted.status, deleted.body.len()), (204, 0));
        assert_eq!(bench.ask("POST", "/echo", "", &pattern(200_001)).await.status, 413);
    })
    .await;
}

#[tokio::test]
async fn serves_files_whole_and_in_parts() {
    within(async {
        let bench = Bench::start().await;
        assert_eq!(bench.get("/files/image").await.status, 404);
        bench.server.put_file("image", pattern(1000));
        let whole = bench.get("/files/image").await;
        assert_eq!((whole.status, whole.header("content-length")), (200, Some("1000")));
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert_eq!(whole.body, pattern(1000));
        let tag = whole.header("etag").unwrap().to_owned();

        let part =
            bench.ask("GET", "/files/image", &format!("Range: bytes=990-\r\nIf-Range: {tag}\r\n"), b"").await;
        assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 990-999/1000")));
        assert_eq!(part.body, pattern(1000)[990..]);
        let none = bench.ask("GET", "/files/image", "Range: bytes=1000-\r\n", b"").await;
        assert_eq!((none.status, none.header("content-range")), (416, Some("bytes */1000")));

        // Another file of the same name has another tag, so the rest of the old one is not to be had.
        bench.server.put_file("image", vec![0; 1000]);
        let other =
            bench.ask("GET", "/files/image", &format!("Range: bytes=990-\r\nIf-Range: {tag}\r\n"), b"").await;
        assert_eq!((other.status, other.body.len()), (200, 1000));
        assert_ne!(other.header("etag"), Some(tag.as_str()));
    })
    .await;
}

#[tokio::test]
async fn breaks_off_once() {
    within(async {
        let bench = Bench::start().await;
        bench.server.put_file("image", pattern(50_000));
        bench.server.cut_next_file_after(10_000);
        let cut = bench.get("/files/image").await;
        assert_eq!((cut.status, cut.header("content-length")), (200, Some("50000")));
        assert!(cut.body == pattern(10_000), "{}", cut.body.len());
        assert!(bench.get("/files/image").await.body == pattern(50_000));
    })
    .await;
}

#[tokio::test]
async fn redirects_where_it_is_told() {
    within(async {
        let bench = Bench::start().await;
        let away = bench.ask("POST", "/redirect/307?https://other.test/a?b=c", "", b"x").await;
        assert_eq!((away.status, away.header("location")), (307, Some("https://other.test/a?b=c")));
        assert_eq!(bench.get("/redirect/200?/health").await.status, 400);
        assert_eq!(bench.get("/redirect/302").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn serves_the_pattern_with_and_without_a_length() {
    within(async {
        let bench = Bench::start().await;
        for length in [0, 1, 1000, 70_001] {
            let exact = bench.get(&format!("/bytes/{length}")).await;
            assert_eq!(exact.header("content-length"), Some(length.to_string().as_str()));
            assert!(exact.body == pattern(length));

            let chunked = bench.get(&format!("/chunked/{length}")).await;
            assert_eq!(chunked.header("content-length"), None);
            assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
            assert!(unchunk(&chunked.body) == pattern(length));
        }
        let head = bench.ask("HEAD", "/bytes/70001", "", b"").await;
        assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("70001"), 0));
        assert_eq!(bench.get("/bytes/99999999999").await.status, 400);
        assert_eq!(bench.get("/chunked/many").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn gives_the_status_asked_for() {
    within(async {
        let bench = Bench::start().await;
        for (code, body) in
            [(201, "status 201\n"), (204, ""), (304, ""), (404, "status 404\n"), (503, "status 503\n")]
        {
            let answer = bench.get(&format!("/status/{code}")).await;
            assert_eq!((answer.status, answer.body.as_slice()), (code, body.as_bytes()));
        }
        assert_eq!(bench.get("/status/302").await.header("location"), Some("/health"));
        assert_eq!(bench.ask("DELETE", "/status/410", "", b"").await.status, 410);
        for target in ["/status/100", "/status/600", "/status/x"] {
            assert_eq!(bench.get(target).await.status, 400);
        }
        assert_eq!(bench.get("/nowhere").await.status, 404);
        assert_eq!(bench.ask("DELETE", "/health", "", b"").await.status, 405);
    })
    .await;
}

#[tokio::test]
async fn answers_late_on_request() {
    within(async {
        let bench = Bench::start().await;
        let asked = Instant::now();
        assert_eq!(bench.get("/slow/150").await.body, br#"{"waited_ms":150}"#);
        assert!(asked.elapsed() >= Duration::from_millis(150));
    })
    .await;
}

#[tokio::test]
async fn shows_and_records_headers() {
    within(async {
        let bench = Bench::start().await;
        let answer = bench.ask("GET", "/headers", "X-Meter: 4\r\nX-Meter: 5\r\n", b"").await;
        assert_eq!(answer.body, br#"{"connection":"close","host":"rest.test","x-meter":"4, 5"}"#);

        bench.ask("POST", "/echo?q", "Authorization: Basic c2VjcmV0\r\n", b"body").await;
        let [_, request] = bench.server.wait_for_requests(2).await.try_into().unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/echo?q"));
        assert_eq!(request.header("AUTHORIZATION"), Some("Basic c2VjcmV0"));
        assert_eq!(request.body, "body");
        assert!(!format!("{request:?}").contains("c2VjcmV0"));
    })
    .await;
}

#[tokio::test]
async fn stores_lists_and_forgets_telemetry() {
    within(async {
        let bench = Bench::start().await;
        let first = bench.ask("POST", "/telemetry", "", br#"{"level":17}"#).await;
        assert_eq!((first.status, first.body.as_slice()), (201, &br#"{"stored":1}"#[..]));
        bench.ask("POST", "/telemetry", "", b"level 18").await;
        assert_eq!(bench.get("/telemetry").await.body, br#"[{"level":17},"level 18"]"#);
        assert_eq!(bench.server.telemetry(), ["{\"level\":17}", "level 18"]);
        assert_eq!(bench.ask("DELETE", "/telemetry", "", b"").await.status, 204);
        assert_eq!(bench.get("/telemetry").await.body, b"[]");
    })
    .await;
}

#[tokio::test]
async fn can_demand_a_client_certificate() {
    within(async {
        let authority = Authority::new().unwrap();
        let certificate = authority.issue(&CertificateRequest::server("rest.test")).unwrap();
        let server = RestServer::start(&RestOptions::mutual_tls(&certificate, &authority)).await.unwrap();
        let device = authority.issue(&CertificateRequest::client("device")).unwrap();
        let bench = Bench { authority, server };

        let client = Client::new(&bench.authority, "rest.test");
        if let Ok(mut stream) = client.connect(bench.server.addr()).await {
            assert_eq!(read_all(&mut stream).await, b"");
        }
        let mut stream = client.identity(&device).connect(bench.server.addr()).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await.unwrap();
        assert!(read_all(&mut stream).await.ends_with(br#"{"status":"ok"}"#));
        assert_eq!(bench.server.requests().len(), 1);
    })
    .await;
}
