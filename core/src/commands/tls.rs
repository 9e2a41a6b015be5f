//! The `#SSL...` commands: settings, cipher lists, credential storage.

use std::time::Duration;

use bytes::Bytes;

use super::{query, setting};
use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

/// Storing writes flash. Source: Telit's own library waits 60 s.
const STORE: Duration = Duration::from_secs(60);

/// `AT#X=?`: the ranges that this firmware takes, one entry a field. `None` if it lacks the command.
#[derive(Clone, Copy, Debug)]
pub struct TestForm(pub &'static str);

impl Command for TestForm {
    type Response = Vec<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::test(self.0), Expect::lines(self.0)))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<String>, UnexpectedReply> {
        let Some(line) = reply.value(self.0) else {
            return Ok(Vec::new());
        };
        let fields = Fields::parse(&line);
        Ok((0..fields.len()).filter_map(|index| fields.text(index).map(str::to_owned)).collect())
    }
}

/// `AT#SSLEN=<id>,<0|1>`. Source: M37 p893-894.
#[derive(Clone, Copy, Debug)]
pub struct EnableSockets {
    /// The TLS socket.
    pub socket: u8,
    /// On or off.
    pub on: bool,
}

impl Command for EnableSockets {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#SSLEN").number(self.socket).number(u8::from(self.on)).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// One value of a numeric setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingValue {
    /// A decimal number.
    Number(u32),
    /// A cipher suite in hexadecimal.
    Hex(u16),
}

impl SettingValue {
    /// Whether this is what a read form printed. Hexadecimal may come back in either case.
    fn is(self, printed: &str) -> bool {
        match self {
            Self::Number(number) => printed.parse() == Ok(number),
            Self::Hex(number) => {
                let digits = printed.strip_prefix("0x").or_else(|| printed.strip_prefix("0X"));
                digits.is_some_and(|digits| u16::from_str_radix(digits, 16) == Ok(number))
            }
        }
    }
}

/// A command that holds nothing but numbers for one TLS socket: `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteSetting {
    /// The command's name.
    pub name: &'static str,
    /// The TLS socket.
    pub socket: u8,
    /// The values behind it.
    pub values: Vec<SettingValue>,
}

impl WriteSetting {
    /// Whether the module already holds exactly these values, by what its read form printed.
    #[must_use]
    pub fn is_held(&self, printed: Option<&[String]>) -> bool {
        let Some(printed) = printed else {
            return false;
        };
        printed.len() >= self.values.len()
            && self.values.iter().zip(printed).all(|(value, printed)| value.is(printed))
    }
}

impl Command for WriteSetting {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let first = CommandLine::set(self.name).number(self.socket);
        let line = self.values.iter().fold(first, |line, value| match value {
            SettingValue::Number(number) => line.number(*number),
            SettingValue::Hex(number) => line.hex(*number),
        });
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// The read form of such a command: the values behind the socket's number, if there is a line for it.
#[derive(Clone, Copy, Debug)]
pub struct ReadSetting {
    /// The command's name.
    pub name: &'static str,
    /// The TLS socket.
    pub socket: u8,
}

impl Command for ReadSetting {
    type Response = Option<Vec<String>>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read(self.name), Expect::lines(self.name)))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<Vec<String>>, UnexpectedReply> {
        Ok(reply.values(self.name).iter().find_map(|line| {
            let fields = Fields::parse(line);
            let ours = fields.number::<u8>(0) == Some(self.socket);
            ours.then(|| (1..fields.len()).filter_map(|i| fields.text(i).map(str::to_owned)).collect())
        }))
    }
}

/// `AT#SSLSECCS=1`: the ordered list of cipher suites that is offered for suite 0.
///
/// Source: M37 p925-929.
#[derive(Clone, Copy, Debug)]
pub struct ListCipherSuites;

impl Command for ListCipherSuites {
    type Response = Vec<u16>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::set("#SSLSECCS").number(1_u8).build()?, Expect::text()))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<u16>, UnexpectedReply> {
        // One suite a line or all on one line; hexadecimal in either case. Source: M37 p926.
        let texts: Vec<String> = reply.lines().iter().map(|line| line.text().to_lowercase()).collect();
        let numbers = texts.iter().flat_map(|line| line.split("0x").skip(1));
        Ok(numbers.filter_map(|digits| u16::from_str_radix(digits.get(..4)?, 16).ok()).collect())
    }
}

/// How the list of cipher suites is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CipherSuiteChange {
    /// Empties it.
    Clear,
    /// Appends a suite; the order of appending is the order of preference.
    Append(u16),
}

/// `AT#SSLSECCS=1,...`: changes the list. Source: M37 p925-929.
#[derive(Clone, Copy, Debug)]
pub struct SetCipherSuites(pub CipherSuiteChange);

