//! What helps, in the words of the command line.

use telit_https::{BodyError, DownloadError, FetchError, RedirectNotFollowed, RequestError};

use crate::failure::Failure;

const MORE_TIME: &str = "give the server more time with --timeout, or try again later";

/// A request had no answer.
pub(super) fn unanswered(error: RequestError) -> Failure {
    let hint = match &error {
        RequestError::TooLong { .. } => "--engine auto or socket sends it from this computer",
        RequestError::Unsupported { .. } => {
            "--engine auto or socket speaks HTTP on this computer, over a TLS socket of the module"
        }
        RequestError::TimedOut { .. } => MORE_TIME,
        RequestError::InvalidHeader { .. } => "leave this header out, or give it another value",
        RequestError::TooManyRedirects { .. } => {
            "check where the server sends to, it may be a circle; --max-redirects allows more"
        }
        RequestError::HeadTooLarge { .. } => "ask the server for less: fewer cookies, shorter headers",
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

/// The body of an answer did not come whole.
pub(super) fn incomplete(error: BodyError) -> Failure {
    let hint = match &error {
        BodyError::Stalled { .. } => MORE_TIME,
        BodyError::Truncated { .. } | BodyError::BrokenOff { .. } => {
            "run it again; https get --output FILE --resume keeps what has come, and goes on by itself"
        }
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

/// A file was not downloaded.
pub(super) fn not_downloaded(error: DownloadError) -> Failure {
    let status = match &error {
        DownloadError::Transfer(FetchError::Request(request)) if !error.is_resumable() => {
            return unanswered(request.clone());
        }
        DownloadError::Transfer(FetchError::Status { status, .. }) => Some(*status),
        _ => None,
    };
    let failure = Failure::from(error);
    match status {
        Some(status) if status.is_redirection() => {
            failure.hint("--any-host follows redirects to other servers, --max-redirects more of them")
        }
        _ => failure,
    }
}

/// Which option follows a redirect that was not followed.
pub(super) fn redirect(redirect: &RedirectNotFollowed) -> String {
    match redirect {
        RedirectNotFollowed::OtherOrigin { location } => {
            format!(" ({location}); --any-host follows it")
        }
        RedirectNotFollowed::NotHttps { location } | RedirectNotFollowed::BodyGone { location } => {
            format!(" ({location})")
        }
        RedirectNotFollowed::LocationHidden => "; --engine socket tells it".to_owned(),
        RedirectNotFollowed::NotWanted => "; --max-redirects lets it".to_owned(),
        _ => String::new(),
    }
}
