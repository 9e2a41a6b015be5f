//! What was found out of one module, kept by the caller from one start to the next.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::at::printable;
use crate::commands::CredentialKind;

const HEADING: &str = "telit module 1";

/// What was found out of one module: the ranges that its firmware takes, which of its slots hold our credentials, and
/// whether it takes several commands on one line. With it a start asks less.
///
/// Nothing that protects a connection is taken from it. It counts only for the module with the same serial number, model
/// and firmware, which are asked for at every start; and cipher suites, versions, verification, CA certificates, client
/// certificate and key are read from the module and compared as without it. Where anything differs, the start goes on as
/// if there were no profile.
///
/// The caller keeps it as text, which holds no secrets.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::Modem;
/// use telit_core::modem::StoredProfile;
///
/// let mut builder = Modem::builder().apn("iot.example");
/// if let Ok(text) = std::fs::read_to_string("module.txt") {
///     builder = builder.stored_profile(text.parse::<StoredProfile>()?);
/// }
/// let modem = builder.open_serial("/dev/ttyUSB2").await?;
/// modem.bring_up().await?;
/// // ... connect something, and when it works:
/// std::fs::write("module.txt", modem.stored_profile().await?.to_string())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProfile {
    pub(super) model: String,
    pub(super) firmware: String,
    pub(super) serial_number: String,
    pub(super) chains: bool,
    pub(super) forms: BTreeMap<String, Option<Vec<String>>>,
    /// Slots and what of ours they hold.
    pub(super) credentials: Vec<(u8, CredentialKind)>,
}

/// A text that is no stored profile, or one of another version: it is to be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not one of a stored profile")]
pub struct InvalidStoredProfile {
    line: usize,
}

impl StoredProfile {
    /// Whether it is of the module that calls itself so.
    pub(super) fn is_of(&self, model: &str, firmware: &str, serial_number: &str) -> bool {
        self.model == model && self.firmware == firmware && self.serial_number == serial_number
    }

    fn empty() -> Self {
        let (model, firmware, serial_number) = Default::default();
        let (forms, credentials) = Default::default();
        Self { model, firmware, serial_number, chains: false, forms, credentials }
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (key, value) = line.split_once(' ')?;
        match key {
            "model" => value.clone_into(&mut self.model),
            "firmware" => value.clone_into(&mut self.firmware),
            "serial" => value.clone_into(&mut self.serial_number),
            "chains" => self.chains = value.parse().ok()?,
            "form" => {
                let mut fields = value.split('\t').map(str::to_owned);
                let name = fields.next()?;
                let fields: Vec<String> = fields.collect();
                self.forms.insert(name, (!fields.is_empty()).then_some(fields));
            }
            "credential" => {
                let (slot, kind) = value.split_once(' ')?;
                self.credentials.push((slot.parse().ok()?, kind_of(kind)?));
            }
            _ => return None,
        }
        Some(())
    }
}

const KINDS: [(CredentialKind, &str); 3] = [
    (CredentialKind::CaCertificate, "ca"),
    (CredentialKind::ClientCertificate, "certificate"),
    (CredentialKind::PrivateKey, "key"),
];

fn kind_of(name: &str) -> Option<CredentialKind> {
    KINDS.into_iter().find(|(_, known)| *known == name).map(|(kind, _)| kind)
}

fn name_of(kind: CredentialKind) -> &'static str {
    KINDS.into_iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}

impl fmt::Display for StoredProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        writeln!(f, "model {}", self.model)?;
        writeln!(f, "firmware {}", self.firmware)?;
        writeln!(f, "serial {}", self.serial_number)?;
        writeln!(f, "chains {}", self.chains)?;
        for (name, fields) in &self.forms {
            write!(f, "form {name}")?;
            for field in fields.iter().flatten() {
                write!(f, "\t{}", printable(field.as_bytes()))?;
            }
            writeln!(f)?;
        }
        self.credentials
            .iter()
            .try_for_each(|(slot, kind)| writeln!(f, "credential {slot} {}", name_of(*kind)))
    }
}

impl FromStr for StoredProfile {
    type Err = InvalidStoredProfile;

    fn from_str(text: &str) -> Result<Self, InvalidStoredProfile> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADING) {
            return Err(InvalidStoredProfile { line: 1 });
        }
        let mut profile = Self::empty();
        for (number, line) in (2..).zip(lines) {
            profile.take(line).ok_or(InvalidStoredProfile { line: number })?;
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> StoredProfile {
        let fields = Some(vec!["(1-2)".to_owned(), "512".to_owned()]);
        StoredProfile {
            model: "ME310G1-WW".to_owned(),
            firmware: "M0C.200006".to_owned(),
            serial_number: "351477240000000".to_owned(),
            chains: true,
            forms: BTreeMap::from([("#MQCFG".to_owned(), fields), ("#SSLSECCS".to_owned(), None)]),
            credentials: vec![(1, CredentialKind::CaCertificate), (1, CredentialKind::PrivateKey)],
        }
    }

    #[test]
    fn it_is_text() {
        let text = profile().to_string();
        assert_eq!(
            text,
            "telit module 1\nmodel ME310G1-WW\nfirmware M0C.200006\nserial 351477240000000\nchains true\n\
             form #MQCFG\t(1-2)\t512\nform #SSLSECCS\ncredential 1 ca\ncredential 1 key\n"
        );
        assert_eq!(text.parse(), Ok(profile()));
    }

    #[test]
    fn other_text_is_refused() {
        for (text, line) in [
            ("", 1),
            ("telit module 2\n", 1),
            ("telit module 1\nmodel\n", 2),
            ("telit module 1\nmodel x\nchains maybe\n", 3),
            ("telit module 1\ncredential 1 password\n", 2),
            ("telit module 1\ncredential 256 ca\n", 2),
            ("telit module 1\nanything else\n", 2),
        ] {
            assert_eq!(text.parse::<StoredProfile>(), Err(InvalidStoredProfile { line }), "{text}");
        }
    }

    #[test]
    fn it_is_of_one_module_with_one_firmware() {
        let ours = |model, firmware, serial| profile().is_of(model, firmware, serial);
        assert!(ours("ME310G1-WW", "M0C.200006", "351477240000000"));
        assert!(!ours("ME310G1-W1", "M0C.200006", "351477240000000"));
        assert!(!ours("ME310G1-WW", "M0C.200007", "351477240000000"));
        assert!(!ours("ME310G1-WW", "M0C.200006", "351477240000001"));
    }
}
