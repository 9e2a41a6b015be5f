//! A file behind a URL.

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::{Response, StatusCode};
use sha2::{Digest, Sha256};
use telit_core::Modem;
use telit_core::download::{Held, Offer, RangeSource, Sha256Digest};
use telit_core::driver::ModuleDown;
use telit_core::socket::ConnectionMode;

use super::answer::{Answer, version};
use super::error::FetchError;
use crate::body::Body;
use crate::call::invalid;
use crate::choice::Engine;
use crate::error::RequestError;
use crate::mode_wanted::ModeWanted;
use crate::request_builder::RequestBuilder;
use crate::retry::Retry;

/// Asks for the file, or for its rest, and keeps the answer until it is said what is wanted of it.
#[derive(Debug)]
pub(crate) struct Remote {
    /// What is asked each time.
    request: RequestBuilder,
    engine: Engine,
    /// `None`: as it fits.
    mode: Option<ConnectionMode>,
    is_hash_known: bool,
    /// It has come damaged once.
    is_line_doubted: bool,
    modem: Modem,
    /// How long the server may ask to be left alone.
    retry: Retry,
    /// The size of what was offered last.
    size: Option<u64>,
    offered: Option<Offered>,
    body: Option<Body>,
}

/// An answer that begins behind so many bytes of a file.
#[derive(Debug)]
struct Offered {
    from: u64,
    /// `None`: nothing follows.
    body: Option<Body>,
}

impl Remote {
    pub(super) fn new(request: RequestBuilder, engine: Engine, modem: Modem, retry: Retry) -> Self {
        let (mode, is_hash_known, is_line_doubted) = (None, false, false);
        let (size, offered, body) = (None, None, None);
        Self { request, engine, mode, is_hash_known, is_line_doubted, modem, retry, size, offered, body }
    }

    pub(super) fn set_engine(&mut self, engine: Engine) {
        self.engine = engine;
        self.change_request(|request| request.engine(engine));
    }

    pub(super) fn set_mode(&mut self, mode: ConnectionMode) {
        self.mode = Some(mode);
    }

    /// The hash of the whole file will be compared.
    pub(super) fn hash_is_known(&mut self) {
        self.is_hash_known = true;
    }

    pub(super) fn change_request(&mut self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) {
        self.request = change(self.request.again());
    }

    /// The module hides all headers but two.
    fn is_hidden(&self) -> bool {
        self.engine == Engine::Module
    }

    /// Whether bytes of another file would be noticed if the rest was asked for.
    fn can_go_on(&self, held: &Held) -> bool {
        held.bytes > 0 && (held.is_hash_known || (held.version.is_some() && !self.is_hidden()))
    }

    /// Nobody counts bytes in online mode. What got lost on the line would move the rest of a file that goes on behind it,
    /// and nothing but the hash would tell.
    fn mode_wanted(&self) -> ModeWanted {
        match self.mode {
            Some(mode) => ModeWanted::Told(mode),
            None if self.is_hash_known && !self.is_line_doubted => ModeWanted::WholeLine,
            None => ModeWanted::Usual,
        }
    }

    fn request_for(&self, rest_of: Option<&Held>) -> Result<RequestBuilder, RequestError> {
        let mut request = self.request.again().mode(self.mode_wanted());
        for name in [RANGE, IF_RANGE] {
            if request.has_header(&name) {
                return Err(invalid(&name, "the download sets it by itself"));
            }
        }
        if let Some(held) = rest_of {
            request = request.header(RANGE, format!("bytes={}-", held.bytes));
            if let Some(version) = held.version.as_deref().filter(|_| !self.is_hidden()) {
                request = request.header(IF_RANGE, version);
            }
        }
        Ok(request)
    }

