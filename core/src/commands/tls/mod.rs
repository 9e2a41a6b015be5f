//! The `#SSL...` commands.

mod cipher_suites;
mod credentials;
mod settings;
mod socket;

pub use cipher_suites::{CipherSuiteChange, ListCipherSuites, SetCipherSuites};
pub use credentials::{
    CredentialArea, CredentialKind, CredentialPlace, CredentialSlots, CredentialSlotsStatus,
    DeleteCredential, ReadCredential, StoreCredential,
};
pub use settings::{EnableSockets, ReadSetting, SetProcessorMode, SettingValue, WriteSetting};
pub use socket::{
    ConnectionMode, DialSocket, HangUpSocket, ReadSocketCounters, ReadSocketState, ReceiveBlock,
    ReceivedBlock, RedialSocket, ResumeSocket, SendBlock, SendTerminatedBlock, SocketCounters, SocketState,
    SocketStateReport,
};

#[cfg(test)]
fn line(command: &impl crate::at::Command) -> String {
    let exchange = command.exchange().expect("it encodes");
    String::from_utf8_lossy(exchange.line().as_bytes()).into_owned()
}
