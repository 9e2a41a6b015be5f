//! A session with a file server: download in both modes, upload, and a firmware image that is verified.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use telit_core::tls::TlsError;
use telit_core::{CommandError, Modem};
use telit_ftps::{
    ConnectError, DownloadError, FtpsClient, FtpsOptions, Sha256Digest, TransferError, TransferMode,
};
use telit_simulator::peers::{FtpServer, Peers};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::credentials::tls;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, held_against, same_beginning, same_bytes, same_reading};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::strike::Strike;

const HOST: &str = "files.test";
const USER: &str = "thing";
const PASSWORD: &str = "secret";
pub(super) const FILE: &str = "/file.bin";
const UPLOADED: &str = "/upload.bin";

/// Whoever was dropped may still be giving TLS back.
const TLS_WAIT: Duration = Duration::from_secs(60);

/// As `FtpsClient::connect` says: the wait for TLS, 11 minutes to store credentials, and four.
const CONNECT: Bound = Bound::new("ftps connect", 60 + 15 * 60);
/// As `FtpsClient` says: two commands of 60 s and a minute each, and a session that is opened again.
const BEGIN: Bound = Bound::new("ftps begin download", 15 * 60);
/// As `FtpsClient` says: 60 s without a byte, a minute for each command that ends the transfer.
const NEXT: Bound = Bound::new("ftps next bytes", 10 * 60);
const UPLOAD: Bound = Bound::new("ftps upload", 20 * 60);
const CLOSE: Bound = Bound::new("ftps close", 10 * 60);
/// As `Retry` says: ten attempts that bring nothing, each with a session that is opened again.
const TO_FILE: Bound = Bound::new("ftps download to file", 3 * 60 * 60);

/// What is done with a file.
pub(super) trait Transfer {
    const NAME: &'static str;

    /// A module with the firmware that it is for.
    fn firmware(module: Builder) -> Builder {
        module
    }

    async fn transfer(
        files: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken>
    where
        Self: Sized;
}

pub(super) struct DownloadInCommandMode;
pub(super) struct DownloadOnline;
pub(super) struct DownloadToFile;
pub(super) struct Upload;
/// With firmware that has no `#FTPAPPEXT`.
pub(super) struct UploadOnline;

pub(super) struct Files<T> {
    peers: Peers,
    pub(super) server: FtpServer,
    transfer: PhantomData<T>,
}

#[test]
fn ftps_download_in_command_mode() {
    matrix::<Files<DownloadInCommandMode>>(Platform::P37, SAMPLE);
}

#[test]
fn ftps_download_online() {
    matrix::<Files<DownloadOnline>>(Platform::P37, SAMPLE);
}

#[test]
fn ftps_download_to_file() {
    matrix::<Files<DownloadToFile>>(Platform::P37, SAMPLE);
}

#[test]
fn ftps_upload() {
    matrix::<Files<Upload>>(Platform::P37, SAMPLE);
}

#[test]
fn ftps_upload_online() {
    matrix::<Files<UploadOnline>>(Platform::P37, SAMPLE);
}

impl<T: Transfer> Scenario for Files<T> {
    const NAME: &'static str = T::NAME;

    fn new() -> Self {
        let peers = Peers::new();
        let server = peers.ftp(HOST, 21);
        server.add_user(USER, PASSWORD);
        server.put(FILE, file());
        Self { peers, server, transfer: PhantomData }
    }

    fn module(&self, module: Builder) -> Builder {
        T::firmware(module).peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let (client, ending) = match bench.within(CONNECT, connect(&modem)).await? {
            Ok(mut client) => {
                let ending = T::transfer(self, bench, &mut client, bench.strike()).await?;
                (Some(client), ending)
            }
            Err(error) => (None, self.not_connected(bench, &error)?),
        };
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(ending)
    }
}

pub(super) async fn connect(modem: &Modem) -> Result<FtpsClient, ConnectError> {
    FtpsClient::connect(modem, FtpsOptions::new(HOST, USER, PASSWORD, tls(modem)).tls_wait(TLS_WAIT)).await
}

/// A file of a few blocks.
pub(super) fn file() -> Bytes {
    payload::numbered(12)
}

impl<T: Transfer> Files<T> {
    /// Whoever was not connected may have been logged in, unless he was refused before.
    fn not_connected(&self, bench: &Bench, error: &ConnectError) -> Result<Ending, Broken> {
        let logins = self.server.commands().iter().filter(|it| it.starts_with("PASS")).count();
        let told = match told_of_connect(error) {
            // Which step it was is not said.
            _ if logins > 0
                && matches!(
                    error,
                    ConnectError::Link(_) | ConnectError::Refused { .. } | ConnectError::SessionLost { .. }
                ) =>
            {
                Ending::InDoubt
            }
            told => told,
        };
        held_against("the login", told, logins, bench.fault(), error)
    }

