//! An async HTTPS client over the HTTP service inside Telit cellular modules.
//!
//! The module resolves, connects, does TLS and speaks HTTP/1.1; this crate drives its `#HTTP...` commands
//! and shows them with the types of `http`, `http-body` and `url`.
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
//! let response = client.get("https://api.example/v1/status".parse()?).await?;
//! println!("{} {:?}", response.status(), response.headers().get("content-type"));
//! println!("{}", response.into_body().text(64 * 1024).await?);
//!
//! let url = "https://api.example/v1/readings".parse()?;
//! let response = client.post(url, "application/json", r#"{"celsius":21.5}"#).await?;
//! assert!(response.status().is_success());
//! # Ok(())
//! # }
//! ```
//!
//! Headers of one's own, and large bodies block by block:
//!
//! ```no_run
//! # async fn example(client: telit_https::HttpsClient) -> Result<(), Box<dyn std::error::Error>> {
//! use telit_https::RequestBody;
//!
//! let request = http::Request::get("https://files.example/image.bin")
//!     .header("Authorization", "Bearer t0ken")
//!     .header("Range", "bytes=0-65535")
//!     .body(RequestBody::empty())?;
//! let mut body = client.send(request).await?.into_body();
//! while let Some(block) = body.next().await {
//!     println!("{} bytes", block?.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What the module cannot do, and this crate does not pretend: other methods, other response headers
//! (so no redirects, cookies or validators), connections that are kept, compression. Where the module's
//! HTTP client has no TLS (platform 25), requests are refused with [`RequestError::Unsupported`], which names
//! what can be done instead; plain HTTP has to be asked for with [`HttpsClient::danger_plain`].
//!
//! The module's TLS serves one service at a time. A request waits for its turn, and gives TLS back when
//! its answer has been read; [`HttpsOptions::keep_tls`] is for modules that do nothing else.

mod body;
mod body_progress;
mod client;
mod commands;
mod error;
mod headers;
mod leftovers;
mod limits;
mod options;
mod prepared;
mod request_body;
mod ring;
mod shared;
mod switch_off;
mod target;
mod transaction;
mod wait_for_ring;

pub use bytes;
pub use http;
pub use http_body;
pub use url;

pub use body::{Body, BodyError};
pub use client::HttpsClient;
pub use error::RequestError;
pub use options::HttpsOptions;
pub use request_body::RequestBody;
