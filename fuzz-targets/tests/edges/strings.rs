//! Every public option that takes a string refuses what could end the line or the string, before the module gets a
//! single byte.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::{Command, CommandLine, Expect};
use telit_core::commands::{ConnectionMode, DefineContext, DialSocket, EnterPin, SynchroniseClock};
use telit_core::driver::{AtPort, DriverOptions};
use telit_core::modem::ModemBuilder;
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::TlsConnector;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_https::http::{HeaderValue, Request};
use telit_https::{Engine as HttpEngine, HttpsClient, HttpsOptions, RequestBody};
use telit_mqtt::{Engine, MqttClient, MqttOptions, MqttSecurity};
use tokio::io::{DuplexStream, duplex};

/// What could end a line, a string or an entry, what terminals and modules edit with, and what is no ASCII.
const FORBIDDEN: [&str; 11] =
    ["\r", "\n", "\0", "\u{1a}", "\u{1b}", "\u{8}", "\u{7f}", "\u{85}", "\"", "é", "\u{2028}"];
const CA: &[u8] = include_bytes!("../../../core/tests/credentials/ca.pem");

/// A value with each of them at its beginning, in its middle and at its end.
fn values() -> impl Iterator<Item = String> {
    FORBIDDEN.into_iter().flat_map(|bad| [format!("{bad}ab"), format!("a{bad}b"), format!("ab{bad}")])
}

/// A module that nobody may speak to.
struct Untouched {
    port: AtPort,
    modem: Modem,
    _line: DuplexStream,
}

impl Untouched {
    fn new(platform: PlatformId, builder: ModemBuilder) -> Self {
        let (host, line) = duplex(1024);
        let port = AtPort::start(host, DriverOptions::default());
        let modem = builder.on_channel(Arc::new(port.clone()), profile(platform));
        Self { port, modem, _line: line }
    }

    /// It was refused for what it says, and neither a command nor a byte has gone.
    fn assert_refused<T, E: Debug + Display>(&self, what: &str, value: &str, result: Result<T, E>) {
        assert!(result.is_err(), "{what} {value:?} is taken");
        let Err(error) = result else {
            return;
        };
        let statistics = self.port.statistics();
        assert_eq!((statistics.exchanges, statistics.bytes_written), (0, 0), "{what} {value:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains(['\r', '\n', '\0', '\u{1a}', '\u{1b}']),
            "{what}: the error could reach a terminal"
        );
    }
}

fn each_platform() -> impl Iterator<Item = PlatformId> {
    PlatformId::ALL.into_iter()
}

fn untouched(platform: PlatformId) -> Untouched {
    Untouched::new(platform, Modem::builder())
}

fn tls(platform: PlatformId) -> TlsOptions {
    let builder = TlsOptions::builder().ca(CaCertificate::from_pem(CA).expect("it is a CA certificate"));
    let can = &profile(platform).tls;
    let builder = if can.checks_host_name() { builder } else { builder.danger_skip_host_check() };
    let builder = if can.sends_server_name() { builder } else { builder.without_server_name() };
    builder.danger_platform_default_suites().build().expect("it is complete")
}

#[test]
fn the_encoder() {
    for value in values() {
        let refused = [
            CommandLine::set("#X").text("value", &value).build(),
            CommandLine::set("#X").secret_text("value", &value).build(),
        ];
        assert!(refused.iter().all(Result::is_err), "{value:?}");
        let typed = CommandLine::verbatim(&value);
        assert_eq!(typed.is_ok(), value.contains('"'), "{value:?}: people may type quotes");
    }
    for byte in [0x08, 0x1a, 0x1b] {
        assert!(Expect::terminated_prompt("data", vec![b'a', byte].into()).is_err(), "{byte}");
    }
}

