//! Requests to a REST API: GET of a body in several blocks, and POST.

use std::marker::PhantomData;

use bytes::Bytes;
use http::{Response, StatusCode};
use telit_core::Modem;
use telit_core::socket::SocketError;
use telit_https::{Body, BodyError, Engine, HttpsClient, HttpsOptions, RequestError};
use telit_simulator::peers::{self, HttpServer, Peers};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::credentials::tls;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, held_against, same_beginning, same_bytes, same_reading};
use super::payload;
use super::point::Kind;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::strike::Strike;

pub(super) const HOST: &str = "api.test";
pub(super) const DOWN: &str = "/down";
pub(super) const UP: &str = "/up";
const DONE: &[u8] = b"done";

/// As `Body` says, for the few blocks of this body.
const BODY: Bound = Bound::new("https body", 5 * 60);
/// More than any body here.
pub(super) const LIMIT: usize = 10_000;

/// Who speaks HTTP.
pub(super) trait Carrier {
    const NAME: &'static str;
    const ENGINE: Engine;
    /// What the host says to send.
    const SENDS: &'static [&'static str];
    /// Whether a byte of the request's head that is hit can make the server take it for another one, or for none.
    const RAW: bool;
    /// As `HttpsClient::send` says.
    const REQUEST: Bound;
}

pub(super) struct ByModule;

impl Carrier for ByModule {
    const NAME: &'static str = "https";
    const ENGINE: Engine = Engine::Module;
    const SENDS: &'static [&'static str] = &["AT#HTTPQRY", "AT#HTTPSND"];
    const RAW: bool = false;
    /// 60 s for TLS, 11 minutes to store credentials, 150 s to connect, 120 s for the answer, 60 s of margin.
    const REQUEST: Bound = Bound::new("https request", 60 + 11 * 60 + 150 + 120 + 60);
}

pub(super) struct BySocket;

impl Carrier for BySocket {
    const NAME: &'static str = "https-socket";
    const ENGINE: Engine = Engine::Socket;
    const SENDS: &'static [&'static str] = &["AT#SSLSEND"];
    const RAW: bool = true;
    /// 60 s for TLS, 15 minutes to connect, a block in 75 s, 120 s for the answer, 3 minutes to close.
    const REQUEST: Bound = Bound::new("https request over a socket", 60 + 15 * 60 + 75 + 120 + 3 * 60);
}

pub(super) struct Requests<C = ByModule> {
    peers: Peers,
    pub(super) server: HttpServer,
    carrier: PhantomData<C>,
}

#[test]
fn https() {
    matrix::<Requests>(Platform::P37, SAMPLE);
}

#[test]
fn https_over_a_socket() {
    matrix::<Requests<BySocket>>(Platform::P37, 4 * SAMPLE);
}

impl<C: Carrier> Scenario for Requests<C> {
    const NAME: &'static str = C::NAME;

    fn new() -> Self {
        let peers = Peers::new();
        let server = peers.http(HOST, 443);
        server.route("GET", DOWN, peers::Response::ok("application/octet-stream", long()));
        server.route("POST", UP, peers::Response::ok("text/plain", DONE));
        Self { peers, server, carrier: PhantomData }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let client = client::<C>(&modem);
        let got = self.get(bench, &client, bench.strike()).await?;
        let posted = self.post(bench, &client, bench.strike()).await?;
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(got.and(posted))
    }
}

pub(super) fn client<C: Carrier>(modem: &Modem) -> HttpsClient {
    HttpsClient::new(modem, tls(modem)).with_options(HttpsOptions::new().engine(C::ENGINE))
}

/// A body of three blocks.
pub(super) fn long() -> Bytes {
    payload::numbered(10)
}

impl<C: Carrier> Requests<C> {
    async fn get(
        &self,
        bench: &Bench,
        client: &HttpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let url = format!("https://{HOST}{DOWN}");
        let (before, mark) = (self.server.requests().len(), bench.mark());
        let answer = bench.within(C::REQUEST, client.get(url).send()).await?;
        self.judge(bench, (before, mark), answer, &long(), strike).await
    }

    async fn post(
        &self,
        bench: &Bench,
        client: &HttpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let url = format!("https://{HOST}{UP}");
        let payload = payload::hostile();
        let (before, mark) = (self.server.requests().len(), bench.mark());
        let post = client.post(url).content_type("application/octet-stream").body(payload.clone());
        let answer = bench.within(C::REQUEST, post.send()).await?;
        let ending = self.judge(bench, (before, mark), answer, DONE, strike).await?;
        let Some(request) = self.server.requests().get(before).cloned() else {
            return Ok(ending);
        };
        if ending == Ending::Done && bench.filled_up(strike, &payload, &request.body) {
            return Ok(ending);
        }
        Ok(ending.and(same_bytes("posted body", &payload, &request.body, strike)?))
    }