impl Command for SetCipherSuites {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSECCS").number(1_u8);
        let line = match self.0 {
            CipherSuiteChange::Clear => line.number(2_u8),
            CipherSuiteChange::Append(suite) => line.number(1_u8).hex(suite),
        };
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// What a credential slot holds. The discriminants are `<dataType>`. Source: M37 p915.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialKind {
    /// The client certificate.
    ClientCertificate = 0,
    /// A CA certificate.
    CaCertificate = 1,
    /// The private key of the client certificate.
    PrivateKey = 2,
}

impl CredentialKind {
    fn number(self) -> u8 {
        match self {
            Self::ClientCertificate => 0,
            Self::CaCertificate => 1,
            Self::PrivateKey => 2,
        }
    }
}

/// Which credentials a slot holds, from `AT#SSLSECDATA?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialSlotsStatus {
    /// The slot's number, `<CertId>`.
    pub slot: u8,
    /// A client certificate is stored.
    pub client_certificate: bool,
    /// A CA certificate is stored.
    pub ca_certificate: bool,
    /// A private key is stored.
    pub private_key: bool,
}

impl CredentialSlotsStatus {
    /// Whether a credential of this kind is stored.
    #[must_use]
    pub fn holds(&self, kind: CredentialKind) -> bool {
        match kind {
            CredentialKind::ClientCertificate => self.client_certificate,
            CredentialKind::CaCertificate => self.ca_certificate,
            CredentialKind::PrivateKey => self.private_key,
        }
    }
}

/// `AT#SSLSECDATA?`. Source: M37 p918.
#[derive(Clone, Copy, Debug)]
pub struct CredentialSlots;

impl Command for CredentialSlots {
    type Response = Vec<CredentialSlotsStatus>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read("#SSLSECDATA"), Expect::lines("#SSLSECDATA")))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<CredentialSlotsStatus>, UnexpectedReply> {
        let lines = reply.values("#SSLSECDATA");
        let slots = lines.iter().filter_map(|line| {
            let fields = Fields::parse(line);
            let set = |index| fields.number::<u8>(index) == Some(1);
            Some(CredentialSlotsStatus {
                slot: fields.number(0)?,
                client_certificate: set(1),
                ca_certificate: set(2),
                private_key: set(3),
            })
        });
        Ok(slots.collect())
    }
}

/// `AT#SSLSECDATA=<slot>,2,<kind>`: what is stored, line by line; empty if nothing is.
///
/// A key that was stored with `<md5WhenReading>` comes back as its MD5. Source: M37 p916-917.
#[derive(Clone, Copy, Debug)]
pub struct ReadCredential {
    /// The slot, `<CertId>`.
    pub slot: u8,
    /// Which credential.
    pub kind: CredentialKind,
}

impl Command for ReadCredential {
    type Response = Vec<String>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSECDATA").number(self.slot).number(2_u8).number(self.kind.number());
        let exchange = query(line.build()?, Expect::text());
        Ok(if self.kind == CredentialKind::PrivateKey { exchange.secret() } else { exchange })
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<String>, UnexpectedReply> {
        let lines: Vec<String> = reply.lines().iter().map(|line| line.text().trim().to_owned()).collect();
        let data = lines.into_iter().filter(|line| !line.starts_with("#SSLSECDATA"));
        let data: Vec<String> = data.collect();
        let nothing = data.first().is_some_and(|line| line == "No data stored");
        Ok(if nothing { Vec::new() } else { data })
    }
}

/// `AT#SSLSECDATA=<slot>,0,<kind>`. Deleting from an empty slot may be refused. Source: M37 p915.
#[derive(Clone, Copy, Debug)]
pub struct DeleteCredential {
    /// The slot, `<CertId>`.
    pub slot: u8,
    /// Which credential.
    pub kind: CredentialKind,
}

