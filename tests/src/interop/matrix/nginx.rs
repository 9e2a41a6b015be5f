//! nginx with every suite and version that its OpenSSL has.

use std::process::Command;

use telit_core::platform::{Availability, CipherSuite};
use telit_core::tls::TlsOptions;
use telit_https::HttpsClient;

use super::outcome::{Used, version};
use super::peer::{Failure, HOST, Peer, Visit, Way};
use super::socket::http_get;
use super::suite_names::{SUITES, SuiteNames, by_openssl_name};
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::nginx::DH_PARAMETERS;
use crate::interop::program::required;
use crate::interop::server::Server;

/// As the virtual network calls the listener with every suite. The others follow.
const PORT: u16 = 443;
/// As a number: an expression over the table is a cycle to the compiler where it optimises.
const LISTENERS: usize = 42;
const _: () = assert!(LISTENERS == 1 + SUITES.len());
const ACCESS: &str = "access.log";
const ERRORS: &str = "error.log";

const EVERYTHING: &str = "ALL:COMPLEMENTOFALL:!aNULL";
const EVERYTHING_1_3: &str = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:\
                              TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";

pub(super) struct Nginx {
    /// A listener with every suite, and behind it one for each suite of OpenSSL.
    server: Server<LISTENERS>,
}

impl Peer for Nginx {
    const NAME: &'static str = "nginx";

    async fn start(credentials: &Credentials) -> Option<Self> {
        let program = required("nginx", "nginx-light")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        credentials.write_to(folder.path());
        std::fs::create_dir(folder.path().join("temporary")).expect("the folder is writable");
        std::fs::write(folder.path().join("dh.pem"), DH_PARAMETERS).expect("the folder is writable");
        let server = Server::start(folder, |folder, ports| {
            std::fs::write(folder.join("nginx.conf"), configuration(&ports)).expect("the folder is writable");
            let mut command = Command::new(&program);
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
            command.arg("-e").arg(folder.join(ERRORS));
            command
        });
        Some(Self { server: server.await })
    }

    fn ports(&self) -> Vec<(u16, u16)> {
        (PORT..).zip(self.server.ports()).collect()
    }

    fn way(&self, device: &Device) -> Way {
        // Where only a test form tells, it is not sure enough for a table.
        match &device.modem.profile().http {
            Some(http) if http.tls == Availability::Yes => Way::Service,
            _ => Way::Socket,
        }
    }

    async fn visit(&self, device: &Device, tls: TlsOptions, visit: &Visit) -> Result<Used, Failure> {
        let path = format!("/visit/{}/", visit.number);
        let port = port(visit);
        let told = async || told(&self.server.logged(ACCESS, &format!(" {path} ")).await);
        match self.way(device) {
            Way::Service => {
                let url = format!("https://{HOST}:{port}{path}");
                let answer = HttpsClient::new(&device.modem, tls).get(url).await;
                let answer = answer.map_err(|error| Failure::new(error.category(), &error))?;
                let body = answer.into_body().bytes(100).await.expect("the body arrives");
                assert_eq!(body, path.as_bytes(), "what was asked for");
                Ok(told().await)
            }
            Way::Socket => {
                let (dialled, answer) = http_get(&device.modem, tls, port, &path).await?;
                assert!(answer.ends_with(&format!("\r\n\r\n{path}")), "{answer}");
                let told = told().await;
                dialled.close(told).await;
                Ok(told)
            }
        }
    }

    fn mark(&self, _visit: &Visit) -> usize {
        self.server.mark(ERRORS)
    }

    async fn has_nothing_in_common(&self, _visit: &Visit, mark: usize) -> bool {
        self.server.says_since(ERRORS, mark, "no shared cipher").await
    }
}

/// The first words of a line in the access log: `TLSv1.2 AES128-SHA`.
fn told(line: &str) -> Used {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let version = version(word().strip_prefix("TLSv").unwrap_or_default());
    let suite = by_openssl_name(word()).map(CipherSuite::new);
    Used { version: version.expect(line), suite: suite.expect(line) }
}

fn port(visit: &Visit) -> u16 {
    let is_this = |names: &SuiteNames| names.number == visit.suite.number();
    match SUITES.iter().position(is_this) {
        Some(place) if visit.alone => PORT + 1 + u16::try_from(place).expect("they are few"),
        _ => PORT,
    }
}

fn configuration(ports: &[u16; LISTENERS]) -> String {
    let everything = listener(ports[0], EVERYTHING, EVERYTHING_1_3);
    let listeners = SUITES.iter().zip(&ports[1..]).map(|(suite, port)| match suite.openssl {
        Some(name) if suite.is_tls_1_3() => listener(*port, "aNULL", name),
        Some(name) => listener(*port, name, ""),
        None => listener(*port, EVERYTHING, EVERYTHING_1_3),
    });
    let listeners = listeners.fold(everything, |all, one| all + &one);
    format!(
        r#"
daemon off;
master_process off;
pid nginx.pid;
error_log {ERRORS} info;
events {{ worker_connections 256; }}
http {{
    log_format told '$ssl_protocol $ssl_cipher $uri $status';
    access_log {ACCESS} told;
    client_body_temp_path temporary;
    proxy_temp_path temporary;
    fastcgi_temp_path temporary;
    uwsgi_temp_path temporary;
    scgi_temp_path temporary;
    default_type text/plain;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_certificate server-ecdsa.pem;
    ssl_certificate_key server-ecdsa.key;
    ssl_dhparam dh.pem;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    {listeners}
}}
"#
    )
}

fn listener(port: u16, suites: &str, suites_1_3: &str) -> String {
    let suites_1_3 = match suites_1_3 {
        "" => "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;".to_owned(),
        suites => format!("ssl_conf_command Ciphersuites {suites};"),
    };
    format!(
        r#"
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_ciphers {suites}:@SECLEVEL=0;
        {suites_1_3}
        location /visit/ {{ return 200 "$uri"; }}
    }}"#
    )
}
