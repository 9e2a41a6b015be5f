//! What this module takes: the platform's table, and the test forms, which know better.

use std::ops::RangeInclusive;

use telit_core::platform::{Availability, HttpProfile};
use telit_core::{CommandError, Modem};

use crate::module::commands::{ConfigureRanges, QueryRanges, SendRanges};

/// Limits of requests on one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// It refuses the test forms of all its commands, as firmware does that does not have them.
    pub(crate) missing: bool,
    pub(crate) tls: bool,
    pub(crate) host_length: Option<usize>,
    pub(crate) contexts: RangeInclusive<usize>,
    pub(crate) query: TextLimits,
    pub(crate) send: TextLimits,
    pub(crate) content_type_length: Option<usize>,
    pub(crate) least_body: usize,
    pub(crate) most_body: Option<usize>,
}

/// Limits of the strings of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextLimits {
    pub(crate) resource_length: usize,
    pub(crate) headers_length: usize,
}

impl Limits {
    /// Asks the module; what it does not tell comes from the table.
    pub(crate) async fn read(modem: &Modem, http: &HttpProfile) -> Result<Self, CommandError> {
        let context = &modem.profile().context.ids;
        let local = modem.profile().timeouts.local;
        let configure = unless_refused(modem.run(ConfigureRanges(local)).await)?;
        let query = unless_refused(modem.run(QueryRanges(local)).await)?;
        let send = unless_refused(modem.run(SendRanges(local)).await)?;
        let missing = configure.is_none() && query.is_none() && send.is_none();
        let (configure, query, send) =
            (configure.unwrap_or_default(), query.unwrap_or_default(), send.unwrap_or_default());
        let text = |resource: Option<usize>, headers: Option<usize>| TextLimits {
            resource_length: resource.unwrap_or(http.resource_length),
            headers_length: headers.unwrap_or(http.headers_length),
        };
        Ok(Self {
            missing,
            tls: configure.tls.unwrap_or(http.tls != Availability::No),
            host_length: configure.host_length.or(http.host_length),
            contexts: configure
                .contexts
                .unwrap_or_else(|| usize::from(*context.start())..=usize::from(*context.end())),
            query: text(query.resource_length, query.headers_length),
            send: text(send.resource_length, send.headers_length),
            content_type_length: send.content_type_length,
            least_body: send.least_body.unwrap_or(0),
            most_body: send.most_body,
        })
    }
}

fn unless_refused<T>(answer: Result<T, CommandError>) -> Result<Option<T>, CommandError> {
    match answer {
        Err(CommandError::Refused { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}
