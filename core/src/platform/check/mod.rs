//! What must hold for every table.

mod layouts;
mod suites;

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::*;

fn profiles() -> Vec<&'static Profile> {
    PlatformId::ALL.into_iter().map(profile).collect()
}

#[test]
fn a_profile_is_found_under_its_own_name() {
    for id in PlatformId::ALL {
        assert_eq!(profile(id).id, id);
    }
}

#[test]
fn every_product_is_identified_as_its_platform() {
    let mut seen = HashSet::new();
    for profile in profiles() {
        for product in profile.products {
            match identify(product, "") {
                Identification::Platform(id) => {
                    assert_eq!(id, profile.id, "{product}");
                    assert!(seen.insert(*product), "{product} stands in two tables");
                }
                Identification::NeedsProbe(ids) => assert!(ids.contains(&profile.id), "{product}"),
                Identification::Unknown => panic!("{product} is unknown"),
            }
        }
    }
}

#[test]
fn the_line_and_the_waits_are_plausible() {
    for profile in profiles() {
        let line = &profile.line;
        assert!((80..=4096).contains(&line.command_length));
        assert!(line.pause >= Duration::from_millis(20));
        assert!(match (&line.rates, line.default_rate) {
            (Some(rates), Some(rate)) => rates.contains(&rate),
            _ => true,
        });
        let timeouts = &profile.timeouts;
        for wait in [timeouts.local, timeouts.sim, timeouts.radio, timeouts.tls_dial, timeouts.ftp_command] {
            assert!(wait >= Duration::from_secs(5) && wait <= Duration::from_secs(600), "{wait:?}");
        }
        assert!(timeouts.context_activation >= Duration::from_secs(150));
        assert!(profile.escape.guard_steps.contains(&profile.escape.guard_default));
        assert!(profile.context.ids.contains(&profile.context.attach_id));
        for (model, id) in profile.context.attach_id_by_model {
            assert!(profile.context.ids.contains(id), "{model}");
            assert_eq!(profile.context.attach_id_of(model), *id);
        }
    }
}

#[test]
fn what_does_not_simply_work_has_a_reason_with_its_source() {
    const SOURCES: [&str; 4] = ["SSL guide", "M37 p", "IPE28", "LE910V2 p"];
    for profile in profiles() {
        let mut seen = HashSet::new();
        for (capability, remark) in profile.remarks {
            assert!(seen.insert(capability), "{}: {capability} has two remarks", profile.id);
            assert!(SOURCES.iter().any(|source| remark.contains(source)), "{}: {remark}", profile.id);
        }
        for capability in Capability::ALL {
            let support = profile.support(capability);
            let plain = support.availability == Availability::Yes;
            assert_eq!(plain, support.remark.is_none(), "{}: {capability}", profile.id);
        }
    }
}

#[test]
fn the_suites_are_unique_and_named() {
    for profile in profiles() {
        let tls = &profile.tls;
        let mut suites = HashSet::new();
        let mut decimals = HashSet::new();
        for row in tls.suites {
            assert!(suites.insert(row.suite), "{} stands twice", row.suite);
            assert!(row.suite.name().is_some(), "{} has no name", row.suite);
            assert!(
                row.decimal.is_none_or(|decimal| decimal > 0 && decimals.insert(decimal)),
                "{}",
                row.suite
            );
            let value = tls.suite_value(row.suite);
            assert!(
                value.is_none_or(|value| tls.suite_from_value(&value) == Some(row.suite)),
                "{}",
                row.suite
            );
        }
    }
}

#[test]
fn the_tls_limits_agree_with_each_other() {
    for profile in profiles() {
        let tls = &profile.tls;
        let (store, blocks) = (&tls.store, &tls.blocks);
        assert!(store.ca_slots.contains(&store.identity_slot));
        assert!(store.layouts.is_sorted());
        assert!(store.size_limit.is_none_or(|limit| limit >= 1024));
        assert!(blocks.send_counted > 0 && blocks.receive > 0);
        assert!(blocks.send_counted_limit.is_none_or(|limit| limit >= blocks.send_counted));
        assert_eq!(
            tls.security == SecurityLayout::SniAndMasks,
            !tls.versions.minimum.is_empty(),
            "the minimum version stands in the longest layout only"
        );
    }
}