    /// The whole file.
    async fn ask_for_all(&mut self) -> Result<Offer, FetchError> {
        let response = ask(self.request_for(None)).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(response, self.retry).await);
        }
        Ok(self.keep_whole(response))
    }

    fn keep_whole(&mut self, response: Response<Body>) -> Offer {
        let version = version(response.headers());
        let body = response.into_body();
        self.size = body.remaining();
        self.offered = Some(Offered { from: 0, body: Some(body) });
        Offer { size: self.size, version, resumes: false }
    }

    /// The rest of what is held, or the whole file if that cannot be had.
    async fn ask_for_rest(&mut self, held: &Held) -> Result<Offer, FetchError> {
        let is_complete = held.bytes == held.size;
        if is_complete && held.is_hash_known {
            return Ok(self.keep_rest(held, None));
        }
        let response = ask(self.request_for(Some(held))).await?;
        let (status, headers) = (response.status(), response.headers());
        let length = response.body().remaining();
        match Answer::read(status, headers, length, self.is_hidden(), Some(held)) {
            Answer::Whole => Ok(self.keep_whole(response)),
            Answer::Rest { .. } => Ok(self.keep_rest(held, Some(response.into_body()))),
            Answer::Complete => {
                response.into_body().discard().await;
                Ok(self.keep_rest(held, None))
            }
            Answer::Useless => {
                tracing::debug!(
                    status = status.as_u16(),
                    "the rest of the file cannot be had, asking for all"
                );
                response.into_body().discard().await;
                self.ask_for_all().await
            }
            Answer::None => Err(refused(response, self.retry).await),
        }
    }

    fn keep_rest(&mut self, held: &Held, body: Option<Body>) -> Offer {
        self.size = Some(held.size);
        self.offered = Some(Offered { from: held.bytes, body });
        Offer { size: self.size, version: held.version.clone(), resumes: true }
    }
}

async fn ask(request: Result<RequestBuilder, RequestError>) -> Result<Response<Body>, FetchError> {
    request.map_err(FetchError::Request)?.send().await.map_err(FetchError::Request)
}

/// Its body holds TLS until it is read.
async fn refused(response: Response<Body>, retry: Retry) -> FetchError {
    let (status, retry_after) = (response.status(), retry.asked(response.headers()));
    response.into_body().discard().await;
    FetchError::Status { status, retry_after }
}

impl RangeSource for Remote {
    type Error = FetchError;

    /// What is behind the question mark may be a signature, which is nobody's business.
    fn name(&self) -> String {
        let Some(url) = self.request.url() else {
            return String::new();
        };
        let digest = |query: &str| Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(query)));
        let query = url.query().map(|query| format!("?{}", digest(query))).unwrap_or_default();
        format!("{}{}{query}", url.origin().ascii_serialization(), url.path())
    }

    async fn offer(&mut self, held: Option<&Held>) -> Result<Offer, FetchError> {
        self.offered = None;
        match held.filter(|held| self.can_go_on(held)) {
            Some(held) => self.ask_for_rest(held).await,
            None => self.ask_for_all().await,
        }
    }

    async fn open(&mut self, offset: u64) -> Result<(), FetchError> {
        let (offered, size) = (self.offered.take(), self.size);
        match offered {
            Some(offered) if offered.from == offset => {
                self.body = offered.body;
                return Ok(());
            }
            Some(Offered { body: Some(body), .. }) => body.discard().await,
            _ => {}
        }
        // Not the rest is wanted after all, but the whole file, and of the size that was told.
        self.ask_for_all().await?;
        if offset != 0 || self.size != size {
            return Err(FetchError::Changed);
        }
        self.body = self.offered.take().and_then(|whole| whole.body);
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, FetchError>> {
        let next = self.body.as_mut()?.next().await?;
        Some(next.map_err(FetchError::Body))
    }

    fn close(&mut self) {
        self.body = None;
    }

    async fn usable(&mut self) -> Result<(), ModuleDown> {
        self.modem.health().up().await.map(drop)
    }

    fn spoiled(&mut self) {
        self.is_line_doubted = true;
    }

    fn failed(&mut self, _: &FetchError) {}

    fn gave_up(&mut self, _: String) {}
}
