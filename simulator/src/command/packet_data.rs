//! Packet data contexts. Source: M37 p665-713, QS5 p12-18.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::nvm::{Authentication, Context, Secret};
use crate::profile::{AUTHENTICATION_LIMIT, Contexts};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CGDCONT", define),
    ("+CGATT", attach),
    ("+CGPADDR", addresses),
    ("+CGCONTRDP", parameters_of_contexts),
    ("#SCFG", sockets),
    ("#SGACT", activate),
    ("#SGACTAUTH", activation_authentication),
    ("+CGAUTH", context_authentication),
    ("#PDPAUTH", context_authentication),
];

fn define(module: &mut Module, call: &Call) -> Outcome {
    let parameters = match &call.form {
        Form::Test => {
            let Contexts { defined, kinds, flags: (ranges, _), .. } = &module.profile.general.contexts;
            let (first, last) = (defined.start(), defined.end());
            let line = |kind: &&str| format!("+CGDCONT: ({first}-{last}),\"{kind}\",,,{ranges}");
            let lines: Vec<String> = kinds.iter().map(line).collect();
            module.info_lines(call.instance, &lines);
            return Ok(Flow::Done);
        }
        Form::Read => {
            let line = |(cid, Context { protocol, apn }): (&u8, &Context)| {
                let flags = module.profile.general.contexts.flags_of(*cid);
                format!("+CGDCONT: {cid},\"{protocol}\",\"{apn}\",\"\",{flags}")
            };
            let lines: Vec<String> = module.nvm.contexts.iter().map(line).collect();
            module.info_lines(call.instance, &lines);
            return Ok(Flow::Done);
        }
        Form::Set(parameters) => parameters,
        _ => return Err(AtError::Plain),
    };
    let cid = parameters.required_small(0, module.profile.general.contexts.defined.clone())?;
    if cid <= module.profile.general.contexts.fixed {
        return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
    }
    if parameters.len() == 1 {
        module.nvm_mut().contexts.remove(&cid);
        return Ok(Flow::Done);
    }
    let known = module.nvm.contexts.get(&cid).cloned();
    let protocol = parameters.text(1, 8)?.map(|kind| kind.to_ascii_uppercase());
    let protocol = protocol.or_else(|| known.as_ref().map(|context| context.protocol.clone()));
    let protocol = protocol.unwrap_or_else(|| "IP".to_owned());
    let kinds = module.profile.general.contexts.kinds;
    if !kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&protocol)) {
        return Err(AtError::Plain);
    }
    let apn = parameters.text(2, 100)?.or_else(|| known.map(|context| context.apn)).unwrap_or_default();
    define_context(module, cid, Context { protocol, apn })
}

/// No two contexts of 37 may have the same name, M37 p668 says, not even an empty one; but the pre-defined contexts all
/// are empty. So names that are not empty are compared.
fn define_context(module: &mut Module, cid: u8, context: Context) -> Outcome {
    let unique = module.profile.general.contexts.unique_names && !context.apn.is_empty();
    let mut others = module.nvm.contexts.iter().filter(|(other, _)| **other != cid);
    if unique && others.any(|(_, other)| other.apn.eq_ignore_ascii_case(&context.apn)) {
        return Err(AtError::Plain);
    }
    if module.nvm.contexts.get(&cid) != Some(&context) {
        module.nvm_mut().contexts.insert(cid, context);
    }
    Ok(Flow::Done)
}

fn attach(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let attached = u8::from(module.is_registered());
            module.info(call.instance, format!("+CGATT: {attached}"));
        }
        Form::Set(parameters) => match parameters.switch(0)? {
            true if !module.is_registered() => return Err(AtError::Cme(cme::NO_NETWORK_SERVICE)),
            true => {}
            false => {
                module.radio.active.clear();
                module.break_connections();
            }
        },
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// The virtual network gives each context an address of its own.
fn address(cid: u8) -> String {
    format!("10.0.0.{cid}")
}

