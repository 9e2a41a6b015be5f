//! What the firmware tells of itself in its test forms, which beats the platform's table.
//!
//! A refused or empty answer changes nothing: a module may refuse a test form for reasons of its own, without a SIM
//! for one. Source: M37 p874-925.

use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::{Availability, Profile, SecurityLayout, SocketLayout};
use crate::tls::Probed;
use crate::tls::ranges::Ranges;

/// The platform's table with what this firmware says of itself.
#[derive(Clone, Debug)]
pub(in crate::tls) struct Firmware {
    pub(in crate::tls) profile: &'static Profile,
    suite_list: Option<bool>,
    security: Form,
    extended: Form,
    socket: Form,
    pub(in crate::tls) data: Form,
}

/// One entry a field of a test form; none if the module told nothing.
#[derive(Clone, Debug, Default)]
pub(in crate::tls) struct Form(Vec<String>);

impl Form {
    /// Asks for a command's test form.
    pub(in crate::tls) async fn of(modem: &Modem, name: &'static str) -> Result<Self, CommandError> {
        let fields = modem.test_form(name).await?.unwrap_or_default();
        Ok(Self(if fields.len() > 1 { fields } else { Vec::new() }))
    }

    /// How many fields there are, if the module told.
    pub(in crate::tls) fn len(&self) -> Option<usize> {
        Some(self.0.len()).filter(|count| *count > 0)
    }

    /// What a field takes, if it is made of numbers.
    pub(in crate::tls) fn ranges(&self, index: usize) -> Option<Ranges> {
        Ranges::parse(self.0.get(index)?)
    }

    /// Whether a field takes this number; `None` if the module did not tell. A field that is missing takes none.
    fn takes(&self, index: usize, number: u32) -> Option<bool> {
        if index >= self.len()? {
            return Some(false);
        }
        Some(self.ranges(index)?.contains(number))
    }
}

impl Firmware {
    /// The commands whose test forms are asked for.
    pub(in crate::tls) fn forms(profile: &Profile) -> Vec<&'static str> {
        let tls = &profile.tls;
        let extended = (tls.security != SecurityLayout::Absent).then_some("#SSLSECCFG2");
        let suite_list = (tls.suite_list == Availability::Probe).then_some("#SSLSECCS");
        [Some("#SSLSECCFG"), extended, Some("#SSLSECDATA"), Some("#SSLCFG"), suite_list]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Asks everything once; nothing is changed on the module.
    pub(in crate::tls) async fn ask(modem: &Modem) -> Result<Self, CommandError> {
        let tls = &modem.profile().tls;
        modem.look_ahead(&modem.unknown_forms(&Self::forms(modem.profile()))).await?;
        let security = Form::of(modem, "#SSLSECCFG").await?;
        let extended = match tls.security {
            SecurityLayout::Absent => Form::default(),
            _ => Form::of(modem, "#SSLSECCFG2").await?,
        };
        let data = Form::of(modem, "#SSLSECDATA").await?;
        let socket = Form::of(modem, "#SSLCFG").await?;
        let suite_list = match tls.suite_list {
            Availability::Probe => Some(modem.test_form("#SSLSECCS").await?.is_some()),
            _ => None,
        };
        Ok(Self { profile: modem.profile(), suite_list, security, extended, socket, data })
    }

    pub(in crate::tls) fn probed(&self) -> Probed {
        Probed {
            suite_list: self.suite_list,
            suite_values: self.security.ranges(1),
            versions: self.extended.ranges(1),
            server_name: self.extended.takes(2, 1),
            host_check: self.socket.takes(8, 1),
        }
    }

    /// `#SSLCFG` with as many fields as both know.
    pub(in crate::tls) fn socket_layout(&self) -> SocketLayout {
        let mut layout = self.profile.tls.socket;
        let told = self.socket.len().and_then(|count| u8::try_from(count).ok());
        layout.fields = told.map_or(layout.fields, |told| told.min(layout.fields));
        layout.skip_host_mismatch &= self.socket.takes(8, 1) != Some(false);
        layout.connect_timeout &= layout.fields > 10;
        layout
    }

    /// Whether TLS works with this packet data context.
    pub(in crate::tls) fn takes_context(&self, context: u8) -> bool {
        let in_table = || self.profile.tls.context_ids.contains(&context);
        self.socket.takes(1, context.into()).unwrap_or_else(in_table)
    }

