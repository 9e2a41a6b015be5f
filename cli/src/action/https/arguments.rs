//! The command line of `telit https`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use telit_https::download::Sha256Digest;
use telit_https::{Engine, HttpsOptions, Redirects, Retry};

use crate::manifest::ManifestArguments;

/// The method of the request.
#[derive(Debug, Subcommand)]
pub(crate) enum HttpsCommand {
    /// Fetch
    #[command(
        after_help = "With --resume, --sha256 or --manifest the body is kept in FILE.part until it is whole and verified, and the \
download goes on by itself after a cut, as often in a row as --retries says while nothing new comes. Any status but 200 is \
an error then. With --sha256 or --manifest, from this computer, the file takes the whole line: nothing else runs on the port meanwhile. \
How to sign a manifest stands in `telit ftps get --help`."
    )]
    Get(GetArguments),
    /// Ask for status and headers only
    Head(RequestArguments),
    /// Delete
    Delete(RequestArguments),
    /// Send data to a resource
    Post(SendArguments),
    /// Store data as a resource
    Put(SendArguments),
}

/// Options of every method.
#[derive(Args, Debug)]
pub(crate) struct RequestArguments {
    #[arg(help = "https://HOST[:PORT]/PATH")]
    pub(super) url: String,
    /// A header of the request (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    #[command(flatten)]
    pub(super) credentials: CredentialArguments,
    /// Where the body goes; without it to standard output, with --json nowhere
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Show status and headers before the body; with --json as "headers"
    #[arg(short, long)]
    pub(super) include: bool,
    /// A status of 400 or above is an error (exit code 5, nothing is written); without this it is not
    #[arg(long)]
    pub(super) fail: bool,
    /// Who speaks HTTP: auto is the module where it can, socket is this computer over a TLS socket
    #[arg(long, value_name = "WHO", value_enum, default_value_t)]
    engine: EngineName,
    /// How long the server may be silent
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    timeout: u64,
    /// How many redirects in a row are followed; 0 shows the first one
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_redirects: usize,
    /// Follow redirects to other servers too, over https only; tokens and passwords are not sent there
    #[arg(long)]
    any_host: bool,
    /// How often to try again after failures, if doing it twice does no harm [default: 0, with --resume, --sha256 and --manifest 10]
    #[arg(long, value_name = "N")]
    pub(super) retries: Option<u32>,
}

/// Who we are.
#[derive(Args, Debug)]
pub(super) struct CredentialArguments {
    /// User name (Basic); the password comes from --password-env
    #[arg(long, value_name = "NAME", requires = "password_env")]
    pub(super) user: Option<String>,
    /// Environment variable that holds the password
    #[arg(long, value_name = "VAR", requires = "user")]
    pub(super) password_env: Option<String>,
    /// Environment variable that holds a token (Bearer)
    #[arg(long, value_name = "VAR", conflicts_with = "user")]
    pub(super) bearer_env: Option<String>,
}

/// Options of `https get`.
#[derive(Args, Debug)]
pub(crate) struct GetArguments {
    #[command(flatten)]
    pub(super) request: RequestArguments,
    /// Go on where an earlier download was cut
    #[arg(long, requires = "output", conflicts_with = "include")]
    pub(super) resume: bool,
    /// What the SHA-256 of the file must be
    #[arg(long, value_name = "HEX", requires = "output", conflicts_with = "include")]
    pub(super) sha256: Option<Sha256Digest>,
    #[command(flatten)]
    pub(super) manifest: ManifestArguments,
}

/// Options of the methods that send data.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("body").args(["data", "data_file"]))]
pub(crate) struct SendArguments {
    #[command(flatten)]
    pub(super) request: RequestArguments,
    /// The data as text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) data: Option<String>,
    /// The data from a file, - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) data_file: Option<PathBuf>,
}

/// Who speaks HTTP.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum EngineName {
    #[default]
    Auto,
    Module,
    Socket,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Self::Auto,
            EngineName::Module => Self::Module,
            EngineName::Socket => Self::Socket,
        }
    }
}

impl HttpsCommand {
    pub(super) fn request(&self) -> &RequestArguments {
        match self {
            Self::Get(get) => &get.request,
            Self::Head(request) | Self::Delete(request) => request,
            Self::Post(send) | Self::Put(send) => &send.request,
        }
    }

    pub(super) fn is_head(&self) -> bool {
        matches!(self, Self::Head(_))
    }

    /// What is downloaded where to, if it is to be verified or can be gone on with.
    pub(super) fn download(&self) -> Option<(&GetArguments, &Path)> {
        match self {
            Self::Get(get) if get.resume || get.sha256.is_some() || get.manifest.is_given() => {
                Some((get, get.request.output.as_deref()?))
            }
            _ => None,
        }
    }

    /// Whether a part file is left when it is interrupted.
    pub(crate) fn keeps_a_part(&self) -> bool {
        self.download().is_some()
    }
}

impl RequestArguments {
    pub(super) fn options(&self) -> HttpsOptions {
        let redirects = match self.any_host {
            true => Redirects::any_https(self.max_redirects),
            false => Redirects::same_origin(self.max_redirects),
        };
        HttpsOptions::new()
            .engine(self.engine.into())
            .timeout(Duration::from_secs(self.timeout))
            .redirects(redirects)
            .retry(Retry::default().max_attempts(self.retries.unwrap_or(0)))
    }
}
