//! The `#SSL...` commands.

mod cipher_suites;
mod credentials;
mod settings;

pub use cipher_suites::{CipherSuiteChange, ListCipherSuites, SetCipherSuites};
pub use credentials::{
    CredentialArea, CredentialKind, CredentialPlace, CredentialSlots, CredentialSlotsStatus,
    DeleteCredential, ReadCredential, StoreCredential,
};
pub use settings::{EnableSockets, ReadSetting, SettingValue, WriteSetting};

#[cfg(test)]
fn line(command: &impl crate::at::Command) -> String {
    let exchange = command.exchange().expect("it encodes");
    String::from_utf8_lossy(exchange.line().as_bytes()).into_owned()
}
