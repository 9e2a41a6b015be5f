//! One request: which engine, and what it says.

use std::sync::Arc;

use http::Response;

use crate::body::Body;
use crate::call::Call;
use crate::choice::{Engine, EngineReason, EngineUsed};
use crate::doubt::Doubt;
use crate::error::RequestError;
use crate::module::{self, Fit, Prepared};
use crate::request_body::RequestBody;
use crate::shared::Shared;
use crate::socket;

/// A request that an engine can carry.
enum Way {
    Module(Prepared),
    Socket(RequestBody),
}

/// Sends a request once, by the engine that it wants or, if it wants none, by the module if that can carry it.
pub(crate) async fn send_once(
    shared: &Arc<Shared>,
    call: &Call,
    body: RequestBody,
    doubt: &mut Doubt,
) -> Result<Response<Body>, RequestError> {
    let (way, used) = choose(shared, call, body).await?;
    tracing::debug!(engine = %used.engine, because = %used.because, "engine");
    let mut response = match way {
        Way::Module(prepared) => {
            // It would hold the TLS that the module needs.
            shared.shelf.clear().await;
            module::exchange(shared, prepared).await?
        }
        Way::Socket(body) => socket::exchange(shared, call, body, doubt).await?,
    };
    response.extensions_mut().insert(used);
    Ok(response)
}

async fn choose(shared: &Shared, call: &Call, body: RequestBody) -> Result<(Way, EngineUsed), RequestError> {
    let socket = |body, because| match socket::BUILT {
        true => Ok((Way::Socket(body), EngineUsed::new(Engine::Socket, because))),
        false => Err(RequestError::SocketNotBuilt { because }),
    };
    match call.engine {
        Engine::Socket => return socket(body, call.because.clone()),
        Engine::Auto if shared.shelf.holds(&call.target) => {
            return socket(body, EngineReason::ConnectionKept);
        }
        Engine::Auto | Engine::Module => {}
    }
    let asked = call.engine == Engine::Module;
    match module::prepare(shared, call, body).await? {
        Fit::Yes(prepared) => {
            let because = if asked { EngineReason::Asked } else { EngineReason::ModuleCan };
            Ok((Way::Module(prepared), EngineUsed::new(Engine::Module, because)))
        }
        Fit::No { refusal, .. } if asked || shared.tls.is_none() => Err(refusal),
        Fit::No { refusal, body } => socket(body, EngineReason::ModuleCannot { why: refusal.to_string() }),
    }
}
