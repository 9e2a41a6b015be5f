//! Typed AT commands that belong to no single service, grouped as the manuals are.

mod clock;
mod general;
mod multiplexer;
mod network;
mod packet_data;
mod plain_socket;
mod restart;
mod sim;
mod test_form;
mod tls;

pub(crate) use clock::format_clock;
pub use clock::{NetworkTime, ReadClock, ReadNetworkTime, SetClock, SetNetworkTime, SynchroniseClock};
pub use general::{
    EchoOff, FirmwareRevision, Model, ReadEscapeOverride, ReadEscapeRegister, SelectSyntax, SerialNumber,
    SkipEscape, SoftwarePackage, VerboseErrors,
};
pub use multiplexer::{MultiplexerSettings, ReadMultiplexer, SetMultiplexerMode, StartMultiplexer};
pub use network::{ReadRegistration, Registration, RegistrationDomain, SignalQuality};
pub use packet_data::{
    ActivateContext, ActiveContexts, Attach, DefineContext, DefinedContext, DefinedContexts, IsAttached,
    ProtocolContexts, SetProtocolContext, SetSocketContext, SocketContext, SocketContexts,
};
pub use plain_socket::{
    ClosePlainSocket, DialPlainSocket, QueryName, ReadContextAddress, ReceivePlainBlock, SendPlainBlock,
};
pub use restart::{Functionality, ReadErrorFormat, RebootModule, RestartModule};
pub use sim::{EnterPin, RemainingPinAttempts, SimState, SimStatus};
pub use test_form::TestForm;
pub use tls::{
    CipherSuiteChange, ConnectionMode, CredentialArea, CredentialKind, CredentialPlace, CredentialSlots,
    CredentialSlotsStatus, DeleteCredential, DialSocket, EnableSockets, HangUpSocket, ListCipherSuites,
    ReadCredential, ReadSetting, ReadSocketCounters, ReadSocketState, ReceiveBlock, ReceivedBlock,
    RedialSocket, ResumeSocket, SendBlock, SendTerminatedBlock, SetCipherSuites, SetProcessorMode,
    SettingValue, SocketCounters, SocketState, SocketStateReport, StoreCredential, WriteSetting,
};

use std::time::Duration;

use crate::at::{CommandLine, Effect, Exchange, Expect, Reply, UnexpectedReply};

/// Settings and reads that the module answers by itself. Source: at most 5 s, UC864 guide p17.
pub(crate) const LOCAL: Duration = Duration::from_secs(5);
/// Commands that ask the SIM. Source: UC864 guide p17.
pub(crate) const SIM: Duration = Duration::from_secs(20);

pub(crate) fn query(line: CommandLine, expect: Expect) -> Exchange {
    Exchange::new(line, expect).deadline(LOCAL).effect(Effect::Query)
}

pub(crate) fn setting(line: CommandLine) -> Exchange {
    Exchange::new(line, Expect::result()).deadline(LOCAL).effect(Effect::Idempotent)
}

/// The value of the one information line that a command promises.
pub(crate) fn value(reply: &Reply, prefix: &str) -> Result<String, UnexpectedReply> {
    reply.value(prefix).ok_or_else(|| UnexpectedReply::new(format!("the line {prefix}: is missing")))
}

pub(crate) fn malformed(prefix: &str, line: &str) -> UnexpectedReply {
    UnexpectedReply::new(format!("{prefix}: {}", crate::at::printable(line.as_bytes())))
}
