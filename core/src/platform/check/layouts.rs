//! Layouts, ranges and services as they stand in the guides, copied by hand.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::platform::*;

const G2: [PlatformId; 3] = [PlatformId::P10, PlatformId::P13, PlatformId::P16];

#[test]
fn secure_sockets() {
    // SSL guide 6.2.1, 6.8.1, 6.8.2; LE910V2 p359; M37 p893.
    let one: RangeInclusive<u8> = 1..=1;
    for (id, ids, several) in [
        (PlatformId::P10, one.clone(), Availability::No),
        (PlatformId::P13, one.clone(), Availability::No),
        (PlatformId::P16, one.clone(), Availability::No),
        (PlatformId::P12, one.clone(), Availability::No),
        (PlatformId::P20, one.clone(), Availability::No),
        (PlatformId::P23, 1..=6, Availability::Yes),
        (PlatformId::P25Linux, one.clone(), Availability::Probe),
        (PlatformId::P25ThreadX, one.clone(), Availability::Probe),
        (PlatformId::P30, one.clone(), Availability::Probe),
        (PlatformId::P37, 1..=10, Availability::Yes),
        (PlatformId::P52, one, Availability::Probe),
    ] {
        let tls = &profile(id).tls;
        assert_eq!((&tls.socket_ids, tls.several_sockets), (&ids, several), "{id}");
    }
}

#[test]
fn fields_of_sslcfg() {
    // SSL guide 6.7, 6.8: all fields, and how many of the last are unused.
    for (id, fields, unused, host, connect) in [
        (PlatformId::P10, 8, 0, false, false),
        (PlatformId::P13, 8, 0, false, false),
        (PlatformId::P16, 8, 0, false, false),
        (PlatformId::P12, 10, 2, false, false),
        (PlatformId::P20, 8, 0, false, false),
        (PlatformId::P23, 10, 2, false, false),
        (PlatformId::P25Linux, 9, 0, true, false),
        (PlatformId::P25ThreadX, 12, 1, true, true),
        (PlatformId::P30, 10, 0, true, false),
        (PlatformId::P37, 12, 1, true, true),
        (PlatformId::P52, 12, 1, true, true),
    ] {
        let layout = profile(id).tls.socket;
        assert_eq!((layout.fields, layout.unused), (fields, unused), "{id}");
        assert_eq!((layout.skip_host_mismatch, layout.connect_timeout), (host, connect), "{id}");
        assert_eq!(layout.equalize, layout.fields >= 10 && host, "{id}");
    }
}

#[test]
fn fields_of_sslseccfg_and_sslseccfg2() {
    // SSL guide 6.2, 6.3.
    for (id, fields, layout) in [
        (PlatformId::P10, Some(3), SecurityLayout::Absent),
        (PlatformId::P13, Some(3), SecurityLayout::Absent),
        (PlatformId::P16, Some(3), SecurityLayout::Absent),
        (PlatformId::P12, Some(4), SecurityLayout::VersionOnly),
        (PlatformId::P20, Some(4), SecurityLayout::VersionOnly),
        (PlatformId::P23, Some(4), SecurityLayout::Sni),
        (PlatformId::P25Linux, Some(4), SecurityLayout::VersionOnly),
        (PlatformId::P25ThreadX, Some(4), SecurityLayout::SniAndMasks),
        (PlatformId::P30, Some(3), SecurityLayout::Sni),
        (PlatformId::P37, None, SecurityLayout::SniAndMasks),
        (PlatformId::P52, None, SecurityLayout::SniAndMasks),
    ] {
        let tls = &profile(id).tls;
        assert_eq!((tls.security_fields(), tls.security), (fields, layout), "{id}");
    }
}

