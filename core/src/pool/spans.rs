//! What log lines and traces tell modules apart by.

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::figures::category_label;
use super::name::ModuleName;
use crate::error::Category;

/// Around everything that the tasks of a module log. It lasts as long as the module is in the pool, which no trace should:
/// it has a target of its own, so that it can be left out of traces.
pub(super) fn module(name: &ModuleName) -> Span {
    info_span!(target: "telit_core::pool::context", "module", module = %name)
}

/// From its turn until the module is on line, or not.
pub(super) fn start(name: &ModuleName) -> Span {
    info_span!(
        "module_start",
        module = %name,
        outcome = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

pub(super) fn started(span: &Span, failed: Option<Category>) {
    match failed {
        None => span.record("outcome", "on line").record("otel.status_code", "OK"),
        Some(category) => {
            span.record("error.type", category_label(category));
            span.record("outcome", "failed").record("otel.status_code", "ERROR")
        }
    };
}
