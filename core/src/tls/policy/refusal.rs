//! What a platform cannot do, and the nearest thing that it can.

use std::fmt;

use crate::platform::{CipherSuite, PlatformId, TlsVersion};

/// The platform cannot keep what the options demand. Nothing was sent.
///
/// The text says what it cannot do and, behind a semicolon, which option of [`TlsOptions`](crate::tls::TlsOptions)
/// (and of the command-line tool) asks for something that it can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyRefusal {
    /// None of the demanded cipher suites can be chosen.
    #[error("platform {platform} cannot choose {demand}; {alternatives}")]
    Suites {
        /// The platform.
        platform: PlatformId,
        /// What was demanded.
        demand: SuiteDemand,
        /// What can be had instead.
        alternatives: Alternatives,
    },
    /// The suite can be chosen, but nothing keeps the server from using it with an older version.
    #[error(
        "platform {platform} cannot be kept to {version} with {suite}, which older versions have too; {alternatives}"
    )]
    VersionNotKept {
        /// The platform.
        platform: PlatformId,
        /// The minimum version.
        version: TlsVersion,
        /// The suite.
        suite: CipherSuite,
        /// What can be had instead.
        alternatives: Alternatives,
    },
    /// The platform, or this firmware, does not have the version.
    #[error("platform {platform} does not have {version}; lower the minimum version (--min-tls 1.2)")]
    Version {
        /// The platform.
        platform: PlatformId,
        /// The minimum version.
        version: TlsVersion,
    },
    /// The platform does not send the server name (SNI). Source: SSL guide 6.3, 6.4.
    #[error(
        "platform {platform} does not send the server name (SNI), so a server with several names may show another \
         certificate; connect without it by without_server_name() (--no-sni)"
    )]
    ServerName {
        /// The platform.
        platform: PlatformId,
    },
    /// The platform does not check the host name in the certificate. Source: SSL guide 6.7.1.
    #[error(
        "platform {platform} does not check host names, so any server with a certificate of a trusted CA is taken; \
         trust a CA of your own that signs this server only, and accept it by danger_skip_host_check() \
         (--danger-skip-host-check)"
    )]
    HostCheck {
        /// The platform.
        platform: PlatformId,
    },
    /// The firmware takes an ordered list of suites, so its default list is never needed.
    #[error(
        "platform {platform} takes a list of cipher suites, so its default list is not used; \
         leave danger_platform_default_suites() (--danger-platform-ciphers) out"
    )]
    DefaultNotNeeded {
        /// The platform.
        platform: PlatformId,
    },
    /// More than one of these, so that a user learns of all at once.
    #[error("{}", several(.refusals))]
    Several {
        /// Each of them, in the order of the set-up.
        refusals: Vec<Self>,
    },
    /// With its default list the platform cannot be kept to the minimum version.
    #[error("platform {platform} cannot be kept to {version} with its default cipher suites; {alternatives}")]
    DefaultNotKept {
        /// The platform.
        platform: PlatformId,
        /// The minimum version.
        version: TlsVersion,
        /// What can be had instead.
        alternatives: Alternatives,
    },
}

impl PolicyRefusal {
    /// One refusal as it is, several as one.
    pub(super) fn all(mut refusals: Vec<Self>) -> Self {
        match (refusals.len(), refusals.pop()) {
            (1, Some(refusal)) => refusal,
            (_, last) => Self::Several { refusals: refusals.into_iter().chain(last).collect() },
        }
    }
}

/// First everything that the platform cannot do, then everything that helps.
fn several(refusals: &[PolicyRefusal]) -> String {
    let texts: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let (mut causes, mut ways) = (Vec::new(), Vec::new());
    for text in &texts {
        let (cause, way) = text.split_once("; ").unwrap_or((text, ""));
        // The platform is named once.
        let cause = if causes.is_empty() { cause } else { cause.splitn(3, ' ').nth(2).unwrap_or(cause) };
        causes.push(cause);
        ways.push(way);
    }
    format!("{}; {}", causes.join(", and "), ways.join("; "))
}

/// Which cipher suites were demanded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuiteDemand {
    /// Those of [`CipherPolicy::Recommended`](super::CipherPolicy::Recommended) for this kind of server certificate.
    Recommended(super::ServerKey),
    /// Those of [`CipherPolicy::Compatible`](super::CipherPolicy::Compatible) for this kind of server certificate.
    Compatible(super::ServerKey),
    /// A list of one's own.
    These(Vec<CipherSuite>),
}

impl fmt::Display for SuiteDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recommended(key) => {
                write!(
                    f,
                    "a recommended cipher suite (ECDHE or DHE with AES-GCM) for servers with {key} certificates"
                )
            }
            Self::Compatible(key) => {
                write!(f, "a cipher suite with AES for servers with {key} certificates")
            }
            Self::These(suites) if suites.len() > 1 => {
                write!(f, "any of the cipher suites {}", names(suites))
            }
            Self::These(suites) => write!(f, "the cipher suite {}", names(suites)),
        }
    }
}

fn names(suites: &[CipherSuite]) -> String {
    suites.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a platform can do instead, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternatives {
    /// The strongest suite that the platform can be pinned to, if it can be pinned to one that is still tolerated.
    pub suite: Option<CipherSuite>,
    /// Whether [`CipherPolicy::Recommended`](super::CipherPolicy::Recommended) chooses it. Otherwise
    /// [`CipherPolicy::Compatible`](super::CipherPolicy::Compatible) does.
    pub recommended: bool,
    /// Whether the suite needs a server with an RSA certificate although another was asked for.
    pub needs_rsa: bool,
    /// Recommended suites that the platform offers only together with all others that it has.
    pub in_default_list: Vec<CipherSuite>,
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(suite) = self.suite else {
            return f.write_str("no cipher suite of this platform can be recommended");
        };
        let way = match self.recommended {
            true => "CipherPolicy::Recommended (--cipher recommended)",
            false => "CipherPolicy::Compatible (--cipher compatible)",
        };
        let rsa = if self.needs_rsa { " and ServerKey::Rsa (--server-key rsa)" } else { "" };
        write!(f, "the strongest that it can be pinned to is {suite}: choose {way}{rsa}")?;
        if let Some(better) = self.in_default_list.first() {
            write!(
                f,
                "; {better} is offered only together with every suite of the platform, weak ones too: \
                 danger_platform_default_suites() (--danger-platform-ciphers) leaves the choice to the server"
            )?;
        }
        Ok(())
    }
}
