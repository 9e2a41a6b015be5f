//! nginx with all listeners of the scenarios, and the two clients that are compared.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command as ServerCommand;

use http::Response;
use http::header::CONTENT_TYPE;
use telit_core::tls::TlsOptions;
use telit_https::{Body, Engine, HttpsClient, HttpsOptions, RequestError};
use tokio::process::Command;

use crate::interop::client;
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::program::required;
use crate::interop::server::Server;

pub(super) const HOST: &str = "web.test";
/// Larger than every body here.
const LARGEST_BODY: usize = 1_000_000;

/// The ports that the virtual network calls the listeners by.
pub(super) const CLIENT_CERTIFICATE: u16 = 443;
/// Rejects every handshake that does not name [`HOST`].
pub(super) const SERVER_NAME: u16 = 1443;
/// TLS 1.2 with `ECDHE-RSA-AES256-GCM-SHA384` alone.
pub(super) const ECDHE: u16 = 2443;
/// TLS 1.2 with `DHE-RSA-AES128-GCM-SHA256` alone.
pub(super) const DHE: u16 = 3443;
/// TLS 1.3 alone.
pub(super) const TLS_1_3: u16 = 4443;
const LISTENERS: [u16; 5] = [CLIENT_CERTIFICATE, SERVER_NAME, ECDHE, DHE, TLS_1_3];

/// ffdhe2048 of RFC 7919.
pub(in crate::interop) const DH_PARAMETERS: &str = "-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
";

pub(super) struct Nginx {
    /// The listeners, and a plain one that answers uploads.
    server: Server<6>,
    pub(super) credentials: Credentials,
}

impl Nginx {
    pub(super) async fn start() -> Option<Self> {
        let program = required("nginx", "nginx-light")?;
        required("curl", "curl")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        for name in ["www/put", "temporary", "posted"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("the folder is writable");
        }
        std::fs::write(folder.path().join("dh.pem"), DH_PARAMETERS).expect("the folder is writable");
        let server = Server::start(folder, |folder, ports| {
            std::fs::write(folder.join("nginx.conf"), configuration(ports)).expect("the folder is writable");
            let mut command = ServerCommand::new(&program);
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
            command.arg("-e").arg(folder.join("error.log"));
            command
        });
        Some(Self { server: server.await, credentials })
    }

    /// A module that finds every listener under [`HOST`] and its port.
    pub(super) async fn device(&self) -> Device {
        let real = self.server.ports();
        let servers: Vec<_> = LISTENERS.iter().zip(real).map(|(port, real)| (HOST, *port, real)).collect();
        Device::online(&servers).await
    }

    pub(super) fn client(&self, device: &Device, tls: TlsOptions) -> HttpsClient {
        HttpsClient::new(&device.modem, tls).with_options(HttpsOptions::new().engine(Engine::Module))
    }

    /// A file below the document root.
    pub(super) fn document(&self, name: &str) -> PathBuf {
        self.server.file("www").join(name)
    }

    pub(super) fn add_document(&self, name: &str, content: &[u8]) {
        std::fs::write(self.document(name), content).expect("the folder is writable");
    }

    /// The bodies that were posted since the last call.
    pub(super) fn take_posted(&self) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for entry in std::fs::read_dir(self.server.file("posted")).expect("it is a folder") {
            let path = entry.expect("it is readable").path();
            bodies.push(std::fs::read(&path).expect("it is readable"));
            std::fs::remove_file(&path).expect("it is removable");
        }
        bodies
    }

    /// The line of the access log that contains `text`.
    pub(super) async fn logged(&self, text: &str) -> String {
        self.server.logged("access.log", text).await
    }

    /// What curl gets with these options; with `--cert` and `--key` of a client that is let in if `known`.
    pub(super) async fn curl(&self, url: &str, options: &[&str], known: bool) -> Seen {
        let body = self.server.file("curl-body");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--write-out", "%{http_code} %{content_type}"]);
        command.arg("--output").arg(&body).arg("--cacert").arg(self.server.file("ca.pem"));
        if known {
            command.arg("--cert").arg(self.server.file("observer.pem"));
            command.arg("--key").arg(self.server.file("observer.key"));
        }
        for (port, real) in LISTENERS.iter().zip(self.server.ports()) {
            command.args(["--connect-to", &format!("{HOST}:{port}:127.0.0.1:{real}")]);
        }
        let printed = client::succeed(command.args(options).arg(url), b"").await;
        Seen::by_curl(&String::from_utf8_lossy(&printed), &body)
    }

    /// Whether curl finishes a handshake with a listener when it names no server.
    pub(super) async fn is_open_without_server_name(&self, listener: u16) -> bool {
        let real = LISTENERS.iter().zip(self.server.ports()).find(|(port, _)| **port == listener);
        let (_, real) = real.expect("it is one of the listeners");
        let url = format!("https://127.0.0.1:{real}/");
        let mut command = Command::new("curl");
        let output = client::run(command.args(["--silent", "--insecure", "--head", &url]), b"").await;
        output.status.success()
    }
}

