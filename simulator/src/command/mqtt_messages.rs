//! MQTT subscriptions and messages. Source: M37 p1025-1036.

use bytes::Bytes;

use super::mqtt::{client_number, limits};
use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::service::Order;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#MQSUB", subscribe),
    ("#MQUNS", unsubscribe),
    ("#MQPUBS", publish),
    ("#MQPUBSEXT", publish_counted),
    ("#MQREAD", read),
];

/// A client that is connected and not busy.
fn connected(module: &Module, id: u8, failure: u16) -> Result<(), AtError> {
    let client = module.mqtt.client(id);
    let ready = client.enabled && client.is_connected() && !client.is_busy();
    if ready { Ok(()) } else { Err(AtError::Cme(failure)) }
}

fn subscribe(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(if limits(module)?.names_quality { 3 } else { 2 })?;
    let id = client_number(module, parameters)?;
    let filter = parameters.required_text(1, limits(module)?.topic_limit)?;
    // The default is 1. Source: M37 p1027.
    let qos = parameters.small_or(2, 0..=2, 1)?;
    connected(module, id, cme::MQTT_SUBSCRIBE)?;
    module.client_request(call.instance, id, Order::Subscribe { filter, qos }, cme::MQTT_SUBSCRIBE)
}

fn unsubscribe(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = client_number(module, parameters)?;
    let filter = parameters.required_text(1, limits(module)?.topic_limit)?;
    connected(module, id, cme::MQTT_UNSUBSCRIBE)?;
    module.client_request(call.instance, id, Order::Unsubscribe { filter }, cme::MQTT_UNSUBSCRIBE)
}

/// Client, topic, and retain before quality.
fn head(module: &Module, parameters: &Parameters) -> Result<(u8, String, bool, u8), AtError> {
    parameters.at_most(5)?;
    Ok((
        client_number(module, parameters)?,
        parameters.required_text(1, limits(module)?.topic_limit)?,
        parameters.switch(2)?,
        parameters.required_small(3, 0..=2)?,
    ))
}

fn publish(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    let (id, topic, retain, qos) = head(module, parameters)?;
    let message = parameters.bytes(4, limits(module)?.message_limit)?.ok_or(AtError::Plain)?;
    let payload = Bytes::copy_from_slice(message);
    connected(module, id, cme::MQTT_PUBLISH)?;
    module.publish(call.instance, id, topic, payload, (retain, qos), cme::MQTT_PUBLISH)
}

fn publish_counted(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    let (client, topic, retain, qos) = head(module, parameters)?;
    let length = usize::try_from(parameters.required(4, 0..=limits(module)?.counted_message_limit)?)
        .map_err(|_| AtError::Plain)?;
    connected(module, client, cme::MQTT_PUBSEXT)?;
    let purpose = Purpose::Publish { client, topic, retain, qos };
    Ok(Flow::Entry(Entry::new(Prompt::Triple, Ending::Counted { length }, purpose)))
}

fn read(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let enabled = module.mqtt.ids().filter(|id| module.mqtt.client(*id).enabled);
        let lines: Vec<String> = enabled
            .map(|id| {
                let unread =
                    module.mqtt.slots.iter().flatten().filter(|message| message.client == id).count();
                format!("#MQREAD: {id},{unread}")
            })
            .collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = client_number(module, parameters)?;
    let slots = u32::try_from(limits(module)?.slots).unwrap_or(u32::MAX);
    let slot = usize::try_from(parameters.required(1, 1..=slots)?).map_err(|_| AtError::Plain)?;
    let place = module.mqtt.slots.get_mut(slot - 1).ok_or(AtError::Plain)?;
    // Reading a slot frees it.
    let message = place.take_if(|message| message.client == id).ok_or(AtError::Plain)?;
    let comma = if module.quirks.mqread_header_comma { "," } else { "" };
    let header = format!("\r\n#MQREAD: {id},{},{}{comma}\r\n<<<", message.topic, message.payload.len());
    module.answer(call.instance, header.as_bytes());
    // Three less-than signs, then a line end. Source: M37 p1031.
    if !module.quirks.payload_behind_mark {
        module.answer(call.instance, b"\r\n");
    }
    module.answer(call.instance, &message.payload);
    module.answer(call.instance, b"\r\n");
    Ok(Flow::Done)
}
