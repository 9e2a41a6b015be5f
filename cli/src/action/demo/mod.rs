//! `telit demo`: what users do, once, on this machine alone: fresh certificates, real servers on
//! loopback, a virtual module, and the public SDK between them.

#[cfg(feature = "simulator")]
mod ftps;
#[cfg(feature = "simulator")]
mod https;
#[cfg(feature = "simulator")]
mod module;
#[cfg(feature = "simulator")]
mod mqtt;
#[cfg(feature = "simulator")]
mod report;
#[cfg(feature = "simulator")]
mod shadow;

use clap::Args;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// Options of `demo`: none of its own.
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {}

#[cfg(feature = "simulator")]
pub(crate) async fn run(arguments: &Arguments, _: &DemoArguments, output: &Output) -> Result<(), Failure> {
    use report::Report;

    let report = Report::start(output);
    let servers = report.step("servers", start_servers()).await?;
    let cloud = shadow::start(&servers).await?;
    let opened = report.step("module", module::open(&servers, &cloud, &arguments.global)).await?;
    let modem = &opened.modem;
    report.step("provision", module::provision(modem, &servers)).await?;
    let mut session = report.step("mqtt", mqtt::talk(modem, &servers)).await?;
    report.remark("MQTT pauses and gives TLS to the others")?;
    report.step("mqtt-pause", session.pause()).await?;
    report.step("https", https::ask(modem, &servers)).await?;
    report.step("ftps", ftps::download(modem, &servers)).await?;
    report.remark("MQTT takes TLS back")?;
    report.step("mqtt-resume", session.resume()).await?;
    report.step("mqtt-close", session.close()).await?;
    report.step("shadow", shadow::follow(modem, &servers, &cloud)).await?;
    report.end()
}

#[cfg(feature = "simulator")]
async fn start_servers() -> Result<report::Done<telit_simulator::servers::TestServers>, Failure> {
    use telit_core::Category;
    use telit_simulator::servers::TestServers;

    let servers = TestServers::start().await.map_err(|error| Failure::new(Category::Other, error))?;
    let text = format!(
        "fresh certificates; {} (mutual TLS), {} and {} on loopback",
        TestServers::BROKER_NAME,
        TestServers::REST_NAME,
        TestServers::FILES_NAME
    );
    Ok(report::Done::new(servers, text))
}

/// Bytes that would break a client that looks for the end of an answer, ends an entry, escapes or edits.
#[cfg(feature = "simulator")]
const HOSTILE: &[u8] = b"{\"celsius\":21.5}\r\nOK\r\n\r\nNO CARRIER\r\nERROR\r\n> <<<+++\x08\x1a\x1b\0\xff\"";

/// Something is not what it must be.
#[cfg(feature = "simulator")]
fn differs(what: &str) -> Failure {
    Failure::new(telit_core::Category::Verification, format!("{what} is not as expected"))
}

#[cfg(not(feature = "simulator"))]
pub(crate) async fn run(_: &Arguments, _: &DemoArguments, _: &Output) -> Result<(), Failure> {
    Err(crate::port::no_simulator())
}
