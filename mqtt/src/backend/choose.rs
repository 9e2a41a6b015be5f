//! The policy behind [`Engine::Auto`](crate::Engine::Auto).

use telit_core::Modem;

use super::Backend;
use crate::choice::{Engine as Wanted, EngineChoice, EngineReason};
use crate::engine::Engine;
use crate::error::ConnectError;
use crate::host::HostEngine;
use crate::options::MqttOptions;

/// What the options say of the host, of times and numbers is to be put right, not to be evaded.
const NO_REASON: [&str; 6] = ["host", "keep-alive", "packet timeout", "connect timeout", "port", "instance"];

/// Who speaks MQTT, and why. Nothing is changed on the module.
pub(crate) async fn choose(
    modem: &Modem,
    options: &MqttOptions,
) -> Result<(Backend, EngineChoice), ConnectError> {
    let (backend, reason) = match options.engine {
        Wanted::Module => (module(modem, options)?, EngineReason::Asked),
        Wanted::Host => (host(modem, options)?, EngineReason::Asked),
        Wanted::Auto => automatic(modem, options).await?,
    };
    let engine = if matches!(backend, Backend::Module(_)) { Wanted::Module } else { Wanted::Host };
    let choice = EngineChoice { engine, reason };
    tracing::info!(engine = %choice.engine, reason = %choice.reason, "who speaks MQTT");
    Ok((backend, choice))
}

impl EngineChoice {
    /// Who would speak MQTT with these options, without connecting and without changing anything.
    ///
    /// ```no_run
    /// # async fn example(modem: telit_core::Modem, options: telit_mqtt::MqttOptions)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use telit_mqtt::EngineChoice;
    ///
    /// println!("{}", EngineChoice::of(&modem, &options.largest_payload(100_000)).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`MqttClient::connect`](crate::MqttClient::connect), as far as it is known before.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn of(modem: &Modem, options: &MqttOptions) -> Result<Self, ConnectError> {
        choose(modem, options).await.map(|(_, choice)| choice)
    }
}

/// What is left when a module turned out to be unable to do what was asked for.
pub(crate) fn instead(
    modem: &Modem,
    options: &MqttOptions,
    error: &ConnectError,
) -> Option<(Backend, EngineChoice)> {
    let unable = options.engine == Wanted::Auto && tells_inability(error);
    let backend = host(modem, options).ok().filter(|_| unable)?;
    let choice = EngineChoice { engine: Wanted::Host, reason: cannot(error) };
    tracing::info!(engine = %choice.engine, reason = %choice.reason, "who speaks MQTT");
    Some((backend, choice))
}

async fn automatic(modem: &Modem, options: &MqttOptions) -> Result<(Backend, EngineReason), ConnectError> {
    match Engine::new(modem.clone(), options.clone()) {
        Ok(engine) => match (engine.cannot_carry(options.largest_payload).await?, host(modem, options)) {
            (Some(why), Ok(host)) => Ok((host, EngineReason::ModuleCannot { why })),
            (Some(why), Err(ConnectError::HostNotBuilt { .. })) => {
                Err(ConnectError::HostNotBuilt { because: EngineReason::ModuleCannot { why } })
            }
            _ => Ok((Backend::Module(Box::new(engine)), EngineReason::ModuleCan)),
        },
        Err(error) => match host(modem, options) {
            Ok(host) if tells_inability(&error) => Ok((host, cannot(&error))),
            Err(ConnectError::HostNotBuilt { .. }) if tells_inability(&error) => {
                Err(ConnectError::HostNotBuilt { because: cannot(&error) })
            }
            // Who has no choice is to put right what nobody can carry.
            Err(ConnectError::InvalidOption(invalid))
                if matches!(error, ConnectError::Unsupported { .. }) && invalid.field() != "security" =>
            {
                Err(invalid.into())
            }
            _ => Err(error),
        },
    }
}

fn module(modem: &Modem, options: &MqttOptions) -> Result<Backend, ConnectError> {
    Ok(Backend::Module(Box::new(Engine::new(modem.clone(), options.clone())?)))
}

fn host(modem: &Modem, options: &MqttOptions) -> Result<Backend, ConnectError> {
    Ok(Backend::Host(Box::new(HostEngine::new(modem.clone(), options.clone())?)))
}

fn cannot(error: &ConnectError) -> EngineReason {
    let why = match error {
        ConnectError::Unsupported { platform } => {
            format!("this module (platform {platform}) has no MQTT client of its own")
        }
        error => error.to_string(),
    };
    EngineReason::ModuleCannot { why }
}

