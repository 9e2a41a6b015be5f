//! An async HTTPS client over Telit cellular modules, as one is used to.
//!
//! The module's own HTTP client carries what it can; the rest is carried from this computer, over a TLS socket of the module:
//! see [`Engine`]. Both are shown with the types of `http`, `http-body` and `url`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telit_core::Modem;
//! use telit_core::tls::{CaCertificate, TlsOptions};
//! use telit_https::HttpsClient;
//!
//! let modem = Modem::builder().apn("iot.example").open_serial("/dev/ttyUSB2").await?;
//! modem.bring_up().await?;
//! let tls = TlsOptions::builder().ca(CaCertificate::from_pem(&std::fs::read("ca.pem")?)?).build()?;
//! let client = HttpsClient::new(&modem, tls);
//!
//! let response = client.get("https://api.example/v1/status").await?;
//! println!("{} {:?}", response.status(), response.headers().get("content-type"));
//! println!("{}", response.into_body().text(64 * 1024).await?);
//!
//! let reading = client.post("https://api.example/v1/readings").content_type("application/json");
//! let response = reading.body(r#"{"celsius":21.5}"#).await?;
//! assert!(response.status().is_success());
//! # Ok(())
//! # }
//! ```
//!
//! Headers of one's own, and large bodies block by block:
//!
//! ```no_run
//! # async fn example(client: telit_https::HttpsClient) -> Result<(), Box<dyn std::error::Error>> {
//! let request = client.get("https://files.example/image.bin").bearer_auth("t0ken").header("range", "bytes=0-65535");
//! let mut body = request.await?.into_body();
//! while let Some(block) = body.next().await {
//!     println!("{} bytes", block?.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Where the module's HTTP client has no TLS (platform 25), all requests go from this computer; plain HTTP has to be asked for
//! with [`HttpsClient::danger_plain`]. No cookies are kept, and nothing is compressed.
//!
//! Redirects are followed as [`Redirects`] says, and requests tried again as [`Retry`] says, by default never.
//!
//! The module's TLS serves one service at a time. A request waits for its turn, and gives TLS back when
//! its answer has been read; [`HttpsOptions::keep_tls`] is for modules that do nothing else.
//!
//! Large files come to the disk with [`HttpsClient::download_to_file`]: resumed where they were cut, verified before they get
//! their name.
//!
//! Features that are off by default: `json` (`RequestBuilder::json` and [`Body`]`::json`), and `tower`
//! ([`HttpsClient`] as a `tower_service::Service`, for layers of time-outs, limits and retries). On by default: `socket`, HTTP on
//! this computer. Without it the program is smaller, and [`RequestError::SocketNotBuilt`] tells where it would be needed, and why.

mod again;
mod body;
mod body_error;
mod body_reader;
mod call;
mod choice;
mod client;
mod doubt;
pub mod download;
mod error;
mod follow;
mod into_url;
mod mode_wanted;
mod module;
mod options;
mod policy;
mod redirect;
mod request_body;
mod request_builder;
mod retry;
mod shared;
#[cfg(feature = "socket")]
mod socket;
#[cfg(not(feature = "socket"))]
#[path = "without_socket.rs"]
mod socket;
mod target;
#[cfg(feature = "tower")]
mod tower;

pub use bytes;
pub use http;
pub use http_body;
pub use url;

pub use body::Body;
pub use body_error::BodyError;
pub use body_reader::BodyReader;
pub use choice::{Engine, EngineReason, EngineUsed};
pub use client::HttpsClient;
pub use download::{DownloadError, FetchError, HttpsDownload};
pub use error::RequestError;
pub use into_url::IntoUrl;
pub use options::HttpsOptions;
pub use redirect::{FinalUrl, RedirectNotFollowed, Redirects};
pub use request_body::RequestBody;
pub use request_builder::RequestBuilder;
pub use retry::Retry;