    /// The version field: the number that is wanted, else the highest that there is.
    pub(in crate::tls) fn version_field(&self, wanted: u8) -> u32 {
        match self.extended.ranges(1) {
            Some(ranges) if !ranges.contains(wanted.into()) => ranges.highest(),
            _ => wanted.into(),
        }
    }

    /// `<cert_format>`: whether the module takes DER too.
    pub(in crate::tls) fn takes_der(&self) -> bool {
        match self.profile.tls.certificate_format {
            Availability::Yes => true,
            Availability::No => false,
            Availability::Probe => self.security.len().is_some_and(|count| count >= 4),
        }
    }

    /// Action 3 of `#SSLSECDATA`.
    pub(in crate::tls) fn has_ram_store(&self) -> bool {
        match self.profile.tls.store.ram {
            Availability::No => false,
            Availability::Yes => self.data.takes(1, 3).unwrap_or(true),
            Availability::Probe => self.data.takes(1, 3).unwrap_or(false),
        }
    }

    /// Most bytes of one credential; `None` if nobody says.
    pub(in crate::tls) fn size_limit(&self) -> Option<usize> {
        let told = self.data.ranges(3).and_then(|sizes| usize::try_from(sizes.highest()).ok());
        told.or(self.profile.tls.store.size_limit)
    }

    /// Fields of `#SSLSECDATA`: the fifth changed its meaning between firmware versions. Source: M37 p914.
    pub(in crate::tls) fn store_fields(&self) -> usize {
        self.data.len().unwrap_or(4)
    }

    /// Whether a key can be stored so that it comes back as its MD5.
    pub(in crate::tls) fn hides_keys(&self) -> bool {
        self.store_fields() > 4
    }
}

#[cfg(test)]
impl Firmware {
    /// A firmware that tells nothing.
    pub(in crate::tls) fn of_table(profile: &'static Profile) -> Self {
        Self::telling(profile, &[])
    }

    /// A firmware that answers test forms like this.
    pub(in crate::tls) fn telling(profile: &'static Profile, forms: &[(&str, &str)]) -> Self {
        use crate::at::Fields;
        let form = |name: &str| {
            let text = forms.iter().find_map(|(known, text)| (*known == name).then_some(*text));
            let fields = text.map(Fields::parse);
            let all = |fields: Fields<'_>| {
                (0..fields.len()).filter_map(|i| fields.text(i).map(str::to_owned)).collect()
            };
            Form(fields.map(all).unwrap_or_default())
        };
        Self {
            profile,
            suite_list: forms.iter().any(|(name, _)| *name == "#SSLSECCS").then_some(true),
            security: form("#SSLSECCFG"),
            extended: form("#SSLSECCFG2"),
            socket: form("#SSLCFG"),
            data: form("#SSLSECDATA"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{PlatformId, profile};

    fn p37() -> &'static Profile {
        profile(PlatformId::P37)
    }

    #[test]
    fn a_silent_module_leaves_the_table_as_it_is() {
        let firmware = Firmware::of_table(p37());
        assert_eq!(firmware.socket_layout(), p37().tls.socket);
        assert_eq!(firmware.version_field(3), 3);
        assert_eq!((firmware.size_limit(), firmware.store_fields()), (Some(4096), 4));
        assert!(firmware.takes_context(6) && !firmware.takes_der() && !firmware.has_ram_store());
        let probed = firmware.probed();
        assert_eq!((probed.suite_list, probed.server_name, probed.host_check), (None, None, None));
    }

    #[test]
    fn test_forms_beat_the_table() {
        let forms = [
            ("#SSLSECCFG", "(1-10),(0-13),(0-2),(0,1)"),
            ("#SSLSECCFG2", "(1-10),(0-2),(0),(0-15),(0-7),(0-4)"),
            ("#SSLCFG", "(1-10),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0),(0)"),
            ("#SSLSECDATA", "(1-2),(0-3),(0-2),(1-2048),10,(0,1)"),
        ];
        let firmware = Firmware::telling(p37(), &forms);
        let layout = firmware.socket_layout();
        assert_eq!((layout.fields, layout.skip_host_mismatch, layout.connect_timeout), (10, false, false));
        assert_eq!(firmware.version_field(3), 2, "the highest that there is");
        assert_eq!((firmware.size_limit(), firmware.store_fields()), (Some(2048), 6));
        assert!(firmware.takes_context(1) && !firmware.takes_context(2));
        assert!(firmware.takes_der() && firmware.has_ram_store());
        let probed = firmware.probed();
        assert_eq!((probed.server_name, probed.host_check), (Some(false), Some(false)));
    }
}
