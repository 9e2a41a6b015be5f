//! Requests to a REST API: GET of a body in several blocks, and POST.

use bytes::Bytes;
use http::{Response, StatusCode};
use telit_core::Modem;
use telit_core::tls::TlsOptions;
use telit_https::{Body, HttpsClient, RequestError};
use telit_simulator::peers::{self, HttpServer, Peers};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::credentials::credentials;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, same_reading, truthful};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};

pub(super) const HOST: &str = "api.test";
pub(super) const DOWN: &str = "/down";
pub(super) const UP: &str = "/up";

/// As `HttpsClient::send` says: 60 s for TLS, 11 minutes to store credentials, 150 s to connect, 120 s for the answer,
/// 60 s of margin.
const REQUEST: Bound = Bound::new("https request", 60 + 11 * 60 + 150 + 120 + 60);
/// As `Body` says, for the few blocks of this body.
const BODY: Bound = Bound::new("https body", 5 * 60);
/// More than any body here.
pub(super) const LIMIT: usize = 10_000;

pub(super) struct Requests {
    peers: Peers,
    pub(super) server: HttpServer,
}

#[test]
fn https() {
    matrix::<Requests>(Platform::P37, SAMPLE);
}

impl Scenario for Requests {
    const NAME: &'static str = "https";

    fn new() -> Self {
        let peers = Peers::new();
        let server = peers.http(HOST, 443);
        server.route("GET", DOWN, peers::Response::ok("application/octet-stream", long()));
        server.route("POST", UP, peers::Response::ok("text/plain", "done"));
        Self { peers, server }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let client = client(&modem);
        let got = self.get(bench, &client, bench.fault()).await?;
        let posted = self.post(bench, &client, bench.fault()).await?;
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(got.and(posted))
    }
}

pub(super) fn client(modem: &Modem) -> HttpsClient {
    let tls = TlsOptions::builder().ca(credentials().ca()).build().expect("the options fit together");
    HttpsClient::new(modem, tls)
}

/// A body of three blocks.
pub(super) fn long() -> Bytes {
    payload::hostile().repeat(10).into()
}

impl Requests {
    async fn get(&self, bench: &Bench, client: &HttpsClient, fault: Option<Fault>) -> Result<Ending, Broken> {
        let url = format!("https://{HOST}{DOWN}").parse().expect("it is a URL");
        let before = self.server.requests().len();
        let answer = bench.within(REQUEST, client.get(url)).await?;
        self.judge(bench, before, answer, &long(), fault).await
    }

    async fn post(
        &self,
        bench: &Bench,
        client: &HttpsClient,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        let url = format!("https://{HOST}{UP}").parse().expect("it is a URL");
        let before = self.server.requests().len();
        let answer =
            bench.within(REQUEST, client.post(url, "application/octet-stream", payload::hostile())).await?;
        let ending = self.judge(bench, before, answer, b"done", fault).await?;
        // A byte that is lost, or a prompt that is not understood, leaves the module waiting for the rest of the body,
        // and whatever is sent to find the line again becomes a part of it. The error tells that it may have gone.
        let in_doubt = ending == Ending::Unknown && fault.is_some_and(Fault::hits_a_byte);
        match self.server.requests().get(before).filter(|_| !in_doubt) {
            Some(request) => {
                Ok(ending.and(same_bytes("posted body", &payload::hostile(), &request.body, fault)?))
            }
            None => Ok(ending),
        }
    }

    /// Whether an answer is true, by what the server saw behind `before` requests, and its body exact.
    async fn judge(
        &self,
        bench: &Bench,
        before: usize,
        answer: Result<Response<Body>, RequestError>,
        wanted: &[u8],
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        let seen = self.server.requests().len() - before;
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                truthful("the request", seen, error.may_have_taken_effect(), &error)?;
                return Ok(match error.may_have_taken_effect() {
                    true => Ending::Unknown,
                    false => Ending::of(error.category()),
                });
            }
        };
        same_reading("requests at the server", &1, &seen, None)?;
        let status = same_reading("status", &StatusCode::OK, &response.status(), fault)?;
        if status == Ending::Damaged {
            return Ok(status);
        }
        match bench.within(BODY, response.into_body().bytes(LIMIT)).await? {
            Ok(body) => same_bytes("body", wanted, &body, fault),
            Err(error) => Ok(Ending::of(error.category())),
        }
    }

    /// The next requests of the same client work.
    async fn again(&self, bench: &Bench, modem: &Modem, old: HttpsClient) -> Result<(), Broken> {
        let client = if bench.fault() == Some(Fault::Unplug) { client(modem) } else { old };
        if self.works(bench, &client).await.is_err() {
            // A client keeps what it has read of the firmware's limits.
            after_misreading(bench, modem).await?;
            self.works(bench, &self::client(modem)).await?;
        }
        Ok(())
    }

    pub(super) async fn works(&self, bench: &Bench, client: &HttpsClient) -> Result<(), Broken> {
        let got = self.get(bench, client, None).await?;
        let posted = self.post(bench, client, None).await?;
        same_reading("afterwards the requests", &Ending::Right, &got.and(posted), None).map(drop)
    }
}
