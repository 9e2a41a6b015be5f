//! Following redirects.

use std::sync::Arc;

use http::Response;

use crate::again::send_again;
use crate::body::Body;
use crate::call::Call;
use crate::choice::{Engine, EngineReason, EngineUsed};
use crate::doubt::Doubt;
use crate::error::RequestError;
use crate::redirect::{self, FinalUrl, Next, RedirectNotFollowed};
use crate::request_body::RequestBody;
use crate::shared::Shared;
use crate::socket;
use crate::target::Target;

/// Sends a request, and those that the answers lead to, as far as the options say.
pub(crate) async fn send_and_follow(
    shared: &Arc<Shared>,
    call: Call,
    body: RequestBody,
) -> Result<Response<Body>, RequestError> {
    let mut doubt = Doubt::default();
    follow(shared, call, body, &mut doubt).await.map_err(|error| doubt.told(error))
}

async fn follow(
    shared: &Arc<Shared>,
    mut call: Call,
    mut body: RequestBody,
    doubt: &mut Doubt,
) -> Result<Response<Body>, RequestError> {
    let redirects = shared.options.redirects;
    let wanted = call.engine;
    let mut followed = 0;
    loop {
        let spare = body.try_clone();
        let response = send_again(shared, &call, body, doubt).await?;
        if !redirect::is_redirect(response.status()) {
            return Ok(told(response, &call, None));
        }
        if is_hidden(&response) && redirects.follows() {
            match spare.filter(|_| can_ask_again(shared, &call, &response)) {
                Some(spare) => {
                    tracing::debug!("the module hides where a redirect leads, asking from this computer");
                    call.engine = Engine::Socket;
                    call.because = EngineReason::LocationHidden;
                    response.into_body().discard().await;
                    body = spare;
                    continue;
                }
                None => return Ok(told(response, &call, Some(RedirectNotFollowed::LocationHidden))),
            }
        }
        let (url, method, headers, keep_body) =
            match redirect::next(&call, response.status(), response.headers(), redirects) {
                Next::Stop(why) => return Ok(told(response, &call, Some(why))),
                Next::Follow { url, method, headers, keep_body } => (url, method, headers, keep_body),
            };
        if !redirect::is_repeated(response.status()) {
            doubt.note(&call);
        }
        body = match (keep_body, spare) {
            (false, _) => RequestBody::empty(),
            (true, Some(spare)) => spare,
            (true, None) => {
                let why = RedirectNotFollowed::BodyGone { location: url };
                return Ok(told(response, &call, Some(why)));
            }
        };
        if followed == redirects.limit() {
            return Err(RequestError::TooManyRedirects { limit: followed });
        }
        followed += 1;
        let status = response.status().as_u16();
        response.into_body().discard().await;
        let target = Target::of(&url, true)?;
        tracing::debug!(status, host = %target.host, "following a redirect");
        let (engine, because) = (wanted, EngineReason::Asked);
        call = Call { method, url, target, headers, engine, because, ..call };
    }
}

/// Whether the module got it, which does not tell the target.
fn is_hidden(response: &Response<Body>) -> bool {
    let used = response.extensions().get::<EngineUsed>();
    used.is_some_and(|used| used.engine == Engine::Module)
}

/// Whether the request can be sent once more to learn where the redirect leads.
fn can_ask_again(shared: &Shared, call: &Call, response: &Response<Body>) -> bool {
    let by_this_computer = socket::BUILT && call.engine == Engine::Auto && shared.tls.is_some();
    by_this_computer && (call.is_safe() || redirect::is_repeated(response.status()))
}

/// The answer, and where it is from.
fn told(mut response: Response<Body>, call: &Call, why: Option<RedirectNotFollowed>) -> Response<Body> {
    let extensions = response.extensions_mut();
    extensions.insert(FinalUrl(call.url.clone()));
    if let Some(why) = why {
        tracing::debug!(%why, "a redirect is not followed");
        extensions.insert(why);
    }
    response
}