impl Command for DeleteCredential {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSECDATA").number(self.slot).number(0_u8).number(self.kind.number());
        Ok(Exchange::new(line.build()?, Expect::result()).deadline(STORE).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLSECDATA=<slot>,1,<kind>,<size>[...]`, then the PEM text, closed by Ctrl-Z.
///
/// Source: M37 p914-919; SSL guide 6.5.
#[derive(Clone)]
pub struct StoreCredential {
    /// The slot, `<CertId>`.
    pub slot: u8,
    /// Which credential.
    pub kind: CredentialKind,
    /// The PEM text, normalised.
    pub pem: Bytes,
    /// How many fields the command takes: 4, 5 (MD5 flag) or 6 (password, MD5 flag). Source: M37 p914.
    pub fields: usize,
}

impl std::fmt::Debug for StoreCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { slot, kind, pem, fields } = self;
        f.debug_struct("StoreCredential")
            .field("slot", slot)
            .field("kind", kind)
            .field("size", &pem.len())
            .field("fields", fields)
            .finish()
    }
}

impl Command for StoreCredential {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSECDATA").number(self.slot).number(1_u8).number(self.kind.number());
        let line = line.number(self.pem.len() as u64);
        let secret = self.kind == CredentialKind::PrivateKey;
        // The flag hides the key from whoever reads the slot later.
        let line = match (secret, self.fields) {
            (true, 5) => line.number(1_u8),
            (true, 6..) => line.omitted().number(1_u8),
            _ => line,
        };
        let expect = Expect::terminated_prompt("credential", self.pem.clone())?;
        let exchange = Exchange::new(line.build()?, expect).deadline(STORE).effect(Effect::Idempotent);
        Ok(if secret { exchange.secret() } else { exchange })
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &impl Command) -> String {
        String::from_utf8(command.exchange().unwrap().line().as_bytes().to_vec()).unwrap()
    }

    fn store(kind: CredentialKind, fields: usize) -> StoreCredential {
        StoreCredential { slot: 1, kind, pem: Bytes::from_static(b"PEM\n"), fields }
    }

    #[test]
    fn exact_lines() {
        assert_eq!(line(&EnableSockets { socket: 1, on: true }), "AT#SSLEN=1,1");
        let values = vec![SettingValue::Hex(0xc02f), SettingValue::Number(2)];
        assert_eq!(line(&WriteSetting { name: "#SSLSECCFG", socket: 1, values }), "AT#SSLSECCFG=1,0xC02F,2");
        assert_eq!(line(&SetCipherSuites(CipherSuiteChange::Append(0x1302))), "AT#SSLSECCS=1,1,0x1302");
        assert_eq!(line(&SetCipherSuites(CipherSuiteChange::Clear)), "AT#SSLSECCS=1,2");
        assert_eq!(line(&ListCipherSuites), "AT#SSLSECCS=1");
        assert_eq!(line(&store(CredentialKind::CaCertificate, 6)), "AT#SSLSECDATA=1,1,1,4");
        assert_eq!(line(&store(CredentialKind::PrivateKey, 4)), "AT#SSLSECDATA=1,1,2,4");
        assert_eq!(line(&store(CredentialKind::PrivateKey, 5)), "AT#SSLSECDATA=1,1,2,4,1");
        assert_eq!(line(&store(CredentialKind::PrivateKey, 6)), "AT#SSLSECDATA=1,1,2,4,,1");
    }

    #[test]
    fn unchanged_settings_are_recognised() {
        let values = vec![SettingValue::Hex(0xc02f), SettingValue::Number(2)];
        let setting = WriteSetting { name: "#SSLSECCFG", socket: 1, values };
        let read = ReadSetting { name: "#SSLSECCFG", socket: 1 };
        let held = |line| setting.is_held(read.parse(&Reply::new([line], "")).unwrap().as_deref());
        assert!(held("#SSLSECCFG: 1,0xc02f,2"));
        assert!(held("#SSLSECCFG:1,0xC02F,2,1"));
        assert!(!held("#SSLSECCFG: 1,0xc030,2"));
        assert!(!held("#SSLSECCFG: 2,0xc02f,2"));
        assert!(!held("#SSLSECCFG: 1,0xc02f"));
    }

    #[test]
    fn cipher_lists_in_both_layouts() {
        let lines = ["#SSLSECCS:", "LIST1:", "01: 0x1302", "02: 0x003d"];
        assert_eq!(ListCipherSuites.parse(&Reply::new(lines, "")).unwrap(), [0x1302, 0x003d]);
        let lines = ["#SSLSECCS: 1,0xC02F,0xC030"];
        assert_eq!(ListCipherSuites.parse(&Reply::new(lines, "")).unwrap(), [0xc02f, 0xc030]);
        assert!(ListCipherSuites.parse(&Reply::default()).unwrap().is_empty());
    }

    #[test]
    fn slots_and_empty_slots() {
        let reply = Reply::new(["#SSLSECDATA: 1,1,1,0,0,1", "#SSLSECDATA: 2,0,1,0,0,0"], "");
        let slots = CredentialSlots.parse(&reply).unwrap();
        assert!(
            slots[0].holds(CredentialKind::ClientCertificate) && !slots[0].holds(CredentialKind::PrivateKey)
        );
        assert_eq!((slots[1].slot, slots[1].ca_certificate), (2, true));
        let read = ReadCredential { slot: 1, kind: CredentialKind::CaCertificate };
        let empty = read.parse(&Reply::new(["#SSLSECDATA: 1,1", "No data stored"], "")).unwrap();
        assert!(empty.is_empty());
    }

    #[test]
    fn keys_are_never_shown() {
        let key = StoreCredential {
            slot: 1,
            kind: CredentialKind::PrivateKey,
            pem: Bytes::from_static(b"-----BEGIN RSA PRIVATE KEY-----"),
            fields: 6,
        };
        assert!(!format!("{key:?}").contains("BEGIN"));
        assert!(
            !format!("{:?}", key.exchange().unwrap()).contains("BEGIN"),
            "the payload is part of the exchange"
        );
    }
}
