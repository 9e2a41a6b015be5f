//! One request and its answer.

use std::sync::Arc;

use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use telit_core::Category;
use telit_core::tls::TlsOptions;
use tokio::time::timeout;

use super::connection::Connection;
use super::failure::Cause;
use super::outgoing::{Outgoing, OutgoingState};
use super::reading::Reading;
use super::request;
use crate::body::Body;
use crate::call::Call;
use crate::doubt::Doubt;
use crate::error::RequestError;
use crate::module;
use crate::request_body::{RequestBody, too_slow};
use crate::shared::Shared;

const NEEDS_TLS: &str =
    "HTTP on this computer runs over TLS sockets of the module only, and this client has no TLS";

/// A request without an answer.
struct Missed {
    error: RequestError,
    /// Something of it has gone.
    sent: bool,
    /// Its body, if it can be sent once more.
    again: Option<RequestBody>,
}

impl Missed {
    fn unsent(error: RequestError) -> Self {
        Self { error, sent: false, again: None }
    }
}

/// Sends a request over the connection that is kept, or over a new one, and gives the head of its answer.
///
/// # Cancel safety
/// Dropping the future closes the connection in the background.
pub(crate) async fn exchange(
    shared: &Arc<Shared>,
    call: &Call,
    mut body: RequestBody,
    doubt: &mut Doubt,
) -> Result<Response<Body>, RequestError> {
    let tls = tls(shared)?;
    if let Some(kept) = shared.shelf.take(call, &shared.options) {
        match attempt(shared, call, kept, body).await {
            Ok(response) => return Ok(response),
            // The server has closed it at the same moment, perhaps.
            Err(Missed { error, sent, again: Some(again) }) => {
                tracing::debug!(%error, "the kept connection is of no use any more");
                if sent {
                    doubt.note(call);
                }
                body = again;
            }
            Err(missed) => return Err(missed.error),
        }
    }
    make_room(shared).await?;
    // Apart, since it is the largest step by far.
    let connection = Box::pin(Connection::open(shared, tls, call)).await?;
    attempt(shared, call, connection, body).await.map_err(|missed| missed.error)
}

fn tls(shared: &Shared) -> Result<&TlsOptions, RequestError> {
    let reason = || RequestError::InvalidOption { option: "engine", reason: NEEDS_TLS.to_owned() };
    shared.tls.as_ref().ok_or_else(reason)
}

/// What this client itself keeps between requests must not stand in its way.
async fn make_room(shared: &Shared) -> Result<(), RequestError> {
    if !shared.options.keep_tls {
        return Ok(());
    }
    shared.shelf.clear().await;
    let wait = shared.options.wait_for_tls;
    match wait.is_zero() {
        true => module::release_idle(shared).await,
        false => timeout(wait, module::release(shared)).await.unwrap_or_else(|_| Err(module::busy(shared))),
    }
}

async fn attempt(
    shared: &Arc<Shared>,
    call: &Call,
    mut connection: Connection,
    body: RequestBody,
) -> Result<Response<Body>, Missed> {
    let options = &shared.options;
    let spare = body.try_clone().filter(|_| call.is_idempotent());
    let outgoing = Outgoing::new(body, options.max_request_body);
    let state = outgoing.state();
    let request = request::build(call, outgoing, options).map_err(Missed::unsent)?;
    tracing::debug!(host = %call.target.host, resource = %call.target.resource, "request");
    connection.activity.begin();
    let answered = tokio::select! {
        biased;
        answered = connection.requests.try_send_request(request) => answered,
        () = connection.activity.silence(call.timeout) => {
            let error = stalled(call, &state);
            let sent = connection.activity.wrote();
            connection.close().await;
            return Err(Missed { error, sent, again: None });
        }
    };
    match answered {
        Ok(response) => Ok(deliver(shared, call, connection, response)),
        Err(error) => Err(missed(shared, call, connection, error, &state, spare).await),
    }
}

/// Nothing was written for too long, and no answer came.
fn stalled(call: &Call, state: &OutgoingState) -> RequestError {
    let (host, timeout) = (call.target.host.clone(), call.timeout);
    match state.is_waiting() {
        true => too_slow(timeout),
        false => RequestError::TimedOut { host, timeout },
    }
}

async fn missed(
    shared: &Shared,
    call: &Call,
    connection: Connection,
    mut error: TrySendError<Request<Outgoing>>,
    state: &OutgoingState,
    spare: Option<RequestBody>,
) -> Missed {
    let activity = Arc::clone(&connection.activity);
    let unsent = error.take_message().map(|request| request.into_body().into_body());
    let cause = Cause::of(&error.into_error()).or(connection.close().await);
    let (wrote, read) = (activity.wrote(), activity.read());
    if let Some(error) = state.failure() {
        return Missed { error, sent: wrote, again: None };
    }
    // What the module refused to take has not gone.
    let sent = if cause.is_untaken() { activity.was_taken() } else { wrote };
    let error = cause.of_request(&call.target, &shared.options, sent, read);
    let network = error.category() == Category::Network;
    let again = unsent.filter(|_| !wrote).or(spare).filter(|_| network && !read);
    Missed { error, sent, again }
}

/// Hands the answer over, its body block by block.
fn deliver(
    shared: &Shared,
    call: &Call,
    connection: Connection,
    response: Response<Incoming>,
) -> Response<Body> {
    let (parts, incoming) = response.into_parts();
    let length = incoming.size_hint().exact();
    tracing::debug!(status = parts.status.as_u16(), length, "answer");
    let shelf = connection.is_kept.then(|| (shared.shelf.clone(), call.target.clone()));
    let reading = Reading { connection, incoming, patience: call.timeout, shelf };
    Response::from_parts(parts, Body::new(reading.start(), length, shared.options.max_response_body))
}