fn addresses(module: &mut Module, call: &Call) -> Outcome {
    let wanted = match &call.form {
        Form::Test => {
            let defined: Vec<String> = module.nvm.contexts.keys().map(u8::to_string).collect();
            module.info(call.instance, format!("+CGPADDR: ({})", defined.join(",")));
            return Ok(Flow::Done);
        }
        Form::Execute | Form::Read => None,
        Form::Set(parameters) => parameters.number(0, module.profile.general.contexts.defined.clone())?,
        Form::Basic(_) => return Err(AtError::Plain),
    };
    let contexts =
        module.nvm.contexts.keys().filter(|cid| wanted.is_none_or(|wanted| wanted == u32::from(**cid)));
    let lines: Vec<String> = contexts
        .map(|cid| {
            let address = if module.is_up(*cid) { address(*cid) } else { String::new() };
            format!("+CGPADDR: {cid},\"{address}\"")
        })
        .collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn parameters_of_contexts(module: &mut Module, call: &Call) -> Outcome {
    let wanted = match &call.form {
        Form::Test => {
            let line = if module.is_registered() { "+CGCONTRDP: (1)" } else { "+CGCONTRDP: ()" };
            module.info(call.instance, line);
            return Ok(Flow::Done);
        }
        Form::Execute | Form::Read => None,
        Form::Set(parameters) => parameters.number(0, module.profile.general.contexts.defined.clone())?,
        Form::Basic(_) => return Err(AtError::Plain),
    };
    let contexts = module
        .nvm
        .contexts
        .iter()
        .filter(|(cid, _)| module.is_up(**cid) && wanted.is_none_or(|wanted| wanted == u32::from(**cid)));
    let long = module.profile.general.contexts.long_parameters;
    let lines: Vec<String> =
        contexts.map(|(cid, context)| parameters_line(*cid, &context.apn, long)).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

/// With mask, gateway and the addresses that there are not, or without. Source: IPE28 p133, M37 p678.
fn parameters_line(cid: u8, apn: &str, long: bool) -> String {
    let address = address(cid);
    match long {
        true => format!(
            "+CGCONTRDP: {cid},5,\"{apn}\",\"{address}.255.0.0.0\",\"10.0.0.254\",\"10.0.0.251\",\"0.0.0.0\",\"0.0.0.0\",\"0.0.0.0\""
        ),
        false => format!("+CGCONTRDP: {cid},5,\"{apn}\",\"{address}\",,\"10.0.0.251\",\"10.0.0.252\""),
    }
}

fn sockets(module: &mut Module, call: &Call) -> Outcome {
    let parameters = match &call.form {
        Form::Read => {
            let lines: Vec<String> = module
                .nvm
                .sockets
                .iter()
                .zip(1..)
                .map(|(socket, id)| {
                    let [packet, inactivity, connect, send] = socket.values;
                    format!("#SCFG: {id},{},{packet},{inactivity},{connect},{send}", socket.context)
                })
                .collect();
            module.info_lines(call.instance, &lines);
            return Ok(Flow::Done);
        }
        Form::Set(parameters) => parameters,
        _ => return Err(AtError::Plain),
    };
    let id = parameters.required_small(0, 1..=u32::MAX)?;
    let index = usize::from(id - 1);
    if index >= module.nvm.sockets.len() {
        return Err(AtError::Plain);
    }
    let context = parameters.required_small(1, module.profile.general.contexts.bound.clone())?;
    let connect = parameters.required(4, 0..=1200)?;
    if (1..10).contains(&connect) {
        return Err(AtError::Plain);
    }
    let values = [
        parameters.required(2, 0..=1500)?,
        parameters.required(3, 0..=65_535)?,
        connect,
        parameters.required(5, 0..=264)?,
    ];
    if let Some(socket) = module.nvm_mut().sockets.get_mut(index) {
        (socket.context, socket.values) = (context, values);
    }
    Ok(Flow::Done)
}

fn activate(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let lines: Vec<String> = module
            .nvm
            .contexts
            .keys()
            .map(|cid| format!("#SGACT: {cid},{}", u8::from(module.radio.active.contains(cid))))
            .collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    let contexts = &module.profile.general.contexts;
    let first = if contexts.circuit_switched { 0 } else { *contexts.ids.start() };
    let cid = parameters.required_small(0, first..=*contexts.ids.end())?;
    if parameters.switch(1)? { activate_context(module, call, cid) } else { deactivate_context(module, cid) }
}

fn activate_context(module: &mut Module, call: &Call, cid: u8) -> Outcome {
    // A circuit-switched call: the virtual network carries none.
    if cid == 0 {
        return Err(AtError::Cme(cme::ACTIVATION_FAILED));
    }
    let referenced = module.nvm.sockets.iter().any(|socket| socket.context == cid);
    let Some(context) = module.nvm.contexts.get(&cid).filter(|_| referenced) else {
        return Err(AtError::Plain);
    };
    if module.radio.active.contains(&cid) {
        return Err(AtError::Cme(cme::CONTEXT_ALREADY_ACTIVATED));
    }
    if !module.is_registered() || module.radio.active.len() >= module.profile.general.contexts.most_active {
        return Err(AtError::Cme(cme::ACTIVATION_FAILED));
    }
    let both = module.profile.general.contexts.both_addresses && context.protocol == "IPV4V6";
    let comma = if both { "," } else { "" };
    module.radio.active.insert(cid);
    module.info(call.instance, format!("#SGACT: {}{comma}", address(cid)));
    Ok(Flow::Done)
}

fn deactivate_context(module: &mut Module, cid: u8) -> Outcome {
    if module.radio.active.remove(&cid) {
        module.break_connections();
    }
    Ok(Flow::Done)
}

fn activation_authentication(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let kind = module.activation_authentication;
            module.info(call.instance, format!("#SGACTAUTH: {kind}"));
        }
        Form::Set(parameters) => {
            module.activation_authentication =
                parameters.small_or(0, 0..=2, module.activation_authentication)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// The virtual network lets everybody in; what is given is kept. Source: M37 p675-676.
fn context_authentication(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let known = &module.nvm.authentication;
        let lines: Vec<String> = module
            .nvm
            .contexts
            .keys()
            .map(|cid| {
                let (kind, user) = known.get(cid).map_or((0, ""), |known| (known.kind, known.user.as_str()));
                format!("{}: {cid},{kind},\"{user}\"", call.name)
            })
            .collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(4)?;
    let cid = parameters.required_small(0, module.profile.general.contexts.ids.clone())?;
    let kind = parameters.required_small(1, 0..=2)?;
    let user = parameters.text(2, AUTHENTICATION_LIMIT)?.unwrap_or_default();
    let password = parameters.bytes(3, AUTHENTICATION_LIMIT)?.unwrap_or_default().to_vec();
    let wanted = Authentication { kind, user, password: Secret(password) };
    if module.nvm.authentication.get(&cid) != Some(&wanted) {
        module.nvm_mut().authentication.insert(cid, wanted);
    }
    Ok(Flow::Done)
}

impl Module {
    /// Whether a context has an address.
    fn is_up(&self, cid: u8) -> bool {
        let attached = cid <= self.profile.general.contexts.attached && self.is_registered();
        attached || self.radio.active.contains(&cid)
    }
}