#[test]
fn the_layouts_agree_with_what_they_carry() {
    for profile in profiles() {
        let (tls, id) = (&profile.tls, profile.id);
        let socket = tls.socket;
        assert!(socket.fields >= 8 + socket.unused, "{id}");
        assert!(!socket.skip_host_mismatch || socket.fields >= 9, "{id}");
        assert!(!socket.equalize || socket.fields >= 10, "{id}");
        assert!(!socket.connect_timeout || socket.fields >= 11, "{id}");
        assert_eq!(tls.socket_ids.end() > tls.socket_ids.start(), tls.several_sockets == Availability::Yes);
        assert_eq!(tls.closure_types.contains(&1), tls.fast_dial == Availability::Yes, "{id}");
        assert_eq!(tls.store.preloaded_slots.is_some(), tls.preloaded_store != Availability::No, "{id}");
        assert_eq!(tls.versions.meaning == VersionMeaning::Absent, tls.versions.version.is_empty(), "{id}");
        assert_eq!(tls.selects_authorities(), tls.store.key == CredentialKey::CertificateId, "{id}");
    }
}

#[test]
fn the_contexts_agree_with_each_other() {
    for profile in profiles() {
        let (context, id) = (&profile.context, profile.id);
        let of_tls = &profile.tls.context_ids;
        assert!(of_tls.clone().all(|number| context.ids.contains(&number)), "{id}");
        assert_eq!(
            context.protocol_config_ids.is_some(),
            context.protocol_config == Availability::Yes,
            "{id}"
        );
        assert!(!context.registration.is_empty(), "{id}");
    }
}

#[test]
fn the_services_have_room() {
    for profile in profiles() {
        if let Some(mqtt) = &profile.mqtt {
            assert!(mqtt.keep_alive.contains(&mqtt.keep_alive_default));
            assert!(mqtt.packet_timeout.contains(&mqtt.packet_timeout_default));
            assert!(not_empty(&mqtt.instances) && not_empty(&mqtt.message_slots));
        }
        if let Some(http) = &profile.http {
            assert!(http.timeout.contains(&http.timeout_default));
            assert!(http.reserved_profile.is_none_or(|reserved| http.profiles.contains(&reserved)));
            assert!(http.resource_length > 0 && http.headers_length > 0);
        }
        if let Some(ftp) = &profile.ftp {
            assert!(ftp.timeout.contains(&ftp.timeout_default));
            assert!(ftp.receive > 0 && ftp.append > 0);
        }
    }
}

fn not_empty(range: &RangeInclusive<u8>) -> bool {
    !range.is_empty()
}

#[test]
fn the_field_count_tells_the_store_layout() {
    assert_eq!(StoreLayout::from_field_count(4), Some(StoreLayout::Plain));
    assert_eq!(StoreLayout::from_field_count(5), Some(StoreLayout::Md5));
    assert_eq!(StoreLayout::from_field_count(6), Some(StoreLayout::PasswordAndMd5));
    assert_eq!(StoreLayout::from_field_count(7), None);
    assert!(!StoreLayout::Plain.hides_keys() && StoreLayout::Md5.hides_keys());
}

#[test]
fn builds_whose_operator_keeps_the_first_contexts_use_the_third() {
    for (id, model, context) in [
        (PlatformId::P23, "LE866-SV1", 3),
        (PlatformId::P23, "ME866A1-NV", 3),
        (PlatformId::P23, "LE866A1-NA", 1),
        (PlatformId::P20, "LE910-SV1", 3),
        (PlatformId::P20, "LE910-SVL", 3),
        (PlatformId::P20, "LE910-SV V2", 3),
        (PlatformId::P20, "LE910-EU V2", 1),
        (PlatformId::P37, "ME310G1-WW", 1),
        (PlatformId::P37, "", 1),
    ] {
        assert_eq!(profile(id).context.attach_id_of(model), context, "{model}");
    }
}
