//! Credentials on the module.

use std::time::Duration;

use bytes::Bytes;

use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Parameters, Reply, ShortPayload,
    UnexpectedReply, after_prefix,
};
use crate::commands::query;

/// Storing writes flash. Source: Telit's own library waits 60 s.
const STORE: Duration = Duration::from_secs(60);

/// What a credential slot holds. The discriminants are `<dataType>`. Source: M37 p915.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Which of the module's two stores a slot belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CredentialArea {
    /// `#SSLSECDATA`: the user's own credentials.
    #[default]
    Own,
    /// `#SSLSECCA`: "preloaded" CA certificates, of the factory or replaced. Source: M37 p888.
    Preloaded,
}

impl CredentialArea {
    fn command(self) -> &'static str {
        match self {
            Self::Own => "#SSLSECDATA",
            Self::Preloaded => "#SSLSECCA",
        }
    }
}

/// Which credentials a slot holds, from `AT#SSLSECDATA?` or `AT#SSLSECCA?`.
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
    /// Whether the private key comes back as its MD5 when it is read (`<md5WhenReading>`), or in clear; `None` if the
    /// module does not tell.
    pub key_is_hidden: Option<bool>,
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

/// `AT#SSLSECDATA?`, `AT#SSLSECCA?`. Source: M37 p890, p918.
#[derive(Clone, Copy, Debug)]
pub struct CredentialSlots(pub CredentialArea);

impl Command for CredentialSlots {
    type Response = Vec<CredentialSlotsStatus>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let name = self.0.command();
        Ok(query(CommandLine::read(name), Expect::lines(name)))
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<CredentialSlotsStatus>, UnexpectedReply> {
        let lines = reply.values(self.0.command());
        let slots = lines.iter().filter_map(|line| {
            let fields = Fields::parse(line);
            let set = |index| fields.number::<u8>(index) == Some(1);
            Some(CredentialSlotsStatus {
                slot: fields.number(0)?,
                client_certificate: set(1),
                ca_certificate: set(2),
                private_key: set(3),
                key_is_hidden: fields.number::<u8>(5).map(|md5_when_reading| md5_when_reading == 1),
            })
        });
        Ok(slots.collect())
    }
}

/// One credential on the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialPlace {
    /// The store.
    pub area: CredentialArea,
    /// The slot, `<CertId>` or `<SSId>`.
    pub slot: u8,
    /// Which credential.
    pub kind: CredentialKind,
}

impl CredentialPlace {
    fn line(self, action: u8) -> Parameters {
        let line = CommandLine::set(self.area.command());
        line.number(self.slot).number(action).number(self.kind.number())
    }

    fn is_secret(self) -> bool {
        self.kind == CredentialKind::PrivateKey
    }
}

/// `AT#SSLSECDATA=<slot>,2,<kind>`: what is stored, line by line without line ends; empty if nothing is.
///
/// A key that was stored with `<md5WhenReading>` comes back as its MD5. Source: M37 p916-917.
#[derive(Clone, Copy, Debug)]
pub struct ReadCredential {
    /// Where it is.
    pub place: CredentialPlace,
    /// It may be binary (DER), of which some bytes may look like the end of the answer.
    pub binary: bool,
}

impl Command for ReadCredential {
    type Response = Vec<Bytes>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let expect = if self.binary { Expect::foreign_text() } else { Expect::text() };
        let head = format!("{}:{},{}", self.place.area.command(), self.place.slot, self.place.kind.number());
        let exchange = query(self.place.line(2).build()?, expect).headed(head);
        Ok(if self.place.is_secret() { exchange.secret() } else { exchange })
    }

    fn parse(&self, reply: &Reply) -> Result<Vec<Bytes>, UnexpectedReply> {
        let name = self.place.area.command();
        let mut lines = reply.lines().iter().peekable();
        // The header, which some firmware may leave out.
        lines.next_if(|line| after_prefix(&line.text(), name).is_some());
        let data: Vec<Bytes> = lines.map(|line| Bytes::copy_from_slice(line.as_bytes())).collect();
        let nothing = matches!(data.as_slice(), [only] if only.trim_ascii() == b"No data stored");
        Ok(if nothing { Vec::new() } else { data })
    }
}

/// `AT#SSLSECDATA=<slot>,0,<kind>`. Deleting from an empty slot may be refused. Source: M37 p915.
#[derive(Clone, Copy, Debug)]
pub struct DeleteCredential(pub CredentialPlace);

impl Command for DeleteCredential {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = self.0.line(0).build()?;
        Ok(Exchange::new(line, Expect::result()).deadline(STORE).effect(Effect::Idempotent))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLSECDATA=<slot>,1,<kind>,<size>[...]`, then the PEM text, closed by Ctrl-Z, or exactly so many bytes of DER.
///
/// Source: M37 p914-919; SSL guide 6.5.
#[derive(Clone)]
pub struct StoreCredential {
    /// Where it goes.
    pub place: CredentialPlace,
    /// The PEM text, normalised, or the DER bytes.
    pub data: Bytes,
    /// The data are DER, and the module was told so (`<cert_format>` of `#SSLSECCFG`).
    pub binary: bool,
    /// Into RAM (action 3), for the next connection, instead of flash.
    pub ram: bool,
    /// How many fields the command takes: 4, 5 (MD5 flag) or 6 (password, MD5 flag). Source: M37 p914.
    pub fields: usize,
}

impl std::fmt::Debug for StoreCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, data, binary, ram, fields } = self;
        f.debug_struct("StoreCredential")
            .field("place", place)
            .field("size", &data.len())
            .field("binary", binary)
            .field("ram", ram)
            .field("fields", fields)
            .finish()
    }
}

