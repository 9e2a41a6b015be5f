//! Who keeps whom from TLS, as a rule over data.

use super::service::Service;
use crate::platform::ExclusiveScope;

/// The secure socket whose settings HTTP and FTP use, and MQTT with its first client.
/// Source: SSL guide 8.2, 9.1, 10.1.1; M37 p894, p1011.
const SHARED_SOCKET: u8 = 1;

/// A use of TLS: by which service, on which secure socket (`<SSId>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The service.
    pub service: Service,
    /// The secure socket whose settings it uses.
    pub socket: u8,
}

impl Claim {
    /// The service on the secure socket that it uses unless told otherwise: the first.
    #[must_use]
    pub const fn of(service: Service) -> Self {
        Self { service, socket: SHARED_SOCKET }
    }

    /// The service on a secure socket of its own choice.
    #[must_use]
    pub const fn on(service: Service, socket: u8) -> Self {
        Self { service, socket }
    }

    /// Whether the two cannot be had at the same time on a platform with this scope.
    #[must_use]
    pub const fn excludes(self, other: Self, scope: ExclusiveScope) -> bool {
        match scope {
            ExclusiveScope::WholeModule => true,
            ExclusiveScope::FirstSocket => self.socket == other.socket,
        }
    }
}

impl From<Service> for Claim {
    fn from(service: Service) -> Self {
        Self::of(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{PlatformId, profile};

    #[test]
    fn one_user_of_the_whole_module() {
        for held in Service::ALL {
            for wanted in Service::ALL {
                let (held, wanted) = (Claim::of(held), Claim::on(wanted, 2));
                assert!(held.excludes(wanted, ExclusiveScope::WholeModule), "{held:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn one_user_of_each_socket() {
        let http = Claim::of(Service::Http);
        for (wanted, excluded) in [
            (Claim::of(Service::Ftp), true),
            (Claim::of(Service::Http), true),
            (Claim::of(Service::Mqtt), true),
            (Claim::of(Service::Socket), true),
            (Claim::on(Service::Socket, 2), false),
            (Claim::on(Service::Mqtt, 2), false),
        ] {
            assert_eq!(http.excludes(wanted, ExclusiveScope::FirstSocket), excluded, "{wanted:?}");
            assert_eq!(wanted.excludes(http, ExclusiveScope::FirstSocket), excluded, "{wanted:?}");
        }
    }

    #[test]
    fn every_pair_of_services_excludes_each_other_on_every_platform() {
        for profile in PlatformId::ALL.map(profile) {
            for held in Service::ALL {
                for wanted in Service::ALL {
                    let excluded = Claim::of(held).excludes(Claim::of(wanted), profile.tls.exclusive);
                    assert!(excluded, "{} {held} {wanted}", profile.id);
                }
            }
        }
    }
}