    /// The next transfer works, in the same session where the port is the same.
    async fn again(&self, bench: &Bench, modem: &Modem, old: Option<FtpsClient>) -> Result<(), Broken> {
        let mut client = match old {
            Some(client) if bench.fault() != Some(Fault::Unplug) => client,
            old => {
                drop(old);
                self.connect_again(bench, modem).await?
            }
        };
        let mut worked = self.works(bench, &mut client).await;
        if bench.may_retry(&worked) {
            after_misreading(bench, modem).await?;
            worked = self.works(bench, &mut client).await;
        }
        worked?;
        let closed = bench.within(CLOSE, client.close()).await?;
        closed.map_err(|error| Broken::wrong(format!("afterwards close fails: {error}")))
    }

    pub(super) async fn works(&self, bench: &Bench, client: &mut FtpsClient) -> Result<(), Broken> {
        let ending = T::transfer(self, bench, client, None).await?;
        same_reading("afterwards the transfer", &Ending::Right, &ending, None).map(drop)
    }

    pub(super) async fn connect_again(&self, bench: &Bench, modem: &Modem) -> Result<FtpsClient, Broken> {
        let mut connected = self.connected(bench, modem).await;
        if bench.may_retry(&connected) {
            after_misreading(bench, modem).await?;
            connected = self.connected(bench, modem).await;
        }
        connected
    }

    async fn connected(&self, bench: &Bench, modem: &Modem) -> Result<FtpsClient, Broken> {
        let connected = bench.within(CONNECT, connect(modem)).await?;
        connected.map_err(|error| Broken::wrong(format!("afterwards connect fails: {error}")))
    }
}

/// What an error says about the session.
fn told_of_connect(error: &ConnectError) -> Ending {
    match error {
        ConnectError::InvalidOption(_) | ConnectError::Unsupported { .. } | ConnectError::Busy(_) => {
            Ending::NotSent
        }
        // What goes before the session, and may or may not have changed a setting, has not opened it.
        ConnectError::Setup(TlsError::Command(CommandError::Refused { .. })) => Ending::Refused,
        ConnectError::Setup(_) => Ending::NotSent,
        ConnectError::ModuleRestarted => Ending::InDoubt,
        ConnectError::Link(error) => error.outcome().into(),
        _ => Ending::Refused,
    }
}

/// What an error says about a transfer.
fn told_of(error: &TransferError) -> Ending {
    match error {
        error if error.may_have_taken_effect() => Ending::InDoubt,
        TransferError::Link(error) => error.outcome().into(),
        TransferError::Reopen(error) => told_of_connect(error),
        TransferError::NotFound { .. }
        | TransferError::Refused { .. }
        | TransferError::DataConnection { .. }
        | TransferError::Tls { .. }
        | TransferError::SessionLost { .. } => Ending::Refused,
        TransferError::Truncated { .. }
        | TransferError::Stalled { .. }
        | TransferError::LineLost { .. }
        | TransferError::TooLong { .. }
        | TransferError::ModuleRestarted { .. } => Ending::InDoubt,
        _ => Ending::NotSent,
    }
}

impl Transfer for DownloadInCommandMode {
    const NAME: &'static str = "ftps-download-command";

    async fn transfer(
        _: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        download(bench, client, TransferMode::Command, strike).await
    }
}

impl Transfer for DownloadOnline {
    const NAME: &'static str = "ftps-download-online";

    async fn transfer(
        _: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        download(bench, client, TransferMode::Online, strike).await
    }
}

/// Whatever has come is the beginning of the file; a whole download is the whole file.
async fn download(
    bench: &Bench,
    client: &mut FtpsClient,
    mode: TransferMode,
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    let wanted = file();
    let mut download = match bench.within(BEGIN, client.download(FILE).mode(mode).into_future()).await? {
        Ok(download) => download,
        Err(error) => return Ok(told_of(&error)),
    };
    let mut got = Vec::new();
    loop {
        match bench.within(NEXT, download.next()).await? {
            None => return same_bytes("file", &wanted, &got, strike),
            Some(Ok(bytes)) => got.extend_from_slice(&bytes),
            Some(Err(error)) => {
                let ending = same_beginning("file", &wanted, &got, strike)?;
                counted_right(&error, got.len())?;
                return Ok(ending.and(told_of_read(&error, strike)));
            }
        }
    }
}

/// A refused read is told as a cut that says how many bytes came. Reading changes nothing that could be in doubt.
fn told_of_read(error: &TransferError, strike: Option<&Strike>) -> Ending {
    let refused = matches!(strike.map(|strike| strike.fault), Some(Fault::Refuse(_)));
    match error {
        TransferError::Truncated { .. } if refused => Ending::Refused,
        _ => told_of(error),
    }
}

/// An error that says how many bytes came says it right.
fn counted_right(error: &TransferError, came: usize) -> Result<(), Broken> {
    match error {
        TransferError::Truncated { got, .. }
        | TransferError::Stalled { got, .. }
        | TransferError::LineLost { got, .. } => {
            same_reading("how many bytes came", &(came as u64), got, None).map(drop)
        }
        TransferError::ModuleRestarted { error } => counted_right(error, came),
        _ => Ok(()),
    }
}

impl Transfer for DownloadToFile {
    const NAME: &'static str = "ftps-download-to-file";

