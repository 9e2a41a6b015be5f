//! Servers, a virtual module that finds them, and the SDK connected to it.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use telit_core::Modem;
use telit_core::driver::Recorder;
use telit_core::modem::ModemBuilder;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_ftps::FtpsOptions;
use telit_mqtt::{MqttOptions, MqttSecurity};
use telit_simulator::servers::TestServers;
use telit_simulator::{Builder, Platform, VirtualModule};

/// The ports that the virtual network calls the servers by.
pub(crate) const MQTTS: u16 = 8883;
pub(crate) const HTTPS: u16 = 443;
pub(crate) const FTP: u16 = 21;

pub(crate) struct Rig {
    pub(crate) servers: TestServers,
    pub(crate) module: VirtualModule,
    pub(crate) modem: Modem,
}

impl Rig {
    /// Everything up, the module on line.
    pub(crate) async fn start() -> Self {
        Self::start_with(|module| module, Modem::builder()).await
    }

    pub(crate) async fn start_with(
        configure: impl FnOnce(Builder) -> Builder,
        builder: ModemBuilder,
    ) -> Self {
        let servers = TestServers::start().await.expect("the servers start");
        let module = configure(module_for(&servers)).build().expect("the module starts");
        let modem = builder.apn("iot.test").open(module.attach_duplex()).await.expect("the module answers");
        modem.bring_up().await.expect("the module comes on line");
        Self { servers, module, modem }
    }

    /// Trusts the servers' authority and shows a certificate that the broker accepts.
    pub(crate) fn tls(&self) -> TlsOptions {
        let client = self.servers.client();
        let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())
            .expect("they fit");
        TlsOptions::builder().ca(self.ca()).identity(identity).build().expect("they fit together")
    }

    pub(crate) fn ca(&self) -> CaCertificate {
        let pem = self.servers.authority().certificate_pem();
        CaCertificate::from_pem(pem.as_bytes()).expect("it is a CA certificate")
    }

    pub(crate) fn mqtt(&self, client_id: &str) -> MqttOptions {
        MqttOptions::new(TestServers::BROKER_NAME, client_id, MqttSecurity::Tls(self.tls()))
    }

    pub(crate) fn ftps(&self) -> FtpsOptions {
        FtpsOptions::new(
            TestServers::FILES_NAME,
            TestServers::FTP_USER,
            TestServers::FTP_PASSWORD,
            self.tls(),
        )
    }
}

pub(crate) fn module_for(servers: &TestServers) -> Builder {
    let at =
        |builder: Builder, name: &str, port: u16, address: SocketAddr| builder.resolve(name, port, address);
    let builder = VirtualModule::builder(Platform::P37);
    let builder = at(builder, TestServers::BROKER_NAME, MQTTS, servers.broker().addr());
    let builder = at(builder, TestServers::REST_NAME, HTTPS, servers.rest().addr());
    at(builder, TestServers::FILES_NAME, FTP, servers.ftps().addr())
}

/// A recorder into a file, and what it holds: lines without the time.
pub(crate) fn recorder(path: &Path) -> Recorder {
    Recorder::new(std::fs::File::create(path).expect("the folder is writable"))
}

pub(crate) fn recorded(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("it was recorded");
    text.lines().filter_map(|line| line.split_once(' ')).map(|(_, event)| event.to_owned()).collect()
}

/// Payloads that break a parser which searches where it should count.
pub(crate) fn hostile_payloads() -> Vec<Bytes> {
    let all: Vec<u8> = (0..=255).collect();
    vec![
        Bytes::from(all.clone()),
        Bytes::from(all.repeat(20)),
        Bytes::from_static(b"\r\nOK\r\n"),
        Bytes::from_static(b"\r\n+CME ERROR: 4\r\n"),
        Bytes::from_static(b"\r\nNO CARRIER\r\n"),
        Bytes::from_static(b"\r\nERROR\r\n#MQRING: 1,1,a,3\r\n<<<>>>> "),
        Bytes::from_static(b"say \"hi\", \x1a\x1b\x08 +++ \\22"),
        Bytes::from_static(b"+++"),
        Bytes::from_static(b"\n"),
        Bytes::from_static(b"\r"),
        Bytes::new(),
    ]
}
