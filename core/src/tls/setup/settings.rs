//! The resolved options as the commands of a platform: pure, so that every platform's lines can be tested.

use super::firmware::Firmware;
use crate::commands::{SettingValue, WriteSetting};
use crate::platform::SecurityLayout;
use crate::tls::{SocketSettings, SuiteOffer, SuitePlan, TlsError, TlsOptions};

/// What is written for one connection.
pub(super) struct Settings<'a> {
    pub(super) firmware: &'a Firmware,
    pub(super) options: &'a TlsOptions,
    pub(super) plan: &'a SuitePlan,
    pub(super) socket: u8,
    pub(super) context: u8,
    pub(super) values: SocketSettings,
}

impl Settings<'_> {
    /// `#SSLSECCFG`: suite and authentication. Suite 0 stands for the list, which is written too, or for the
    /// platform's own where the user insists. Source: SSL guide 6.2; M37 p881-886.
    pub(super) fn security(&self) -> Result<WriteSetting, TlsError> {
        let suite = match &self.plan.offer {
            SuiteOffer::Pinned { value, .. } => SettingValue::read(value)
                .ok_or_else(|| self.unsupported(&format!("has no number for its cipher suite {value}")))?,
            SuiteOffer::List(_) | SuiteOffer::PlatformDefault => SettingValue::Number(0),
        };
        let mode = match (self.options.verify, self.options.identity.is_some()) {
            (false, false) => 0,
            (true, false) => 1,
            (_, true) => 2,
        };
        Ok(self.setting("#SSLSECCFG", vec![suite, SettingValue::Number(mode)]))
    }

    /// `#SSLCFG`, with the host name checked. Source: SSL guide 6.7, 10.1.3; M37 p874-880.
    pub(super) fn socket(&self) -> Result<WriteSetting, TlsError> {
        if !self.firmware.takes_context(self.context) {
            return Err(self.unsupported(&format!("has no TLS on packet data context {}", self.context)));
        }
        let layout = self.firmware.socket_layout();
        let values = self.values.values(layout, self.context, !self.options.check_host);
        Ok(self.setting("#SSLCFG", values.into_iter().map(SettingValue::Number).collect()))
    }

    /// `#SSLSECCFG2`: versions, SNI, which CA slots. Source: SSL guide 6.3; M37 p921-924.
    pub(super) fn versions(&self, authorities: u32) -> Result<Option<WriteSetting>, TlsError> {
        let tls = &self.firmware.profile.tls;
        if tls.security == SecurityLayout::Absent {
            return Ok(None);
        }
        let newest = self.plan.newest;
        let value = tls.versions.version_value(newest);
        let value = value.ok_or_else(|| self.unsupported(&format!("has no number for {newest}")))?;
        let (version, name) = (self.firmware.version_field(value), u32::from(self.options.server_name));
        let values = match tls.security {
            SecurityLayout::Absent | SecurityLayout::VersionOnly => vec![version],
            SecurityLayout::Sni => vec![version, name],
            SecurityLayout::SniAndMasks => {
                let minimum = self.plan.minimum;
                let least = tls.versions.minimum_value(minimum);
                let least = least.ok_or_else(|| self.unsupported(&format!("has no number for {minimum}")))?;
                vec![version, name, authorities, self.preloaded(), least.into()]
            }
        };
        Ok(Some(self.setting("#SSLSECCFG2", values.into_iter().map(SettingValue::Number).collect())))
    }

    /// The mask of preloaded authorities. Its default is 1, so it is always written. Source: M37 p922.
    fn preloaded(&self) -> u32 {
        self.options.preloaded.iter().fold(0, |mask, slot| mask | slot_bit(*slot))
    }

    fn setting(&self, name: &'static str, values: Vec<SettingValue>) -> WriteSetting {
        WriteSetting { name, socket: self.socket, values }
    }

    fn unsupported(&self, what: &str) -> TlsError {
        TlsError::Unsupported { platform: self.firmware.profile.id, what: what.to_owned() }
    }
}

/// The bit of a slot in a mask: slots count from 1. Source: M37 p922.
pub(in crate::tls) fn slot_bit(slot: u8) -> u32 {
    1_u32.checked_shl(u32::from(slot).saturating_sub(1)).unwrap_or_default()
}
