//! Renaming, and making and removing directories, where the module passes commands on to the server.

use telit_core::at::InvalidValue;
use telit_core::platform::Availability;

use crate::commands::{ServerCommand, Verb};
use crate::error::TransferError;
use crate::session::{Session, Start};

/// The two commands stand alone, so that it is known which of them the server refused.
pub(crate) async fn rename(session: &mut Session, from: &str, to: &str) -> Result<(), TransferError> {
    let first = command(session, Verb::RenameFrom, from)?;
    let second = command(session, Verb::RenameTo, to)?;
    check_firmware(session, "cannot rename files").await?;
    session.run(first, Some(from)).await?;
    session.run_once(second, None, false).await
}

/// That it is there already is no missing directory, although servers say 550 to both. If the session ended behind the
/// command, that may be its own work.
pub(crate) async fn make_directory(session: &mut Session, path: &str) -> Result<(), TransferError> {
    let command = command(session, Verb::MakeDirectory, path)?;
    check_firmware(session, "cannot make directories").await?;
    session.run_from(Start::WorkingDirectory, command, None).await.or_doubt()
}

pub(crate) async fn remove_directory(session: &mut Session, path: &str) -> Result<(), TransferError> {
    let command = command(session, Verb::RemoveDirectory, path)?;
    check_firmware(session, "cannot remove directories").await?;
    session.run_from(Start::WorkingDirectory, command, Some(path)).await.or_doubt()
}

fn command(session: &Session, verb: Verb, path: &str) -> Result<ServerCommand, TransferError> {
    let path = session.check_path(path)?;
    let command = ServerCommand { verb, path, deadline: session.deadline() };
    let length = command.text().len();
    if let Some(most) = session.profile().raw_command_length.filter(|most| length > *most) {
        let problem = format!("with its command it has {length} characters, the module takes at most {most}");
        return Err(InvalidValue::new("path", problem).into());
    }
    Ok(command)
}

/// Printed for platform 37 alone, from a certain firmware on; so the firmware is asked. Source: M37 p812, p1190.
async fn check_firmware(session: &Session, what: &'static str) -> Result<(), TransferError> {
    let modem = session.modem();
    let is_there = match session.profile().raw_command {
        Availability::No => false,
        Availability::Yes => true,
        Availability::Probe => {
            modem.test_form(ServerCommand::NAME).await.map_err(TransferError::Link)?.is_some()
        }
    };
    if is_there { Ok(()) } else { Err(TransferError::Unsupported { platform: modem.profile().id, what }) }
}
