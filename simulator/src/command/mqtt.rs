//! The MQTT clients: setting them up, connecting. Source: M37 p1007-1024.

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::mqtt::{Client, ClientState, WillSettings};
use crate::module::radio::Functionality;
use crate::module::tls::Service;
use crate::profile::MqttProfile;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#MQEN", enable),
    ("#MQCFG", configure),
    ("#MQCFG2", configure_session),
    ("#MQTCFG", configure_timeout),
    ("#MQWCFG", configure_will),
    ("#MQCONN", connect),
    ("#MQDISC", disconnect),
];

/// What the platform's client can take.
pub(super) fn limits(module: &Module) -> Result<&'static MqttProfile, AtError> {
    module.profile.mqtt.as_ref().ok_or(AtError::Plain)
}

/// `<instanceNumber>`
pub(super) fn client_number(module: &Module, parameters: &Parameters) -> Result<u8, AtError> {
    parameters.required_small(0, 1..=u32::from(limits(module)?.clients))
}

/// One line a client.
fn show_each(module: &mut Module, call: &Call, line: impl Fn(&Client, u8) -> String) -> Outcome {
    let lines: Vec<String> = module.mqtt.ids().map(|id| line(module.mqtt.client(id), id)).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn enable(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, |client, id| format!("#MQEN: {id},{}", u8::from(client.enabled)));
    }
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = client_number(module, parameters)?;
    let wanted = parameters.switch(1)?;
    owned(module, id, call)?;
    match (wanted, module.mqtt.client(id).enabled) {
        // Source: IPE28 p136.
        (true, true) => Err(AtError::Cme(cme::MQTT_INITIALIZATION)),
        (true, false) => {
            module.mqtt.client_mut(id).enabled = true;
            Ok(Flow::Done)
        }
        (false, _) if module.mqtt.client(id).is_busy() => Err(AtError::Cme(cme::MQTT_DEINITIALIZATION)),
        (false, _) => {
            module.free_client(id);
            Ok(Flow::Done)
        }
    }
}

/// A client with TLS belongs to the instance that its secure socket belongs to. The sources say so of the socket only
/// (SSL guide 6.2.1, 6.8); that it protects the client is our reading.
fn owned(module: &Module, id: u8, call: &Call) -> Result<(), AtError> {
    let client = module.mqtt.client(id);
    if client.enabled && client.tls { module.check_owner(client.tls_socket, call.instance) } else { Ok(()) }
}

/// A client that is enabled and not connected can be configured.
fn configurable(module: &Module, id: u8) -> Result<(), AtError> {
    let client = module.mqtt.client(id);
    let free = client.enabled && !client.is_connected() && !client.is_busy();
    if free { Ok(()) } else { Err(AtError::Cme(cme::MQTT_CONFIGURATION)) }
}

fn configure(module: &mut Module, call: &Call) -> Outcome {
    let names_socket = limits(module)?.names_socket;
    if call.form == Form::Read {
        return show_each(module, call, |client, id| {
            // The secure socket is shown when it is used. Source: M37 p1012.
            let socket =
                if client.tls && names_socket { format!(",{}", client.tls_socket) } else { String::new() };
            let tls = u8::from(client.tls);
            format!("#MQCFG: {id},{},{},{},{tls}{socket}", client.host, client.port, client.context)
        });
    }
    let parameters = set(call)?;
    parameters.at_most(if names_socket { 6 } else { 5 })?;
    let id = client_number(module, parameters)?;
    let host = parameters.required_text(1, limits(module)?.string_limit)?;
    let port = u16::try_from(parameters.required(2, 1..=65_535)?).map_err(|_| AtError::Plain)?;
    let context = parameters.required_small(3, module.profile.general.contexts.ids.clone())?;
    let tls = parameters.switch_or(4, false)?;
    let sockets = 1..=u32::from(module.profile.tls.sockets);
    let tls_socket = if names_socket { parameters.small_or(5, sockets.clone(), 1)? } else { id };
    // Where the client has the secure socket of its own number, there may be none. Source: SSL guide 10.1.1.
    if tls && !sockets.contains(&u32::from(tls_socket)) {
        return Err(AtError::Plain);
    }
    owned(module, id, call)?;
    configurable(module, id)?;
    // In power saving it fails with "connection failed". Source: public code of a tracker.
    if module.radio.functionality == Functionality::PowerSaving {
        return Err(AtError::Cme(562));
    }
    if !module.radio.active.contains(&context) {
        return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
    }
    let (had_tls, old_socket) = (module.mqtt.client(id).tls, module.mqtt.client(id).tls_socket);
    if tls {
        module.claim_tls(Service::Mqtt, tls_socket, call.instance)?;
    }
    let client = module.mqtt.client_mut(id);
    (client.host, client.port, client.context) = (host, port, context);
    (client.tls, client.tls_socket) = (tls, tls_socket);
    if had_tls {
        module.release_tls(old_socket);
    }
    Ok(Flow::Done)
}