/// Whether it says that the module's client cannot do or carry what is asked for.
fn tells_inability(error: &ConnectError) -> bool {
    match error {
        ConnectError::Unsupported { .. } | ConnectError::LastWillRestarts { .. } => true,
        ConnectError::InvalidOption(invalid) => !NO_REASON.contains(&invalid.field()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use telit_core::driver::MockAtChannel;
    use telit_core::platform::{PlatformId, profile};
    use telit_core::tls::TlsOptions;

    use super::*;
    #[cfg(feature = "host")]
    use crate::last_will::LastWill;
    use crate::options::MqttSecurity;

    fn options() -> MqttOptions {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        MqttOptions::new("broker.example", "client-1", MqttSecurity::Tls(tls))
    }

    async fn choice(platform: PlatformId, options: MqttOptions) -> Result<EngineChoice, ConnectError> {
        let modem = Modem::from_channel(Arc::new(MockAtChannel::new()), profile(platform));
        choose(&modem, &options).await.map(|(_, choice)| choice)
    }

    #[cfg(feature = "host")]
    async fn why_not(platform: PlatformId, options: MqttOptions) -> String {
        match choice(platform, options).await.unwrap() {
            EngineChoice { engine: Wanted::Host, reason: EngineReason::ModuleCannot { why } } => why,
            other => panic!("{other}"),
        }
    }

    #[cfg(feature = "host")]
    #[tokio::test]
    async fn the_module_speaks_where_it_can() {
        for platform in PlatformId::ALL {
            let choice = choice(platform, options()).await.unwrap();
            let expected = if profile(platform).mqtt.is_some() { Wanted::Module } else { Wanted::Host };
            assert_eq!(choice.engine, expected, "{platform}");
        }
        let why = why_not(PlatformId::P12, options()).await;
        assert_eq!(why, "this module (platform 12) has no MQTT client of its own");
    }

    #[cfg(feature = "host")]
    #[tokio::test]
    async fn what_is_asked_for_is_done_or_refused() {
        let asked = |engine| EngineChoice { engine, reason: EngineReason::Asked };
        for engine in [Wanted::Module, Wanted::Host] {
            assert_eq!(choice(PlatformId::P37, options().engine(engine)).await, Ok(asked(engine)));
        }
        let error = choice(PlatformId::P12, options().engine(Wanted::Module)).await.unwrap_err();
        assert_eq!(error, ConnectError::Unsupported { platform: PlatformId::P12 });
        assert!(error.to_string().contains("engine auto or host (MqttOptions::engine, --engine)"), "{error}");
    }

    #[cfg(feature = "host")]
    #[tokio::test]
    async fn what_a_command_line_cannot_carry_is_carried_otherwise() {
        let mut strange = options();
        strange.client_id = "gr\u{fc}n 1".to_owned();
        assert!(why_not(PlatformId::P37, strange).await.contains("client identifier"));
        let long = options().credentials("user", "p".repeat(500));
        assert!(!why_not(PlatformId::P37, long).await.is_empty());
        let will = options().last_will(LastWill::new("t", vec![0xff; 2000]));
        assert!(why_not(PlatformId::P37, will).await.contains("last will"));
    }

    #[cfg(feature = "host")]
    #[tokio::test]
    async fn what_nobody_carries_is_refused_by_both() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\u{1a}b", "a\"b"] {
            for platform in PlatformId::ALL {
                let mut nobody = options();
                nobody.client_id = bad.to_owned();
                let mut nowhere = options();
                nowhere.host = bad.to_owned();
                for (options, field) in [(nobody, "client identifier"), (nowhere, "host")] {
                    let refused = choice(platform, options.clone()).await;
                    let Err(ConnectError::InvalidOption(invalid)) = refused else {
                        panic!("{platform} {field} {bad:?}: {refused:?}");
                    };
                    assert_eq!(invalid.field(), field);
                }
            }
        }
    }

    #[tokio::test]
    async fn wrong_numbers_are_put_right_not_evaded() {
        for (options, field) in [
            (options().packet_timeout(Duration::from_secs(61)), "packet timeout"),
            (options().port(0), "port"),
            (options().instance(3), "instance"),
            (options().connect_timeout(Duration::ZERO), "connect timeout"),
        ] {
            let Err(ConnectError::InvalidOption(invalid)) = choice(PlatformId::P37, options).await else {
                panic!("{field}");
            };
            assert_eq!(invalid.field(), field);
        }
    }

    #[tokio::test]
    async fn without_tls_only_the_module_can() {
        let plain = || MqttOptions::new("broker.example", "client-1", MqttSecurity::DangerPlain);
        assert_eq!(choice(PlatformId::P37, plain()).await.unwrap().engine, Wanted::Module);
        let error = choice(PlatformId::P12, plain()).await.unwrap_err();
        assert_eq!(error, ConnectError::Unsupported { platform: PlatformId::P12 });
        let error = choice(PlatformId::P37, plain().engine(Wanted::Host)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid security: MQTT on this computer runs over TLS sockets of the module only"
        );
    }

    #[cfg(not(feature = "host"))]
    #[tokio::test]
    async fn what_the_program_was_built_without_is_named() {
        let cannot = |why: &str| EngineReason::ModuleCannot { why: why.to_owned() };
        let missing = |because| Err(ConnectError::HostNotBuilt { because });
        for platform in PlatformId::ALL {
            let because = match profile(platform).mqtt {
                Some(_) => EngineReason::Asked,
                None => cannot(&format!("this module (platform {platform}) has no MQTT client of its own")),
            };
            let engine = if because == EngineReason::Asked { Wanted::Host } else { Wanted::Auto };
            assert_eq!(choice(platform, options().engine(engine)).await, missing(because), "{platform}");
        }
        let can = EngineChoice { engine: Wanted::Module, reason: EngineReason::ModuleCan };
        assert_eq!(choice(PlatformId::P37, options()).await, Ok(can));

        let long = options().credentials("user", "p".repeat(500));
        let error = choice(PlatformId::P37, long).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid command line: it has 532 characters, the module takes at most 400, and this program was built \
             without MQTT on this computer: the feature `host` of telit-mqtt"
        );
        assert_eq!(error.category(), telit_core::Category::Usage);
        assert!(error.is_permanent());
    }
}
