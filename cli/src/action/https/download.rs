//! `telit https get` to a file that is verified, and goes on where it was cut.

use std::path::Path;

use serde_json::json;
use telit_core::tls::TlsOptions;
use telit_https::download::{DownloadReport, Manifest, Retry};
use telit_https::{DownloadError, HttpsClient};

use super::advice;
use super::arguments::GetArguments;
use super::request::Prepared;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::transfer::Bar;
use crate::{manifest, port, transfer};

pub(super) async fn run(
    arguments: &Arguments,
    get: &GetArguments,
    target: &Path,
    request: Prepared,
    tls: TlsOptions,
    output: &Output,
) -> Result<(), Failure> {
    if get.request.include {
        return Err(Failure::usage("--include has no place beside a file that is verified")
            .hint("leave it out; the head of the answer is not kept"));
    }
    transfer::check_target(target)?;
    let manifest = get.manifest.read()?;
    let session = port::open_online(&arguments.global).await?;
    // Attempts are those of the download.
    let options = request.options.clone().retry(telit_https::Retry::never());
    let client = HttpsClient::new(&session.modem, tls).with_options(options);
    let outcome = download(&client, get, target, request, manifest.as_ref(), output).await;
    if let Err(error) = client.release_tls().await {
        tracing::warn!("the module's TLS was not given back: {error}");
    }
    show(&outcome.map_err(advice::not_downloaded)?, target, manifest.as_ref(), output)
}

async fn download(
    client: &HttpsClient,
    get: &GetArguments,
    target: &Path,
    request: Prepared,
    manifest: Option<&Manifest>,
    output: &Output,
) -> Result<DownloadReport, DownloadError> {
    let retry = match get.request.retries {
        Some(retries) => Retry::default().max_attempts(retries),
        None => Retry::default(),
    };
    let bar = Bar::for_download(output);
    let mut download = client
        .download_to_file(request.url, target)
        .headers(request.headers)
        .resume(get.resume)
        .retry(retry)
        .on_retry(|retrying| tracing::warn!("attempt {} follows: {}", retrying.attempt, retrying.because))
        .progress(|progress| bar.show(&progress));
    if let Some(hash) = get.sha256 {
        download = download.sha256(hash);
    }
    if let Some(manifest) = manifest {
        download = download.manifest(manifest);
    }
    download.await
}

fn show(
    report: &DownloadReport,
    target: &Path,
    manifest: Option<&Manifest>,
    output: &Output,
) -> Result<(), Failure> {
    let sha256 = report.sha256.to_string();
    let object = json!({
        // Nothing else brings a file, and of all that it took no more is known.
        "status": 200,
        "content_type": null,
        "bytes": report.bytes,
        "sha256": sha256,
        "resumed_from": report.resumed_from,
        "attempts": report.attempts,
        "version": manifest::version(manifest),
    });
    output.result(&object, || format!("{} bytes in {}\nSHA-256 {sha256}", report.bytes, target.display()))
}
