//! Which cipher suites a connection offers, resolved to what a platform's commands can say.
//!
//! Value 0 of `#SSLSECCFG`, the platform's own list, is never relied on: sources disagree on what it holds, and on
//! most platforms it holds what is broken. Where the firmware takes an ordered list (`#SSLSECCS`) it gets one;
//! elsewhere exactly one suite is pinned, or the refusal says what cannot be had.

mod plan;
#[cfg(test)]
mod platforms;
mod refusal;
mod strength;

use std::fmt;

pub use plan::{Probed, SuiteOffer, SuitePlan, resolve};
pub use refusal::{Alternatives, PolicyRefusal, SuiteDemand};
pub(super) use strength::weakness;

use crate::platform::CipherSuite;

/// Which cipher suites may be used.
///
/// RC4, NULL, DES, 3DES, export, anonymous, MD5, SRP, PSK and DSS suites are in none of them; a list of one's own with
/// such a suite is refused, see
/// [`danger_cipher_suites`](crate::tls::TlsOptionsBuilder::danger_cipher_suites).
///
/// A platform without `#SSLSECCS` offers one suite only: the best that it can be pinned to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CipherPolicy {
    /// Forward secrecy and authenticated encryption: ECDHE with AES-GCM, then DHE with AES-GCM; with TLS 1.3 its
    /// AES-GCM suites first.
    ///
    /// This is what SSL guide 11.1 and NIST SP 800-52 Rev. 2 both recommend. `ChaCha20-Poly1305`, which the guide names
    /// and NIST does not approve, and CCM are sound: name them with [`Only`](Self::Only).
    #[default]
    Recommended,
    /// The recommended ones, then what SP 800-52 Rev. 2 tolerates for the sake of older peers: ECDHE and DHE with
    /// AES-CBC, and last AES with RSA key transport (no forward secrecy: whoever gets the server's key later reads what
    /// was recorded).
    ///
    /// The strongest that a platform can be pinned to need not be one that the server has. AWS IoT for one has no DHE, so
    /// platform 30 and 25 Linux need `Only` with `TLS_RSA_WITH_AES_128_CBC_SHA256` there.
    Compatible,
    /// Exactly these, best first. Suites that the platform does not have are left out; it is an error if none is left.
    Only(Vec<CipherSuite>),
}

/// The kind of key in the server's certificate.
///
/// A suite of TLS 1.2 works with one kind only. It matters where a single suite is pinned; in a list, suites for the
/// expected kind come first and those for the other one behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKey {
    /// RSA, the common one.
    #[default]
    Rsa,
    /// Elliptic curves.
    Ecdsa,
}

impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
        })
    }
}
