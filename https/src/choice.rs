//! Who speaks HTTP: the module, or this computer over a TLS socket of the module.

use std::fmt;

/// Who speaks HTTP.
///
/// All modules have an HTTP client of their own (`#HTTP...`), most of them with TLS. What it cannot carry is spoken on this
/// computer, over a TLS socket of the module, behind the same [`HttpsClient`](crate::HttpsClient) and on every platform.
///
/// | | the module | this computer |
/// |---|---|---|
/// | platforms | all but 25 (no TLS) | all |
/// | methods | GET, HEAD, DELETE, POST, PUT | all but CONNECT |
/// | path and query, all headers together | about 150 and 100 characters | any length |
/// | request body | up to what it takes, read into memory first | any length, also an unknown one; streamed |
/// | headers of the answer | `Content-Type` and `Content-Length` | all |
/// | redirects, `Retry-After` | not seen | followed, honoured |
/// | an answer that is cut short | seen if its length was announced or the module says why | seen |
/// | a connection for several requests | no | with [`keep_tls`](crate::HttpsOptions::keep_tls) |
/// | answers read at the same time | one | as many as the module has TLS sockets |
/// | requests without TLS | yes | no |
///
/// Source: M37 p857-870; IPE28 p100-104.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// The module where it can, otherwise this computer. [`EngineUsed`] in the answer's extensions and the log tell
    /// which, and why.
    #[default]
    Auto,
    /// The module. What it cannot carry is refused before anything is sent.
    Module,
    /// This computer, over a TLS socket of the module.
    Socket,
}

/// Who spoke HTTP for a request, and why: in the [extensions](http::Response::extensions) of every answer.
///
/// ```
/// use telit_https::{Body, Engine, EngineUsed};
///
/// fn show(response: &http::Response<Body>) {
///     if let Some(used) = response.extensions().get::<EngineUsed>() {
///         println!("{used}");
///         assert_ne!(used.engine, Engine::Auto);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineUsed {
    /// [`Engine::Module`] or [`Engine::Socket`].
    pub engine: Engine,
    /// Why.
    pub because: EngineReason,
}

/// Why the one or the other speaks HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineReason {
    /// It was asked for.
    Asked,
    /// The module can carry the request.
    ModuleCan,
    /// The module cannot carry the request.
    ModuleCannot {
        /// What it cannot.
        why: String,
    },
    /// The module was answered with a redirect, and does not tell where to.
    LocationHidden,
    /// A connection to the server is open already.
    ConnectionKept,
}

impl EngineUsed {
    pub(crate) fn new(engine: Engine, because: EngineReason) -> Self {
        Self { engine, because }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Module => "module",
            Self::Socket => "socket",
        })
    }
}

impl fmt::Display for EngineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("it was asked for"),
            Self::ModuleCan => f.write_str("the module can carry the request"),
            Self::ModuleCannot { why } => f.write_str(why),
            Self::LocationHidden => f.write_str("the module does not tell where a redirect leads"),
            Self::ConnectionKept => f.write_str("a connection to the server is open"),
        }
    }
}

impl fmt::Display for EngineUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.engine, self.because)
    }
}
