//! The module's own files, as far as `#FTPGETF` needs them. Source: M37 p992-998.

use super::{Call, Flow, Handler, Outcome, set};
use crate::error::AtError;
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#M2MREAD", read), ("#M2MDEL", delete)];

/// A whole path: 128 characters for the directories, 64 for the file.
pub(super) const PATH_LIMIT: usize = 192;
/// Where a new module is. Source: M37 p995.
const DIRECTORY: &str = "/mod";

/// The whole path of a file.
pub(super) fn path(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("{DIRECTORY}/{name}") }
}

fn read(module: &mut Module, call: &Call) -> Outcome {
    let name = set(call)?.required_text(0, PATH_LIMIT)?;
    let content = module.files.get(&path(&name)).cloned().ok_or(AtError::Plain)?;
    module.answer(call.instance, b"\r\n<<<");
    module.answer(call.instance, &content);
    Ok(Flow::Done)
}

fn delete(module: &mut Module, call: &Call) -> Outcome {
    let name = set(call)?.required_text(0, PATH_LIMIT)?;
    module.files.remove(&path(&name)).map(|_| Flow::Done).ok_or(AtError::Plain)
}