    /// Whether an answer is true, by what the server saw behind so many requests and the host has said since, and its
    /// body exact.
    async fn judge(
        &self,
        bench: &Bench,
        (before, mark): (usize, usize),
        answer: Result<Response<Body>, RequestError>,
        wanted: &[u8],
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let seen = self.server.requests().len() - before;
        let fault = strike.map(|strike| strike.fault);
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                let told = told(&error);
                if told == Ending::InDoubt && !was_sent::<C>(bench, mark) {
                    return Err(Broken::wrong(format!("in doubt, and nothing was sent: {error}")));
                }
                return held_against("the request", told, seen, fault, &error);
            }
        };
        let hit = |strike: &Strike| strike.kind == Kind::Payload && strike.fault.hits_a_byte();
        if C::RAW && strike.is_some_and(hit) && response.status().is_client_error() {
            // What was hit on the line asks for something else, or is no request any more, and the server says so.
            return Ok(Ending::Damaged);
        }
        same_reading("requests at the server", &1, &seen, None)?;
        let status = same_reading("status", &StatusCode::OK, &response.status(), strike)?;
        Ok(status.and(read::<C>(bench, response.into_body(), wanted, strike).await?))
    }

    /// The next requests of the same client work.
    async fn again(&self, bench: &Bench, modem: &Modem, old: HttpsClient) -> Result<(), Broken> {
        let client = if bench.fault() == Some(Fault::Unplug) { client::<C>(modem) } else { old };
        let worked = self.works(bench, &client).await;
        if bench.may_retry(&worked) {
            // A client keeps what it has read of the firmware's limits.
            after_misreading(bench, modem).await?;
            return self.works(bench, &self::client::<C>(modem)).await;
        }
        worked
    }

    pub(super) async fn works(&self, bench: &Bench, client: &HttpsClient) -> Result<(), Broken> {
        let got = self.get(bench, client, None).await?;
        let posted = self.post(bench, client, None).await?;
        same_reading("afterwards the requests", &Ending::Right, &got.and(posted), None).map(drop)
    }
}

/// Whether one byte is another one, and nothing else.
fn differ_once(wanted: &[u8], got: &[u8]) -> bool {
    wanted.len() == got.len() && wanted.iter().zip(got).filter(|(one, other)| one != other).count() == 1
}

/// What an error says about the request.
fn told(error: &RequestError) -> Ending {
    match error {
        error if error.may_have_taken_effect() => Ending::InDoubt,
        RequestError::Setup(error) => settled(error.outcome().into()),
        RequestError::Command(error) => settled(error.outcome().into()),
        RequestError::Refused(_)
        | RequestError::NotOnline { .. }
        | RequestError::Dns { .. }
        | RequestError::Connect { .. }
        | RequestError::Tls { .. } => Ending::Refused,
        RequestError::Socket { error: SocketError::NotSent { error, .. }, .. }
            if error.module_error().is_some() =>
        {
            Ending::Refused
        }
        _ => Ending::NotSent,
    }
}

/// Whether the host has said what makes the module send a request.
fn was_sent<C: Carrier>(bench: &Bench, mark: usize) -> bool {
    C::SENDS.iter().any(|command| bench.has_said(mark, command))
}

/// What goes before a request, and may or may not have changed a setting, has not sent it.
fn settled(step: Ending) -> Ending {
    if step == Ending::InDoubt { Ending::NotSent } else { step }
}

/// Reads a body to its end, or as far as it comes.
async fn read<C: Carrier>(
    bench: &Bench,
    mut body: Body,
    wanted: &[u8],
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    let mut got = Vec::new();
    let reading = async {
        while let Some(block) = body.next().await {
            got.extend_from_slice(&block?);
        }
        Ok(())
    };
    match bench.within(BODY, reading).await? {
        // It stands behind the head, in the same piece of the line.
        Ok(()) if C::RAW && strike.is_some_and(|it| it.fault.hits_a_byte()) && differ_once(wanted, &got) => {
            Ok(Ending::Damaged)
        }
        Ok(()) => same_bytes("body", wanted, &got, strike),
        Err(error) => Ok(same_beginning("body", wanted, &got, strike)?.and(told_of_body(&error))),
    }
}

/// A body is a part of something that was done.
fn told_of_body(error: &BodyError) -> Ending {
    match error {
        BodyError::Link(error) if error.module_error().is_some() => Ending::Refused,
        _ => Ending::Done,
    }
}
