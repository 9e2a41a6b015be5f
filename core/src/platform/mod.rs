//! What is known of each module platform, as plain data.
//!
//! A [`Profile`] is a value: identity, limits, timings and dialects of one platform, each with its source beside it
//! in `table/`. Code asks the profile and never compares model names; only [`identify`] does. An unknown is `None`
//! or [`Availability::Probe`] with a remark, not a guess, and what a module says in a test form (`AT#X=?`) beats
//! what is written here. This part does no I/O and imports nothing else of the crate.

mod capability;
#[cfg(test)]
mod check;
mod cipher_suite_names;
mod cipher_suites;
mod credential_store;
mod error_numbers;
mod id;
mod identify;
mod profile;
mod service_profile;
mod table;
mod tls_profile;
mod tls_versions;

pub use capability::{Capability, Support};
pub use cipher_suites::{CipherSuite, ParseCipherSuiteError, SuiteRow, SuiteSelection, TlsVersion};
pub use credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
pub use error_numbers::{SslNumbering, ssl_error_text};
pub use id::{ParsePlatformError, PlatformId};
pub use identify::{Identification, identify, tell_le910cx_apart, tell_le910cx_apart_by_fields};
pub use profile::{
    Availability, ContextProfile, ErrorProfile, EscapeProfile, Generation, Kept, LineProfile, Profile,
    RegistrationDomain, StoredSettings, Timeouts,
};
pub use service_profile::{FtpProfile, HttpProfile, MqttProfile};
pub use table::profile;
pub use tls_profile::{BlockLimits, ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
pub use tls_versions::{VersionCoding, VersionMeaning};
