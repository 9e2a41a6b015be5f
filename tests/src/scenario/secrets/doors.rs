//! Every way into the SDK that takes a secret, entered with right and with wrong ones.

use std::time::Duration;

use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use telit_core::Modem;
use telit_core::at::{CommandLine, Settings};
use telit_core::commands::{
    CredentialArea, CredentialKind, CredentialPlace, EnableSockets, EnterPin, ReadCredential,
};
use telit_core::driver::Recorder;
use telit_core::exclusive::Service;
use telit_core::socket::TlsConnector;
use telit_core::tls::{
    self, CaCertificate, CipherPolicy, ClientCertificate, CredentialFormat, Identity, PrivateKey,
    ProvisionOptions, TlsOptions,
};
use telit_ftps::{FtpsClient, FtpsOptions};
use telit_https::{FinalUrl, HttpsClient, HttpsOptions, RequestBody};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::servers::Issued;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, split};
use url::Url;

use super::Shown;
use super::bench::{BROKER, Bench, FILES, REST, USER};
use super::planted::{BASIC, BEARER, FTP, MQTT, PASSPHRASE, PIN, Planted, QUERY};

/// Where the private key is.
const KEY: CredentialPlace =
    CredentialPlace { area: CredentialArea::Own, slot: 1, kind: CredentialKind::PrivateKey };

impl Bench {
    pub(super) async fn open_every_door(&self, shown: &Shown, recorder: Recorder) {
        self.credentials(shown);
        command_lines(shown);
        let modem = self.modem(shown, recorder).await;
        let accepted = self.provisioning(shown, &modem).await;
        let [best, ..] = self.tls(&modem);
        let tls = accepted.unwrap_or(best);
        socket(shown, &modem, &tls).await;
        mqtt(shown, &modem, &tls).await;
        https(shown, &modem, &tls).await;
        ftps(shown, &modem, &tls).await;
        shown.debug(&modem);
    }

    fn identity(&self) -> Identity {
        identity(&self.servers.planted.client, &self.servers.planted.client).expect("they fit")
    }

    /// From the best to what an old platform can do.
    fn tls(&self, modem: &Modem) -> [TlsOptions; 3] {
        let ca = self.servers.planted.authority.certificate_pem();
        let ca = CaCertificate::from_pem(ca.as_bytes()).expect("it is a CA certificate");
        let builder = TlsOptions::builder().ca(ca).identity(self.identity());
        let can = &modem.profile().tls;
        let builder = if can.checks_host_name() { builder } else { builder.danger_skip_host_check() };
        let builder = if can.sends_server_name() { builder } else { builder.without_server_name() };
        let compatible = builder.clone().cipher_policy(CipherPolicy::Compatible);
        [builder.clone(), builder.danger_platform_default_suites(), compatible]
            .map(|builder| builder.build().expect("they fit together"))
    }

    /// Keys in every state that a user's file may be in.
    fn credentials(&self, shown: &Shown) {
        let Planted { client, stranger, elliptic, .. } = &self.servers.planted;
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
    }

    /// The SIM asks for its PIN, and the virtual one refuses it.
    async fn modem(&self, shown: &Shown, recorder: Recorder) -> Modem {
        let wrong = Modem::builder().pin(PIN).apn("iot.test");
        shown.debug(&wrong);
        let modem = shown.outcome(wrong.open(asking_for_a_pin(self.module.attach_duplex())).await);
        if let Some(modem) = modem {
            shown.outcome(modem.bring_up().await);
            shown.outcome(modem.bring_up().await);
            shown.debug(&modem);
        }
        let mut settings = Settings::default();
        settings.pause = Duration::ZERO;
        let builder = Modem::builder().pin(PIN).apn("iot.test").settings(settings).recorder(recorder);
        let modem = shown.outcome(builder.open(self.module.attach_duplex()).await).expect("it opens");
        shown.outcome(modem.bring_up().await);
        shown.debug(&EnterPin(PIN.to_owned()));
        shown.outcome(modem.run(EnterPin(PIN.to_owned())).await);
        shown.outcome(modem.run(EnterPin(format!("{PIN}\r"))).await);
        modem
    }