/// What a client saw.
#[derive(PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    fn by_curl(printed: &str, body: &Path) -> Self {
        let (status, content_type) = printed.split_once(' ').expect("it prints as it was told");
        // Without a body there is no file.
        let content = std::fs::read(body).unwrap_or_default();
        std::fs::remove_file(body).unwrap_or_default();
        Self {
            status: status.parse().expect("it is a number"),
            content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
            body: content,
        }
    }

    /// The module tells the content type with the status codes 200 to 206 only. Source: M37 p862.
    pub(super) fn without_untold_type(self) -> Self {
        let content_type = self.content_type.filter(|_| (200..=206).contains(&self.status));
        Self { content_type, ..self }
    }

    pub(super) async fn by_sdk(answer: Result<Response<Body>, RequestError>) -> Self {
        let response = answer.expect("it is answered");
        let content_type = response.headers().get(CONTENT_TYPE);
        Self {
            status: response.status().as_u16(),
            content_type: content_type.map(|value| value.to_str().expect("it is text").to_owned()),
            body: response.into_body().bytes(LARGEST_BODY).await.expect("the body arrives").into(),
        }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, content_type, body } = self;
        let beginning = &body[..body.len().min(200)];
        write!(f, "{status} {content_type:?} {} bytes: {}", body.len(), beginning.escape_ascii())
    }
}

fn configuration(ports: [u16; 6]) -> String {
    let [certificate, name, ecdhe, dhe, tls_1_3, plain] = ports;
    format!(
        r#"
daemon off;
master_process off;
pid nginx.pid;
error_log error.log info;
events {{ worker_connections 64; }}
http {{
    log_format told '$ssl_protocol $ssl_cipher sni=$ssl_server_name certificate=$ssl_client_verify host=$http_host '
                    '$request_method $uri $status';
    access_log access.log told;
    client_body_temp_path temporary;
    proxy_temp_path temporary;
    fastcgi_temp_path temporary;
    uwsgi_temp_path temporary;
    scgi_temp_path temporary;
    default_type application/octet-stream;
    types {{ text/plain txt; application/json json; text/html html; }}
    client_max_body_size 1m;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_client_certificate ca.pem;
    server {{
        listen 127.0.0.1:{certificate} ssl;
        ssl_verify_client on;
        root www;
        location = /moved {{ return 302 https://{HOST}/1.bin; }}
        location = /told {{ return 200 "$request_method|$content_type|$content_length|$http_x_test|$args"; }}
        location = /chunked {{ alias www/1501.bin; sub_filter_types *; sub_filter 'not in there' ''; }}
        location /put/ {{ dav_methods PUT DELETE; }}
        location = /post {{
            client_body_in_file_only on;
            client_body_temp_path posted;
            proxy_pass http://127.0.0.1:{plain}/created;
        }}
    }}
    server {{ listen 127.0.0.1:{name} ssl default_server; ssl_reject_handshake on; }}
    server {{ listen 127.0.0.1:{name} ssl; server_name {HOST}; root www; }}
    server {{
        listen 127.0.0.1:{ecdhe} ssl;
        root www;
        ssl_protocols TLSv1.2;
        ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;
    }}
    server {{
        listen 127.0.0.1:{dhe} ssl;
        root www;
        ssl_protocols TLSv1.2;
        ssl_ciphers DHE-RSA-AES128-GCM-SHA256;
        ssl_dhparam dh.pem;
    }}
    server {{
        listen 127.0.0.1:{tls_1_3} ssl;
        root www;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    }}
    server {{
        listen 127.0.0.1:{plain};
        location = /created {{ default_type application/json; return 201 '{{"created":true}}'; }}
    }}
}}
"#
    )
}
