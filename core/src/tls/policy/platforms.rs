//! What every platform makes of every policy: the exact plan, or the exact refusal.

use super::*;
use crate::platform::{PlatformId, TlsVersion, profile};
use crate::tls::ranges::Ranges;
use crate::tls::{TlsOptions, TlsOptionsBuilder};

/// Nothing but the suites is judged: names are another matter.
fn options(build: impl FnOnce(TlsOptionsBuilder) -> TlsOptionsBuilder) -> TlsOptions {
    let builder = TlsOptions::builder().danger_skip_verification().without_server_name();
    build(builder).build().unwrap()
}

fn policy(policy: CipherPolicy) -> TlsOptions {
    options(|builder| builder.cipher_policy(policy))
}

fn only(names: &[&str]) -> TlsOptions {
    options(|builder| builder.cipher_suites(names.iter().map(|name| name.parse().unwrap())))
}

/// The plan in one line: what stands in `#SSLSECCFG`, the suites, the versions.
fn told(platform: PlatformId, options: &TlsOptions, probed: &Probed) -> String {
    match resolve(profile(platform), options, probed) {
        Ok(plan) => {
            let suites = match &plan.offer {
                SuiteOffer::List(suites) => {
                    let numbers: Vec<_> =
                        suites.iter().map(|suite| format!("{:04X}", suite.number())).collect();
                    format!("0: {}", numbers.join(" "))
                }
                SuiteOffer::Pinned { suite, value } => format!("{value}: {suite}"),
                SuiteOffer::PlatformDefault => "0: the platform's own".to_owned(),
            };
            format!("{suites}, {} to {}", plan.minimum, plan.newest)
        }
        Err(refusal) => refusal.to_string(),
    }
}

fn of(platform: PlatformId, options: &TlsOptions) -> String {
    told(platform, options, &Probed::default())
}

const NO_RECOMMENDED: &str = "cannot choose a recommended cipher suite (ECDHE or DHE with AES-GCM) for servers with RSA certificates; \
     the strongest that it can be pinned to is";
const COMPATIBLE: &str = "choose CipherPolicy::Compatible (--cipher compatible)";
const DEFAULT_LIST: &str = "is offered only together with every suite of the platform, weak ones too: \
     danger_platform_default_suites() (--danger-platform-ciphers) leaves the choice to the server";

