//! Values in answers and in unsolicited lines, as every command of the core reads them.

use std::fmt::Debug;
use std::time::Duration;

use telit_core::at::{Command, Reply};
use telit_core::commands::{
    ActivateContext, ActiveContexts, CredentialArea, CredentialKind, CredentialPlace, CredentialSlots,
    DefinedContexts, FirmwareRevision, IsAttached, ListCipherSuites, Model, ProtocolContexts, QueryName,
    ReadClock, ReadContextAddress, ReadCredential, ReadEscapeOverride, ReadEscapeRegister, ReadNetworkTime,
    ReadRegistration, ReadSetting, ReadSocketCounters, ReadSocketState, ReceiveBlock, ReceivePlainBlock,
    RegistrationDomain, SetClock, SettingValue, SignalQuality, SimStatus, SocketContexts, SoftwarePackage,
    TestForm, WriteSetting,
};
use telit_core::platform::{identify, tell_le910cx_apart_by_fields};
use telit_core::tls::Ranges;

/// The most that a value takes for each byte that it was read from: a text and what holds it together.
const MEMORY_PER_BYTE: usize = 64;

/// Gives the input as an answer to every command.
///
/// # Panics
/// A value takes far more memory than its text, or one that is sent back to the module is refused.
pub fn values(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let reply = Reply::new(text.split('\n'), input.to_vec());
    bare(&reply);
    clock(&reply);
    network(&reply);
    tls(&reply);
    for line in text.split('\n') {
        ranges(line);
        let _unused = identify(line, line);
        let _unused = SettingValue::read(line);
    }
}

fn read<C: Command>(command: &C, reply: &Reply) -> Option<C::Response>
where
    C::Response: Debug,
{
    let length: usize =
        reply.lines().iter().map(|line| line.as_bytes().len() + 1).sum::<usize>() + reply.body().len();
    match command.parse(reply) {
        Ok(response) => {
            assert!(
                format!("{response:?}").len() <= MEMORY_PER_BYTE * (length + 8),
                "a value out of nothing"
            );
            Some(response)
        }
        Err(refused) => {
            let shown = refused.to_string();
            assert!(!shown.contains(['\r', '\n', '\0', '\u{1b}']), "it could reach a terminal: {shown:?}");
            None
        }
    }
}

fn bare(reply: &Reply) {
    read(&Model, reply);
    read(&FirmwareRevision, reply);
    read(&SoftwarePackage, reply);
    read(&ReadEscapeRegister, reply);
    read(&ReadEscapeOverride, reply);
    read(&SimStatus, reply);
}

/// A time that the module tells can be told to the module.
fn clock(reply: &Reply) {
    read(&ReadNetworkTime, reply);
    if let Some(Some(time)) = read(&ReadClock, reply) {
        let exchange = SetClock(time).exchange().expect("the module has such a time itself");
        let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
        let again = Reply::new([line.replace("AT+CCLK=", "+CCLK: ").as_str()], "");
        assert_eq!(ReadClock.parse(&again), Ok(Some(time)));
    }
}

fn network(reply: &Reply) {
    for domain in [RegistrationDomain::Circuit, RegistrationDomain::Packet, RegistrationDomain::Lte] {
        read(&ReadRegistration(domain), reply);
    }
    read(&SignalQuality, reply);
    read(&DefinedContexts, reply);
    read(&SocketContexts, reply);
    read(&ProtocolContexts, reply);
    read(&IsAttached, reply);
    read(&ActiveContexts, reply);
    read(&ActivateContext(1), reply);
    read(&ReadContextAddress(1), reply);
    read(&QueryName { host: "host.test".to_owned(), deadline: Duration::from_secs(1) }, reply);
    read(&ReceivePlainBlock { socket: 1, most: 100 }, reply);
}

fn tls(reply: &Reply) {
    read(&ListCipherSuites, reply);
    for area in [CredentialArea::Own, CredentialArea::Preloaded] {
        read(&CredentialSlots(area), reply);
        for kind in
            [CredentialKind::ClientCertificate, CredentialKind::CaCertificate, CredentialKind::PrivateKey]
        {
            read(&ReadCredential { place: CredentialPlace { area, slot: 1, kind }, binary: false }, reply);
        }
    }
    if let Some(Some(printed)) = read(&ReadSetting { name: "#SSLCFG", socket: 1 }, reply) {
        let values: Option<Vec<SettingValue>> = printed.iter().map(|text| SettingValue::read(text)).collect();
        let written = values.map(|values| WriteSetting { name: "#SSLCFG", socket: 1, values });
        assert!(written.is_none_or(|written| written.is_held(Some(&printed))), "{printed:?}");
    }
    if let Some(form) = read(&TestForm("#SSLSECCFG"), reply) {
        let _unused = tell_le910cx_apart_by_fields(form.len());
    }
    let deadline = Duration::from_secs(1);
    read(&ReceiveBlock { socket: 1, most: 100, timeout: 1, deadline }, reply);
    read(&ReadSocketState { socket: 1 }, reply);
    read(&ReadSocketCounters { socket: 1 }, reply);
}

/// The ends of a range are in it, whatever lies between them.
fn ranges(text: &str) {
    if let Some(ranges) = Ranges::parse(text) {
        assert!(ranges.contains(ranges.lowest()) && ranges.contains(ranges.highest()));
        assert!(ranges.lowest() <= ranges.highest());
    }
}
