//! Firmware whose MQTT or HTTP client can do less, or more, than its platform's: profiles that quirks change.

use std::sync::{Mutex, PoisonError};

use super::{Profile, Quirks};
use crate::platform::Platform;

/// What quirks change in a profile. What is off is as the platform has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Variant {
    mqcfg_without_socket: bool,
    mqsub_without_qos: bool,
    short_messages: bool,
    no_mqpubsext: bool,
    old_keep_alive: bool,
    http: HttpVariant,
}

/// What quirks change in an HTTP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HttpVariant {
    empty_bodies_taken: bool,
    without_tls: bool,
    missing: bool,
}

/// Those that were asked for, which live as long as the process, as the others do.
static VARIANTS: Mutex<Vec<(Platform, Variant, &'static Profile)>> = Mutex::new(Vec::new());

impl Profile {
    /// The profile of a platform with the firmware that quirks describe.
    pub(crate) fn with(platform: Platform, quirks: &Quirks) -> &'static Self {
        let variant = Variant {
            mqcfg_without_socket: quirks.mqcfg_without_socket,
            mqsub_without_qos: quirks.mqsub_without_qos,
            short_messages: quirks.short_messages,
            no_mqpubsext: quirks.no_mqpubsext,
            old_keep_alive: quirks.old_keep_alive,
            http: HttpVariant {
                empty_bodies_taken: quirks.empty_bodies_taken,
                without_tls: quirks.http_without_tls,
                missing: quirks.no_http,
            },
        };
        if variant.changes_nothing() {
            return Self::of(platform);
        }
        let mut variants = VARIANTS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = variants.iter().find(|(of, known, _)| *of == platform && *known == variant);
        if let Some((_, _, profile)) = known {
            return profile;
        }
        let profile: &'static Self = Box::leak(Box::new(variant.of(Self::of(platform))));
        variants.push((platform, variant, profile));
        profile
    }
}

impl Variant {
    fn changes_nothing(self) -> bool {
        let Self {
            mqcfg_without_socket,
            mqsub_without_qos,
            short_messages,
            no_mqpubsext,
            old_keep_alive,
            http: HttpVariant { empty_bodies_taken, without_tls, missing },
        } = self;
        let mqtt = [mqcfg_without_socket, mqsub_without_qos, short_messages, no_mqpubsext, old_keep_alive];
        let http = [empty_bodies_taken, without_tls, missing];
        !mqtt.contains(&true) && !http.contains(&true)
    }

    fn of(self, profile: &Profile) -> Profile {
        let mut profile = profile.clone();
        if let Some(mqtt) = &mut profile.mqtt {
            mqtt.names_socket &= !self.mqcfg_without_socket;
            mqtt.names_quality &= !self.mqsub_without_qos;
            if self.short_messages {
                mqtt.limit_messages();
            }
            if self.no_mqpubsext {
                mqtt.forget_counted_messages();
            }
            if self.old_keep_alive {
                mqtt.take_old_keep_alive();
            }
        }
        if let Some(http) = &mut profile.http {
            if self.http.empty_bodies_taken {
                http.least_body = 0;
            }
            if self.http.without_tls {
                http.forget_tls();
            }
        }
        if self.http.missing {
            profile.http = None;
        }
        profile
    }
}
