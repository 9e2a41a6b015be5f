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
        let step = in_step(bench, &modem).await?;
        let client = files.connect_again(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
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
        let step = in_step(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
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
        let step = in_step(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn uploading() {
    at_every_await("upload", async |files: &Files<Upload>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let content = file();
        let completed = interrupted(bench, moments, client.upload("/upload.bin", &content[..]).into_future())
            .await
            .is_some();
        let step = in_step(bench, &modem).await?;
        let kept = files.server.get("/upload.bin").unwrap_or_default();
        same_reading("a part of the file", &content[..kept.len()], &kept[..], None)?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

/// A short operation of a session.
fn asking(name: &str, operation: impl AsyncFn(&mut FtpsClient) -> Result<(), Broken>) {
    at_every_await(name, async |files: &Files<DownloadOnline>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let done = interrupted(bench, moments, operation(&mut client)).await.transpose()?;
        let step = in_step(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn asking_the_server() {
    asking("size", async |client| {
        let size = client.size(FILE).await.map_err(failed("size"))?;
        same_reading("the size", &(file().len() as u64), &size, None).map(drop)
    });
    asking("list", async |client| client.list("/").await.map(drop).map_err(failed("list")));
    asking("pwd", async |client| client.pwd().await.map(drop).map_err(failed("pwd")));
    asking("cwd", async |client| client.cwd("/").await.map_err(failed("cwd")));
    asking("last_message", async |client| client.last_message().await.map(drop).map_err(failed("message")));
}

#[test]
fn changing_the_server() {
    asking("append", async |client| {
        client.append("/appended.bin", &b"a few words"[..]).await.map(drop).map_err(failed("append"))
    });
    asking("FtpsClient::remove", async |client| {
        client.upload("/removed.bin", &b"a few words"[..]).await.map_err(failed("upload"))?;
        client.remove("/removed.bin").await.map_err(failed("remove"))
    });
    asking("rename", async |client| {
        client.append("/old.bin", &b"a few words"[..]).await.map_err(failed("append"))?;
        client.rename("/old.bin", "/new.bin").await.map_err(failed("rename"))
    });
    asking("directories", async |client| {
        client.make_directory("/logs").await.map_err(failed("make_directory"))?;
        client.remove_directory("/logs").await.map_err(failed("remove_directory"))
    });
}

/// The next attempt goes on with what the dropped one has left.
#[test]
fn downloading_to_a_file() {
    at_every_await("download_to_file", async |files: &Files<DownloadOnline>, bench, moments| {
        let (modem, mut client) = connected(bench).await?;
        let folder = tempfile::tempdir().map_err(failed("a folder"))?;
        let target = folder.path().join("firmware.bin");
        let first = client.download_to_file(FILE, &target).into_future();
        let completed = interrupted(bench, moments, first).await.is_some();
        let step = in_step(bench, &modem).await?;
        if !completed {
            client.download_to_file(FILE, &target).await.map_err(failed("the next attempt"))?;
        }
        let got = std::fs::read(&target).map_err(failed("the file"))?;
        same_reading("the file", &file()[..], &got[..], None)?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn closing() {
    at_every_await("FtpsClient::close", async |files: &Files<DownloadOnline>, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let completed = interrupted(bench, moments, client.close()).await.is_some();
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        let client = files.connect_again(bench, &modem).await?;
        goes_on(files, bench, &modem, client).await?;
        Ok(step.completed(completed))
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
