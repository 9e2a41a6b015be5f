//! The client as its user sees it.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use telit_core::at::{Effect, UnexpectedReply};
use telit_core::exclusive::{Holder, Service, ServiceBusy};
use telit_core::modem::Basis;
use telit_core::platform::{Availability, HttpProfile};
use telit_core::tls::TlsOptions;
use telit_core::{CommandError, Modem};
use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::time::timeout;
use url::Url;

use crate::body::Body;
use crate::error::RequestError;
use crate::limits::Limits;
use crate::options::HttpsOptions;
use crate::prepared::{Plan, Terms};
use crate::request_body::RequestBody;
use crate::shared::Shared;
use crate::switch_off::{Kept, switch_off};
use crate::transaction::{Answer, Transaction, Turn};

const NO_TLS: &str = "has an HTTP client without TLS";

/// An HTTPS client inside a module. Clones share it; requests are made one after the other.
///
/// The module opens a connection for each request and closes it afterwards. Of the answer it tells the
/// status, the content type and the length, and no other header; redirects are answers like others,
/// since their target cannot be seen. Source: M37 p862-863.
///
/// What the module does not take is refused before anything is sent: methods other than GET, HEAD,
/// DELETE, POST and PUT, and whatever is too long for this firmware (ask for paths of 150 and headers of
/// 100 characters at most, to be on the safe side). URLs must be `https` (for
/// `http` there is [`danger_plain`](Self::danger_plain)); user names and passwords in
/// them are refused: send an `Authorization` header instead, which the module does not store.
///
/// POST and PUT with an empty body announce a length of zero. The manual does not say whether firmware
/// takes that; where the module says that it wants at least one byte, such a request is refused.
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
    /// can be changed by everybody on the way. Some modules can do no more. Nothing is sent.
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
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn get(&self, url: Url) -> Result<Response<Body>, RequestError> {
        self.request(&Method::GET, &url, HeaderMap::new(), RequestBody::empty()).await
    }

    /// HEAD: an answer without body.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn head(&self, url: Url) -> Result<Response<Body>, RequestError> {
        self.request(&Method::HEAD, &url, HeaderMap::new(), RequestBody::empty()).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn delete(&self, url: Url) -> Result<Response<Body>, RequestError> {
        self.request(&Method::DELETE, &url, HeaderMap::new(), RequestBody::empty()).await
    }

    /// POST.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn post(
        &self,
        url: Url,
        content_type: &str,
        body: impl Into<RequestBody>,
    ) -> Result<Response<Body>, RequestError> {
        self.request(&Method::POST, &url, content_type_header(content_type)?, body.into()).await
    }

    /// PUT.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn put(
        &self,
        url: Url,
        content_type: &str,
        body: impl Into<RequestBody>,
    ) -> Result<Response<Body>, RequestError> {
        self.request(&Method::PUT, &url, content_type_header(content_type)?, body.into()).await
    }

    /// Any request. The response has the status and, if the module told them, `Content-Type` and
    /// `Content-Length`.
    ///
    /// It takes at most: the wait for TLS, its set-up, 150 seconds for name, connection and handshake
    /// (and 1 ms for each byte sent), the client's timeout, and 60 seconds of margin.
    ///
    /// A module that restarts meanwhile, or a port that is lost, ends the request as soon as it is known, and in any
    /// case within that bound: with [`RequestError::ModuleRestarted`] or a lost link, which say whether the server may
    /// have got it. A body that is being read ends with [`BodyError`](crate::BodyError), never short. The next request
    /// sets TLS and the profile up anew.
    ///
    /// A body reaches the server whole and unaltered, or the error says that the server may have got it. It can be an
    /// altered one only if the line itself has lost bytes of the body: the module counts, and what is sent to find the
    /// line again takes their place; of a body shorter than ten bytes, also if the module's prompt got lost. A module that
    /// waits for the rest of a body answers nothing, commands fail with
    /// [`NotResponding`](telit_core::CommandError::NotResponding), until its hardware is reset or five minutes have
    /// passed: see [`ShortPayload::Waits`](telit_core::at::ShortPayload::Waits).
    ///
    /// # Errors
    /// See [`RequestError`]. Answers with a status of 400 and more are answers, no errors.
    ///
    /// # Cancel safety
    /// Dropped before the request was written: it is not sent. Dropped afterwards: the request goes its
    /// way, its answer is read and thrown away, and TLS is given back; until then other requests and
    /// services wait. So give the client a shorter timeout rather than dropping its futures.
    pub async fn send(&self, request: Request<RequestBody>) -> Result<Response<Body>, RequestError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string().parse();
        let url =
            url.map_err(|error: url::ParseError| RequestError::InvalidUrl { reason: error.to_string() })?;
        self.request(&parts.method, &url, parts.headers, body).await
    }

    /// Gives back TLS that was kept between requests (see [`HttpsOptions::keep_tls`]), after the request
    /// that is under way. Without it, dropping the client leaves it to the next owner of TLS to switch it
    /// off.
    ///
    /// # Errors
    /// The module does not switch it off; the next owner of TLS will.
    ///
    /// # Cancel safety
    /// TLS is given back in any case.
    pub async fn release_tls(&self) -> Result<(), RequestError> {
        let mut turn = self.shared.turn.lock().await;
        match turn.take() {
            Some(kept) => Ok(switch_off(&self.shared, kept).await?),
            None => Ok(()),
        }
    }

    async fn request(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Response<Body>, RequestError> {
        let http = self.http_profile()?;
        self.shared.options.check(http)?;
        let with_tls = self.shared.tls.is_some();
        let plan = Plan::of(method, url, headers, with_tls, http.joined_headers == Availability::Yes)?;
        let limits = self.limits(http).await?;
        if with_tls && !limits.tls {
            return Err(self.unsupported(NO_TLS));
        }
        self.check_context(limits)?;
        plan.check(limits, body.len())?;
        let command = plan.command(body.collect().await?, self.terms())?;
        let turn = self.take_turn().await?;
        let shared = Arc::clone(&self.shared);
        let transaction = Transaction { shared, turn, target: plan.target, command };
        let (answer, answered) = oneshot::channel();
        tokio::spawn(transaction.run(answer));
        response(answered.await.unwrap_or(Err(RequestError::Stopped))?)
    }

    fn http_profile(&self) -> Result<&'static HttpProfile, RequestError> {
        match &self.shared.modem.profile().http {
            None => Err(self.unsupported("has no HTTP client of its own")),
            Some(http) if self.shared.tls.is_some() && http.tls == Availability::No => {
                Err(self.unsupported(NO_TLS))
            }
            Some(http) => Ok(http),
        }
    }

    fn unsupported(&self, what: &'static str) -> RequestError {
        RequestError::Unsupported { platform: self.shared.modem.profile().id, what }
    }

    fn check_context(&self, limits: &Limits) -> Result<(), RequestError> {
        let (context, allowed) = (self.shared.modem.context_id(), &limits.contexts);
        if allowed.contains(&usize::from(context)) {
            return Ok(());
        }
        let (least, most) = (allowed.start(), allowed.end());
        let reason = format!("it is {context}, the module's HTTP client takes {least} to {most}");
        Err(RequestError::InvalidOption { option: "packet data context", reason })
    }

    async fn limits(&self, http: &HttpProfile) -> Result<&Limits, RequestError> {
        let read = || Limits::read(&self.shared.modem, http);
        Ok(self.shared.limits.get_or_try_init(read).await?)
    }

    fn terms(&self) -> Terms {
        let profile = self.shared.modem.profile();
        Terms {
            profile: self.shared.options.profile,
            line_limit: profile.line.command_length,
            deadline: profile.timeouts.http_request,
        }
    }

    /// Waits for earlier requests of this client and for TLS, within the bound of the options.
    async fn take_turn(&self) -> Result<Turn, RequestError> {
        let Shared { options, turn, .. } = self.shared.as_ref();
        let turn = Arc::clone(turn);
        if options.wait_for_tls.is_zero() {
            let turn = turn.try_lock_owned().map_err(|_| self.busy())?;
            return self.take_tls(turn).await;
        }
        let waiting = async { self.take_tls(turn.lock_owned().await).await };
        timeout(options.wait_for_tls, waiting).await.unwrap_or_else(|_| Err(self.busy()))
    }

    async fn take_tls(&self, mut turn: OwnedMutexGuard<Option<Kept>>) -> Result<Turn, RequestError> {
        let Shared { modem, options, .. } = self.shared.as_ref();
        if let Some(Kept { lease, basis, .. }) = turn.take() {
            if basis.loss().is_none() {
                return Ok(Turn { turn, lease, basis, kept: true });
            }
            // Its flag is still on, and only a new owner finds that and switches it off before TLS is set up.
            drop(lease);
        }
        let lease = match options.wait_for_tls.is_zero() {
            true => modem.try_acquire_tls(Service::Http).await?,
            false => modem.acquire_tls(Service::Http).await?,
        };
        Ok(Turn { turn, lease, basis: Basis::now(modem), kept: false })
    }

    fn busy(&self) -> RequestError {
        let service = self.shared.modem.tls_holder().unwrap_or(Service::Http);
        ServiceBusy { holder: Holder::Here(service) }.into()
    }
}

fn content_type_header(content_type: &str) -> Result<HeaderMap, RequestError> {
    let value = HeaderValue::from_str(content_type).map_err(|error| {
        let (name, reason) = (CONTENT_TYPE.to_string(), error.to_string());
        RequestError::InvalidHeader { name, reason }
    })?;
    Ok(HeaderMap::from_iter([(CONTENT_TYPE, value)]))
}

fn response(answer: Answer) -> Result<Response<Body>, RequestError> {
    let Answer { ring, pieces, length } = answer;
    let status = StatusCode::from_u16(ring.status).map_err(|_| {
        let detail = UnexpectedReply::new(format!("status {}", ring.status));
        CommandError::unexpected("#HTTPRING", &detail, Effect::Once)
    })?;
    let mut response = Response::new(Body::new(pieces, length));
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
