//! The AT commands, one file a chapter of the manual, and the table that finds them.

mod files;
mod ftp;
mod ftp_transfer;
mod general;
pub(crate) mod http;
mod identity;
mod lifecycle;
mod mqtt;
mod mqtt_messages;
mod multiplexer;
mod network;
mod packet_data;
pub(crate) mod parse;
pub(crate) mod plain_socket;
mod protocols;
mod settings;
mod sim;
mod time;
mod tls_credentials;
mod tls_preloaded;
mod tls_security;
mod tls_setup;
mod tls_socket;
mod tls_transfer;
pub(crate) mod value;

use crate::entry::Entry;
use crate::error::AtError;
use crate::module::{InstanceId, Module};
use parse::Form;

/// How a command goes on after its handler has run.
pub(crate) enum Flow {
    /// It is done: `OK`, unless more commands follow on the line.
    Done,
    /// It waits for something and will be completed by [`Module::complete`].
    Waiting,
    /// It asks the host for data.
    Entry(Entry),
    /// The instance is in data mode; the final result comes when it ends.
    Online,
    /// The module has been reset: nothing follows.
    Reset,
    /// The port carries frames: nothing follows.
    Multiplexed,
}

/// What a handler gives back.
pub(crate) type Outcome = Result<Flow, AtError>;

/// One command of a line, addressed to its handler.
pub(crate) struct Call {
    pub(crate) instance: InstanceId,
    pub(crate) name: String,
    pub(crate) form: Form,
}

type Handler = fn(&mut Module, &Call) -> Outcome;

/// The code behind a command name; whether a platform has the command is in its profile.
pub(crate) fn handler(name: &str) -> Option<Handler> {
    let tables: [&[(&str, Handler)]; 23] = [
        settings::COMMANDS,
        general::COMMANDS,
        multiplexer::COMMANDS,
        identity::COMMANDS,
        sim::COMMANDS,
        network::COMMANDS,
        packet_data::COMMANDS,
        protocols::COMMANDS,
        plain_socket::COMMANDS,
        time::COMMANDS,
        lifecycle::COMMANDS,
        tls_setup::COMMANDS,
        tls_security::COMMANDS,
        tls_credentials::COMMANDS,
        tls_preloaded::COMMANDS,
        tls_socket::COMMANDS,
        tls_transfer::COMMANDS,
        mqtt::COMMANDS,
        mqtt_messages::COMMANDS,
        http::COMMANDS,
        files::COMMANDS,
        ftp::COMMANDS,
        ftp_transfer::COMMANDS,
    ];
    tables
        .iter()
        .flat_map(|table| table.iter())
        .find(|(known, _)| *known == name)
        .map(|(_, handler)| *handler)
}

/// For commands that only exist in execution form: the read form executes them, too. Source: M37 p18.
pub(crate) fn action(call: &Call) -> Result<(), AtError> {
    match &call.form {
        Form::Execute | Form::Read => Ok(()),
        Form::Set(parameters) if parameters.is_empty() => Ok(()),
        _ => Err(AtError::Plain),
    }
}

/// The parameters of a set form; any other form is an error.
pub(crate) fn set(call: &Call) -> Result<&value::Parameters, AtError> {
    match &call.form {
        Form::Set(parameters) => Ok(parameters),
        _ => Err(AtError::Plain),
    }
}
