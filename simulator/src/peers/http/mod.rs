//! An HTTP/1.1 server in memory.

mod connection;
mod message;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

pub use self::message::{Request, Response};
use crate::journal::Journal;
use crate::net::memory::MemoryStream;

type Handler = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// An HTTP/1.1 server. Clones are the same server. Made by [`super::Peers::http`].
///
/// A request is answered by the route of its method and target; without one, by that of its path alone (the target up
/// to the query). `HEAD` is answered as `GET`, without the body. Else the answer is 404. Every connection ends after
/// its answer.
#[derive(Clone, Default)]
pub struct HttpServer {
    routes: Arc<Mutex<BTreeMap<(String, String), Handler>>>,
    requests: Journal<Request>,
}

impl HttpServer {
    /// Answers `method` on `path` with `response`, each time.
    pub fn route(&self, method: &str, path: &str, response: Response) {
        self.handle(method, path, move |_| response.clone());
    }

    /// Answers `method` on `path` with what `handler` makes of the request.
    pub fn handle(
        &self,
        method: &str,
        path: &str,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) {
        self.routes().insert((method.to_owned(), path.to_owned()), Arc::new(handler));
    }

    /// Serves `content` on `path`, to `GET` and `HEAD`, whole or from the first byte of a `Range` on (RFC 9110, 14: one
    /// range, with status 206 or 416).
    pub fn serve_file(&self, path: &str, content_type: &str, content: impl Into<Bytes>) {
        let (content_type, content) = (content_type.to_owned(), content.into());
        self.handle("GET", path, move |request| message::part(request, &content_type, &content));
    }

    /// Every request so far, complete with its body.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.all()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.requests.clear();
    }

    /// Waits until `count` requests have been noted and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        self.requests.at_least(count).await
    }

    pub(super) fn accept(&self, stream: MemoryStream) {
        tokio::spawn(connection::serve(self.clone(), stream));
    }

    /// Notes a request and answers it.
    fn answer(&self, request: Request) -> Response {
        self.requests.push(request.clone());
        let handler = self.handler(&request);
        handler.map_or_else(|| Response::new(404), |handler| handler(&request))
    }

    fn handler(&self, request: &Request) -> Option<Handler> {
        let method = if request.method == "HEAD" { "GET" } else { &request.method };
        let routes = self.routes();
        let of = |method: &str, path: &str| routes.get(&(method.to_owned(), path.to_owned())).cloned();
        of(&request.method, &request.target)
            .or_else(|| of(&request.method, request.path()))
            .or_else(|| of(method, &request.target))
            .or_else(|| of(method, request.path()))
    }

    fn routes(&self) -> MutexGuard<'_, BTreeMap<(String, String), Handler>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes: Vec<_> = self.routes().keys().cloned().collect();
        formatter.debug_struct("HttpServer").field("routes", &routes).finish_non_exhaustive()
    }
}
