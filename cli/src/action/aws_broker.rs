//! AWS IoT Core beside the virtual module: an account with a device and a claim certificate.

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
}

impl AwsBroker {
    /// Starts it, writes what its clients need into a folder and prints where it is.
    pub(crate) async fn start(folder: &Path, output: &Output) -> Result<Self, Failure> {
        let other = |error| Failure::new(Category::Other, error);
        let authority = Authority::new().map_err(other)?;
        let request = CertificateRequest::server(HOST).dns_name("localhost");
        let server = authority.issue(&request.address([127, 0, 0, 1])).map_err(other)?;
        let aws = AwsIot::start(&AwsIotOptions::new(&server, &authority)).await.map_err(other)?;
        let device = aws.create_device(THING, Policy::everything()).map_err(other)?;
        let claim = aws.create_device("claim", Policy::claim(TEMPLATE)).map_err(other)?;
        let template = ProvisioningTemplate::new(TEMPLATE, "device-${SerialNumber}", Policy::everything());
        aws.set_provisioning_template(template.parameter("SerialNumber"));

        std::fs::create_dir_all(folder)?;
        write(&folder.join("ca.pem"), &authority.certificate_pem())?;
        write_identity(folder, "device", &device)?;
        write_identity(folder, "claim", &claim)?;
        let broker = Self { aws };
        broker.print(folder, output)?;
        Ok(broker)
    }

    fn print(&self, folder: &Path, output: &Output) -> Result<(), Failure> {
        let (address, folder) = (self.aws.addr(), folder.display().to_string());
        let facts = serde_json::json!({ "aws": format!("{HOST}:{PORT}"), "address": address, "folder": folder, "thing": THING });
        output.result(&facts, || format!("aws {HOST}:{PORT} is at {address}, certificates in {folder}"))
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
        ErrorKind::AlreadyExists => Failure::usage(format!("{} exists already", path.display()))
            .hint("name a folder that is new or empty; nothing is overwritten"),
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
