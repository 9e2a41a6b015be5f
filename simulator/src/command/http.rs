//! The HTTP client. Source: M37 p857-872.

use bytes::Bytes;

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::http::RequestParts;
use crate::module::tls::Service;
use crate::net::http::Method;
use crate::nvm::{HttpSettings, Secret};
use crate::profile::HttpProfile;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#HTTPCFG", configure),
    ("#HTTPQRY", query),
    ("#HTTPSND", send),
    ("#HTTPRCV", receive),
    ("#HTTPRCVOTA", receive_firmware),
];

/// What the platform's client can take.
fn limits(module: &Module) -> Result<&'static HttpProfile, AtError> {
    module.profile.http.as_ref().ok_or(AtError::Plain)
}

/// HTTP shares the first secure socket. Source: M37 p894.
const TLS_SOCKET: u8 = 1;

fn profile_number(module: &Module, parameters: &Parameters) -> Result<u8, AtError> {
    parameters.required_small(0, 0..=u32::from(limits(module)?.profiles) - 1)
}

fn configure(module: &mut Module, call: &Call) -> Outcome {
    let limits = limits(module)?;
    if call.form == Form::Read {
        let profiles = module.nvm.http.iter().zip(0..);
        let lines: Vec<String> = profiles.map(|(settings, id)| profile_line(limits, settings, id)).collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let p = set(call)?;
    p.at_most(limits.fields)?;
    let id = profile_number(module, p)?;
    if p.len() == 1 {
        module.forget_unread_body(id);
        return store(module, call, id, HttpSettings::factory(limits, id));
    }
    let settings = changed(limits, module.http_settings(id), p)?;
    store(module, call, id, settings)
}

/// The settings with what the parameters change.
fn changed(limits: &HttpProfile, known: &HttpSettings, p: &Parameters) -> Result<HttpSettings, AtError> {
    let mut settings = known.clone();
    if let Some(host) = p.text(1, limits.host_limit)? {
        settings.host = host;
    }
    let port = p.number_or(2, 1..=65_535, u32::from(settings.port))?;
    settings.port = u16::try_from(port).map_err(|_| AtError::Plain)?;
    settings.authentication = p.small_or(3, 0..=1, settings.authentication)?;
    if let Some(user) = p.text(4, limits.credential_limit)? {
        settings.user = user;
    }
    if let Some(password) = p.bytes(5, limits.credential_limit)? {
        settings.password = Secret(password.to_vec());
    }
    settings.tls = p.small_or(6, 0..=u32::from(limits.tls), u8::from(settings.tls))? == 1;
    settings.timeout = p.number_or(7, 1..=65_535, settings.timeout)?;
    settings.context = p.small_or(8, limits.contexts.clone(), settings.context)?;
    settings.packet_size = p.number_or(9, 0..=1500, settings.packet_size)?;
    p.number(10, 0..=0)?;
    p.number(11, 0..=0)?;
    Ok(settings)
}

/// The password is masked. Source: IPE28 p101-103, M37 p859.
fn profile_line(limits: &HttpProfile, s: &HttpSettings, id: u8) -> String {
    let rest = if limits.fields > 9 { format!(",{},0,0", s.packet_size) } else { String::new() };
    format!(
        "#HTTPCFG:{}{id},\"{}\",{},{},\"{}\",\"******\",{},{},{}{rest}",
        limits.blank,
        s.host,
        s.port,
        s.authentication,
        s.user,
        u8::from(s.tls),
        s.timeout,
        s.context
    )
}

fn store(module: &mut Module, call: &Call, id: u8, settings: HttpSettings) -> Outcome {
    let had_tls = module.http_settings(id).tls;
    if settings.tls && !had_tls {
        // One profile only. Source: M37 p859.
        if module.nvm.http.iter().any(|profile| profile.tls) {
            return Err(AtError::Cme(cme::SSL_ALREADY_ACTIVATED));
        }
        module.claim_tls(Service::Http, TLS_SOCKET, call.instance)?;
    } else if had_tls {
        module.check_owner(TLS_SOCKET, call.instance)?;
    }
    let released = had_tls && !settings.tls;
    if *module.http_settings(id) != settings
        && let Some(place) = module.nvm_mut().http.get_mut(usize::from(id))
    {
        *place = settings;
    }
    if released {
        module.release_tls(TLS_SOCKET);
    }
    Ok(Flow::Done)
}

/// What must hold before a request.
fn ready(module: &Module, call: &Call, id: u8) -> Result<(), AtError> {
    let settings = module.http_settings(id);
    if module.http.is_used_by_other(call.instance) {
        return Err(AtError::Cme(cme::RESOURCE_USED));
    }
    if settings.host.is_empty() {
        return Err(AtError::Plain);
    }
    if !module.radio.active.contains(&settings.context) {
        return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
    }
    if module.quirks.unread_body_blocks && module.http.has_unread_body() {
        return Err(AtError::Cme(cme::WRONG_STATE));
    }
    Ok(())
}

/// The path and query: they begin with a slash.
fn resource(module: &Module, parameters: &Parameters) -> Result<String, AtError> {
    let resource = parameters.required_text(2, limits(module)?.resource_limit)?;
    if resource.starts_with('/') { Ok(resource) } else { Err(AtError::Plain) }
}

/// Several header lines are joined with `>>`. Source: M37 p862.
fn headers(module: &Module, parameters: &Parameters, index: usize) -> Result<Vec<String>, AtError> {
    let joined = parameters.text(index, limits(module)?.header_limit)?.unwrap_or_default();
    Ok(joined.split(">>").filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn query(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(4)?;
    let id = profile_number(module, parameters)?;
    // The default is 0. Source: M37 p861.
    let method = match parameters.number(1, 0..=2)? {
        None | Some(0) => Method::Get,
        Some(1) => Method::Head,
        Some(_) => Method::Delete,
    };
    let resource = resource(module, parameters)?;
    let headers = headers(module, parameters, 3)?;
    ready(module, call, id)?;
    let parts = RequestParts { method, resource, headers, content_type: None, body: Bytes::new() };
    module.send_request(call.instance, id, parts)
}

fn send(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let profile = profile_number(module, parameters)?;
    let method = parameters.required_small(1, 0..=1)?;
    let resource = resource(module, parameters)?;
    let limits = limits(module)?;
    let length = parameters.required(3, limits.least_body..=limits.body_limit)?;
    let length = usize::try_from(length).map_err(|_| AtError::Plain)?;
    let content_type = match parameters.text(4, limits.post_parameter_limit)? {
        // For POST only. Source: M37 p866.
        Some(_) if method == 1 => None,
        content_type => content_type.map(|text| content_type_of(&text)),
    };
    let headers = headers(module, parameters, 5)?;
    ready(module, call, profile)?;
    if module.quirks.connects_before_prompt {
        let method = upload_method(method);
        let parts = RequestParts { method, resource, headers, content_type, body: Bytes::new() };
        return module.connect_for_body(call.instance, profile, parts, length);
    }
    let purpose = Purpose::HttpBody { profile, method, resource, content_type, headers };
    Ok(Flow::Entry(Entry::new(Prompt::Triple, Ending::Counted { length }, purpose)))
}

/// Source: M37 p866.
pub(crate) fn upload_method(number: u8) -> Method {
    if number == 0 { Method::Post } else { Method::Put }
}

/// `0[:ext]` to `3[:ext]` stand for types, anything else is the type itself. Source: M37 p866.
fn content_type_of(text: &str) -> String {
    let (number, extension) = text.split_once(':').unwrap_or((text, ""));
    let kind = match number {
        "0" => "application/x-www-form-urlencoded",
        "1" => "text/plain",
        "2" => "application/octet-stream",
        "3" => "multipart/form-data",
        _ => return text.to_owned(),
    };
    if extension.is_empty() { kind.to_owned() } else { format!("{kind}; {extension}") }
}

fn receive(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = profile_number(module, parameters)?;
    let most = match parameters.number(1, 0..=1500)?.unwrap_or(0) {
        0 => None,
        1..=63 => return Err(AtError::Plain),
        most => Some(usize::try_from(most).map_err(|_| AtError::Plain)?),
    };
    module.read_body(call.instance, id, most)
}

/// The body goes into the partition of the firmware, here nowhere. What happens to one that is short is told nowhere, and
/// neither is how the command is aborted, which it can be. Source: M37 p871-872.
fn receive_firmware(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = profile_number(module, parameters)?;
    let verbose = parameters.switch_or(1, false)?;
    module.store_body(call.instance, id, verbose)
}
