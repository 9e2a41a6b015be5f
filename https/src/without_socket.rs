//! In the place of HTTP on this computer in a program that was built without it.

use std::sync::Arc;

use http::Response;

use crate::body::Body;
use crate::call::Call;
use crate::doubt::Doubt;
use crate::error::RequestError;
use crate::request_body::RequestBody;
use crate::shared::Shared;
use crate::target::Target;

/// Never holds a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(());

impl Shelf {
    pub(crate) fn holds(&self, _target: &Target) -> bool {
        false
    }

    pub(crate) async fn clear(&self) {}
}

/// Whether it is in the program.
pub(crate) const BUILT: bool = false;

pub(crate) async fn exchange(
    _shared: &Arc<Shared>,
    call: &Call,
    _body: RequestBody,
    _doubt: &mut Doubt,
) -> Result<Response<Body>, RequestError> {
    Err(RequestError::SocketNotBuilt { because: call.because.clone() })
}