#[test]
fn contexts() {
    // IPE28 p17-18, p93-99.
    for id in G2.into_iter().chain([PlatformId::P12]) {
        assert_eq!(profile(id).tls.context_ids, 1..=1, "{id}");
        assert_eq!(profile(id).context.ids, 1..=5, "{id}");
        assert_eq!(profile(id).context.protocol_config, Availability::No, "{id}");
        assert_eq!(profile(id).context.sockets, Some(6), "{id}");
    }
    let configured = |id| profile(id).context.protocol_config_ids.clone();
    assert_eq!(configured(PlatformId::P20), Some(0..=15));
    assert_eq!(configured(PlatformId::P25Linux), Some(1..=5));
    assert_eq!(configured(PlatformId::P25ThreadX), Some(1..=5));
    for id in [PlatformId::P30, PlatformId::P37, PlatformId::P52] {
        assert_eq!(profile(id).context.protocol_config, Availability::No, "{id}");
    }
}

#[test]
fn fields_of_httpcfg_and_ftpcfg() {
    // IPE28 p100-104, p119-120; SSL guide 8.2; M37 p837, p857.
    for (id, http, host, ftp, context) in [
        (PlatformId::P10, 9, Some(50), 3, Availability::No),
        (PlatformId::P13, 9, Some(50), 3, Availability::No),
        (PlatformId::P16, 9, Some(50), 3, Availability::No),
        (PlatformId::P12, 12, Some(50), 3, Availability::No),
        (PlatformId::P20, 12, Some(50), 3, Availability::No),
        (PlatformId::P23, 12, Some(50), 3, Availability::No),
        (PlatformId::P25Linux, 9, Some(63), 3, Availability::No),
        (PlatformId::P25ThreadX, 9, Some(63), 3, Availability::No),
        (PlatformId::P30, 12, None, 4, Availability::Yes),
        (PlatformId::P37, 12, None, 4, Availability::Yes),
        (PlatformId::P52, 12, None, 4, Availability::Yes),
    ] {
        let profile = profile(id);
        let (http_client, ftp_client) = (profile.http.as_ref().unwrap(), profile.ftp.as_ref().unwrap());
        assert_eq!((http_client.config_fields, http_client.host_length), (http, host), "{id}");
        assert_eq!((ftp_client.config_fields, ftp_client.open_context_field), (ftp, context), "{id}");
    }
}

#[test]
fn services_with_tls() {
    use Availability::{No, Probe, Yes};
    // SSL guide 8.2, 9, 10.1; IPE28 p100-104.
    for (id, mqtt, https, implicit) in [
        (PlatformId::P10, No, Yes, No),
        (PlatformId::P13, No, Yes, No),
        (PlatformId::P16, No, Yes, No),
        (PlatformId::P12, No, Probe, No),
        (PlatformId::P20, No, Yes, No),
        (PlatformId::P23, No, Yes, No),
        (PlatformId::P25Linux, Probe, Probe, No),
        (PlatformId::P25ThreadX, Probe, Probe, No),
        (PlatformId::P30, Yes, Yes, No),
        (PlatformId::P37, Yes, Yes, No),
        (PlatformId::P52, Yes, Yes, Probe),
    ] {
        let can = |capability| profile(id).support(capability).availability;
        assert_eq!(can(Capability::MqttTls), mqtt, "{id}");
        assert_eq!(can(Capability::Https), https, "{id}");
        assert_eq!(can(Capability::Ftps), Yes, "{id}");
        assert_eq!(can(Capability::ImplicitFtps), implicit, "{id}");
        assert_eq!(can(Capability::TlsSockets), Yes, "{id}");
        assert_eq!(can(Capability::ClientCertificate), Yes, "{id}");
    }
}

#[test]
fn what_only_2g_has() {
    for id in PlatformId::ALL {
        let (profile, is_2g) = (profile(id), G2.contains(&id));
        assert_eq!(profile.generation == Generation::G2, is_2g, "{id}");
        // SSL guide 7, table 3; 7.1.2.2; 7.3.
        assert_eq!(profile.tls.fast_dial == Availability::Yes, is_2g, "{id}");
        assert_eq!(*profile.tls.closure_types.end(), u8::from(is_2g), "{id}");
        assert_eq!(profile.tls.blocks.ring, if is_2g { 256 } else { 1300 }, "{id}");
        assert_eq!(profile.line.select_syntax, is_2g, "{id}");
    }
    // SSL guide 7.
    let fast = |id| profile(id).tls.fast_cpu_modes;
    assert_eq!(fast(PlatformId::P10), [2, 4]);
    assert_eq!(fast(PlatformId::P16), [2, 4]);
    assert!(fast(PlatformId::P13).is_empty());
}

