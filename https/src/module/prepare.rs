//! Whether the module can carry a request.

use std::time::Duration;

use http::HeaderMap;
use http::header::USER_AGENT;
use telit_core::platform::{Availability, HttpProfile};

use super::limits::Limits;
use super::prepared::{Plan, RequestCommand, Terms};
use crate::call::Call;
use crate::error::RequestError;
use crate::request_body::{Collected, RequestBody, invalid, too_large};
use crate::shared::Shared;
use crate::target::Target;

const NO_CLIENT: &str = "has no HTTP client of its own";
const NO_TLS: &str = "has an HTTP client without TLS";
/// Most bytes of a stream that are read into memory where the module tells no limit.
const MOST_COLLECTED: u64 = 1 << 20;

/// A request that the module can carry, whole.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) target: Target,
    pub(super) command: RequestCommand,
    pub(super) timeout: Duration,
}

/// Whether the module can carry a request.
pub(crate) enum Fit {
    Yes(Prepared),
    /// It cannot, and this computer might.
    No {
        refusal: RequestError,
        body: RequestBody,
    },
}

/// Checks all of a request against what this module takes. Of a body nothing is lost.
///
/// # Errors
/// Nobody could send it, or the module cannot be asked.
pub(crate) async fn prepare(shared: &Shared, call: &Call, body: RequestBody) -> Result<Fit, RequestError> {
    let (plan, limits) = match plan(shared, call).await {
        Ok(planned) => planned,
        Err(refusal) => return refuse(refusal, body),
    };
    if let Err(refusal) = body.length().map_or(Ok(()), |length| plan.check_body(limits, length)) {
        return refuse(refusal, body);
    }
    let most = limits.most_body.map_or(MOST_COLLECTED, |most| most as u64);
    let allowed = shared.options.max_request_body;
    let bytes = match body.collect(most.min(allowed), call.timeout).await? {
        Collected::Whole(bytes) => bytes,
        // Nobody may send it, and what of it is to come nobody reads.
        Collected::Longer(_) if allowed <= most => return Err(too_large(allowed)),
        Collected::Longer(body) => return refuse(too_long_to_collect(most), body),
    };
    let prepared =
        plan.check_body(limits, bytes.len() as u64).and_then(|()| plan.command(bytes.clone(), terms(shared)));
    match prepared {
        Ok(command) => Ok(Fit::Yes(Prepared { target: plan.target, command, timeout: call.timeout })),
        Err(refusal) => refuse(refusal, bytes.into()),
    }
}

fn too_long_to_collect(most: u64) -> RequestError {
    invalid(format!("it is longer than the {most} bytes that are read into memory for the module"))
}

fn refuse(refusal: RequestError, body: RequestBody) -> Result<Fit, RequestError> {
    match is_the_modules(&refusal) {
        true => Ok(Fit::No { refusal, body }),
        false => Err(refusal),
    }
}

/// Whether it is a limit of the module, which this computer may not have.
fn is_the_modules(refusal: &RequestError) -> bool {
    match refusal {
        RequestError::UnsupportedMethod { .. }
        | RequestError::InvalidHeader { .. }
        | RequestError::InvalidBody { .. }
        | RequestError::TooLong { .. }
        | RequestError::Unsupported { .. } => true,
        RequestError::InvalidOption { option, .. } => matches!(*option, TIMEOUT | CONTEXT),
        _ => false,
    }
}

const TIMEOUT: &str = "timeout";
const CONTEXT: &str = "packet data context";

async fn plan<'a>(shared: &'a Shared, call: &Call) -> Result<(Plan, &'a Limits), RequestError> {
    let http = http_profile(shared)?;
    shared.options.check_module(http)?;
    if !http.timeout.contains(&call.timeout) {
        let reason = "the module takes 1 to 65535 seconds".to_owned();
        return Err(RequestError::InvalidOption { option: TIMEOUT, reason });
    }
    let joined_headers = http.joined_headers == Availability::Yes;
    let plan = Plan::of(&call.method, call.target.clone(), headers(shared, call), joined_headers)?;
    let limits = shared.limits.get_or_try_init(|| Limits::read(&shared.modem, http)).await?;
    if limits.missing {
        return Err(unsupported(shared, NO_CLIENT));
    }
    if shared.tls.is_some() && !limits.tls {
        return Err(unsupported(shared, NO_TLS));
    }
    check_context(shared, limits)?;
    plan.check(limits)?;
    Ok((plan, limits))
}

fn http_profile(shared: &Shared) -> Result<&'static HttpProfile, RequestError> {
    match &shared.modem.profile().http {
        None => Err(unsupported(shared, NO_CLIENT)),
        Some(http) if shared.tls.is_some() && http.tls == Availability::No => {
            Err(unsupported(shared, NO_TLS))
        }
        Some(http) => Ok(http),
    }
}

fn unsupported(shared: &Shared, what: &'static str) -> RequestError {
    RequestError::Unsupported { platform: shared.modem.profile().id, what }
}

fn check_context(shared: &Shared, limits: &Limits) -> Result<(), RequestError> {
    let (context, allowed) = (shared.modem.context_id(), &limits.contexts);
    if allowed.contains(&usize::from(context)) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    let reason = format!("it is {context}, the module's HTTP client takes {least} to {most}");
    Err(RequestError::InvalidOption { option: CONTEXT, reason })
}

/// The module calls itself something, so only what was asked for is added.
fn headers(shared: &Shared, call: &Call) -> HeaderMap {
    let mut headers = call.headers.clone();
    let asked = shared.options.user_agent.as_deref().and_then(|text| text.parse().ok());
    if let Some(user_agent) = asked.filter(|_| !headers.contains_key(USER_AGENT)) {
        headers.insert(USER_AGENT, user_agent);
    }
    headers
}

fn terms(shared: &Shared) -> Terms {
    let profile = shared.modem.profile();
    Terms {
        profile: shared.options.profile,
        line_limit: profile.line.command_length,
        deadline: profile.timeouts.http_request,
    }
}
