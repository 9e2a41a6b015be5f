//! Trying again.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use telit_core::Category;
use tokio::time::sleep;

use crate::body::Body;
use crate::call::Call;
use crate::doubt::Doubt;
use crate::error::RequestError;
use crate::policy::send_once;
use crate::request_body::RequestBody;
use crate::shared::Shared;

/// Sends a request as often as the options allow and its body can be sent.
pub(crate) async fn send_again(
    shared: &Arc<Shared>,
    call: &Call,
    mut body: RequestBody,
    doubt: &mut Doubt,
) -> Result<Response<Body>, RequestError> {
    let retry = shared.options.retry;
    let mut attempt = 1;
    loop {
        let spare = body.try_clone().filter(|_| !retry.is_never());
        let outcome = send_once(shared, call, body, doubt).await;
        let Some(spare) = spare else {
            return outcome;
        };
        let wait = match &outcome {
            Ok(response) => retry.after_answer(attempt, call, response.status(), response.headers()),
            Err(error) => retry.after_error(attempt, call, error),
        };
        let Some(wait) = wait else {
            return outcome;
        };
        told(attempt, wait, &outcome);
        if outcome.as_ref().map_or_else(RequestError::may_have_taken_effect, |_| true) {
            doubt.note(call);
        }
        match outcome {
            // Its body holds TLS.
            Ok(response) => response.into_body().discard().await,
            Err(error) if error.category() == Category::Link => {
                if shared.modem.health().up().await.is_err() {
                    return Err(error);
                }
            }
            Err(_) => {}
        }
        sleep(wait).await;
        body = spare;
        attempt += 1;
    }
}

fn told(attempt: u32, wait: Duration, outcome: &Result<Response<Body>, RequestError>) {
    match outcome {
        Ok(response) => {
            tracing::info!(attempt, ?wait, status = response.status().as_u16(), "asking again");
        }
        Err(error) => tracing::info!(attempt, ?wait, %error, "asking again"),
    }
}
