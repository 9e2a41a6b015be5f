//! Files that can be fetched in parts, and a connection that breaks on demand.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_core::Stream;

const BLOCK: usize = 4096;

/// The files of a server. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    files: HashMap<String, File>,
    /// How often a file was put there, which makes up the entity tags.
    versions: u64,
    cut_after: Option<usize>,
}

#[derive(Debug, Clone)]
struct File {
    content: Bytes,
    tag: HeaderValue,
}

impl Files {
    /// A file of this name, in place of an earlier one.
    pub(super) fn put(&self, name: &str, content: Bytes) {
        let mut shelf = self.shelf();
        shelf.versions += 1;
        let tag = HeaderValue::from_str(&format!("\"version-{}\"", shelf.versions));
        let tag = tag.unwrap_or(HeaderValue::from_static("\"version\""));
        shelf.files.insert(name.to_owned(), File { content, tag });
    }

    /// The next body that is longer breaks off after so many bytes.
    pub(super) fn cut_next_after(&self, bytes: usize) {
        self.shelf().cut_after = Some(bytes);
    }

    fn get(&self, name: &str) -> Option<File> {
        self.shelf().files.get(name).cloned()
    }

    fn cut(&self, length: usize) -> Option<usize> {
        let mut shelf = self.shelf();
        let after = shelf.cut_after.filter(|after| *after < length)?;
        shelf.cut_after = None;
        Some(after)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Source: RFC 9110, sections 13.1.5, 14.2 and 14.4.
pub(super) async fn fetch(
    State(files): State<Files>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(File { content, tag }) = files.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let length = content.len();
    let same = headers.get(header::IF_RANGE).is_none_or(|wanted| *wanted == tag);
    let wanted = headers.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let (status, part) = match wanted.map(|wanted| range(wanted, length)) {
        Some(Wanted::Part(part)) => (StatusCode::PARTIAL_CONTENT, part),
        Some(Wanted::Nothing) => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        Some(Wanted::Unknown) | None => (StatusCode::OK, 0..length),
    };
    let body = content.slice(part.clone());
    let mut response = Response::new(match files.cut(body.len()) {
        Some(after) => Body::from_stream(Cut { rest: body.slice(..after), is_sent: false }),
        None => Body::from(body.clone()),
    });
    *response.status_mut() = status;
    let told = response.headers_mut();
    told.insert(header::CONTENT_LENGTH, body.len().into());
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    told.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    told.insert(header::ETAG, tag);
    let place = match status {
        StatusCode::PARTIAL_CONTENT => format!("bytes {}-{}/{length}", part.start, part.end - 1),
        StatusCode::RANGE_NOT_SATISFIABLE => format!("bytes */{length}"),
        _ => return response,
    };
    if let Ok(place) = HeaderValue::from_str(&place) {
        told.insert(header::CONTENT_RANGE, place);
    }
    response
}

enum Wanted {
    Part(Range<usize>),
    /// There is none of it.
    Nothing,
    /// As if nothing had been said.
    Unknown,
}

/// One range of bytes.
fn range(text: &str, length: usize) -> Wanted {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|text| text.split_once('-')) else {
        return Wanted::Unknown;
    };
    let part = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..length.min(last.saturating_add(1)),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(last)) if first.is_empty() => length.saturating_sub(last)..length,
        _ => return Wanted::Unknown,
    };
    if part.is_empty() { Wanted::Nothing } else { Wanted::Part(part) }
}

/// A beginning, and then a connection that breaks.
struct Cut {
    rest: Bytes,
    /// The connection sends what it has when there is nothing more to be had.
    is_sent: bool,
}

impl Stream for Cut {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.rest.is_empty() && !self.is_sent {
            self.is_sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        let block = self.rest.len().min(BLOCK);
        Poll::Ready(Some(Ok(self.rest.split_to(block))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Option<Range<usize>> {
        match range(text, 100) {
            Wanted::Part(part) => Some(part),
            Wanted::Nothing => Some(0..0),
            Wanted::Unknown => None,
        }
    }

    #[test]
    fn ranges() {
        for (text, expected) in [
            ("bytes=0-9", 0..10),
            ("bytes=90-", 90..100),
            ("bytes=90-1000", 90..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
            ("bytes=100-", 0..0),
            ("bytes=-0", 0..0),
        ] {
            assert_eq!(part(text), Some(expected), "{text}");
        }
        for text in ["", "bytes=", "bytes=-", "bytes=9-0", "bytes=a-b", "lines=0-9", "bytes=0-1,5-6"] {
            assert_eq!(part(text), None, "{text}");
        }
    }
}
