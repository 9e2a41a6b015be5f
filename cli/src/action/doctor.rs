//! `telit doctor`: why the module does not connect to a server by TLS, and what to do about it.

use clap::Args;
use serde_json::{Value, json};
use telit_core::Category;
use telit_core::diagnosis::{Cause, Diagnosis, Finding, Verdict};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::port;
use crate::server::Server;

/// Options of `doctor`.
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    #[arg(value_name = "HOST:PORT", help = "The server, by name or address")]
    server: Server,
}

pub(crate) async fn run(
    arguments: &Arguments,
    command: &DoctorArguments,
    output: &Output,
) -> Result<(), Failure> {
    let tls = arguments.tls.options()?;
    let session = match port::open(&arguments.global).await {
        Ok(session) => session,
        Err(failure) => return no_module(failure, output),
    };
    let Server { host, port } = &command.server;
    let json = output.is_json();
    let examination = session.modem.diagnose(host, *port, tls).on_finding(move |finding| show(finding, json));
    let diagnosis = Box::pin(examination.run()).await?;
    conclude(&diagnosis, output)?;
    match diagnosis.category {
        None => Ok(()),
        Some(category) => {
            Err(Failure::new(category, format!("no connection to {host}:{port} ({})", diagnosis.cause))
                .hint_if(diagnosis.hint.as_deref()))
        }
    }
}

/// That nobody reads any more, or that it cannot be written, the last line tells.
fn show(finding: &Finding, json: bool) {
    let line = if json { object(finding).to_string() } else { text(finding) };
    drop(output::line(&line));
}

fn object(finding: &Finding) -> Value {
    let ok = match finding.verdict {
        Verdict::Ok | Verdict::Warning => Some(true),
        Verdict::Skipped => None,
        _ => Some(false),
    };
    json!({
        "step": finding.step.as_str(),
        "ok": ok,
        "verdict": finding.verdict.as_str(),
        "text": finding.text,
        "hint": finding.hint,
    })
}

fn text(finding: &Finding) -> String {
    let line = output::printable(&finding.to_string());
    match &finding.hint {
        Some(hint) => format!("{line}\n         hint: {}", output::printable(hint)),
        None => line,
    }
}

fn conclude(diagnosis: &Diagnosis, output: &Output) -> Result<(), Failure> {
    conclusion(diagnosis.cause, &diagnosis.text, diagnosis.hint.as_deref(), output)
}

fn conclusion(cause: Cause, said: &str, hint: Option<&str>, output: &Output) -> Result<(), Failure> {
    let object = json!({
        "step": "diagnosis",
        "ok": cause == Cause::None,
        "cause": cause.as_str(),
        "text": said,
        "hint": hint,
    });
    output.result(&object, || {
        let hint = hint.map(|hint| format!("\nhint: {}", output::printable(hint))).unwrap_or_default();
        format!("\ndiagnosis: {cause}: {}{hint}", output::printable(said))
    })
}

/// What can be said without a module.
fn no_module(failure: Failure, output: &Output) -> Result<(), Failure> {
    let cause = match failure.category() {
        Category::Usage => return Err(failure),
        Category::Link => Cause::NoModule,
        _ => Cause::Unknown,
    };
    let said = failure.to_string();
    let object = json!({
        "step": "module", "ok": false, "verdict": "failed", "text": said, "hint": failure.hint_text(),
    });
    output.result(&object, || format!("failed   module        {}", output::printable(&said)))?;
    conclusion(cause, &said, failure.hint_text(), output)?;
    Err(failure)
}
