//! HTTP by the module: its `#HTTP...` commands.

mod body_progress;
mod commands;
mod headers;
mod leftovers;
mod limits;
mod prepare;
mod prepared;
mod ring;
mod switch_off;
mod transaction;
mod turn;
mod wait_for_ring;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use telit_core::CommandError;
use telit_core::at::{Effect, UnexpectedReply};
use tokio::sync::oneshot;

use crate::body::Body;
use crate::error::RequestError;
use crate::shared::Shared;

use self::transaction::{Answer, Transaction};
use self::turn::take_turn;

pub(crate) use self::limits::Limits;
pub(crate) use self::prepare::{Fit, Prepared, prepare};
pub(crate) use self::switch_off::Kept;
pub(crate) use self::turn::release;
#[cfg(feature = "socket")]
pub(crate) use self::turn::{busy, release_idle};

/// Sends a request in a task of its own, and gives the head of its answer.
///
/// # Cancel safety
/// Dropped before the request was written: it is not sent. Dropped afterwards: the request goes its way, its answer is read
/// and thrown away, and TLS is given back.
pub(crate) async fn exchange(
    shared: &Arc<Shared>,
    prepared: Prepared,
) -> Result<Response<Body>, RequestError> {
    let turn = take_turn(shared).await?;
    let Prepared { target, command, timeout } = prepared;
    let transaction = Transaction { shared: Arc::clone(shared), turn, target, command, timeout };
    let (answer, answered) = oneshot::channel();
    tokio::spawn(transaction.run(answer));
    let answer = answered.await.unwrap_or(Err(RequestError::Stopped))?;
    response(answer, shared.options.max_response_body)
}

fn response(answer: Answer, limit: u64) -> Result<Response<Body>, RequestError> {
    let Answer { ring, pieces, length } = answer;
    let status = StatusCode::from_u16(ring.status).map_err(|_| {
        let detail = UnexpectedReply::new(format!("status {}", ring.status));
        CommandError::unexpected("#HTTPRING", &detail, Effect::Once)
    })?;
    let mut response = Response::new(Body::new(pieces, length, limit));
    *response.status_mut() = status;
    let content_type = ring.content_type.and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    if let Some(length) = ring.length {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    Ok(response)
}
