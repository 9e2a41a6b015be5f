//! `telit aws jobs`: what AWS has for this thing to do.

use clap::Args;
use serde_json::{Value, json};
use telit_mqtt::aws::check_job_id;
use telit_mqtt::aws::jobs::{JobExecution, JobStatus, JobSummary, Jobs, JobsError};

use super::device::DeviceArguments;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// Options of `aws jobs`.
#[derive(Args, Debug)]
pub(crate) struct JobsArguments {
    #[command(flatten)]
    device: DeviceArguments,
    /// Show this job with its job document
    #[arg(value_name = "JOB")]
    job: Option<String>,
}

pub(super) async fn run(
    arguments: &Arguments,
    command: &JobsArguments,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(job) = &command.job {
        check_job_id(job).map_err(|error| {
            Failure::from(error).hint("give the identifier of the job: letters, digits, _ and -")
        })?;
    }
    let aws = command.device.aws(arguments)?;
    let device = command.device.connect(arguments, &aws).await?;
    let outcome = show(&mut Jobs::new(&device.client, aws.thing())?, command.job.as_deref(), output).await;
    device.disconnect().await;
    outcome
}

async fn show(jobs: &mut Jobs<Value>, job: Option<&str>, output: &Output) -> Result<(), Failure> {
    let Some(job) = job else {
        let pending = jobs.pending().await?;
        if pending.in_progress.is_empty() && pending.queued.is_empty() {
            return output.text("no jobs are pending");
        }
        let begun = pending.in_progress.iter().map(|job| (job, JobStatus::InProgress));
        let waiting = pending.queued.iter().map(|job| (job, JobStatus::Queued));
        return begun.chain(waiting).try_for_each(|(job, status)| line(job, status, output));
    };
    let job = jobs.describe(job).await.map_err(unknown)?;
    output.result(&object(&job), || format!("{} is {}\n{}", job.job_id, job.status, pretty(&job)))
}

fn unknown(error: JobsError) -> Failure {
    let missing = matches!(error, JobsError::NotFound { .. });
    let failure = Failure::from(error);
    if missing {
        return failure
            .hint("without JOB all that are not done are listed; one that is over for long is forgotten");
    }
    failure
}

fn line(job: &JobSummary, status: JobStatus, output: &Output) -> Result<(), Failure> {
    let object = json!({
        "job": job.job_id, "status": status, "version": job.version, "queued_at": job.queued_at,
    });
    output.result(&object, || format!("{} is {status}", job.job_id))
}

fn object(job: &JobExecution<Value>) -> Value {
    json!({
        "job": job.job_id, "status": job.status, "version": job.version, "queued_at": job.queued_at,
        "details": job.details, "document": job.document,
    })
}

fn pretty(job: &JobExecution<Value>) -> String {
    let document = job.document.as_ref().unwrap_or(&Value::Null);
    format!("{document:#}")
}
