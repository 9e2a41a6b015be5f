//! A request in the making.

use std::fmt::{self, Display};
use std::pin::Pin;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use url::Url;

use crate::body::Body;
use crate::call::Wishes;
use crate::choice::Engine;
use crate::client::HttpsClient;
use crate::error::RequestError;
use crate::mode_wanted::ModeWanted;
use crate::redirect::without_query;
use crate::request_body::RequestBody;

/// A request that is being put together. Awaiting it sends it, and so does [`send`](Self::send).
///
/// What is wrong with it is told when it is sent; then nothing has been sent.
///
/// ```no_run
/// # async fn example(client: telit_https::HttpsClient) -> Result<(), telit_https::RequestError> {
/// let response = client
///     .put("https://api.example/v1/devices/7")
///     .bearer_auth("t0ken")
///     .content_type("application/json")
///     .body(r#"{"on":true}"#)
///     .await?;
/// assert!(response.status().is_success());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct RequestBuilder {
    client: HttpsClient,
    method: Method,
    url: Result<Url, RequestError>,
    headers: HeaderMap,
    body: RequestBody,
    wishes: Wishes,
    /// The first thing that was wrong.
    wrong: Option<RequestError>,
}

impl RequestBuilder {
    pub(crate) fn new(client: HttpsClient, method: Method, url: Result<Url, RequestError>) -> Self {
        let (headers, body) = (HeaderMap::new(), RequestBody::empty());
        Self { client, method, url, headers, body, wishes: Wishes::default(), wrong: None }
    }

    /// Adds a header; one of the same name stays. Values are never shown.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
        V: TryInto<HeaderValue>,
        V::Error: Display,
    {
        match name.try_into() {
            Ok(name) => match value.try_into() {
                Ok(value) => self.append(name, value),
                Err(error) => self.refuse_header(&name, &error),
            },
            Err(error) => self.refuse_header("name", &error),
        }
        self
    }

    /// Adds headers; those of the same names stay.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        let mut last = None;
        for (name, value) in headers {
            // Only the first value of a name comes with it.
            last = name.or(last);
            if let Some(name) = last.clone() {
                self.append(name, value);
            }
        }
        self
    }

    /// `Authorization: Bearer ...`, in place of another one. Tokens that are too long for the module are sent from this
    /// computer under [`Engine::Auto`].
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    /// `Authorization: Basic ...`, in place of another one. It goes as a header: a password that is given to the module
    /// (`#HTTPCFG`) would stay in its flash.
    ///
    /// Source: RFC 7617; M37 p857.
    pub fn basic_auth(mut self, user: impl Display, password: impl Display) -> Self {
        let user = user.to_string();
        if user.contains(':') {
            self.refuse_header(&AUTHORIZATION, "a user name has no colon");
            return self;
        }
        let credentials = format!("{user}:{password}");
        self.authorization(format!("Basic {}", Base64::encode_string(credentials.as_bytes())))
    }

    /// What the body is (`Content-Type`), in place of what was said before.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.set(CONTENT_TYPE, content_type);
        self
    }

    /// What is sent: text, bytes, or a [`RequestBody`] made of a stream, a reader or any [`http_body::Body`].
    pub fn body(mut self, body: impl Into<RequestBody>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends a value as JSON, with `Content-Type: application/json` unless there is one. With the feature `json`.
    ///
    /// ```no_run
    /// # async fn example(client: telit_https::HttpsClient) -> Result<(), telit_https::RequestError> {
    /// #[derive(serde::Serialize)]
    /// struct Reading {
    ///     celsius: f64,
    /// }
    ///
    /// client.post("https://api.example/v1/readings").json(&Reading { celsius: 21.5 }).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = bytes.into(),
            Err(error) => self.refuse(crate::request_body::invalid(format!("it is no JSON: {error}"))),
        }
        let json = HeaderValue::from_static("application/json");
        self.headers.entry(CONTENT_TYPE).or_insert(json);
        self
    }

    /// How long the server may be silent, in place of the client's [`timeout`](crate::HttpsOptions::timeout). Finding the
    /// host, connecting and sending come on top.
    ///
    /// The module keeps it in flash: each request with another one than the request before is a write more, if the client
    /// keeps TLS.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.wishes.timeout = Some(timeout);
        self
    }

    /// Who speaks HTTP, in place of the client's [`engine`](crate::HttpsOptions::engine).
    pub fn engine(mut self, engine: Engine) -> Self {
        self.wishes.engine = Some(engine);
        self
    }

    /// How a connection of this computer comes over the port.
    pub(crate) fn mode(mut self, mode: ModeWanted) -> Self {
        self.wishes.mode = mode;
        self
    }

    /// Sends it. The same as awaiting it.
    ///
    /// # Errors
    /// As [`HttpsClient::send`].
    ///
    /// # Cancel safety
    /// As [`HttpsClient::send`].
    pub async fn send(self) -> Result<Response<Body>, RequestError> {
        let Self { client, method, url, headers, body, wishes, wrong } = self;
        match wrong {
            Some(wrong) => Err(wrong),
            None => client.perform(method, url?, headers, body, wishes).await,
        }
    }

    /// The same without its body, to be sent once more.
    pub(crate) fn again(&self) -> Self {
        let Self { client, method, url, headers, wishes, wrong, .. } = self;
        Self {
            client: client.clone(),
            method: method.clone(),
            url: url.clone(),
            headers: headers.clone(),
            body: RequestBody::empty(),
            wishes: *wishes,
            wrong: wrong.clone(),
        }
    }

    /// `None` if it is none.
    pub(crate) fn url(&self) -> Option<&Url> {
        self.url.as_ref().ok()
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name)
    }

    fn authorization(mut self, value: String) -> Self {
        self.headers.remove(AUTHORIZATION);
        match HeaderValue::try_from(value) {
            Ok(value) => self.append(AUTHORIZATION, value),
            Err(error) => self.refuse_header(&AUTHORIZATION, &error),
        }
        self
    }

    fn set(&mut self, name: HeaderName, value: &str) {
        self.headers.remove(&name);
        match HeaderValue::from_str(value) {
            Ok(value) => self.append(name, value),
            Err(error) => self.refuse_header(&name, &error),
        }
    }

    fn append(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.headers.append(name, value);
    }

    fn refuse_header(&mut self, name: impl Display, error: impl Display) {
        let (name, reason) = (name.to_string(), error.to_string());
        self.refuse(RequestError::InvalidHeader { name, reason });
    }

    fn refuse(&mut self, error: RequestError) {
        self.wrong.get_or_insert(error);
    }
}

impl fmt::Debug for RequestBuilder {
    /// Neither the query, nor values of headers, nor the body: all can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("url", &self.url.as_ref().map(without_query))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response<Body>, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
