//! The futures of an FTPS client.

use telit_core::Modem;
use telit_ftps::{FtpsClient, TransferMode};

use super::super::bench::Bench;
use super::super::ftps::{
    DownloadInCommandMode, DownloadOnline, FILE, Files, Transfer, Upload, connect, file,
};
use super::super::outcome::{Broken, same_reading};
use super::super::set_up::on_line;
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn connecting() {
    at_every_await("FtpsClient::connect", async |files: &Files<DownloadOnline>, bench, moments| {
        let modem = on_line(bench).await?;
        let completed = interrupted(bench, moments, connect(&modem)).await.is_some();
        in_step(bench, &modem).await?;
        let client = files.connect_again(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(completed)
    });
}

#[test]
fn beginning_a_download() {
    beginning::<DownloadInCommandMode>("download in command mode", TransferMode::Command);
    beginning::<DownloadOnline>("download online", TransferMode::Online);
}

fn beginning<T: Transfer>(name: &str, mode: TransferMode) {
    at_every_await(name, async |files: &Files<T>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let completed =
            interrupted(bench, moments, client.download(FILE).mode(mode).into_future()).await.is_some();
        in_step(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(completed)
    });
}

#[test]
fn downloading() {
    reading::<DownloadInCommandMode>("Download::next in command mode", TransferMode::Command);
    reading::<DownloadOnline>("Download::next online", TransferMode::Online);
}

/// A download goes on where the dropped future was.
fn reading<T: Transfer>(name: &str, mode: TransferMode) {
    at_every_await(name, async |files: &Files<T>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let mut download = client.download(FILE).mode(mode).await.map_err(failed("the download"))?;
        let first = interrupted(bench, moments, download.next()).await;
        let completed = first.is_some();
        let mut all = Vec::new();
        let mut next = match first {
            Some(next) => next,
            None => download.next().await,
        };
        while let Some(bytes) = next {
            all.extend_from_slice(&bytes.map_err(failed("the next bytes"))?);
            next = download.next().await;
        }
        same_reading("the file", &file()[..], &all, None)?;
        drop(download);
        goes_on(files, bench, &modem, client).await?;
        Ok(completed)
    });
}

#[test]
fn uploading() {
    at_every_await("upload", async |files: &Files<Upload>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let content = file();
        let completed =
            interrupted(bench, moments, client.upload("/upload.bin", &content[..])).await.is_some();
        in_step(bench, &modem).await?;
        let kept = files.server.get("/upload.bin").unwrap_or_default();
        same_reading("a part of the file", &content[..kept.len()], &kept[..], None)?;
        goes_on(files, bench, &modem, client).await?;
        Ok(completed)
    });
}

#[test]
fn closing() {
    at_every_await("FtpsClient::close", async |files: &Files<DownloadOnline>, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let completed = interrupted(bench, moments, client.close()).await.is_some();
        in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        let client = files.connect_again(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(completed)
    });
}

async fn connected(bench: &Bench) -> Result<(Modem, FtpsClient), Broken> {
    let modem = on_line(bench).await?;
    let client = connect(&modem).await.map_err(failed("connect"))?;
    Ok((modem, client))
}

/// The same session transfers a file and ends in order.
async fn goes_on<T: Transfer>(
    files: &Files<T>,
    bench: &Bench,
    modem: &Modem,
    mut client: FtpsClient,
) -> Result<(), Broken> {
    files.works(bench, &mut client).await?;
    client.close().await.map_err(failed("close"))?;
    tls_comes_back(bench, modem).await
}
