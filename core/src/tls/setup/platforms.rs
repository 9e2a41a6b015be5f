//! The exact lines that every platform gets for the same options.

use super::settings::Settings;
use super::*;
use crate::at::Command;
use crate::platform::{PlatformId, TlsVersion, profile};
use crate::tls::{CipherPolicy, Probed, TlsOptionsBuilder};

/// All settings of a connection, as lines.
fn lines(firmware: &Firmware, options: &TlsOptions) -> Vec<String> {
    let plan = resolve(firmware.profile, options, &firmware.probed()).unwrap();
    let values = SocketSettings::default();
    let settings = Settings { firmware, options, plan: &plan, socket: 1, context: 1, values };
    let all = [settings.security().unwrap(), settings.socket().unwrap()];
    all.iter().chain(&settings.versions(1).unwrap()).map(line).collect()
}

fn line(setting: &WriteSetting) -> String {
    let exchange = setting.exchange().unwrap();
    String::from_utf8_lossy(exchange.line().as_bytes()).into_owned()
}

/// Verifying, with what each platform cannot do taken back.
fn options(platform: PlatformId, build: impl FnOnce(TlsOptionsBuilder) -> TlsOptionsBuilder) -> TlsOptions {
    let tls = &profile(platform).tls;
    let mut builder = TlsOptions::builder().danger_skip_verification();
    if !tls.sends_server_name() {
        builder = builder.without_server_name();
    }
    let options = build(builder).build().unwrap();
    TlsOptions { verify: true, check_host: tls.checks_host_name(), ..options }
}

#[test]
fn the_strongest_that_each_platform_has() {
    for (platform, expected) in [
        (PlatformId::P10, &["AT#SSLSECCFG=1,6,1", "AT#SSLCFG=1,1,300,90,100,50,0,0"][..]),
        (PlatformId::P13, &["AT#SSLSECCFG=1,6,1", "AT#SSLCFG=1,1,300,90,100,50,0,0"]),
        (PlatformId::P16, &["AT#SSLSECCFG=1,6,1", "AT#SSLCFG=1,1,300,90,100,50,0,0"]),
        (
            PlatformId::P12,
            &["AT#SSLSECCFG=1,5,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0", "AT#SSLSECCFG2=1,3"],
        ),
        (PlatformId::P20, &["AT#SSLSECCFG=1,5,1", "AT#SSLCFG=1,1,300,90,100,50,0,0", "AT#SSLSECCFG2=1,3"]),
        (
            PlatformId::P23,
            &["AT#SSLSECCFG=1,5,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0", "AT#SSLSECCFG2=1,3,1"],
        ),
        (
            PlatformId::P25Linux,
            &["AT#SSLSECCFG=1,10,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,0", "AT#SSLSECCFG2=1,3"],
        ),
        (
            PlatformId::P25ThreadX,
            &[
                "AT#SSLSECCFG=1,0xC02F,1",
                "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
                "AT#SSLSECCFG2=1,3,1,1,0,3",
            ],
        ),
        (
            PlatformId::P30,
            &["AT#SSLSECCFG=1,13,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0", "AT#SSLSECCFG2=1,3,1"],
        ),
        (
            PlatformId::P37,
            &[
                "AT#SSLSECCFG=1,0xC02F,1",
                "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
                "AT#SSLSECCFG2=1,3,1,1,0,3",
            ],
        ),
        (
            PlatformId::P52,
            &[
                "AT#SSLSECCFG=1,0xC02F,1",
                "AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
                "AT#SSLSECCFG2=1,3,1,1,0,3",
            ],
        ),
    ] {
        let options = options(platform, |builder| builder.cipher_policy(CipherPolicy::Compatible));
        assert_eq!(lines(&Firmware::of_table(profile(platform)), &options), expected, "{platform}");
    }
}

#[test]
fn what_is_switched_off_and_what_is_trusted_beside() {
    let firmware = Firmware::of_table(profile(PlatformId::P37));
    let weak =
        options(PlatformId::P37, |builder| builder.without_server_name().preloaded_ca(1).preloaded_ca(3));
    let weak = TlsOptions { check_host: false, ..weak };
    assert_eq!(
        lines(&firmware, &weak),
        ["AT#SSLSECCFG=1,0xC02F,1", "AT#SSLCFG=1,1,300,90,100,50,0,0,1,0,0,0", "AT#SSLSECCFG2=1,3,0,1,5,3"]
    );
    let nothing = TlsOptions { verify: false, ..weak };
    assert_eq!(lines(&firmware, &nothing)[0], "AT#SSLSECCFG=1,0xC02F,0");
}

#[test]
fn a_list_and_tls_1_3() {
    let forms = [("#SSLSECCS", ""), ("#SSLSECCFG2", "(1-10),(0-4),(0,1),(0-15),(0-7),(0-4)")];
    let firmware = Firmware::telling(profile(PlatformId::P37), &forms);
    let both = options(PlatformId::P37, |builder| builder);
    let written = lines(&firmware, &both);
    assert_eq!([&written[0], &written[2]], ["AT#SSLSECCFG=1,0,1", "AT#SSLSECCFG2=1,4,1,1,0,3"]);
    let new = options(PlatformId::P37, |builder| builder.minimum_version(TlsVersion::Tls13));
    assert_eq!(lines(&firmware, &new)[2], "AT#SSLSECCFG2=1,4,1,1,0,4");
}

#[test]
fn an_older_firmware_gets_the_fields_that_it_has() {
    let forms = [
        ("#SSLCFG", "(1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2)"),
        ("#SSLSECCFG2", "(1),(0-2)"),
    ];
    let firmware = Firmware::telling(profile(PlatformId::P12), &forms);
    let options = options(PlatformId::P12, |builder| builder.cipher_policy(CipherPolicy::Compatible));
    assert_eq!(
        lines(&firmware, &options),
        ["AT#SSLSECCFG=1,5,1", "AT#SSLCFG=1,1,300,90,100,50,0,0", "AT#SSLSECCFG2=1,2"]
    );
}

#[test]
fn a_context_that_tls_does_not_have_is_refused() {
    let forms = [("#SSLCFG", "(1),(1),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0),(0)")];
    let firmware = Firmware::telling(profile(PlatformId::P12), &forms);
    let options = options(PlatformId::P12, |builder| builder.cipher_policy(CipherPolicy::Compatible));
    let plan = resolve(firmware.profile, &options, &Probed::default()).unwrap();
    let (firmware, values) = (&firmware, SocketSettings::default());
    let settings = Settings { firmware, options: &options, plan: &plan, socket: 1, context: 2, values };
    assert_eq!(settings.socket().unwrap_err().to_string(), "platform 12 has no TLS on packet data context 2");
}
