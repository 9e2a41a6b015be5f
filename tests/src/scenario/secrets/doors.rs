//! Every way into the SDK that takes a secret, entered with right and with wrong ones.

use std::time::Duration;

use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use telit_core::Modem;
use telit_core::at::CommandLine;
use telit_core::commands::EnterPin;
use telit_core::driver::Recorder;
use telit_core::exclusive::Service;
use telit_core::tls::{self, CaCertificate, ClientCertificate, Identity, PrivateKey, TlsOptions};
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_https::{HttpsClient, HttpsOptions, RequestBody};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::servers::{
    Broker, BrokerOptions, CertificateRequest, FrontOptions, FtpsServer, Issued, RestOptions, RestServer,
};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, split};
use url::Url;

use super::Shown;
use super::planted::{BASIC, BEARER, FTP, MQTT, PASSPHRASE, PIN, Planted, QUERY};

const BROKER: &str = "broker.test";
const REST: &str = "rest.test";
const FILES: &str = "files.test";
const USER: &str = "device";

/// Servers that want the planted secrets, and a module before them.
pub(super) struct Bench<'a> {
    planted: &'a Planted,
    module: VirtualModule,
    _broker: Broker,
    _rest: RestServer,
    files: FtpsServer,
}

impl<'a> Bench<'a> {
    pub(super) async fn start(platform: Platform, planted: &'a Planted, faults: &[&str]) -> Self {
        let authority = &planted.authority;
        let server = CertificateRequest::server(BROKER).dns_name(REST).dns_name(FILES);
        let server = authority.issue(&server).expect("a certificate");
        let front = FrontOptions::new(&server).require_client_certificate(authority);
        let broker = BrokerOptions::with_front(front.clone()).user(USER, MQTT);
        let broker = Broker::start(&broker).await.expect("the broker starts");
        let rest = RestServer::start(&RestOptions::with_front(front)).await.expect("the server starts");
        let files = telit_simulator::servers::FtpsOptions::new(&server).user(USER, FTP);
        let files = FtpsServer::start(&files).await.expect("the file server starts");
        let mut builder = VirtualModule::builder(platform)
            .resolve(BROKER, 8883, broker.addr())
            .resolve(REST, 443, rest.addr())
            .resolve(FILES, 21, files.addr());
        for fault in faults {
            builder = builder.fault(fault.parse().expect("it is a fault"));
        }
        let module = builder.build().expect("the platform can be simulated");
        Self { planted, module, _broker: broker, _rest: rest, files }
    }

    pub(super) async fn open_every_door(&self, shown: &Shown, recorder: Recorder) {
        self.credentials(shown);
        command_lines(shown);
        let Some(modem) = self.modem(shown, recorder).await else {
            return;
        };
        self.provisioning(shown, &modem).await;
        self.mqtt(shown, &modem).await;
        self.https(shown, &modem).await;
        self.ftps(shown, &modem).await;
        shown.debug(&modem);
    }

    fn identity(&self) -> Identity {
        identity(&self.planted.client, &self.planted.client).expect("they fit")
    }

    fn tls(&self) -> TlsOptions {
        let ca = self.planted.authority.certificate_pem();
        let ca = CaCertificate::from_pem(ca.as_bytes()).expect("it is a CA certificate");
        TlsOptions::builder().ca(ca).identity(self.identity()).build().expect("they fit together")
    }

    /// Keys in every state that a user's file may be in.
    fn credentials(&self, shown: &Shown) {
        let Planted { client, stranger, elliptic, .. } = self.planted;
        let (pem, pkcs8) = (client.key_pem(), client.key_pkcs8_pem());
        let half = &pem[..pem.len() / 2];
        let relabelled = pem.replace("RSA PRIVATE KEY", "CERTIFICATE");
        let headless: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let damaged = pem.replace(['a', 'b', 'c'], "*");
        let encrypted = pem.replace(
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
        );
        let twice = [pem, pkcs8].concat();
        let texts =
            [pem, pkcs8, half, &relabelled, &headless, &damaged, &encrypted, &twice, elliptic.key_pem()];
        for text in texts {
            if let Some(key) = shown.outcome(PrivateKey::from_pem(text.as_bytes())) {
                shown.debug(&key);
                shown.outcome(key.check_size(10));
            }
            shown.outcome(ClientCertificate::from_pem(text.as_bytes())).iter().for_each(|it| shown.debug(it));
            shown.outcome(CaCertificate::from_pem(text.as_bytes())).iter().for_each(|it| shown.debug(it));
            shown.outcome(CaCertificate::all_from_pem(text.as_bytes())).iter().for_each(|it| shown.debug(it));
            shown.outcome(Identity::from_pem(text.as_bytes(), text.as_bytes()));
        }
        shown.outcome(identity(client, stranger));
        shown.outcome(identity(elliptic, elliptic));
        let identity = self.identity();
        shown.debug(&identity);
        shown.debug(identity.private_key());
        shown.debug(&TlsOptions::builder().identity(identity));
        shown.debug(&self.tls());
    }

