//! `telit ftps`: files on a file server.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use telit_ftps::{
    EntryKind, FtpsClient, FtpsOptions, Manifest, Retry, Sha256Digest, UploadRequest, remote_path,
};
use tokio::io::AsyncRead;
use url::Url;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::manifest::ManifestArguments;
use crate::output::{Output, printable};
use crate::transfer::Bar;
use crate::{manifest, port, secret, transfer};

/// Where servers wait for TLS from the first byte.
const IMPLICIT_PORT: u16 = 990;
/// The exit code of what the network did.
const NETWORK: u8 = 5;

/// What to do with the file.
#[derive(Debug, Subcommand)]
pub(crate) enum FtpsCommand {
    /// Download a file
    #[command(
        after_help = "A manifest is JSON: {\"size\": 200000, \"sha256\": \"64 hexadecimal digits\", \"version\": \"1.2.3\"}. It is \
signed with `openssl pkeyutl -sign -rawin -inkey signing.pem -in MANIFEST -out MANIFEST.sig`."
    )]
    Get(GetArguments),
    /// Upload a file
    Put(UploadArguments),
    /// Append to a file
    Append(UploadArguments),
    /// List a directory
    Ls(RemoteArguments),
    /// Show the size of a file
    Size(RemoteArguments),
    /// Remove a file
    Rm(RemoteArguments),
}

/// Where the file is.
#[derive(Args, Debug)]
pub(crate) struct RemoteArguments {
    #[arg(help = "ftps://USER@HOST[:PORT]/PATH, or ftps+implicit://... for TLS from the first byte")]
    url: String,
    /// Environment variable that holds the password
    #[arg(long, value_name = "VAR")]
    password_env: Option<String>,
}

/// Options of `ftps get`.
#[derive(Args, Debug)]
pub(crate) struct GetArguments {
    #[command(flatten)]
    remote: RemoteArguments,
    /// Where the file goes; it appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Go on where an earlier download was cut
    #[arg(long)]
    resume: bool,
    /// How often in a row to go on by itself after a cut, while nothing new comes
    #[arg(long, value_name = "N", default_value_t = 10)]
    retries: u32,
    /// What the SHA-256 of the file must be
    #[arg(long, value_name = "HEX")]
    sha256: Option<Sha256Digest>,
    #[command(flatten)]
    manifest: ManifestArguments,
}