fn configure_session(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, |client, id| {
            format!("#MQCFG2: {id},{},{}", client.keep_alive, u8::from(client.clean_session))
        });
    }
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = client_number(module, parameters)?;
    let keep_alive = parameters.required(1, limits(module)?.keep_alive.clone())?;
    let clean_session = parameters.switch(2)?;
    configurable(module, id)?;
    let client = module.mqtt.client_mut(id);
    client.keep_alive = u16::try_from(keep_alive).map_err(|_| AtError::Plain)?;
    client.clean_session = clean_session;
    Ok(Flow::Done)
}

fn configure_timeout(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, |client, id| format!("#MQTCFG: {id},{}", client.timeout));
    }
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = client_number(module, parameters)?;
    let timeout = parameters.required_small(1, 1..=60)?;
    configurable(module, id)?;
    module.mqtt.client_mut(id).timeout = timeout;
    Ok(Flow::Done)
}

fn configure_will(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, |client, id| match &client.will {
            None => format!("#MQWCFG: {id},0"),
            Some(will) => {
                let message = String::from_utf8_lossy(&will.message);
                format!("#MQWCFG: {id},1,{},{},{},{message}", u8::from(will.retain), will.qos, will.topic)
            }
        });
    }
    let parameters = set(call)?;
    let id = client_number(module, parameters)?;
    let will = if parameters.switch(1)? {
        parameters.at_most(6)?;
        let limits = limits(module)?;
        Some(WillSettings {
            retain: parameters.switch(2)?,
            qos: parameters.required_small(3, 0..=2)?,
            topic: parameters.required_text(4, limits.topic_limit)?,
            message: parameters.bytes(5, limits.will_limit)?.ok_or(AtError::Plain)?.to_vec(),
        })
    } else {
        // A flag of 0 must be the last parameter. Source: M37 p1020.
        parameters.at_most(2)?;
        None
    };
    configurable(module, id)?;
    module.mqtt.client_mut(id).will = will;
    Ok(Flow::Done)
}

fn connect(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        // Only the clients that are enabled. Source: SSL guide 10.1.1, M37 p1017.
        let every = module.quirks.every_client_listed;
        let listed = module.mqtt.ids().filter(|id| every || module.mqtt.client(*id).enabled);
        let lines: Vec<String> =
            listed.map(|id| format!("#MQCONN: {id},{}", module.mqtt.client(id).state as u8)).collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(4)?;
    let id = client_number(module, parameters)?;
    owned(module, id, call)?;
    let limit = limits(module)?.string_limit;
    let text = |index| parameters.positional_text(index, limit);
    let identity = (text(1)?, text(2)?, text(3)?);
    let client = module.mqtt.client(id);
    let ready = client.enabled && !client.host.is_empty() && !client.is_busy();
    if !ready || client.state != ClientState::Idle {
        return Err(AtError::Cme(cme::MQTT_CONNECT));
    }
    module.connect_client(call.instance, id, identity)
}

fn disconnect(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(1)?;
    let id = client_number(module, parameters)?;
    owned(module, id, call)?;
    let client = module.mqtt.client(id);
    if !client.enabled || client.is_busy() {
        return Err(AtError::Cme(cme::MQTT_DISCONNECT));
    }
    module.disconnect_client(call.instance, id)
}
