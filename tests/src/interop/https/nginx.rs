//! nginx: files, pages of errors, and a proxy before axum for what it cannot make itself.

use std::fmt::Write;
use std::net::SocketAddr;
use std::process::Command;

use super::contents;
use super::server::{HOST, Server};
use super::shapes::{LONG_VALUE, MANY, ODD_TYPE, Shapes};
use crate::interop::credentials::Credentials;
use crate::interop::program::required;
use crate::interop::server::Server as Process;

pub(super) struct Nginx {
    credentials: Credentials,
    process: Process<1>,
    _shapes: Shapes,
}

impl Server for Nginx {
    const NAME: &'static str = "nginx";

    const LEFT_OUT: &'static [(&'static str, &'static str)] = &[
        ("100", "nginx sends 100 only to who expects it"),
        ("103", "nginx sends no interim answers but 100 before version 1.29"),
        ("103-often", "nginx sends no interim answers but 100 before version 1.29"),
    ];

    async fn start() -> Option<Self> {
        let program = required("nginx", "nginx-light")?;
        required("curl", "curl")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credentials = Credentials::new(HOST);
        credentials.write_to(folder.path());
        let write = |name: &str, content: &[u8]| {
            std::fs::write(folder.path().join(name), content).expect("the folder is writable");
        };
        for name in ["files", "temporary"] {
            std::fs::create_dir(folder.path().join(name)).expect("the folder is writable");
        }
        contents::all().iter().for_each(|(name, content)| write(&format!("files/{name}"), content));
        let shapes = Shapes::start().await;
        let process = Process::start(folder, |folder, [port]| {
            let configuration = configuration(port, shapes.address());
            std::fs::write(folder.join("nginx.conf"), configuration).expect("the folder is writable");
            let mut command = Command::new(&program);
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
            command.arg("-e").arg(folder.join("error.log"));
            command
        });
        Some(Self { credentials, process: process.await, _shapes: shapes })
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn port(&self) -> u16 {
        self.process.ports()[0]
    }
}

fn configuration(port: u16, shapes: SocketAddr) -> String {
    let mut locations = String::new();
    let mut add = |line: std::fmt::Arguments<'_>| writeln!(locations, "        {line}").expect("it is text");
    let unchanged = "sub_filter_types *; sub_filter 'not in there' ''";
    for shape in ["length", "last", "untyped", "odd-type", "long-header", "many-headers", "same-headers"] {
        let special = match shape {
            "last" => "keepalive_timeout 0;".to_owned(),
            "untyped" => "default_type '';".to_owned(),
            "odd-type" => format!("default_type '{}';", ODD_TYPE.replace('\'', "\\'")),
            "long-header" => format!("add_header X-Long {};", "x".repeat(LONG_VALUE)),
            "many-headers" => (0..MANY).map(|n| format!("add_header X-Header-{n} {n};")).collect(),
            "same-headers" => ["a=1", "b=2", "c=3"].map(|c| format!("add_header Set-Cookie {c};")).concat(),
            _ => String::new(),
        };
        add(format_args!("location /{shape}/ {{ alias files/; {special} }}"));
    }
    // What might be replaced has no length beforehand.
    add(format_args!("location /chunked/ {{ alias files/; {unchanged}; }}"));
    add(format_args!(
        "location /until-close/ {{ alias files/; {unchanged}; chunked_transfer_encoding off; }}"
    ));
    for status in [400, 401, 404, 418, 500, 503] {
        add(format_args!(
            "location ~ ^/{status}/(.*)$ {{ error_page {status} /length/$1; return {status}; }}"
        ));
    }
    for status in [204, 304] {
        add(format_args!("location = /{status} {{ return {status}; }}"));
    }
    add(format_args!("location = /301 {{ return 301 /length/1; }}"));
    add(format_args!("location / {{ proxy_pass http://{shapes}; }}"));
    format!(
        r#"
daemon off;
master_process off;
pid nginx.pid;
error_log error.log info;
events {{ worker_connections 64; }}
http {{
    access_log access.log;
    client_body_temp_path temporary;
    proxy_temp_path temporary;
    fastcgi_temp_path temporary;
    uwsgi_temp_path temporary;
    scgi_temp_path temporary;
    types {{ }}
    default_type text/plain;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    server {{
        listen 127.0.0.1:{port} ssl;
{locations}    }}
}}
"#
    )
}
