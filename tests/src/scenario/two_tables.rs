//! The SDK's table of a platform against the test forms of the virtual module, which has a table of its own, written
//! from the same manuals by other hands. What no test form shows (numbers of errors and suites, for one) is not compared.

use telit_core::Modem;
use telit_core::platform::{
    Availability, CredentialKey, PlatformId, Profile, SecurityLayout, SocketLayout, SuiteSelection,
};
use telit_simulator::{Platform, VirtualModule};
use tokio::task::JoinSet;

/// What the two say differently, one line each.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn note<T: PartialEq + std::fmt::Debug>(&mut self, id: PlatformId, what: &str, table: T, module: T) {
        if table != module {
            self.0.push(format!("{id} {what}: the table says {table:?}, the module {module:?}"));
        }
    }
}

#[tokio::test]
async fn the_test_forms_of_every_platform_are_those_of_the_table() {
    let platforms: JoinSet<Differences> = Platform::ALL.into_iter().map(compare).collect();
    let differences: Vec<String> = platforms.join_all().await.into_iter().flat_map(|found| found.0).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn compare(platform: Platform) -> Differences {
    let module = VirtualModule::builder(platform).build().expect("the module starts");
    let modem = &Modem::builder().open(module.attach_duplex()).await.expect("it is identified");
    let mut differences = Differences::default();
    let profile = modem.profile();
    let (id, tls) = (profile.id, &profile.tls);
    for (name, available) in availabilities(profile) {
        let there = modem.test_form(name).await.expect("it answers").is_some();
        match available {
            Availability::Probe => {}
            other => differences.note(id, name, other == Availability::Yes, there),
        }
    }
    for (name, fields) in field_counts(profile) {
        let there = modem.test_form(name).await.expect("it answers");
        differences.note(id, name, Some(usize::from(fields)), there.map(|ranges| ranges.len()));
    }
    let sockets = range(modem, "#SSLEN", 0).await;
    if tls.several_sockets != Availability::Probe {
        differences.note(id, "secure sockets", Some(tls.socket_ids.clone()), sockets);
    }
    let contexts = range(modem, "#SSLCFG", 1).await;
    differences.note(id, "contexts of TLS", Some(tls.context_ids.clone()), contexts);
    for (what, field, used, limits) in socket_settings(&tls.socket) {
        if field < usize::from(tls.socket.fields) {
            let limits = if used { limits } else { "(0)" };
            let there = form_field(modem, "#SSLCFG", field).await;
            differences.note(id, what, Some(limits.to_owned()), there);
        }
    }
    let closures = range(modem, "#SSLD", 3).await;
    differences.note(id, "closure types", Some(tls.closure_types.clone()), closures);
    let credentials = range(modem, "#SSLSECDATA", 0).await;
    if tls.store.key == CredentialKey::CertificateId || tls.several_sockets != Availability::Probe {
        differences.note(id, "places of credentials", Some(tls.store.ca_slots.clone()), credentials);
    }
    if tls.preloaded_store == Availability::Yes {
        let preloaded = range(modem, "#SSLSECCA", 0).await;
        differences.note(id, "places of preloaded authorities", tls.store.preloaded_slots.clone(), preloaded);
    }
    if let Some(http) = profile.http.as_ref().filter(|http| http.tls != Availability::Probe) {
        let switch = 0..=u8::from(http.tls == Availability::Yes);
        differences.note(id, "TLS of HTTP", Some(switch), range(modem, "#HTTPCFG", 6).await);
    }
    if tls.suite_selection == SuiteSelection::Decimal {
        let most = tls.suites.iter().filter_map(|row| row.decimal).max();
        differences.note(id, "suites", most.map(|most| 0..=most), range(modem, "#SSLSECCFG", 1).await);
    }
    if tls.store.ram != Availability::Probe {
        let actions = 0..=if tls.store.ram == Availability::Yes { 3 } else { 2 };
        differences.note(id, "actions of #SSLSECDATA", Some(actions), range(modem, "#SSLSECDATA", 1).await);
    }
    if tls.security != SecurityLayout::Absent {
        let switch = 0..=u8::from(tls.sends_server_name());
        differences.note(id, "server name", Some(switch), range(modem, "#SSLSECCFG2", 2).await);
    }
    differences
}

/// Commands that some platforms have.
fn availabilities(profile: &Profile) -> Vec<(&'static str, Availability)> {
    let tls = &profile.tls;
    vec![
        ("#SSLSECCFG2", Availability::from(tls.security != SecurityLayout::Absent)),
        ("#SSLSECCA", tls.preloaded_store),
        ("#SSLSECCS", tls.suite_list),
        ("#SSLFASTD", tls.fast_dial),
        ("#SSLSENDEXT", tls.send_counted),
        ("#SSLI", tls.counters),
        ("#PROTOCOLCFG", profile.context.protocol_config),
        ("#MQEN", Availability::from(profile.mqtt.is_some())),
        ("#HTTPCFG", Availability::from(profile.http.is_some())),
        ("#FTPCFG", Availability::from(profile.ftp.is_some())),
        ("#SETHEXSTR", profile.line.hexadecimal_strings),
    ]
}

/// Commands whose fields the table counts.
fn field_counts(profile: &Profile) -> Vec<(&'static str, u8)> {
    let tls = &profile.tls;
    let mut counts = vec![("#SSLCFG", tls.socket.fields)];
    counts.extend(tls.security_fields().map(|fields| ("#SSLSECCFG", fields)));
    if tls.security != SecurityLayout::Absent {
        counts.push(("#SSLSECCFG2", 6));
    }
    counts.extend(profile.http.as_ref().map(|http| ("#HTTPCFG", http.config_fields)));
    counts.extend(profile.ftp.as_ref().map(|ftp| ("#FTPCFG", ftp.config_fields)));
    counts
}

/// The settings of `#SSLCFG` that some platforms have: which field it is, whether it is used, and its values then.
fn socket_settings(layout: &SocketLayout) -> [(&'static str, usize, bool, &'static str); 3] {
    [
        ("host check", 8, layout.skip_host_mismatch, "(0,1)"),
        ("equalizeTX", 9, layout.equalize, "(0,1)"),
        ("connTo", 10, layout.connect_timeout, "(0,10-1200)"),
    ]
}

async fn form_field(modem: &Modem, name: &'static str, field: usize) -> Option<String> {
    Some(modem.test_form(name).await.expect("it answers")?.get(field)?.clone())
}

/// A range in a test form: `(1-6)`, `(0,1)` or `(1)`.
async fn range(modem: &Modem, name: &'static str, field: usize) -> Option<std::ops::RangeInclusive<u8>> {
    let text = form_field(modem, name, field).await?;
    let text = text.trim_matches(['(', ')']);
    let mut ends = text.split(['-', ',']).map(|end| end.trim().parse::<u8>());
    let first = ends.next()?.ok()?;
    Some(first..=ends.next_back().unwrap_or(Ok(first)).ok()?)
}