#[test]
fn commands_of_the_core() {
    let dial = |host: &str| DialSocket {
        socket: 1,
        host: host.to_owned(),
        port: 443,
        keep_session: false,
        mode: ConnectionMode::Command,
        end: telit_core::at::StreamEnding::ProvenMarkAndSilence,
        timeout: 100,
        deadline: Duration::from_secs(10),
    };
    for value in values() {
        let exchanges = [
            DefineContext { id: 1, apn: value.clone() }.exchange(),
            EnterPin(value.clone()).exchange(),
            SynchroniseClock { host: value.clone(), port: 123 }.exchange(),
            dial(&value).exchange(),
        ];
        assert!(exchanges.iter().all(Result::is_err), "{value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bring_up() {
    for value in values() {
        let options = [
            ("APN", Modem::builder().apn(&*value)),
            ("PIN", Modem::builder().pin(&*value)),
            ("time server", Modem::builder().time_server(&*value, 123)),
        ];
        for (what, options) in options {
            let module = Untouched::new(PlatformId::P37, options);
            module.assert_refused(what, &value, module.modem.bring_up().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sockets() {
    for platform in each_platform() {
        for value in values() {
            let module = untouched(platform);
            let connected = TlsConnector::new(&module.modem, tls(platform)).connect(&value, 443).await;
            module.assert_refused("host", &value, connected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn mqtt_on_the_module() {
    for platform in each_platform() {
        let security = || MqttSecurity::Tls(tls(platform));
        for value in values() {
            let options = [
                ("host", MqttOptions::new(&*value, "id", security())),
                ("client identifier", MqttOptions::new("host", &*value, security())),
                ("user", MqttOptions::new("host", "id", security()).credentials(&*value, "password")),
                ("password", MqttOptions::new("host", "id", security()).credentials("user", &*value)),
            ];
            for (what, options) in options {
                let module = untouched(platform);
                let options = options.engine(Engine::Module);
                module.assert_refused(what, &value, MqttClient::connect(&module.modem, options).await);
            }
        }
    }
}

/// What the module's client cannot carry is carried by this computer, as far as it is text and a name.
#[tokio::test(start_paused = true)]
async fn mqtt_on_either_side() {
    let text = |value: &str| !value.chars().any(char::is_control);
    for platform in each_platform() {
        let security = || MqttSecurity::Tls(tls(platform));
        for value in values() {
            let login = MqttOptions::new("host", "id", security());
            let mut options = vec![("host", MqttOptions::new(&*value, "id", security()))];
            if !text(&value) || value.contains('"') {
                options.push(("client identifier", MqttOptions::new("host", &*value, security())));
            }
            if !text(&value) {
                options.push(("user", login.clone().credentials(&*value, "password")));
                options.push(("password", login.credentials("user", &*value)));
            }
            for (what, options) in options {
                for engine in [Engine::Auto, Engine::Host] {
                    let module = untouched(platform);
                    let options = options.clone().engine(engine);
                    module.assert_refused(what, &value, MqttClient::connect(&module.modem, options).await);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn https() {
    const URL: &str = "https://host.test/path";
    for value in values() {
        let module = untouched(PlatformId::P37);
        let client = HttpsClient::new(&module.modem, tls(PlatformId::P37));
        let client = client.with_options(HttpsOptions::new().engine(HttpEngine::Module));
        let posted = client.post(URL).content_type(&value).body("body").await;
        module.assert_refused("content type", &value, posted);
        for name in ["X-Header", "Authorization", "Content-Type"] {
            // The type of header values refuses most by itself.
            let Ok(header) = HeaderValue::from_bytes(value.as_bytes()) else {
                continue;
            };
            let request =
                Request::get(URL).header(name, header).body(RequestBody::empty()).expect("a request");
            module.assert_refused(name, &value, client.send(request).await);
        }
        for url in [
            format!("https://host.test/{value}"),
            format!("https://host.test/?{value}"),
            format!("https://{value}.test/"),
        ] {
            // Most are dropped, encoded or refused when a URL is read.
            let Ok(url) = url.parse::<telit_https::url::Url>() else {
                continue;
            };
            if FORBIDDEN.iter().any(|bad| url.as_str().contains(bad)) {
                module.assert_refused("URL", &value, client.get(url).await);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ftps_sessions() {
    for platform in each_platform() {
        for value in values() {
            let options = [
                ("host", FtpsOptions::new(&*value, "user", "password", tls(platform))),
                ("user", FtpsOptions::new("host", &*value, "password", tls(platform))),
                ("password", FtpsOptions::new("host", "user", &*value, tls(platform))),
                ("plain host", FtpsOptions::danger_plain(&*value, "user", "password")),
                ("plain user", FtpsOptions::danger_plain("host", &*value, "password")),
                ("plain password", FtpsOptions::danger_plain("host", "user", &*value)),
            ];
            for (what, options) in options {
                let module = untouched(platform);
                module.assert_refused(what, &value, FtpsClient::connect(&module.modem, options).await);
            }
        }
    }
}
