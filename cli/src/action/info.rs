//! `telit info`: what the module is, how it is, and what its platform can do.

use serde_json::{Value, json};
use telit_core::platform::{Availability, Capability, Profile, Support};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::port;

/// Reads only, and does not wait for a network.
pub(crate) async fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let session = port::open(&arguments.global).await?;
    let modem = &session.modem;
    let registration = modem.registration().await?;
    let owner = modem.tls_owner().await?.map(|service| service.to_string());
    let profile = modem.profile();
    let object = json!({
        "model": modem.model(),
        "firmware": modem.firmware(),
        "platform": profile.id.to_string(),
        "products": profile.products,
        "registered": registration.is_registered(),
        "registration": registration.to_string(),
        "tls_owner": owner,
        "channels": session.channels,
        "capabilities": capabilities(profile).map(object).collect::<Vec<_>>(),
    });
    output.result(&object, || {
        let (model, firmware) = (modem.model(), modem.firmware());
        let platform = format!("{} ({})", profile.id, profile.products.join(", "));
        let owner = owner.as_deref().unwrap_or("nobody");
        let channels = session.channels;
        let able: Vec<String> = capabilities(profile).map(line).collect();
        format!(
            "model      {model}\nfirmware   {firmware}\nplatform   {platform}\nnetwork    {registration}\n\
             TLS owner  {owner}\nchannels   {channels}\n\n{}",
            able.join("\n")
        )
    })
}

fn capabilities(profile: &'static Profile) -> impl Iterator<Item = (Capability, Support)> {
    Capability::ALL.into_iter().map(|capability| (capability, profile.support(capability)))
}

fn object((capability, support): (Capability, Support)) -> Value {
    json!({
        "capability": capability.to_string(),
        "available": word(support.availability),
        "remark": support.remark,
    })
}

fn line((capability, support): (Capability, Support)) -> String {
    let remark = support.remark.map(|remark| format!("  {remark}")).unwrap_or_default();
    format!("{:<8} {capability:<32}{remark}", word(support.availability)).trim_end().to_owned()
}

/// What only the firmware knows is asked for when it is needed.
fn word(availability: Availability) -> &'static str {
    match availability {
        Availability::Yes => "yes",
        Availability::No => "no",
        Availability::Probe => "depends",
    }
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    #[test]
    fn every_platform_says_what_it_can_and_why_not() {
        for id in PlatformId::ALL {
            let lines: Vec<String> = capabilities(profile(id)).map(line).collect();
            assert_eq!(lines.len(), Capability::ALL.len(), "{id}");
            for line in lines.iter().filter(|line| !line.starts_with("yes")) {
                assert!(line.len() > "depends  ".len() + 32, "{id}: {line} has no reason");
            }
        }
    }

    #[test]
    fn a_line_and_an_object_a_capability() {
        let lines: Vec<String> = capabilities(profile(PlatformId::P12)).map(line).collect();
        assert!(lines.contains(&"yes      TLS sockets".to_owned()), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("no       MQTT over TLS ")), "{lines:#?}");
        let objects: Vec<Value> = capabilities(profile(PlatformId::P12)).map(object).collect();
        let sockets = json!({ "capability": "TLS sockets", "available": "yes", "remark": null });
        assert!(objects.contains(&sockets), "{objects:#?}");
    }
}
