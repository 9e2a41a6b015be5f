//! Which context the service sockets of 20 and 25 use. Source: IPE28 p94-99, p133-135.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::AtError;
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#PROTOCOLCFG", bind)];

fn bind(module: &mut Module, call: &Call) -> Outcome {
    let protocols = module.profile.general.protocols.ok_or(AtError::Plain)?;
    match &call.form {
        Form::Test => {
            let (first, last) = (protocols.contexts.start(), protocols.contexts.end());
            let line = |name: &&str| format!("#PROTOCOLCFG: \"{name}\",({first}-{last}),(0),(0),(0)");
            let lines: Vec<String> = protocols.names.iter().map(line).collect();
            module.info_lines(call.instance, &lines);
        }
        Form::Read => {
            let line = |name: &&str| format!("#PROTOCOLCFG: \"{name}\",{},0,0,0", module.context_of(name));
            let lines: Vec<String> = protocols.names.iter().map(line).collect();
            module.info_lines(call.instance, &lines);
        }
        _ => {
            let parameters = set(call)?;
            parameters.at_most(5)?;
            let wanted = parameters.required_text(0, 8)?.to_ascii_uppercase();
            let name = protocols.names.iter().find(|name| **name == wanted).ok_or(AtError::Plain)?;
            let context = parameters.required_small(1, protocols.contexts.clone())?;
            for unused in 2..5 {
                parameters.number(unused, 0..=0)?;
            }
            if module.context_of(name) != context {
                module.nvm_mut().protocols.insert((*name).to_owned(), context);
            }
        }
    }
    Ok(Flow::Done)
}

impl Module {
    /// The context of a protocol that has no `<cid>` in its own commands. Source of a new module's: IPE28 p93, p96.
    pub(crate) fn context_of(&self, protocol: &str) -> u8 {
        self.nvm.protocols.get(protocol).copied().unwrap_or(self.profile.general.contexts.internet)
    }
}
