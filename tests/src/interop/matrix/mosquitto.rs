//! Mosquitto, which tells nothing about TLS: for each suite there is a port that has this suite alone, and the log
//! tells which port a client came by.

use std::fmt::Write;
use std::io;
use std::process::Command;

use telit_core::platform::{CipherSuite, TlsVersion};
use telit_core::socket::TlsSocket;
use telit_core::tls::TlsOptions;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::outcome::Used;
use super::peer::{Failure, HOST, Peer, Visit, Way};
use super::socket::dial;
use super::suite_names::{SUITES, SuiteNames};
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::nginx::DH_PARAMETERS;
use crate::interop::program::required;
use crate::interop::server::{OUTPUT, Server};

/// The first suite's port; the others follow.
const FIRST_PORT: u16 = 20_000;

pub(super) struct Mosquitto {
    /// A listener for each suite; of a suite that OpenSSL lacks, one with all others.
    server: Server<{ SUITES.len() }>,
}

impl Peer for Mosquitto {
    const NAME: &'static str = "mosquitto";

    async fn start(credentials: &Credentials) -> Option<Self> {
        let program = required("mosquitto", "mosquitto")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        credentials.write_to(folder.path());
        std::fs::write(folder.path().join("dh.pem"), DH_PARAMETERS).expect("the folder is writable");
        let server = Server::start(folder, |folder, ports| {
            let file = folder.join("mosquitto.conf");
            std::fs::write(&file, configuration(&ports)).expect("the folder is writable");
            let mut command = Command::new(&program);
            command.arg("-c").arg(file);
            command
        });
        Some(Self { server: server.await })
    }

    fn ports(&self) -> Vec<(u16, u16)> {
        (FIRST_PORT..).zip(self.server.ports()).collect()
    }

    fn way(&self, device: &Device) -> Way {
        if device.modem.profile().mqtt.is_some() { Way::Service } else { Way::Socket }
    }

    async fn visit(&self, device: &Device, tls: TlsOptions, visit: &Visit) -> Result<Used, Failure> {
        let name = format!("visit-{}", visit.number);
        let (port, mark) = (port(visit.suite), self.mark(visit));
        match self.way(device) {
            Way::Service => {
                let options = MqttOptions::new(HOST, &name, MqttSecurity::Tls(tls)).port(port);
                let client = MqttClient::connect(&device.modem, options).await;
                let client = client.map_err(|error| Failure::new(error.category(), &error))?;
                client.disconnect().await.expect("it disconnects");
                Ok(self.told(&name, mark).await)
            }
            Way::Socket => {
                let dialled = dial(&device.modem, tls, port).await;
                let mut dialled = dialled.map_err(|error| Failure::new(error.category(), &error))?;
                log_in(&mut dialled.socket, &name).await.expect("it is let in");
                let told = self.told(&name, mark).await;
                dialled.close(told).await;
                Ok(told)
            }
        }
    }

    fn mark(&self, _visit: &Visit) -> usize {
        self.server.mark(OUTPUT)
    }

    async fn has_nothing_in_common(&self, _visit: &Visit, mark: usize) -> bool {
        self.server.says_since(OUTPUT, mark, "no shared cipher").await
    }
}

impl Mosquitto {
    /// `New client connected from 127.0.0.1:4711 as visit-1 (...)` and, before it,
    /// `New connection from 127.0.0.1:4711 on port 1883.`
    async fn told(&self, client: &str, mark: usize) -> Used {
        let line = self.server.printed(&format!(" as {client} (")).await;
        let (_, from) = line.split_once(" connected from ").expect("it says where from");
        let (address, _) = from.split_once(' ').expect("it says who");
        // Before the mark the address may have been another client's.
        let log = self.server.since(OUTPUT, mark);
        let arrival = format!("New connection from {address} on port ");
        let line = log.lines().find(|line| line.contains(&arrival)).expect("it says where to");
        let port = line.rsplit(' ').next().and_then(|port| port.trim_end_matches('.').parse::<u16>().ok());
        let listener = self.server.ports().iter().position(|real| Some(*real) == port);
        let suite = &SUITES[listener.expect("it is one of the listeners")];
        assert!(suite.openssl.is_some(), "{line}: that port has no suite of its own");
        Used { version: version(suite), suite: CipherSuite::new(suite.number) }
    }
}

/// CONNECT, CONNACK and DISCONNECT of MQTT 3.1.1, 3.1, 3.2 and 3.14.
async fn log_in(socket: &mut TlsSocket, name: &str) -> io::Result<()> {
    let length = |bytes: &str| u8::try_from(bytes.len()).expect("it is short");
    let mut connect = vec![0x10, 12 + length(name)];
    connect.extend(b"\x00\x04MQTT\x04\x02\x00\x3c\x00");
    connect.push(length(name));
    connect.extend(name.as_bytes());
    socket.write_all(&connect).await?;
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).await?;
    assert_eq!(answer, [0x20, 2, 0, 0]);
    socket.write_all(&[0xe0, 0]).await
}

/// Where only this suite is spoken. A suite without a port is sought where all others are.
fn port(suite: CipherSuite) -> u16 {
    let has_own = |names: &SuiteNames| names.number == suite.number();
    let has_all = |names: &SuiteNames| names.openssl.is_none();
    let listener = SUITES.iter().position(has_own).or_else(|| SUITES.iter().position(has_all));
    FIRST_PORT + u16::try_from(listener.expect("one has all")).expect("they are few")
}

/// A listener has its version and newer ones, but no suite for those.
fn version(suite: &SuiteNames) -> TlsVersion {
    if suite.is_tls_1_3() { TlsVersion::Tls13 } else { TlsVersion::Tls12 }
}

fn configuration(ports: &[u16]) -> String {
    let mut lines = String::from("user root\nper_listener_settings true\nlog_dest stderr\nlog_type all\n");
    for (suite, port) in SUITES.iter().zip(ports) {
        write!(lines, "{}", listener(suite, *port)).expect("a string takes it");
    }
    lines
}

fn listener(suite: &SuiteNames, port: u16) -> String {
    let certificate = if suite.needs_ecdsa() { "server-ecdsa" } else { "server" };
    let ciphers = match suite.openssl {
        Some(name) if suite.is_tls_1_3() => format!("tls_version tlsv1.3\nciphers_tls1.3 {name}"),
        Some(name) => format!("tls_version tlsv1.2\nciphers {name}:@SECLEVEL=0"),
        None => "tls_version tlsv1.2\nciphers ALL:COMPLEMENTOFALL:!aNULL:@SECLEVEL=0".to_owned(),
    };
    format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {certificate}.pem\nkeyfile {certificate}.key\n\
         dhparamfile dh.pem\n{ciphers}\n"
    )
}
