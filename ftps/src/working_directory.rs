//! Where the working directory is, so that a session that is opened again can return to it.

use telit_core::at::InvalidValue;

use crate::commands::{ChangeDirectory, WorkingDirectory};
use crate::error::TransferError;
use crate::session::{Session, Start};

/// Most steps that are remembered where the server does not tell where they have led.
const MOST_STEPS: usize = 16;

/// How to get from the login directory to the working directory.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<String>);

impl Steps {
    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }

    fn check(&self, path: &str) -> Result<(), InvalidValue> {
        if is_absolute(path) || self.0.len() < MOST_STEPS {
            return Ok(());
        }
        let problem = "the server does not tell its working directory, and too many steps have led there: give a path \
                       with a leading slash";
        Err(InvalidValue::new("path", problem))
    }

    fn add(&mut self, path: &str) {
        if is_absolute(path) {
            self.0.clear();
        }
        self.0.push(path.to_owned());
    }
}

/// An absolute path needs nothing of where the session was, which may be gone. A relative one is replaced by where it has
/// led, so that going to and fro leaves no trail.
pub(crate) async fn change_directory(session: &mut Session, path: &str) -> Result<(), TransferError> {
    let command = ChangeDirectory { path: session.check_path(path)?, deadline: session.deadline() };
    session.steps().check(path)?;
    let start = if is_absolute(path) { Start::LoginDirectory } else { Start::WorkingDirectory };
    session.run_from(start, command, Some(path)).await.result?;
    session.steps().add(path);
    session.trust();
    if !is_absolute(path)
        && let Some(directory) = ask(session).await
    {
        session.steps().add(&directory);
    }
    Ok(())
}

/// `None` if the server does not tell, or in a way that cannot be used as a path.
async fn ask(session: &Session) -> Option<String> {
    let command = WorkingDirectory { deadline: session.deadline() };
    let directory = session.modem().run(command).await.ok()?;
    (is_absolute(&directory) && session.check_path(&directory).is_ok()).then_some(directory)
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
}
