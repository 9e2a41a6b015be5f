//! From the options and the platform to the suites that are offered.

use super::strength::{Authentication, Grade, Strength};
use super::{Alternatives, CipherPolicy, PolicyRefusal, ServerKey, SuiteDemand};
use crate::platform::{
    Availability, CipherSuite, Profile, SecurityLayout, SuiteRow, SuiteSelection, TlsProfile, TlsVersion,
};
use crate::tls::TlsOptions;
use crate::tls::options::SuiteChoice;
use crate::tls::ranges::Ranges;

/// What this firmware told of itself. Without it the platform's table alone decides.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Probed {
    /// Whether it has `#SSLSECCS`; `None` if it was not asked.
    pub suite_list: Option<bool>,
    /// What `<CipherSuite>` of `#SSLSECCFG` takes in decimal.
    pub suite_values: Option<Ranges>,
    /// What `<version>` of `#SSLSECCFG2` takes.
    pub versions: Option<Ranges>,
    /// Whether `<SNI>` of `#SSLSECCFG2` can be switched on.
    pub server_name: Option<bool>,
    /// Whether `<skipHostMismatch>` of `#SSLCFG` can be switched.
    pub host_check: Option<bool>,
}

/// The suites of a connection and the versions that go with them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuitePlan {
    /// What is offered.
    pub offer: SuiteOffer,
    /// The least version that is accepted.
    pub minimum: TlsVersion,
    /// Whether the module is sure to keep to it: by a minimum of its own, or because older versions lack every suite that
    /// is offered. Elsewhere (platforms 12, 20 and 23 with a suite that TLS 1.0 has too) the version number is written,
    /// and no source says whether it is the only version or the newest; such a set-up is logged as a warning.
    pub minimum_is_certain: bool,
    /// The newest version that is offered.
    pub newest: TlsVersion,
}

/// How the suites are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuiteOffer {
    /// An ordered list, best first, by `#SSLSECCS`.
    List(Vec<CipherSuite>),
    /// One suite, by `#SSLSECCFG`.
    Pinned {
        /// The suite.
        suite: CipherSuite,
        /// What it is called there: decimal, or hexadecimal with `0x`.
        value: String,
    },
    /// Everything that the platform offers by itself, the weak ones too; the server chooses.
    PlatformDefault,
}

/// Resolves what `options` demand to what a platform can do.
///
/// It is pure: the same answer that setting up TLS gives, without a module.
///
/// ```
/// use telit_core::platform::{PlatformId, profile};
/// use telit_core::tls::{Probed, SuiteOffer, TlsOptions, resolve};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = TlsOptions::builder().danger_skip_verification().build()?;
/// let plan = resolve(profile(PlatformId::P37), &options, &Probed::default())?;
/// assert!(matches!(plan.offer, SuiteOffer::Pinned { value, .. } if value == "0xC02F"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PolicyRefusal`] says what the platform cannot do and what it can.
pub fn resolve(
    profile: &'static Profile,
    options: &TlsOptions,
    probed: &Probed,
) -> Result<SuitePlan, PolicyRefusal> {
    let resolver = Resolver { profile, tls: &profile.tls, options, probed };
    let mut refusals = resolver.peer();
    let offer = match resolver.check_version().and_then(|()| resolver.offer()) {
        Ok(offer) if refusals.is_empty() => offer,
        Ok(_) => return Err(PolicyRefusal::all(refusals)),
        Err(refusal) => {
            refusals.push(refusal);
            return Err(PolicyRefusal::all(refusals));
        }
    };
    let (newest, minimum_is_certain) = (resolver.newest(&offer), resolver.is_certain(&offer));
    Ok(SuitePlan { minimum: options.minimum, minimum_is_certain, newest, offer })
}

struct Resolver<'a> {
    profile: &'static Profile,
    tls: &'static TlsProfile,
    options: &'a TlsOptions,
    probed: &'a Probed,
}