    /// The file gets its name only with the right hash; it is the whole file then, and there is none before.
    async fn transfer(
        _: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        let (folder, wanted) = (tempfile::tempdir().expect("a temporary folder"), file());
        let target = folder.path().join("file.bin");
        let hash = hash_of(&wanted);
        let download = client.download_to_file(FILE, &target).sha256(hash);
        let ended = bench.within(TO_FILE, download.into_future()).await?;
        let stored = std::fs::read(&target).ok();
        match (ended, stored) {
            (Ok(report), Some(stored)) => {
                same_reading("the size", &(wanted.len() as u64), &report.bytes, None)?;
                same_reading("the hash", &hash, &report.sha256, None)?;
                same_bytes("stored file", &wanted, &stored, None)
            }
            (Ok(_), None) => Err(Broken::wrong("downloaded, and there is no such file")),
            (Err(error), Some(_)) => Err(Broken::wrong(format!("there is a file although: {error}"))),
            (Err(DownloadError::Transfer(error)), None) => Ok(told_of(&error)),
            // The byte that was hit, and nothing else, makes this hash.
            (Err(DownloadError::HashMismatch { got, .. }), None)
                if strike.is_some_and(|strike| got == hash_of(&damaged(strike, &wanted))) =>
            {
                Ok(Ending::Damaged)
            }
            (Err(DownloadError::ModuleDown { .. }), None) => Ok(Ending::NotSent),
            (Err(error), None) => Err(Broken::wrong(format!("nothing is wrong with the file: {error}"))),
        }
    }
}

fn hash_of(file: &[u8]) -> Sha256Digest {
    Sha256Digest::from(<[u8; 32]>::from(Sha256::digest(file)))
}

/// The file as it gets there when a byte of it is damaged; nothing if the piece that is struck is not a part of it.
fn damaged(strike: &Strike, file: &[u8]) -> Vec<u8> {
    let (piece, length) = (&strike.piece, strike.piece.len());
    let place = file.windows(length).position(|window| window == &piece[..]);
    match (place, strike.spoilt()) {
        (Some(at), Some(spoilt)) => [&file[..at], &spoilt, &file[at + length..]].concat(),
        _ => Vec::new(),
    }
}

impl Transfer for Upload {
    const NAME: &'static str = "ftps-upload";

    async fn transfer(
        files: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        upload(&files.server, bench, client, strike).await
    }
}

impl Transfer for UploadOnline {
    const NAME: &'static str = "ftps-upload-online";

    fn firmware(module: Builder) -> Builder {
        module.fault("error:command=#FTPAPPEXT=?,times=0".parse().expect("it is a fault"))
    }

    async fn transfer(
        files: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        strike: Option<&Strike>,
    ) -> Result<Ending, Broken> {
        upload(&files.server, bench, client, strike).await
    }
}

/// Whatever the server has is the beginning of the file; a confirmed upload is the whole file.
async fn upload(
    server: &FtpServer,
    bench: &Bench,
    client: &mut FtpsClient,
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    let wanted = file();
    server.remove(UPLOADED);
    let mark = bench.mark();
    let uploaded = bench.within(UPLOAD, client.upload(UPLOADED, &wanted[..]).into_future()).await?;
    let stored = server.get(UPLOADED);
    match (uploaded, stored) {
        (Ok(count), Some(stored)) => {
            same_reading("how many bytes were uploaded", &(wanted.len() as u64), &count, None)?;
            same_bytes("uploaded file", &wanted, &stored, strike)
        }
        (Ok(_), None) => Err(Broken::wrong("uploaded, and the server has no such file")),
        (Err(error), stored) => {
            let told = told_of_upload(&error);
            if told == Ending::InDoubt && !bench.has_said(mark, "AT#FTPPUT") {
                return Err(Broken::wrong(format!("in doubt, and nothing was sent: {error}")));
            }
            let fault = strike.map(|strike| strike.fault);
            let ending = held_against("the upload", told, usize::from(stored.is_some()), fault, &error)?;
            let part = stored.unwrap_or_default();
            if let TransferError::UploadDiffers { stored, .. } = error {
                same_reading("how many bytes the server has", &(part.len() as u64), &stored, strike)?;
            }
            let in_doubt = told == Ending::InDoubt;
            if in_doubt && (bench.filled_up(strike, &wanted, &part) || got_escape(strike, &wanted, &part)) {
                return Ok(ending);
            }
            Ok(ending.and(same_beginning("part of a file", &wanted, &part, strike)?))
        }
    }
}

/// What an error says about an upload. Whatever does not say that it may have taken effect says that it has not.
fn told_of_upload(error: &TransferError) -> Ending {
    match told_of(error) {
        Ending::InDoubt if !error.may_have_taken_effect() => Ending::NotSent,
        told => told,
    }
}

/// An escape sequence with a byte hit is a part of the file for the module.
fn got_escape(strike: Option<&Strike>, wanted: &[u8], got: &[u8]) -> bool {
    let spoilt = strike.filter(|strike| &strike.piece[..] == b"+++").and_then(Strike::spoilt);
    spoilt.is_some_and(|spoilt| got.strip_prefix(wanted) == Some(&spoilt))
}