#[test]
fn registrations_by_generation() {
    use RegistrationDomain::{Circuit, Lte, Packet};
    for id in PlatformId::ALL {
        let registration = profile(id).context.registration;
        match profile(id).generation {
            Generation::G2 | Generation::G3 => assert_eq!(registration, [Packet, Circuit], "{id}"),
            Generation::G4 => assert_eq!(registration, [Lte, Packet, Circuit], "{id}"),
        }
    }
}

#[test]
fn credentials() {
    use Availability::{No, Probe, Yes};
    // SSL guide 6.5, 6.3.4; M37 p883, p914-915.
    let (socket, certificate) = (CredentialKey::SocketId, CredentialKey::CertificateId);
    for (id, der, ram, preloaded, key) in [
        (PlatformId::P10, No, No, No, socket),
        (PlatformId::P13, No, No, No, socket),
        (PlatformId::P16, No, No, No, socket),
        (PlatformId::P12, Yes, No, No, socket),
        (PlatformId::P20, Yes, No, No, socket),
        (PlatformId::P23, Yes, Yes, No, socket),
        (PlatformId::P25Linux, Yes, No, No, socket),
        (PlatformId::P25ThreadX, Yes, No, Yes, certificate),
        (PlatformId::P30, No, No, No, socket),
        (PlatformId::P37, Probe, Probe, Probe, certificate),
        (PlatformId::P52, Probe, No, Yes, certificate),
    ] {
        let tls = &profile(id).tls;
        assert_eq!((tls.certificate_format, tls.store.ram), (der, ram), "{id}");
        assert_eq!((tls.preloaded_store, tls.store.key), (preloaded, key), "{id}");
        assert_eq!(tls.store.client_keys, [KeyAlgorithm::Rsa], "{id}");
    }
    assert_eq!(profile(PlatformId::P10).tls.store.size_limit, Some(1535));
    assert_eq!(profile(PlatformId::P37).tls.store.size_limit, Some(4096));
}

#[test]
fn versions() {
    for id in G2 {
        let versions = profile(id).tls.versions;
        assert_eq!(
            (versions.version_value(TlsVersion::Tls12), versions.meaning),
            (None, VersionMeaning::Absent)
        );
    }
    for id in PlatformId::ALL.into_iter().filter(|id| !G2.contains(id)) {
        assert_eq!(profile(id).tls.versions.version_value(TlsVersion::Tls12), Some(3), "{id}");
    }
    let value = |id, version| profile(id).tls.versions.version_value(version);
    assert_eq!(value(PlatformId::P20, TlsVersion::Tls10), Some(1));
    assert_eq!(value(PlatformId::P37, TlsVersion::Tls13), Some(4));
    assert_eq!(value(PlatformId::P37, TlsVersion::Tls11), None);
    assert_eq!(value(PlatformId::P52, TlsVersion::Tls13), None);
    assert_eq!(profile(PlatformId::P37).tls.versions.minimum_value(TlsVersion::Tls12), Some(3));
    assert_eq!(profile(PlatformId::P30).tls.versions.minimum_value(TlsVersion::Tls12), None);
}

#[test]
fn guard_times() {
    let escape = &profile(PlatformId::P37).escape;
    assert_eq!(escape.guard(escape.guard_default), Duration::from_secs(1));
    assert_eq!(profile(PlatformId::P25Linux).escape.guard_steps, 20..=150);
}

#[test]
fn error_numbers() {
    for id in PlatformId::ALL {
        let from_1000 = profile(id).errors.ssl == SslNumbering::From1000;
        assert_eq!(from_1000, id == PlatformId::P37, "{id}");
    }
}