impl Resolver<'_> {
    /// What is refused about the server's name.
    fn peer(&self) -> Vec<PolicyRefusal> {
        let platform = self.profile.id;
        // A firmware may lack what the platform's table has, and never the other way round: fields without use are
        // printed with all sorts of ranges.
        let checks_host = self.tls.checks_host_name() && self.probed.host_check != Some(false);
        let sends_name = self.tls.sends_server_name() && self.probed.server_name != Some(false);
        let host = (self.options.check_host && !checks_host).then_some(PolicyRefusal::HostCheck { platform });
        let name =
            (self.options.server_name && !sends_name).then_some(PolicyRefusal::ServerName { platform });
        host.into_iter().chain(name).collect()
    }

    fn check_version(&self) -> Result<(), PolicyRefusal> {
        let (platform, version) = (self.profile.id, self.options.minimum);
        match version {
            TlsVersion::Tls13 if !self.has_tls13() => Err(PolicyRefusal::Version { platform, version }),
            _ => Ok(()),
        }
    }

    fn offer(&self) -> Result<SuiteOffer, PolicyRefusal> {
        let list = self.probed.suite_list.unwrap_or(self.tls.suite_list == Availability::Yes);
        match &self.options.suites {
            SuiteChoice::PlatformDefault => self.platform_default(list),
            _ if list => self.list(),
            _ => self.pinned(),
        }
    }

    fn platform_default(&self, list: bool) -> Result<SuiteOffer, PolicyRefusal> {
        let (platform, version) = (self.profile.id, self.options.minimum);
        if list {
            return Err(PolicyRefusal::DefaultNotNeeded { platform });
        }
        if self.tls.security == SecurityLayout::Absent {
            let alternatives = self.alternatives();
            return Err(PolicyRefusal::DefaultNotKept { platform, version, alternatives });
        }
        Ok(SuiteOffer::PlatformDefault)
    }

    fn list(&self) -> Result<SuiteOffer, PolicyRefusal> {
        let suites: Vec<_> = self.candidates().filter(|row| self.fits(row)).map(|row| row.suite).collect();
        if suites.is_empty() { Err(self.refused()) } else { Ok(SuiteOffer::List(suites)) }
    }

    fn pinned(&self) -> Result<SuiteOffer, PolicyRefusal> {
        let by_name = self.named().is_some();
        let suits = |row: &&'static SuiteRow| {
            self.fits(row) && (by_name || (self.has_key(row) && !self.only_on_request(row)))
        };
        let mut not_kept = None;
        for row in self.candidates().filter(suits) {
            match self.value(row) {
                Some(value) if self.keeps_minimum(row) => {
                    return Ok(SuiteOffer::Pinned { suite: row.suite, value });
                }
                Some(_) => not_kept = not_kept.or(Some(row.suite)),
                None => {}
            }
        }
        Err(match not_kept {
            Some(suite) => self.version_not_kept(suite),
            None => self.refused(),
        })
    }

    /// TLS 1.3 alone is not pinned unless it was asked for.
    fn only_on_request(&self, row: &SuiteRow) -> bool {
        self.options.minimum != TlsVersion::Tls13 && row.works_with(TlsVersion::Tls13)
    }

    /// What may be offered, best first.
    fn candidates(&self) -> Box<dyn Iterator<Item = &'static SuiteRow> + '_> {
        match self.named() {
            Some(suites) => Box::new(suites.iter().filter_map(|suite| self.tls.suite(*suite))),
            None => Box::new(self.graded(self.grade()).into_iter()),
        }
    }

    fn named(&self) -> Option<&[CipherSuite]> {
        match &self.options.suites {
            SuiteChoice::Policy(CipherPolicy::Only(suites)) | SuiteChoice::Dangerous(suites) => Some(suites),
            _ => None,
        }
    }

    fn grade(&self) -> Grade {
        match &self.options.suites {
            SuiteChoice::Policy(CipherPolicy::Compatible) => Grade::Compatible,
            _ => Grade::Recommended,
        }
    }

    /// The platform's suites of at least this grade, best first.
    fn graded(&self, worst: Grade) -> Vec<&'static SuiteRow> {
        let expected = authentication(self.options.server_key);
        let strength = |row: &'static SuiteRow| Some((Strength::of(row.suite)?, row));
        let mut rows: Vec<_> = self.tls.suites.iter().filter_map(strength).collect();
        rows.retain(|(strength, row)| strength.grade() <= worst && row.versions.is_some());
        rows.sort_by_key(|(strength, _)| strength.order(expected));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Whether it works with a version that is accepted and that the platform has.
    fn fits(&self, row: &SuiteRow) -> bool {
        let accepted = |version: &TlsVersion| {
            *version >= self.options.minimum && (*version < TlsVersion::Tls13 || self.has_tls13())
        };
        row.versions.is_none_or(|versions| versions.iter().any(accepted))
    }

    fn has_key(&self, row: &SuiteRow) -> bool {
        let expected = authentication(self.options.server_key);
        Strength::of(row.suite)
            .is_some_and(|it| it.authentication == Authentication::Any || it.authentication == expected)
    }

    /// Where no command sets the version, only a suite that older versions lack keeps the server from them.
    fn keeps_minimum(&self, row: &SuiteRow) -> bool {
        self.tls.security != SecurityLayout::Absent || self.is_new_enough(row)
    }

    fn is_new_enough(&self, row: &SuiteRow) -> bool {
        let new_enough = |version: &TlsVersion| *version >= self.options.minimum;
        row.versions.is_some_and(|versions| versions.iter().all(new_enough))
    }

    fn is_certain(&self, offer: &SuiteOffer) -> bool {
        let new_enough =
            |suite: &CipherSuite| self.tls.suite(*suite).is_some_and(|row| self.is_new_enough(row));
        self.tls.security == SecurityLayout::SniAndMasks
            || match offer {
                SuiteOffer::List(suites) => suites.iter().all(new_enough),
                SuiteOffer::Pinned { suite, .. } => new_enough(suite),
                SuiteOffer::PlatformDefault => false,
            }
    }

    /// What the suite is called in `#SSLSECCFG` to be the only one.
    fn value(&self, row: &SuiteRow) -> Option<String> {
        let value = self.tls.suite_value(row.suite)?;
        let taken = match (&self.probed.suite_values, value.parse()) {
            (Some(values), Ok(decimal)) => values.contains(decimal),
            _ => true,
        };
        match (taken, self.tls.suite_selection) {
            (true, _) => Some(value),
            (false, SuiteSelection::Both) => Some(row.suite.hexadecimal()),
            (false, _) => None,
        }
    }

    fn has_tls13(&self) -> bool {
        let Some(value) = self.tls.versions.version_value(TlsVersion::Tls13) else { return false };
        let taken = |versions: &Ranges| versions.contains(value.into());
        self.tls.tls13 != Availability::No && self.probed.versions.as_ref().is_none_or(taken)
    }

    fn newest(&self, offer: &SuiteOffer) -> TlsVersion {
        let is_new =
            |suite: &CipherSuite| self.tls.suite(*suite).is_some_and(|row| row.works_with(TlsVersion::Tls13));
        let new = match offer {
            SuiteOffer::List(suites) => suites.iter().any(is_new),
            SuiteOffer::Pinned { suite, .. } => is_new(suite),
            SuiteOffer::PlatformDefault => self.options.minimum == TlsVersion::Tls13,
        };
        if new { TlsVersion::Tls13 } else { TlsVersion::Tls12 }
    }

    fn refused(&self) -> PolicyRefusal {
        let key = self.options.server_key;
        let demand = match (&self.options.suites, self.named()) {
            (_, Some(suites)) => SuiteDemand::These(suites.to_vec()),
            (SuiteChoice::Policy(CipherPolicy::Compatible), _) => SuiteDemand::Compatible(key),
            _ => SuiteDemand::Recommended(key),
        };
        PolicyRefusal::Suites { platform: self.profile.id, demand, alternatives: self.alternatives() }
    }

    fn version_not_kept(&self, suite: CipherSuite) -> PolicyRefusal {
        let (platform, version) = (self.profile.id, self.options.minimum);
        PolicyRefusal::VersionNotKept { platform, version, suite, alternatives: self.alternatives() }
    }

    /// The best that the platform can be pinned to, whatever was asked for.
    fn alternatives(&self) -> Alternatives {
        let usable = |row: &&'static SuiteRow| {
            self.fits(row)
                && self.keeps_minimum(row)
                && !self.only_on_request(row)
                && self.value(row).is_some()
        };
        let rows: Vec<_> = self.graded(Grade::Compatible).into_iter().filter(usable).collect();
        let row = rows.iter().find(|row| self.has_key(row)).or_else(|| rows.first());
        let recommended = self.graded(Grade::Recommended);
        let alone = |row: &&&'static SuiteRow| self.value(row).is_some();
        let is_recommended = |row: &SuiteRow| recommended.iter().any(|it| it.suite == row.suite);
        Alternatives {
            suite: row.map(|row| row.suite),
            recommended: row.is_some_and(|row| is_recommended(row)),
            needs_rsa: row.is_some_and(|row| !self.has_key(row)),
            in_default_list: match recommended.iter().any(|row| alone(&row)) {
                true => Vec::new(),
                false => recommended.iter().filter(|row| row.offered_by_guide).map(|row| row.suite).collect(),
            },
        }
    }
}

fn authentication(key: ServerKey) -> Authentication {
    match key {
        ServerKey::Rsa => Authentication::Rsa,
        ServerKey::Ecdsa => Authentication::Ecdsa,
    }
}
