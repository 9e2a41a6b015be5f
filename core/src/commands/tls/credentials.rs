//! Credentials on the module.

use std::time::Duration;

use bytes::Bytes;

use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};
use crate::commands::query;

/// Storing writes flash. Source: Telit's own library waits 60 s.
const STORE: Duration = Duration::from_secs(60);

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
    use super::super::line;
    use super::*;

    fn store(kind: CredentialKind, fields: usize) -> StoreCredential {
        StoreCredential { slot: 1, kind, pem: Bytes::from_static(b"PEM\n"), fields }
    }

    #[test]
    fn exact_lines() {
        let kind = CredentialKind::PrivateKey;
        assert_eq!(line(&store(CredentialKind::CaCertificate, 6)), "AT#SSLSECDATA=1,1,1,4");
        assert_eq!(line(&store(kind, 4)), "AT#SSLSECDATA=1,1,2,4");
        assert_eq!(line(&store(kind, 5)), "AT#SSLSECDATA=1,1,2,4,1");
        assert_eq!(line(&store(kind, 6)), "AT#SSLSECDATA=1,1,2,4,,1");
        assert_eq!(line(&ReadCredential { slot: 1, kind }), "AT#SSLSECDATA=1,2,2");
        assert_eq!(line(&DeleteCredential { slot: 1, kind }), "AT#SSLSECDATA=1,0,2");
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