impl Command for StoreCredential {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let secret = self.place.is_secret();
        let line = self.place.line(if self.ram { 3 } else { 1 }).number(self.data.len() as u64);
        // The flag hides the key from whoever reads the slot later.
        let line = match (secret, self.fields) {
            (true, 5) => line.number(1_u8),
            (true, 6..) => line.omitted().number(1_u8),
            _ => line,
        };
        let expect = match self.binary {
            true => Expect::counted_prompt(self.data.clone(), None),
            false => Expect::terminated_prompt("credential", self.data.clone())?,
        };
        let exchange = Exchange::new(line.build()?, expect).deadline(STORE).effect(Effect::Idempotent);
        // What is stored is compared before it is used.
        let exchange = exchange.short_payload(ShortPayload::Harmless);
        Ok(if secret { exchange.secret() } else { exchange })
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    fn place(kind: CredentialKind) -> CredentialPlace {
        CredentialPlace { area: CredentialArea::Own, slot: 1, kind }
    }

    fn store(kind: CredentialKind, fields: usize) -> StoreCredential {
        let data = Bytes::from_static(b"PEM\n");
        StoreCredential { place: place(kind), data, binary: false, ram: false, fields }
    }

    #[test]
    fn exact_lines() {
        let kind = CredentialKind::PrivateKey;
        assert_eq!(line(&store(CredentialKind::CaCertificate, 6)), "AT#SSLSECDATA=1,1,1,4");
        assert_eq!(line(&store(kind, 4)), "AT#SSLSECDATA=1,1,2,4");
        assert_eq!(line(&store(kind, 5)), "AT#SSLSECDATA=1,1,2,4,1");
        assert_eq!(line(&store(kind, 6)), "AT#SSLSECDATA=1,1,2,4,,1");
        let ram = StoreCredential { ram: true, ..store(CredentialKind::CaCertificate, 6) };
        assert_eq!(line(&ram), "AT#SSLSECDATA=1,3,1,4");
        assert_eq!(line(&ReadCredential { place: place(kind), binary: false }), "AT#SSLSECDATA=1,2,2");
        assert_eq!(line(&DeleteCredential(place(kind))), "AT#SSLSECDATA=1,0,2");
        assert_eq!(line(&CredentialSlots(CredentialArea::Own)), "AT#SSLSECDATA?");
    }

    #[test]
    fn preloaded_authorities_have_a_command_of_their_own() {
        let place =
            CredentialPlace { area: CredentialArea::Preloaded, slot: 3, kind: CredentialKind::CaCertificate };
        let store = StoreCredential { place, ..store(CredentialKind::CaCertificate, 4) };
        assert_eq!(line(&store), "AT#SSLSECCA=3,1,1,4");
        assert_eq!(line(&ReadCredential { place, binary: false }), "AT#SSLSECCA=3,2,1");
        assert_eq!(line(&DeleteCredential(place)), "AT#SSLSECCA=3,0,1");
        let slots = CredentialSlots(CredentialArea::Preloaded);
        assert_eq!(line(&slots), "AT#SSLSECCA?");
        let reply = Reply::new(["#SSLSECCA: 1,0,1,0,,0", "#SSLSECCA: 2,0,0,0,,0"], "");
        let held: Vec<bool> = slots.parse(&reply).unwrap().iter().map(|slot| slot.ca_certificate).collect();
        assert_eq!(held, [true, false]);
    }

    #[test]
    fn text_is_closed_and_binary_data_are_counted() {
        let expected = |binary| {
            let data = Bytes::from_static(b"\x30\x1a\x1b\x08");
            let command = StoreCredential { data, binary, ..store(CredentialKind::CaCertificate, 4) };
            command.exchange().map(|exchange| format!("{:?}", exchange.expected()))
        };
        assert_eq!(expected(true).unwrap(), "Expect(Prompt(Counted, 4 bytes))");
        assert!(expected(false).is_err(), "Ctrl-Z inside would end the entry");
    }

    #[test]
    fn slots_and_empty_slots() {
        let reply = Reply::new(["#SSLSECDATA: 1,1,1,0,0,1", "#SSLSECDATA: 2,0,1,0,0,0"], "");
        let slots = CredentialSlots(CredentialArea::Own).parse(&reply).unwrap();
        assert!(
            slots[0].holds(CredentialKind::ClientCertificate) && !slots[0].holds(CredentialKind::PrivateKey)
        );
        assert_eq!((slots[1].slot, slots[1].ca_certificate), (2, true));
        let read = ReadCredential { place: place(CredentialKind::CaCertificate), binary: false };
        let empty = read.parse(&Reply::new(["#SSLSECDATA: 1,1", "No data stored"], "")).unwrap();
        assert!(empty.is_empty());
        let stored = read.parse(&Reply::new(["#SSLSECDATA: 1,1", "line", " another"], "")).unwrap();
        assert_eq!(stored, ["line", " another"]);
        assert_eq!(read.parse(&Reply::new(["without header"], "")).unwrap(), ["without header"]);
        assert!(read.parse(&Reply::default()).unwrap().is_empty());
    }

    #[test]
    fn keys_are_never_shown() {
        let data = Bytes::from_static(b"-----BEGIN RSA PRIVATE KEY-----");
        let key = StoreCredential { data, ..store(CredentialKind::PrivateKey, 6) };
        assert!(!format!("{key:?}").contains("BEGIN"));
        assert!(
            !format!("{:?}", key.exchange().unwrap()).contains("BEGIN"),
            "the payload is part of the exchange"
        );
    }
}
