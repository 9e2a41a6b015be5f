//! The client as its user sees it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use telit_core::Modem;
use telit_core::tls::TlsOptions;
use url::Url;

use crate::body::Body;
use crate::call::{Call, Wishes};
use crate::download::HttpsDownload;
use crate::error::RequestError;
use crate::follow::send_and_follow;
use crate::into_url::{IntoUrl, Sealed};
use crate::module;
use crate::options::HttpsOptions;
use crate::request_body::{RequestBody, too_large};
use crate::request_builder::RequestBuilder;
use crate::shared::Shared;

/// An HTTPS client over a module. Clones share it.
///
/// Requests are carried by the module's own HTTP client where it can, and otherwise from this computer, over a TLS socket of
/// the module: see [`Engine`](crate::Engine), which tells what the one and the other can do. Nothing that a caller wrote
/// is left out to make it fit.
///
/// The module serves one request at a time, and its TLS one service: requests wait for their turn, at most
/// [`wait_for_tls`](HttpsOptions::wait_for_tls). An answer whose body is neither read nor dropped keeps the next one
/// waiting. URLs must be `https` (for `http` there is [`danger_plain`](Self::danger_plain)); user names and passwords in
/// them are refused: send an `Authorization` header instead, which the module does not store.
///
/// `Host`, `Content-Length`, `Transfer-Encoding`, `Connection`, `Expect` and `Upgrade` are the client's own headers; requests
/// that bring them are refused. Bodies are not compressed, and cookies not kept.
///
/// A POST or PUT with an empty body announces a length of zero. The manual does not say whether the module's firmware takes
/// that; where the module says that it wants at least one byte, it is not asked to carry such a request.
#[derive(Clone, Debug)]
pub struct HttpsClient {
    shared: Arc<Shared>,
}

impl HttpsClient {
    /// A client with default options. Nothing is sent.
    #[must_use]
    pub fn new(modem: &Modem, tls: TlsOptions) -> Self {
        Self { shared: Shared::new(modem.clone(), Some(tls), HttpsOptions::default()) }
    }

    /// A client without TLS, for `http` URLs only: requests and answers, tokens in them included, are readable and
    /// can be changed by everybody on the way. Some modules can do no more, and only the module itself does it. Nothing is
    /// sent.
    #[must_use]
    pub fn danger_plain(modem: &Modem) -> Self {
        tracing::warn!("HTTP without TLS: danger_plain is used");
        Self { shared: Shared::new(modem.clone(), None, HttpsOptions::default()) }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(self, options: HttpsOptions) -> Self {
        let Shared { modem, tls, .. } = self.shared.as_ref();
        Self { shared: Shared::new(modem.clone(), tls.clone(), options) }
    }

    /// GET.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// HEAD: an answer without body.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// DELETE.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// POST.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// PUT.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Any method but CONNECT.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url.into_url())
    }

    /// Downloads a file to `target`, which gets its name only after size and hash were verified. See [`HttpsDownload`].
    pub fn download_to_file<'a>(&self, url: impl IntoUrl, target: impl AsRef<Path>) -> HttpsDownload<'a> {
        HttpsDownload::new(&self.shared, self.get(url), target.as_ref())
    }

    /// Sends a request of the `http` crate. The response has the status and, if the module carried it, `Content-Type` and
    /// `Content-Length` as far as the module told them; otherwise all headers. Its extensions have
    /// [`EngineUsed`](crate::EngineUsed), [`FinalUrl`](crate::FinalUrl) and, if so,
    /// [`RedirectNotFollowed`](crate::RedirectNotFollowed).
    ///
    /// By the module it takes at most: the timeout for each block that the body's source owes, the wait for TLS, its set-up,
    /// 150 seconds for name, connection and handshake (and 1 ms for each byte sent), the timeout, and 60 seconds of margin.
    /// From this computer: the wait for TLS, connecting (the [`connect_timeout`](HttpsOptions::connect_timeout) and 14
    /// minutes), 75 seconds for each block of the body, the timeout, also for each block that the body's source owes, and 3
    /// minutes to close after an error. Redirects and attempts each take as long.
    ///
    /// A module that restarts meanwhile, or a port that is lost, ends the request as soon as it is known, and in any
    /// case within that bound: with [`RequestError::ModuleRestarted`] or a lost link, which say whether the server may
    /// have got it. A body that is being read ends with [`BodyError`](crate::BodyError), never short. The next request
    /// sets TLS and the profile up anew.
    ///
    /// A body reaches the server whole and unaltered, or the error says that the server may have got it. By the module it can
    /// be an altered one only if the line itself has lost bytes of the body: the module counts, and what is sent to find the
    /// line again takes their place; of a body shorter than ten bytes, also if the module's prompt got lost. A module that
    /// waits for the rest of a body answers nothing, commands fail with
    /// [`NotResponding`](telit_core::CommandError::NotResponding), until its hardware is reset or five minutes have
    /// passed: see [`ShortPayload::Waits`](telit_core::at::ShortPayload::Waits).
    ///
    /// # Errors
    /// See [`RequestError`]. Answers with a status of 400 and more are answers, no errors.
    ///
    /// # Cancel safety
    /// Dropped before the request was written: it is not sent. Dropped afterwards, by the module: the request goes its
    /// way, its answer is read and thrown away, and TLS is given back; until then other requests and
    /// services wait. So give the client a shorter timeout rather than dropping its futures. From this computer: the
    /// connection is closed in the background, and whether the server has got the request nobody knows.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Body>, RequestError>
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let url = (&parts.uri).into_url()?;
        self.perform(parts.method, url, parts.headers, RequestBody::wrap(body), Wishes::default()).await
    }

    /// Gives back TLS that was kept between requests (see [`HttpsOptions::keep_tls`]), after the request of the module
    /// that is under way. Without it, dropping the client leaves it to the next owner of TLS to switch it
    /// off.
    ///
    /// # Errors
    /// The module does not switch it off; the next owner of TLS will.
    ///
    /// # Cancel safety
    /// Dropped at any moment after it has begun, it goes on in the background: TLS is given back in any case.
    pub async fn release_tls(&self) -> Result<(), RequestError> {
        let shared = Arc::clone(&self.shared);
        let releasing = tokio::spawn(async move {
            shared.shelf.clear().await;
            module::release(&shared).await
        });
        releasing.await.unwrap_or(Err(RequestError::Stopped))
    }

    pub(crate) async fn perform(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: RequestBody,
        wishes: Wishes,
    ) -> Result<Response<Body>, RequestError> {
        let options = &self.shared.options;
        options.check()?;
        let timeout = wishes.timeout.unwrap_or(options.timeout);
        let engine = wishes.engine.unwrap_or(options.engine);
        let mut call = Call::new(method, url, headers, timeout, engine, self.shared.tls.is_some())?;
        call.mode = wishes.mode;
        if body.length().is_some_and(|length| length > options.max_request_body) {
            return Err(too_large(options.max_request_body));
        }
        send_and_follow(&self.shared, call, body.settle(timeout).await?).await
    }
}