#[test]
fn recommended() {
    let options = policy(CipherPolicy::Recommended);
    let refused = |id: &str, suite: &str| format!("platform {id} {NO_RECOMMENDED} {suite}: {COMPATIBLE}");
    let listed = |id, suite: &str, better: &str| format!("{}; {better} {DEFAULT_LIST}", refused(id, suite));
    let pinned = "0xC02F: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS 1.2 to TLS 1.2".to_owned();
    for (platform, expected) in [
        (PlatformId::P10, refused("10", "TLS_RSA_WITH_AES_128_GCM_SHA256")),
        (PlatformId::P13, refused("13", "TLS_RSA_WITH_AES_128_GCM_SHA256")),
        (PlatformId::P16, refused("16", "TLS_RSA_WITH_AES_128_GCM_SHA256")),
        (
            PlatformId::P12,
            listed("12", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ),
        (
            PlatformId::P20,
            listed("20", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ),
        (
            PlatformId::P23,
            listed("23", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ),
        (PlatformId::P25Linux, refused("25-linux", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256")),
        (PlatformId::P25ThreadX, pinned.clone()),
        (PlatformId::P30, refused("30", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256")),
        (PlatformId::P37, pinned.clone()),
        (PlatformId::P52, pinned),
    ] {
        assert_eq!(of(platform, &options), expected);
    }
}

#[test]
fn compatible() {
    let options = policy(CipherPolicy::Compatible);
    for (platform, expected) in [
        (PlatformId::P10, "6: TLS_RSA_WITH_AES_128_GCM_SHA256"),
        (PlatformId::P13, "6: TLS_RSA_WITH_AES_128_GCM_SHA256"),
        (PlatformId::P16, "6: TLS_RSA_WITH_AES_128_GCM_SHA256"),
        (PlatformId::P12, "5: TLS_RSA_WITH_AES_256_CBC_SHA"),
        (PlatformId::P20, "5: TLS_RSA_WITH_AES_256_CBC_SHA"),
        (PlatformId::P23, "5: TLS_RSA_WITH_AES_256_CBC_SHA"),
        (PlatformId::P25Linux, "10: TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        (PlatformId::P25ThreadX, "0xC02F: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (PlatformId::P30, "13: TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        (PlatformId::P37, "0xC02F: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (PlatformId::P52, "0xC02F: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ] {
        assert_eq!(of(platform, &options), format!("{expected}, TLS 1.2 to TLS 1.2"), "{platform}");
    }
}

#[test]
fn how_certain_the_minimum_version_is() {
    let certain = |platform, options: &TlsOptions| {
        resolve(profile(platform), options, &Probed::default()).unwrap().minimum_is_certain
    };
    let compatible = policy(CipherPolicy::Compatible);
    for platform in PlatformId::ALL {
        let only_a_number = matches!(platform, PlatformId::P12 | PlatformId::P20 | PlatformId::P23);
        assert_eq!(certain(platform, &compatible), !only_a_number, "{platform}");
    }
    assert!(!certain(PlatformId::P30, &only(&["TLS_DHE_RSA_WITH_AES_256_CBC_SHA"])));
    let own = options(TlsOptionsBuilder::danger_platform_default_suites);
    assert!(!certain(PlatformId::P30, &own) && certain(PlatformId::P52, &own));
}

#[test]
fn a_list_where_the_firmware_takes_one() {
    let probed = Probed { suite_list: Some(true), ..Probed::default() };
    let recommended = policy(CipherPolicy::Recommended);
    assert_eq!(
        told(PlatformId::P37, &recommended, &probed),
        "0: 1302 1301 C02F C030 C02B C02C 009E 009F, TLS 1.2 to TLS 1.3"
    );
    let ecdsa = options(|builder| builder.server_key(ServerKey::Ecdsa));
    assert_eq!(
        told(PlatformId::P37, &ecdsa, &probed),
        "0: 1302 1301 C02B C02C C02F C030 009E 009F, TLS 1.2 to TLS 1.3"
    );
    assert_eq!(
        told(PlatformId::P37, &policy(CipherPolicy::Compatible), &probed),
        "0: 1302 1301 C02F C030 C02B C02C 009E 009F C028 C027 C024 C023 006B 0067 C014 C013 C00A C009 \
         0039 0033 009C 009D 003D 003C 0035 002F, TLS 1.2 to TLS 1.3"
    );
    let named = only(&["TLS_RSA_WITH_AES_128_CBC_SHA", "0xCCA8", "0x0A0A"]);
    assert_eq!(told(PlatformId::P37, &named, &probed), "0: 002F CCA8, TLS 1.2 to TLS 1.2");
    let new = options(|builder| builder.minimum_version(TlsVersion::Tls13));
    assert_eq!(told(PlatformId::P37, &new, &probed), "0: 1302 1301, TLS 1.3 to TLS 1.3");
    let old_firmware = Probed { versions: Ranges::parse("(0-3)"), ..probed };
    assert_eq!(
        told(PlatformId::P37, &recommended, &old_firmware),
        "0: C02F C030 C02B C02C 009E 009F, TLS 1.2 to TLS 1.2"
    );
    assert_eq!(
        told(PlatformId::P37, &new, &old_firmware),
        "platform 37 does not have TLS 1.3; lower the minimum version (--min-tls 1.2)"
    );
}

#[test]
fn tls_1_3_alone_where_the_platform_has_it() {
    let new = options(|builder| builder.minimum_version(TlsVersion::Tls13));
    for platform in PlatformId::ALL {
        let expected = match platform {
            PlatformId::P25ThreadX | PlatformId::P37 => {
                "0x1302: TLS_AES_256_GCM_SHA384, TLS 1.3 to TLS 1.3".to_owned()
            }
            _ => format!(
                "platform {platform} does not have TLS 1.3; lower the minimum version (--min-tls 1.2)"
            ),
        };
        assert_eq!(of(platform, &new), expected);
    }
}

#[test]
fn servers_with_ecdsa_certificates() {
    let ecdsa = |policy| options(|builder| builder.cipher_policy(policy).server_key(ServerKey::Ecdsa));
    for platform in [PlatformId::P25ThreadX, PlatformId::P37, PlatformId::P52] {
        assert_eq!(
            of(platform, &ecdsa(CipherPolicy::Recommended)),
            "0xC02B: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS 1.2 to TLS 1.2"
        );
    }
    assert_eq!(
        of(PlatformId::P30, &ecdsa(CipherPolicy::Compatible)),
        "platform 30 cannot choose a cipher suite with AES for servers with ECDSA certificates; the strongest that it \
         can be pinned to is TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: choose CipherPolicy::Compatible (--cipher \
         compatible) and ServerKey::Rsa (--server-key rsa)"
    );
}

#[test]
fn named_suites_are_pinned_in_the_platforms_own_numbers() {
    for (platform, name, expected) in [
        (PlatformId::P12, "TLS_RSA_WITH_AES_128_CBC_SHA", "3"),
        (PlatformId::P16, "TLS_RSA_WITH_AES_256_CBC_SHA256", "5"),
        (PlatformId::P25Linux, "TLS_RSA_WITH_AES_128_CBC_SHA256", "3"),
        (PlatformId::P25ThreadX, "TLS_RSA_WITH_AES_128_CBC_SHA256", "0x003C"),
        (PlatformId::P30, "TLS_RSA_WITH_AES_128_CBC_SHA256", "10"),
        (PlatformId::P37, "TLS_RSA_WITH_AES_128_CBC_SHA256", "10"),
        (PlatformId::P37, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "0xCCA8"),
        (PlatformId::P52, "TLS_RSA_WITH_AES_128_CBC_SHA256", "0x003C"),
    ] {
        let expected = format!("{expected}: {name}, TLS 1.2 to TLS 1.2");
        assert_eq!(of(platform, &only(&[name])), expected, "{platform}");
    }
    let first_that_it_has =
        only(&["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"]);
    assert_eq!(
        of(PlatformId::P30, &first_that_it_has),
        "11: TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, TLS 1.2 to TLS 1.2"
    );
}

#[test]
fn named_suites_that_cannot_be_chosen() {
    assert_eq!(
        of(PlatformId::P30, &only(&["0xC02F", "0xC030"])),
        "platform 30 cannot choose any of the cipher suites TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
         TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384; the strongest that it can be pinned to is \
         TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: choose CipherPolicy::Compatible (--cipher compatible)"
    );
    assert_eq!(
        of(PlatformId::P37, &only(&["0x0A0A"])),
        "platform 37 cannot choose the cipher suite 0x0A0A; the strongest that it can be pinned to is \
         TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: choose CipherPolicy::Recommended (--cipher recommended)"
    );
    // No command sets the version on 2G, so the suite must.
    assert_eq!(
        of(PlatformId::P16, &only(&["TLS_RSA_WITH_AES_256_CBC_SHA"])),
        "platform 16 cannot be kept to TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA, which older versions have too; the \
         strongest that it can be pinned to is TLS_RSA_WITH_AES_128_GCM_SHA256: choose CipherPolicy::Compatible \
         (--cipher compatible)"
    );
}

#[test]
fn the_test_form_takes_numbers_away() {
    let probed = Probed { suite_values: Ranges::parse("(0-5)"), ..Probed::default() };
    let named = only(&["TLS_RSA_WITH_AES_128_CBC_SHA256"]);
    assert_eq!(
        told(PlatformId::P37, &named, &probed),
        "0x003C: TLS_RSA_WITH_AES_128_CBC_SHA256, TLS 1.2 to TLS 1.2"
    );
    assert_eq!(
        told(PlatformId::P30, &policy(CipherPolicy::Compatible), &probed),
        "5: TLS_RSA_WITH_AES_256_CBC_SHA, TLS 1.2 to TLS 1.2"
    );
}

#[test]
fn dangerous_suites_need_their_name() {
    let suites = |name: &str| options(|it| it.danger_cipher_suites([name.parse().unwrap()]));
    assert_eq!(
        of(PlatformId::P12, &suites("TLS_RSA_WITH_NULL_SHA")),
        "4: TLS_RSA_WITH_NULL_SHA, TLS 1.2 to TLS 1.2"
    );
    assert_eq!(
        of(PlatformId::P25Linux, &suites("TLS_RSA_WITH_3DES_EDE_CBC_SHA")),
        "1: TLS_RSA_WITH_3DES_EDE_CBC_SHA, TLS 1.2 to TLS 1.2"
    );
    // M37 p882: their numbers act like 0 there.
    assert!(of(PlatformId::P37, &suites("TLS_RSA_WITH_NULL_SHA")).starts_with("platform 37 cannot choose"));
}

#[test]
fn the_default_list_of_a_platform() {
    let own = options(TlsOptionsBuilder::danger_platform_default_suites);
    for platform in PlatformId::ALL {
        let expected = match platform {
            PlatformId::P10 | PlatformId::P13 | PlatformId::P16 => format!(
                "platform {platform} cannot be kept to TLS 1.2 with its default cipher suites; the strongest that it \
                 can be pinned to is TLS_RSA_WITH_AES_128_GCM_SHA256: {COMPATIBLE}"
            ),
            _ => "0: the platform's own, TLS 1.2 to TLS 1.2".to_owned(),
        };
        assert_eq!(of(platform, &own), expected);
    }
    let probed = Probed { suite_list: Some(true), ..Probed::default() };
    assert_eq!(
        told(PlatformId::P37, &own, &probed),
        "platform 37 takes a list of cipher suites, so its default list is not used; leave \
         danger_platform_default_suites() (--danger-platform-ciphers) out"
    );
}

#[test]
fn names_and_hosts() {
    // Nobody needs to be trusted for this: the platform is judged first.
    let plain = TlsOptions::unchecked();
    let nameless = TlsOptions { server_name: false, ..plain.clone() };
    let without_host = TlsOptions { check_host: false, ..plain.clone() };
    for platform in PlatformId::ALL {
        let checks = !["10", "13", "16", "12", "20", "23"].contains(&platform.as_str());
        let sends = !["10", "13", "16", "12", "20", "25-linux"].contains(&platform.as_str());
        let refused = |options: &TlsOptions, expected: &PolicyRefusal| match resolve(
            profile(platform),
            options,
            &Probed::default(),
        ) {
            Err(PolicyRefusal::Several { refusals }) => refusals.contains(expected),
            Err(refusal) => refusal == *expected,
            Ok(_) => false,
        };
        let host = refused(&nameless, &PolicyRefusal::HostCheck { platform });
        let name = refused(&without_host, &PolicyRefusal::ServerName { platform });
        assert_eq!((!host, !name), (checks, sends), "{platform}");
    }
    let compatible = TlsOptions { suites: policy(CipherPolicy::Compatible).suites, ..plain.clone() };
    assert_eq!(
        of(PlatformId::P25Linux, &compatible),
        "platform 25-linux does not send the server name (SNI), so a server with several names may show another \
         certificate; connect without it by without_server_name() (--no-sni)"
    );
    // A user who does not know the platform learns of everything at once.
    assert_eq!(
        of(PlatformId::P16, &plain),
        "platform 16 does not check host names, so any server with a certificate of a trusted CA is taken, and does not \
         send the server name (SNI), so a server with several names may show another certificate, and cannot choose a \
         recommended cipher suite (ECDHE or DHE with AES-GCM) for servers with RSA certificates; trust a CA of your own \
         that signs this server only, and accept it by danger_skip_host_check() (--danger-skip-host-check); connect \
         without it by without_server_name() (--no-sni); the strongest that it can be pinned to is \
         TLS_RSA_WITH_AES_128_GCM_SHA256: choose CipherPolicy::Compatible (--cipher compatible)"
    );
    let lacking = Probed { host_check: Some(false), ..Probed::default() };
    assert!(told(PlatformId::P37, &plain, &lacking).starts_with("platform 37 does not check host names"));
    let lacking = Probed { server_name: Some(false), ..Probed::default() };
    assert!(told(PlatformId::P37, &plain, &lacking).starts_with("platform 37 does not send the server name"));
}
