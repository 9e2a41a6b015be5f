//! Every pair of services on every platform: the first holds TLS, the second wants it.
//!
//! Three witnesses: the rule of the SDK, the virtual module (which refuses the second service by itself), and the
//! cleaning of what a dead process left enabled.

use std::sync::Arc;
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect, Settings};
use telit_core::exclusive::{Holder, LeaseError, Service};
use telit_core::platform::{Availability, Profile};
use telit_core::{CommandError, Modem};
use telit_simulator::{Platform, VirtualModule};
use tokio::task::JoinSet;

/// The commands that enable TLS for a service, as a program without the SDK would send them.
fn enabling(service: Service) -> &'static [&'static str] {
    match service {
        Service::Http => &["AT#HTTPCFG=0,\"h.test\",443,0,\"\",\"\",1,120,1"],
        Service::Ftp => &["AT#FTPCFG=100,0,1"],
        Service::Mqtt => &["AT#MQEN=1,1", "AT#MQCFG=1,\"b.test\",8883,1,1"],
        _ => &["AT#SSLEN=1,1"],
    }
}

/// Those that can use TLS, as the manuals have it. On 25 `<ssl_enabled>` of `#HTTPCFG` is 0: IPE28 p104.
fn services(platform: Platform) -> &'static [Service] {
    match platform {
        Platform::P25Linux | Platform::P25ThreadX => &[Service::Socket, Service::Ftp, Service::Mqtt],
        Platform::P30 | Platform::P37 | Platform::P52 => {
            &[Service::Socket, Service::Http, Service::Ftp, Service::Mqtt]
        }
        _ => &[Service::Socket, Service::Http, Service::Ftp],
    }
}

/// What the platform's table says of a service. What depends on the firmware is asked of the module.
fn uses_tls(profile: &Profile, service: Service) -> Availability {
    match service {
        Service::Http => profile.http.as_ref().map_or(Availability::No, |http| http.tls),
        Service::Ftp => profile.ftp.as_ref().map_or(Availability::No, |ftp| ftp.tls),
        Service::Mqtt => profile.mqtt.as_ref().map_or(Availability::No, |mqtt| mqtt.tls),
        _ => Availability::Yes,
    }
}

async fn send(modem: &Modem, line: &str) -> Result<(), CommandError> {
    let exchange = Exchange::new(CommandLine::verbatim(line).expect("it is a command"), Expect::result());
    modem.channel().execute(exchange).await.map(drop)
}

/// Enables TLS for a service; the error is that of the last command.
async fn enable(modem: &Modem, service: Service) -> Result<(), CommandError> {
    let Some((last, first)) = enabling(service).split_last() else {
        return Ok(());
    };
    for line in first {
        // It may be enabled already, without TLS.
        send(modem, line).await.ok();
    }
    send(modem, last).await
}

/// A fresh module on line, each service of which was seen to use TLS, or not to.
async fn module(platform: Platform) -> (VirtualModule, Modem) {
    let module = VirtualModule::builder(platform).build().expect("the module starts");
    let modem = open(&module).await;
    modem.bring_up().await.expect("it comes on line");
    for service in Service::ALL {
        let expected = services(platform).contains(&service);
        let said = uses_tls(modem.profile(), service);
        assert!(said == Availability::Probe || said == expected.into(), "{platform} {service}: {said:?}");
        if said != Availability::No {
            let enabled = enable(&modem, service).await;
            assert_eq!(enabled.is_ok(), expected, "{platform} {service}: {enabled:?}");
        }
        restarted(&modem).acquire_tls(Service::Socket).await.expect("it is cleaned").release();
    }
    (module, modem)
}

/// On another port of the module; the module needs no pause between commands.
async fn open(module: &VirtualModule) -> Modem {
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    let builder = Modem::builder().apn("iot.test").settings(settings);
    builder.open(module.attach_duplex()).await.expect("it answers")
}

/// A second process on the same port, which knows nothing of the first.
fn restarted(modem: &Modem) -> Modem {
    Modem::from_channel(Arc::clone(modem.channel()), modem.profile())
}

#[tokio::test]
async fn the_second_is_refused_by_the_sdk_and_by_the_module_and_comes_after_cleaning() {
    let platforms: JoinSet<()> = Platform::ALL.into_iter().map(check_pairs).collect();
    platforms.join_all().await;
}

async fn check_pairs(platform: Platform) {
    let (_module, modem) = module(platform).await;
    for first in services(platform) {
        for second in services(platform) {
            check_pair(&modem, *first, *second).await;
        }
    }
}

async fn check_pair(modem: &Modem, first: Service, second: Service) {
    let pair = format!("{}: {first} then {second}", modem.profile().id);
    let lease = modem.acquire_tls(first).await.unwrap_or_else(|error| panic!("{pair}: {error}"));
    let refused = modem.try_acquire_tls(second).await.expect_err(&pair);
    assert!(
        matches!(refused, LeaseError::Busy(busy) if busy.holder == Holder::Here(first)),
        "{pair}: {refused}"
    );
    enable(modem, first).await.unwrap_or_else(|error| panic!("{pair}: {error}"));
    assert_eq!(modem.tls_owner().await, Ok(Some(first)), "{pair}");
    if first != second {
        let refused = enable(modem, second).await.expect_err(&pair);
        assert!(refused.to_string().contains("SSL already activated"), "{pair}: {refused}");
    }
    let successor = restarted(modem);
    let next = successor.acquire_tls(second).await.unwrap_or_else(|error| panic!("{pair}: {error}"));
    assert_eq!(successor.tls_owner().await, Ok(None), "{pair}");
    enable(&successor, second).await.unwrap_or_else(|error| panic!("{pair}: {error}"));
    drop((next, lease));
    modem.acquire_tls(first).await.unwrap_or_else(|error| panic!("{pair}: {error}")).release();
    assert_eq!(modem.tls_owner().await, Ok(None), "{pair}");
}

#[tokio::test]
async fn what_another_port_holds_is_neither_taken_nor_switched_off() {
    let platforms: JoinSet<()> = Platform::ALL.into_iter().map(check_other_port).collect();
    platforms.join_all().await;
}

async fn check_other_port(platform: Platform) {
    let (module, modem) = module(platform).await;
    let other = open(&module).await;
    enable(&other, Service::Socket).await.expect("TLS is free");
    for service in services(platform) {
        let refused = modem.acquire_tls(*service).await.expect_err("it is held elsewhere");
        let LeaseError::Busy(busy) = refused else { panic!("{platform} {service}: {refused}") };
        assert_eq!(busy.holder, Holder::OtherPort(Service::Socket), "{platform} {service}");
    }
    assert_eq!(other.tls_owner().await, Ok(Some(Service::Socket)), "{platform}");
}
