//! Why a module does not connect to a server, and what to do about it.
//!
//! [`Modem::diagnose`](crate::Modem::diagnose) makes an [`Examination`], which looks at everything between the port and the server, one
//! [`Step`] after the other, and comes to one [`Cause`]:
//!
//! ```no_run
//! # async fn example(modem: telit_core::Modem, tls: telit_core::tls::TlsOptions)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let diagnosis = modem.diagnose("broker.example", 8883, tls).on_finding(|it| println!("{it}")).run().await?;
//! println!("{}: {}", diagnosis.cause, diagnosis.text);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does to the module
//! It brings the module on line and sets its clock as every service does, takes TLS for TLS sockets, and stores the
//! credentials that it is given, where the module holds others. It deletes nothing else.
//!
//! If the handshake fails as it was asked for, the server is greeted in clear over a plain TCP connection, to see what it
//! shows of itself, and the handshake is tried again with one thing changed at a time: without verification of the
//! server for one. **No data are sent over such a connection**: it is closed as soon as it stands. The settings
//! of TLS that were found are put back at the end, and in the background if the examination is dropped.

mod cause;
mod examination;
mod finding;
mod handshake;
mod hello;
mod judge;
mod keeper;
mod network;
mod plain_socket;
mod reach;
mod search;
mod seen;
mod stored;

pub use cause::{Cause, Diagnosis};
pub use examination::Examination;
pub use finding::{Finding, Step, Verdict};
