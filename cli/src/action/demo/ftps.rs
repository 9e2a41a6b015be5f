//! A firmware image from a file server, over a connection that breaks.

use std::path::Path;

use telit_core::{Category, Modem};
use telit_ftps::{DownloadReport, FtpsClient, FtpsOptions, Retry, Sha256Digest};
use telit_simulator::servers::{TestServers, pattern};

use super::report::Done;
use super::{differs, module};
use crate::failure::Failure;
use crate::transfer::sha256;

const IMAGE: &str = "firmware/image.bin";
const IMAGE_SIZE: usize = 1024 * 1024;
/// Where the connection breaks the first time.
const CUT: u64 = 400_000;

/// Downloads the image: the first attempt is cut, the second one goes on behind it, and the hash of
/// what is on the disk must be right.
pub(super) async fn download(modem: &Modem, servers: &TestServers) -> Result<Done<()>, Failure> {
    let image = pattern(IMAGE_SIZE);
    let hash: Sha256Digest = sha256(&image).parse().map_err(Failure::usage)?;
    let other = |error| Failure::new(Category::Other, error);
    servers.ftps().put_file(IMAGE, &image).map_err(other)?;
    servers.ftps().cut_next_download_after(CUT);

    let folder = tempfile::tempdir()?;
    let target = folder.path().join("image.bin");
    let options = FtpsOptions::new(
        TestServers::FILES_NAME,
        TestServers::FTP_USER,
        TestServers::FTP_PASSWORD,
        module::tls_options(servers)?,
    );
    let mut client = FtpsClient::connect(modem, options).await?;
    let outcome = interrupted(&mut client, &target, hash).await;
    client.close().await?;
    let report = outcome?;

    if std::fs::read(&target)? != image {
        return Err(differs("the file on the disk"));
    }
    let DownloadReport { bytes, resumed_from, .. } = report;
    let text = format!(
        "{}: {bytes} bytes, cut and resumed at {resumed_from}, SHA-256 is right",
        TestServers::FILES_NAME
    );
    let done = Done::new((), text).fact("bytes", bytes).fact("resumed_from", resumed_from);
    Ok(done.fact("sha256", report.sha256.to_string()))
}

async fn interrupted(
    client: &mut FtpsClient,
    target: &Path,
    hash: Sha256Digest,
) -> Result<DownloadReport, Failure> {
    match client.download_to_file(IMAGE, target).sha256(hash).retry(Retry::never()).await {
        Err(error) if error.is_resumable() => {}
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(differs("the connection, which should have been cut,")),
    }
    if target.exists() {
        return Err(differs("the file, which should not have its name yet,"));
    }
    let report = client.download_to_file(IMAGE, target).resume(true).sha256(hash).await?;
    if report.resumed_from == 0 {
        return Err(differs("the place where the download went on"));
    }
    Ok(report)
}
