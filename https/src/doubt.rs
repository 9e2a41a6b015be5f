//! What earlier requests leave open.

use crate::call::Call;
use crate::error::RequestError;

/// Whether the server may have done what a caller asks for, in an attempt before this one, or before it redirected.
#[derive(Debug, Default)]
pub(crate) struct Doubt {
    may_be_done: bool,
}

impl Doubt {
    /// The server has got this request, or may have. One that only asks leaves nothing open.
    pub(crate) fn note(&mut self, call: &Call) {
        self.may_be_done |= !call.is_safe();
    }

    /// What the caller is told of the last request.
    pub(crate) fn told(&self, error: RequestError) -> RequestError {
        match self.may_be_done && !error.may_have_taken_effect() {
            true => RequestError::AfterEarlier { error: Box::new(error) },
            false => error,
        }
    }
}
