//! A session with a file server: download in both modes, upload, and a firmware image that is verified.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use telit_core::tls::TlsOptions;
use telit_core::{Category, Modem};
use telit_ftps::{ConnectError, FtpsClient, FtpsOptions, TransferError, TransferMode};
use telit_simulator::peers::{FtpServer, Peers};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::credentials::credentials;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, same_reading};
use super::payload;
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::tape::shown;

const HOST: &str = "files.test";
const USER: &str = "thing";
const PASSWORD: &str = "secret";
pub(super) const FILE: &str = "/file.bin";

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

/// What is done with a file.
pub(super) trait Transfer {
    const NAME: &'static str;

    async fn transfer(
        files: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken>
    where
        Self: Sized;
}

pub(super) struct DownloadInCommandMode;
pub(super) struct DownloadOnline;
pub(super) struct Upload;

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
fn ftps_upload() {
    matrix::<Files<Upload>>(Platform::P37, SAMPLE);
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
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let (client, ending) = match bench.within(CONNECT, connect(&modem)).await? {
            Ok(mut client) => {
                let ending = T::transfer(self, bench, &mut client, bench.fault()).await?;
                (Some(client), ending)
            }
            Err(error) => (None, Ending::of(error.category())),
        };
        let modem = recover(bench, modem).await?;
        self.again(bench, &modem, client).await?;
        Ok(ending)
    }
}

pub(super) async fn connect(modem: &Modem) -> Result<FtpsClient, ConnectError> {
    let tls = TlsOptions::builder().ca(credentials().ca()).build().expect("the options fit together");
    FtpsClient::connect(modem, FtpsOptions::new(HOST, USER, PASSWORD, tls).tls_wait(TLS_WAIT)).await
}

/// A file of a few blocks.
pub(super) fn file() -> Bytes {
    payload::hostile().repeat(12).into()
}

impl<T: Transfer> Files<T> {
    /// The next transfer works, in the same session where the port is the same.
    async fn again(&self, bench: &Bench, modem: &Modem, old: Option<FtpsClient>) -> Result<(), Broken> {
        let mut client = match old {
            Some(client) if bench.fault() != Some(Fault::Unplug) => client,
            old => {
                drop(old);
                self.connect_again(bench, modem).await?
            }
        };
        if self.works(bench, &mut client).await.is_err() {
            after_misreading(bench, modem).await?;
            self.works(bench, &mut client).await?;
        }
        let closed = bench.within(CLOSE, client.close()).await?;
        closed.map_err(|error| Broken::wrong(format!("afterwards close fails: {error}")))
    }

    pub(super) async fn works(&self, bench: &Bench, client: &mut FtpsClient) -> Result<(), Broken> {
        let ending = T::transfer(self, bench, client, None).await?;
        same_reading("afterwards the transfer", &Ending::Right, &ending, None).map(drop)
    }

    pub(super) async fn connect_again(&self, bench: &Bench, modem: &Modem) -> Result<FtpsClient, Broken> {
        if let Ok(client) = bench.within(CONNECT, connect(modem)).await? {
            return Ok(client);
        }
        after_misreading(bench, modem).await?;
        let connected = bench.within(CONNECT, connect(modem)).await?;
        connected.map_err(|error| Broken::wrong(format!("afterwards connect fails: {error}")))
    }
}

impl Transfer for DownloadInCommandMode {
    const NAME: &'static str = "ftps-download-command";

    async fn transfer(
        _: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        download(bench, client, TransferMode::Command, fault).await
    }
}

impl Transfer for DownloadOnline {
    const NAME: &'static str = "ftps-download-online";

    async fn transfer(
        _: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        download(bench, client, TransferMode::Online, fault).await
    }
}

/// Whatever has come is the beginning of the file; a whole download is the whole file.
async fn download(
    bench: &Bench,
    client: &mut FtpsClient,
    mode: TransferMode,
    fault: Option<Fault>,
) -> Result<Ending, Broken> {
    let wanted = file();
    let mut download = match bench.within(BEGIN, client.download(FILE).mode(mode).into_future()).await? {
        Ok(download) => download,
        Err(error) => return Ok(Ending::of(error.category())),
    };
    let mut got = Vec::new();
    loop {
        match bench.within(NEXT, download.next()).await? {
            None => return same_bytes("file", &wanted, &got, fault),
            Some(Ok(bytes)) => got.extend_from_slice(&bytes),
            Some(Err(error)) => return beginning(&wanted, &got, fault, &error),
        }
    }
}

fn beginning(
    wanted: &[u8],
    got: &[u8],
    fault: Option<Fault>,
    error: &TransferError,
) -> Result<Ending, Broken> {
    let told = Ending::of(error.category());
    // Behind a byte that was lost everything stands one byte earlier.
    let lengths = [got.len(), got.len() + 1];
    let explained = lengths.iter().filter_map(|length| wanted.get(..*length));
    match explained.map(|wanted| same_bytes("file", wanted, got, fault)).any(|same| same.is_ok()) {
        true => Ok(told),
        false => Err(Broken::wrong(format!("{} came before: {error}", shown(got)))),
    }
}

impl Transfer for Upload {
    const NAME: &'static str = "ftps-upload";

    async fn transfer(
        files: &Files<Self>,
        bench: &Bench,
        client: &mut FtpsClient,
        fault: Option<Fault>,
    ) -> Result<Ending, Broken> {
        const NAME: &str = "/upload.bin";
        let wanted = file();
        files.server.remove(NAME);
        match bench.within(UPLOAD, client.upload(NAME, &wanted[..])).await? {
            Ok(count) => {
                same_reading("how many bytes were uploaded", &(wanted.len() as u64), &count, fault)?;
                match files.server.get(NAME) {
                    Some(stored) => same_bytes("uploaded file", &wanted, &stored, fault),
                    // Under another name.
                    None if fault.is_some_and(Fault::hits_a_byte) => Ok(Ending::Damaged),
                    None => Err(Broken::wrong("uploaded, and the server has no such file")),
                }
            }
            // The server may keep a part.
            Err(error) if error.category() == Category::Verification => Ok(Ending::Refused),
            Err(error) => Ok(Ending::of(error.category())),
        }
    }
}