/// Options of `ftps put` and `ftps append`.
#[derive(Args, Debug)]
pub(crate) struct UploadArguments {
    #[command(flatten)]
    remote: RemoteArguments,
    /// The file to send; without it standard input
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

pub(crate) async fn run(
    arguments: &Arguments,
    command: &FtpsCommand,
    output: &Output,
) -> Result<(), Failure> {
    let remote = command.remote();
    let url = crate::remote::url(&remote.url, "ftps://USER@HOST/PATH")?;
    if url.password().is_some() {
        return Err(Failure::usage("the URL holds a password, which everybody on this machine can read")
            .hint("put it into an environment variable and name that with --password-env"));
    }
    check_scheme(&url)?;
    let path = remote_path(&url).map_err(Failure::usage)?;
    command.check_path(&path)?;
    let options = FtpsOptions::from_url(&url, remote.password(&url)?, arguments.tls.options()?)?;
    let source = command.source().await?;
    let manifest = command.expectation()?;
    let session = port::open_online(&arguments.global).await?;
    let connected = FtpsClient::connect(&session.modem, options).await;
    let mut client = connected.map_err(|error| unreachable(&url, error.into()))?;
    let outcome = perform(command, &mut client, &path, (source, manifest), output).await;
    if let Err(error) = client.close().await {
        tracing::warn!("the session did not end in order: {error}");
    }
    let (object, text) = outcome?;
    output.result(&object, || text)
}

/// Of what others call FTPS.
fn check_scheme(url: &Url) -> Result<(), Failure> {
    match url.scheme() {
        "ftps" | "ftps+implicit" => Ok(()),
        "ftp" | "ftpes" => Err(Failure::usage(format!("{} is not how files are reached here", url.scheme()))
            .hint(
                "write ftps://: the connection begins in the clear on port 21, and nothing goes without TLS",
            )),
        other => Err(Failure::usage(format!("{other} is no scheme of file servers"))
            .hint("write ftps://USER@HOST/PATH")),
    }
}

/// A server that waits for TLS from the first byte says nothing to who waits for its welcome.
fn unreachable(url: &Url, failure: Failure) -> Failure {
    if url.scheme() == "ftps" && url.port() == Some(IMPLICIT_PORT) && failure.exit_code() == NETWORK {
        return failure.hint(
            "on port 990 TLS begins with the first byte: write ftps+implicit://, which platform 52 alone can, or use \
             the server's port 21",
        );
    }
    failure
}

/// What is to be sent, and how much it is if that is known.
struct Source {
    data: Box<dyn AsyncRead + Send + Sync + Unpin>,
    bytes: Option<u64>,
}

async fn perform(
    command: &FtpsCommand,
    client: &mut FtpsClient,
    path: &str,
    (source, manifest): (Source, Option<Manifest>),
    output: &Output,
) -> Result<(Value, String), Failure> {
    match command {
        FtpsCommand::Get(get) => download(get, client, path, manifest, output).await,
        FtpsCommand::Put(_) => upload(client.upload(path, source.data), source.bytes, output).await,
        FtpsCommand::Append(_) => upload(client.append(path, source.data), source.bytes, output).await,
        FtpsCommand::Ls(_) => list(client, path).await,
        FtpsCommand::Size(_) => {
            let bytes = client.size(path).await?;
            Ok((json!({ "bytes": bytes }), bytes.to_string()))
        }
        FtpsCommand::Rm(_) => {
            client.remove(path).await?;
            Ok((json!({ "removed": true }), format!("removed {path}")))
        }
    }
}

async fn download(
    get: &GetArguments,
    client: &mut FtpsClient,
    path: &str,
    manifest: Option<Manifest>,
    output: &Output,
) -> Result<(Value, String), Failure> {
    let bar = Bar::for_download(output);
    let mut request = client.download_to_file(path, &get.output).resume(get.resume);
    request = request.progress(|progress| bar.show(&progress));
    request = request.retry(Retry::default().max_attempts(get.retries)).on_retry(|retrying| {
        tracing::warn!("attempt {} follows: {}", retrying.attempt, retrying.because);
    });
    if let Some(hash) = get.sha256 {
        request = request.sha256(hash);
    }
    if let Some(manifest) = &manifest {
        request = request.manifest(manifest);
    }
    let report = request.await?;
    drop(bar);
    let sha256 = report.sha256.to_string();
    let object = json!({
        "bytes": report.bytes,
        "sha256": sha256,
        "resumed_from": report.resumed_from,
        "attempts": report.attempts,
        "version": manifest::version(manifest.as_ref()),
    });
    let (bytes, target) = (report.bytes, get.output.display());
    Ok((object, format!("{bytes} bytes in {target}\nSHA-256 {sha256}")))
}

async fn upload<R: AsyncRead + Send + Unpin>(
    request: UploadRequest<'_, R>,
    total: Option<u64>,
    output: &Output,
) -> Result<(Value, String), Failure> {
    let bar = Bar::counting(output, total);
    let bytes = request.progress(|sent| bar.reach(sent)).await?;
    Ok((json!({ "bytes": bytes }), format!("{bytes} bytes sent")))
}

async fn list(client: &mut FtpsClient, path: &str) -> Result<(Value, String), Failure> {
    let listing = client.list(path).await?;
    let entries = listing.entries();
    let objects: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!({
                "name": entry.name(),
                "kind": entry.kind().map(kind),
                "bytes": entry.size(),
                "line": entry.line(),
            })
        })
        .collect();
    let lines: Vec<String> = entries.iter().map(|entry| printable(entry.line())).collect();
    Ok((json!({ "entries": objects }), lines.join("\n")))
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
        EntryKind::Link => "link",
        _ => "other",
    }
}

impl FtpsCommand {
    fn remote(&self) -> &RemoteArguments {
        match self {
            Self::Get(get) => &get.remote,
            Self::Put(upload) | Self::Append(upload) => &upload.remote,
            Self::Ls(remote) | Self::Size(remote) | Self::Rm(remote) => remote,
        }
    }

    /// A file has a name; a directory need not.
    fn check_path(&self, path: &str) -> Result<(), Failure> {
        if matches!(self, Self::Ls(_)) {
            return Ok(());
        }
        if path.is_empty() || path.ends_with('/') {
            return Err(Failure::usage("the URL names no file").hint("write ftps://USER@HOST/PATH/FILE"));
        }
        Ok(())
    }

    /// What a downloaded file must be. What stands against it is found before the module is opened.
    fn expectation(&self) -> Result<Option<Manifest>, Failure> {
        let Self::Get(get) = self else { return Ok(None) };
        transfer::check_target(&get.output)?;
        get.manifest.read()
    }

    /// What is to be sent, opened before the module is.
    async fn source(&self) -> Result<Source, Failure> {
        match self {
            Self::Put(UploadArguments { input: Some(path), .. })
            | Self::Append(UploadArguments { input: Some(path), .. }) => Source::open(path).await,
            Self::Put(_) | Self::Append(_) => Ok(Source { data: Box::new(tokio::io::stdin()), bytes: None }),
            _ => Ok(Source { data: Box::new(tokio::io::empty()), bytes: None }),
        }
    }
}

impl Source {
    async fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display())).hint(
                "give a file that exists and that you may read, or leave --input out for standard input",
            )
        };
        let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let metadata = file.metadata().await.map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
        }
        // A device or a pipe has no size.
        Ok(Self { data: Box::new(file), bytes: metadata.is_file().then_some(metadata.len()) })
    }
}

impl RemoteArguments {
    fn password(&self, url: &Url) -> Result<String, Failure> {
        match &self.password_env {
            Some(variable) => secret::password(variable),
            // Without a user it is an anonymous login, whose password nobody checks.
            None if url.username().is_empty() => Ok("anonymous".to_owned()),
            None => Err(Failure::usage("no password for the user of the URL")
                .hint("put it into an environment variable and name that with --password-env")),
        }
    }
}