    /// The SIM asks for its PIN, and the virtual one refuses it.
    async fn modem(&self, shown: &Shown, recorder: Recorder) -> Option<Modem> {
        let wrong = Modem::builder().pin(PIN).apn("iot.test");
        shown.debug(&wrong);
        let modem = shown.outcome(wrong.open(asking_for_a_pin(self.module.attach_duplex())).await);
        if let Some(modem) = modem {
            shown.outcome(modem.bring_up().await);
            shown.outcome(modem.bring_up().await);
            shown.debug(&modem);
        }
        let builder = Modem::builder().pin(PIN).apn("iot.test").recorder(recorder);
        let modem = shown.outcome(builder.open(self.module.attach_duplex()).await)?;
        shown.outcome(modem.bring_up().await);
        shown.debug(&EnterPin(PIN.to_owned()));
        shown.outcome(modem.run(EnterPin(PIN.to_owned())).await);
        shown.outcome(modem.run(EnterPin(format!("{PIN}\r"))).await);
        Some(modem)
    }

    /// Stored, found again, and replaced.
    async fn provisioning(&self, shown: &Shown, modem: &Modem) {
        let Some(lease) = shown.outcome(modem.acquire_tls(Service::Socket).await) else {
            return;
        };
        shown.debug(&lease);
        for _ in 0..2 {
            shown.outcome(tls::prepare(modem, &lease, &self.tls()).await);
        }
        lease.release();
    }

    async fn mqtt(&self, shown: &Shown, modem: &Modem) {
        let options = |user: &str, password: &str| {
            let security = MqttSecurity::Tls(self.tls());
            MqttOptions::new(BROKER, "thing-1", security)
                .credentials(user, password)
                .connect_timeout(Duration::from_secs(10))
        };
        shown.debug(&MqttSecurity::Tls(self.tls()));
        let invalid = [format!("{MQTT}\r"), format!("\"{MQTT}"), MQTT.repeat(30)];
        let attempts = [
            options(USER, MQTT),
            options("nobody", MQTT),
            options(USER, &invalid[0]),
            options(USER, &invalid[1]),
            options(USER, &invalid[2]),
            options(USER, MQTT).port(1),
        ];
        for attempt in attempts {
            shown.debug(&attempt);
            let Some(client) = shown.outcome(MqttClient::connect(modem, attempt).await) else {
                continue;
            };
            shown.debug(&client);
            let published = client.publish("topic", "payload", QoS::AtLeastOnce).await;
            shown.outcome(published);
            shown.outcome(client.disconnect().await);
        }
    }

    async fn https(&self, shown: &Shown, modem: &Modem) {
        let options = HttpsOptions::new().timeout(Duration::from_secs(5));
        shown.debug(&options);
        let client = HttpsClient::new(modem, self.tls()).with_options(options);
        shown.debug(&client);
        let bearer = format!("Bearer {BEARER}");
        let basic = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, BASIC));
        let long = format!("Bearer {}", BEARER.repeat(20));
        for (host, authorization) in [
            (REST, &bearer),
            (REST, &basic),
            (REST, &long),
            (REST, &format!("Bearer \"{BEARER}\"")),
            ("nowhere.test", &bearer),
        ] {
            let url = format!("https://{host}/echo?token={QUERY}");
            let methods = if authorization == &bearer { &["GET", "POST", "DELETE"][..] } else { &["GET"] };
            for method in methods.iter().copied() {
                let body = if method == "POST" { RequestBody::from("body") } else { RequestBody::empty() };
                let value = HeaderValue::from_str(authorization).expect("it is a header's value");
                let request = Request::builder().method(method).uri(&url).header(AUTHORIZATION, value);
                let request = request.header("content-type", "text/plain").body(body).expect("a request");
                if let Some(response) = shown.outcome(client.send(request).await) {
                    shown.push(&format!("{:?} {:?}", response.status(), response.body()));
                    shown.outcome(response.into_body().bytes(10).await);
                }
            }
        }
        let with_password: Url = format!("https://{BASIC}@{REST}/").parse().expect("it is a URL");
        shown.outcome(client.get(with_password).await);
    }

    async fn ftps(&self, shown: &Shown, modem: &Modem) {
        self.files.put_file("file.txt", b"content").expect("the folder is writable");
        let invalid = [format!("{FTP}\n"), format!("{FTP}\""), FTP.repeat(30)];
        for (user, password) in [
            (USER, FTP),
            ("nobody", FTP),
            (USER, invalid[0].as_str()),
            (USER, invalid[1].as_str()),
            (USER, invalid[2].as_str()),
        ] {
            let options =
                FtpsOptions::new(FILES, user, password, self.tls()).timeout(Duration::from_secs(10));
            shown.debug(&options);
            let Some(mut client) = shown.outcome(FtpsClient::connect(modem, options).await) else {
                continue;
            };
            shown.debug(&client);
            shown.outcome(client.size("file.txt").await);
            shown.outcome(client.size("missing.txt").await);
            shown.outcome(client.last_message().await);
            shown.outcome(client.close().await);
        }
        let url: Url = format!("ftps://{USER}:{FTP}@{FILES}/file.txt").parse().expect("it is a URL");
        shown.outcome(FtpsOptions::from_url(&url, FTP, self.tls()));
        shown.outcome(telit_ftps::remote_path(&url));
        shown.debug(&FtpsOptions::danger_plain(FILES, USER, FTP));
    }
}

