//! AWS IoT Core beside the virtual module: an account with a device and a claim certificate.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use telit_core::Category;
use telit_simulator::servers::aws::{AwsIot, AwsIotOptions, Lifecycle, Policy, ProvisioningTemplate};
use telit_simulator::servers::{Authority, CertificateRequest, Issued};

use crate::failure::Failure;
use crate::output::Output;
use crate::resolve::Resolve;

const HOST: &str = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com";
const PORT: u16 = 8883;
const THING: &str = "device";
const TEMPLATE: &str = "fleet";

/// AWS IoT Core on loopback. It ends when dropped.
pub(crate) struct AwsBroker {
    aws: AwsIot,
    authority: Authority,
    device: Issued,
    claim: Issued,
}

impl AwsBroker {
    /// Starts it. Nothing is written yet.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let other = |error| Failure::new(Category::Other, error);
        let authority = Authority::new().map_err(other)?;
        let request = CertificateRequest::server(HOST).dns_name("localhost");
        let server = authority.issue(&request.address([127, 0, 0, 1])).map_err(other)?;
        let aws = AwsIot::start(&AwsIotOptions::new(&server, &authority)).await.map_err(other)?;
        let device = aws.create_device(THING, Policy::everything()).map_err(other)?;
        let claim = aws.create_device("claim", Policy::claim(TEMPLATE)).map_err(other)?;
        let template = ProvisioningTemplate::new(TEMPLATE, "device-${SerialNumber}", Policy::everything());
        aws.set_provisioning_template(template.parameter("SerialNumber"));
        Ok(Self { aws, authority, device, claim })
    }

    /// Writes what its clients need into a folder, and prints where it is.
    pub(crate) fn announce(&self, folder: &Path, output: &Output) -> Result<(), Failure> {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::usage(format!("{} cannot be made: {error}", folder.display()))
                .hint("name a folder that is new or empty, where you may write")
        })?;
        write(&folder.join("ca.pem"), &self.authority.certificate_pem())?;
        write_identity(folder, "device", &self.device)?;
        write_identity(folder, "claim", &self.claim)?;
        self.print(folder, output)
    }

    fn print(&self, folder: &Path, output: &Output) -> Result<(), Failure> {
        let address = self.aws.addr();
        let file = |name: &str| folder.join(name).display().to_string();
        let (ca, cert, key) = (file("ca.pem"), file("device.pem"), file("device.key"));
        let facts = serde_json::json!({
            "aws": format!("{HOST}:{PORT}"),
            "address": address,
            "folder": folder.display().to_string(),
            "thing": THING,
            "ca": ca,
            "cert": cert,
            "key": key,
        });
        output.result(&facts, || {
            let (ca, cert, key) = (for_a_shell(&ca), for_a_shell(&cert), for_a_shell(&key));
            format!(
                "aws {HOST}:{PORT} is at {address}, its thing is {THING}: --ca {ca} --cert {cert} --key {key}"
            )
        })
    }

    /// How the virtual network finds it.
    pub(crate) fn resolve(&self) -> Resolve {
        Resolve { host: HOST.to_owned(), port: PORT, address: self.aws.addr() }
    }

    /// Tells who comes and goes, and why, as long as it is polled.
    pub(crate) async fn tell(&self, output: &Output) {
        let mut told = 0;
        loop {
            let events = self.aws.wait_for_events(told + 1).await;
            for event in events.iter().skip(told) {
                output.remark(&in_words(event));
            }
            told = events.len();
        }
    }
}

/// To be copied into a command.
fn for_a_shell(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

fn write_identity(folder: &Path, name: &str, issued: &Issued) -> Result<(), Failure> {
    write(&folder.join(format!("{name}.pem")), issued.certificate_pem())?;
    write(&folder.join(format!("{name}.key")), issued.key_pem())
}

/// Nobody else's file is touched: the key of a real device cannot be had again.
fn write(path: &Path, content: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(content.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!("{} exists already", path.display())).hint(
            "name a folder that is new or empty, or remove what an earlier run left; nothing is overwritten",
        ),
        _ => error.into(),
    })
}

fn in_words(event: &Lifecycle) -> String {
    match event {
        Lifecycle::Connected { client_id, .. } => format!("AWS: {client_id} is connected"),
        Lifecycle::ConnectFailed { client_id, reason, detail } => {
            format!("AWS: {client_id} is not let in: {}, {detail}", reason.name())
        }
        Lifecycle::Disconnected { client_id, reason, detail } => {
            format!("AWS: {client_id} is disconnected: {}, {detail}", reason.name())
        }
        _ => "AWS: something happened to a connection".to_owned(),
    }
}
