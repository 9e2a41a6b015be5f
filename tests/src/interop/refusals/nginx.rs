//! nginx with certificates that must not be taken, and with what is too old.

use std::path::Path;
use std::process::Command;

use telit_simulator::Platform;
use telit_simulator::servers::{Authority, CertificateRequest, Issued};

use super::{HOST, dial, is_refused, tls};
use crate::interop::credentials::Credentials;
use crate::interop::device::Device;
use crate::interop::nginx::DH_PARAMETERS;
use crate::interop::program::required;
use crate::interop::server::Server;

const LOG: &str = "error.log";
const FIRST_PORT: u16 = 8001;

/// A listener, and what it logs when it is refused: any of these.
struct Listener {
    name: &'static str,
    protocols: &'static str,
    refused_with: &'static [&'static str],
}

const LISTENERS: [Listener; 6] = [
    listener("stranger", &["alert unknown ca"]),
    listener("self-signed", &["alert unknown ca"]),
    listener("expired", &["alert certificate expired"]),
    listener("not-yet-valid", &["alert bad certificate"]),
    listener("another-host", &["alert bad certificate"]),
    Listener {
        name: "right",
        protocols: "TLSv1 TLSv1.1",
        refused_with: &["unsupported protocol", "wrong version number", "no shared cipher"],
    },
];
const ANOTHER_HOST: usize = 4;

const fn listener(name: &'static str, refused_with: &'static [&'static str]) -> Listener {
    Listener { name, protocols: "TLSv1.2 TLSv1.3", refused_with }
}

#[tokio::test]
async fn nginx_is_refused_for_its_certificate_and_its_version() {
    let Some(program) = required("nginx", "nginx-light") else { return };
    let credentials = Credentials::new(HOST);
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_certificates(&credentials, folder.path());
    let server = Server::start(folder, |folder, ports| {
        std::fs::write(folder.join("nginx.conf"), configuration(&ports)).expect("the folder is writable");
        let mut command = Command::new(&program);
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        command.arg("-e").arg(folder.join(LOG));
        command
    });
    let server = server.await;
    let ports: Vec<_> = (FIRST_PORT..).zip(server.ports()).map(|(port, real)| (HOST, port, real)).collect();
    for platform in Platform::ALL {
        let device = Device::online_in_haste(platform, &ports).await;
        for (place, listener) in LISTENERS.iter().enumerate() {
            let (_, port, _) = ports[place];
            let options = tls(&device, &credentials).build().expect("it fits");
            if place == ANOTHER_HOST && !device.modem.profile().tls.checks_host_name() {
                // The danger was named, and this is what it looks like.
                dial(&device, port, options)
                    .await
                    .expect("it cannot be told")
                    .close()
                    .await
                    .expect("it closes");
                continue;
            }
            let mark = server.mark(LOG);
            is_refused(&device, port, options).await;
            server.says_since(LOG, mark, "while SSL handshaking").await;
            let said = server.since(LOG, mark);
            let told = listener.refused_with.iter().any(|words| said.contains(words));
            assert!(told, "{platform}, {}: {said}", listener.name);
        }
    }
}

fn write_certificates(credentials: &Credentials, folder: &Path) {
    let stranger = Authority::new().expect("keys");
    let server = CertificateRequest::server(HOST);
    let by = |authority: &Authority, request| authority.issue(&request).expect("it is issued");
    let ours = credentials.authority();
    let issued: [(&str, &Issued); 6] = [
        ("stranger", &by(&stranger, server.clone())),
        ("self-signed", &server.self_signed().expect("it is made")),
        ("expired", &by(ours, server.clone().expired())),
        ("not-yet-valid", &by(ours, server.not_yet_valid())),
        ("another-host", &by(ours, CertificateRequest::server("other.test"))),
        ("right", credentials.server()),
    ];
    for (name, issued) in issued {
        let write = |kind, text| std::fs::write(folder.join(format!("{name}.{kind}")), text);
        write("pem", issued.certificate_pem()).expect("the folder is writable");
        write("key", issued.key_pem()).expect("the folder is writable");
    }
    std::fs::create_dir(folder.join("temporary")).expect("the folder is writable");
    std::fs::write(folder.join("dh.pem"), DH_PARAMETERS).expect("the folder is writable");
}

fn configuration(ports: &[u16; LISTENERS.len()]) -> String {
    let listeners = LISTENERS.iter().zip(ports).map(|(Listener { name, protocols, .. }, port)| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {name}.pem; ssl_certificate_key {name}.key; \
             ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0; }}"
        )
    });
    let listeners: Vec<_> = listeners.collect();
    format!(
        r#"
daemon off;
master_process off;
pid nginx.pid;
error_log {LOG} info;
events {{ worker_connections 64; }}
http {{
    access_log off;
    ssl_dhparam dh.pem;
    client_body_temp_path temporary;
    proxy_temp_path temporary;
    fastcgi_temp_path temporary;
    uwsgi_temp_path temporary;
    scgi_temp_path temporary;
    {}
}}
"#,
        listeners.join("\n    ")
    )
}