fn identity(certificate: &Issued, key: &Issued) -> Result<Identity, tls::CredentialError> {
    Identity::from_pem(certificate.certificate_pem().as_bytes(), key.key_pem().as_bytes())
}

/// What a person may type, and what a program may build.
fn command_lines(shown: &Shown) {
    for line in [
        format!("AT+CPIN={PIN}"),
        format!("AT+CMEE=2;+CPIN=\"{PIN}\""),
        format!("AT +CPIN = {PIN}"),
        format!("AT+CPWD=\"SC\",\"{PIN}\",\"{PIN}\""),
        format!("AT+CLCK=\"SC\",1,\"{PIN}\""),
        format!("AT#MQCONN=1,\"id\",\"user\",\"{MQTT}\""),
        format!("AT#MQEN=1,1;#MQCONN=1,id,user,{MQTT};+CSQ"),
        format!("AT#FTPOPEN=\"h:21\",\"user\",\"{FTP}\",1"),
        format!("AT#HTTPCFG=0,\"h\",443,1,\"user\",\"{FTP}\",1"),
        format!("AT#HTTPQRY=0,0,\"/?token={QUERY}\",\"Authorization: Bearer {BEARER}\""),
        format!("AT#HTTPSND=0,0,\"/?token={QUERY}\",4,\"text/plain\",\"Authorization: Bearer {BEARER}\""),
        format!("AT#SGACT=1,1,\"user\",\"{PASSPHRASE}\""),
        format!("AT+CGAUTH=1,1,\"user\",\"{PASSPHRASE}\""),
        format!("AT#SSLSECDATA=1,1,2,1000,\"{PASSPHRASE}\""),
        format!("AT#SMTPCFG=\"h\",25,\"user\",\"{PASSPHRASE}\""),
        format!("AT#MQCONN=1,\"id\",\"user\",\"{MQTT}\u{e9}\""),
    ] {
        if let Some(line) = shown.outcome(CommandLine::verbatim(&line)) {
            shown.push(&line.to_string());
            shown.debug(&line);
        }
    }
    for value in [FTP.to_owned(), format!("{FTP}\r"), FTP.repeat(30)] {
        let parameters = CommandLine::set("#FTPOPEN").secret_text("password", &value);
        shown.debug(&parameters);
        shown.outcome(parameters.build()).iter().for_each(|line| shown.debug(line));
    }
}

/// A line on which the SIM asks for its PIN the first time.
fn asking_for_a_pin(module: DuplexStream) -> DuplexStream {
    let (host, near) = tokio::io::duplex(64 * 1024);
    let (mut from_module, mut to_module) = split(module);
    let (mut from_host, mut to_host) = split(near);
    tokio::spawn(async move { copy(&mut from_host, &mut to_module).await });
    tokio::spawn(async move {
        let mut piece = vec![0; 4096];
        while let Ok(length @ 1..) = from_module.read(&mut piece).await {
            let said = String::from_utf8_lossy(&piece[..length]).replace("+CPIN: READY", "+CPIN: SIM PIN");
            if to_host.write_all(said.as_bytes()).await.is_err() {
                break;
            }
        }
    });
    host
}