    /// Stored in every way, found again, listed, read and removed. Gives the first options that are not refused.
    async fn provisioning(&self, shown: &Shown, modem: &Modem) -> Option<TlsOptions> {
        let lease = shown.outcome(modem.acquire_tls(Service::Socket).await)?;
        shown.debug(&lease);
        let mut accepted = None;
        for tls in self.tls(modem) {
            shown.debug(&tls);
            for _ in 0..2 {
                let prepared = shown.outcome(tls::prepare(modem, &lease, &tls).await).is_some();
                accepted = accepted.or_else(|| prepared.then(|| tls.clone()));
            }
        }
        for format in [CredentialFormat::Der, CredentialFormat::Pem] {
            let mut how = ProvisionOptions::default();
            how.format = format;
            let identity = self.identity();
            for _ in 0..2 {
                let stored = tls::provision_with(modem, &lease, &[], Some(&identity), how).await;
                shown.outcome(stored).iter().for_each(|stored| shown.debug(stored));
            }
            shown.outcome(tls::inventory(modem, &lease).await).iter().for_each(|held| shown.debug(held));
            shown.outcome(modem.run(EnableSockets { socket: 1, on: true }).await);
            for binary in [false, true] {
                let read = ReadCredential { place: KEY, binary };
                shown.debug(&read);
                // What comes back is the user's own business; the conversation is not.
                shown.outcome(modem.run(read).await);
            }
            shown.outcome(modem.run(EnableSockets { socket: 1, on: false }).await);
            shown.outcome(tls::remove(modem, &lease, &[KEY]).await);
        }
        lease.release();
        accepted
    }
}

async fn socket(shown: &Shown, modem: &Modem, tls: &TlsOptions) {
    for port in [443, 1] {
        let connector = TlsConnector::new(modem, tls.clone()).connect_timeout(Duration::from_secs(10));
        shown.debug(&connector);
        if let Some(socket) = shown.outcome(connector.connect(REST, port).await) {
            shown.debug(&socket);
            shown.outcome(socket.close().await);
        }
    }
}

async fn mqtt(shown: &Shown, modem: &Modem, tls: &TlsOptions) {
    let options = |user: &str, password: &str| {
        let security = MqttSecurity::Tls(tls.clone());
        MqttOptions::new(BROKER, "thing-1", security)
            .credentials(user, password)
            .connect_timeout(Duration::from_secs(10))
    };
    shown.debug(&MqttSecurity::Tls(tls.clone()));
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

async fn https(shown: &Shown, modem: &Modem, tls: &TlsOptions) {
    let options = HttpsOptions::new().timeout(Duration::from_secs(5));
    shown.debug(&options);
    let client = HttpsClient::new(modem, tls.clone()).with_options(options);
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
                shown.debug(&response.extensions().get::<FinalUrl>());
                shown.push(&format!("{:?} {:?}", response.status(), response.body()));
                shown.outcome(response.into_body().bytes(10).await);
            }
        }
    }
    let with_password: Url = format!("https://{BASIC}@{REST}/?token={QUERY}").parse().expect("it is a URL");
    shown.debug(&client.get(with_password.clone()).bearer_auth(BEARER));
    shown.debug(&client.download_to_file(with_password.clone(), "fw.bin").bearer_auth(BEARER));
    shown.debug(&FinalUrl(with_password.clone()));
    shown.outcome(client.get(with_password).await);
}

async fn ftps(shown: &Shown, modem: &Modem, tls: &TlsOptions) {
    let invalid = [format!("{FTP}\n"), format!("{FTP}\""), FTP.repeat(30)];
    for (user, password) in [
        (USER, FTP),
        ("nobody", FTP),
        (USER, invalid[0].as_str()),
        (USER, invalid[1].as_str()),
        (USER, invalid[2].as_str()),
    ] {
        let options = FtpsOptions::new(FILES, user, password, tls.clone()).timeout(Duration::from_secs(10));
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
    shown.outcome(FtpsOptions::from_url(&url, FTP, tls.clone()));
    shown.outcome(telit_ftps::remote_path(&url));
    shown.debug(&FtpsOptions::danger_plain(FILES, USER, FTP));
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
