//! `telit https`: one request to a web server.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use serde_json::json;
use telit_core::Category;
use telit_https::{Body, HttpsClient, RequestBody};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::transfer::{self, Hash, OutputFile, Progress};
use crate::{port, remote};

/// The method of the request.
#[derive(Debug, Subcommand)]
pub(crate) enum HttpsCommand {
    /// Fetch
    Get(RequestArguments),
    /// Ask for status, content type and length only
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
    url: String,
    /// A header of the request (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Where the body goes; without it to standard output, with --json nowhere
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A status of 400 or above is an error (exit code 5, nothing is written); without this it is not
    #[arg(long)]
    fail: bool,
}

/// Options of the methods that send data.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("body").args(["data", "data_file"]))]
pub(crate) struct SendArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// The data as text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Option<String>,
    /// The data from a file
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
}

pub(crate) async fn run(
    arguments: &Arguments,
    command: &HttpsCommand,
    output: &Output,
) -> Result<(), Failure> {
    let tls = arguments.tls.options()?;
    let request = command.request()?;
    let sink = Sink::new(command.arguments().output.as_deref(), output)?;
    let session = port::open_online(&arguments.global).await?;
    let client = HttpsClient::new(&session.modem, tls);
    let response = client.send(request).await?;
    let accepted = if command.arguments().fail { successful(response) } else { Ok(response) };
    let outcome = match accepted {
        Ok(response) => receive(response, sink, output).await,
        Err(failure) => Err(failure),
    };
    // Not before TLS is back, or the module would keep it.
    if let Err(error) = client.release_tls().await {
        tracing::warn!("the module's TLS was not given back: {error}");
    }
    let answer = outcome?;
    if matches!(command, HttpsCommand::Head(_)) { answer.show_head(output) } else { answer.show(output) }
}

impl HttpsCommand {
    fn arguments(&self) -> &RequestArguments {
        match self {
            Self::Get(request) | Self::Head(request) | Self::Delete(request) => request,
            Self::Post(send) | Self::Put(send) => &send.request,
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Get(_) => Method::GET,
            Self::Head(_) => Method::HEAD,
            Self::Delete(_) => Method::DELETE,
            Self::Post(_) => Method::POST,
            Self::Put(_) => Method::PUT,
        }
    }

    fn body(&self) -> Result<RequestBody, Failure> {
        match self {
            Self::Post(SendArguments { data: Some(text), .. })
            | Self::Put(SendArguments { data: Some(text), .. }) => Ok(text.clone().into()),
            Self::Post(SendArguments { data_file: Some(path), .. })
            | Self::Put(SendArguments { data_file: Some(path), .. }) => {
                Ok(transfer::read_input(path)?.into())
            }
            _ => Ok(RequestBody::empty()),
        }
    }

    fn request(&self) -> Result<Request<RequestBody>, Failure> {
        let arguments = self.arguments();
        let mut request = Request::new(self.body()?);
        *request.method_mut() = self.method();
        *request.uri_mut() = uri(&arguments.url)?;
        for header in &arguments.header {
            let (name, value) = parse_header(header)?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }
}

/// What the URL standard makes of the text.
fn uri(text: &str) -> Result<http::Uri, Failure> {
    let mut url = remote::url(text)?;
    if url.scheme() != "https" {
        return Err(Failure::usage("invalid URL: only https is served").hint("write https://HOST/PATH"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage("invalid URL: it carries a user name or a password")
            .hint("send an Authorization header instead"));
    }
    url.set_fragment(None);
    url.as_str().parse().map_err(|error| Failure::usage(format!("invalid URL: {error}")))
}

/// `Name: value`. The value can be secret, so it is not repeated in errors.
fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let malformed = || Failure::usage("a header is not NAME: VALUE").hint("write -H 'Name: value'");
    let (name, value) = text.split_once(':').ok_or_else(malformed)?;
    let name: HeaderName = name.trim().parse().map_err(|_| malformed())?;
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| {
        Failure::usage(format!("the value of the header {name} has characters that are not allowed"))
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The answer, unless its status says that the request failed.
fn successful(response: Response<Body>) -> Result<Response<Body>, Failure> {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return Err(Failure::new(Category::Network, format!("the server answered with status {status}"))
            .hint("without --fail the body of the answer is shown, which may say more"));
    }
    Ok(response)
}

/// Where the body goes.
enum Sink {
    File(OutputFile, PathBuf),
    Stdout,
    Nowhere,
}

impl Sink {
    fn new(path: Option<&Path>, output: &Output) -> Result<Self, Failure> {
        match path {
            Some(path) => Ok(Self::File(OutputFile::create(path)?, path.to_owned())),
            None if output.is_json() => Ok(Self::Nowhere),
            None => Ok(Self::Stdout),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Stdout => output::raw(bytes),
            Self::Nowhere => Ok(()),
        }
    }

    fn finish(self) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::File(file, path) => file.finish().map(|()| Some(path)),
            Self::Stdout | Self::Nowhere => Ok(None),
        }
    }
}

/// What came, without the body.
struct Answer {
    status: u16,
    content_type: Option<String>,
    content_length: Option<u64>,
    bytes: u64,
    sha256: String,
    file: Option<PathBuf>,
}

async fn receive(response: Response<Body>, mut sink: Sink, output: &Output) -> Result<Answer, Failure> {
    let (head, mut body) = response.into_parts();
    let text =
        |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let progress = matches!(sink, Sink::File(..)).then(|| Progress::start(output, body.remaining()));
    let (mut bytes, mut hash) = (0, Hash::default());
    while let Some(block) = body.next().await {
        let block = block?;
        sink.write(&block)?;
        hash.update(&block);
        bytes += block.len() as u64;
        if let Some(progress) = &progress {
            progress.reach(bytes);
        }
    }
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: text(CONTENT_TYPE),
        content_length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        bytes,
        sha256: hash.hexadecimal(),
        file: sink.finish()?,
    })
}

impl Answer {
    fn show(&self, output: &Output) -> Result<(), Failure> {
        if output.is_json() {
            return output::line(&self.object().to_string());
        }
        if let Some(file) = &self.file {
            return output.text(&format!(
                "status {}, {} bytes in {}",
                self.status,
                self.bytes,
                file.display()
            ));
        }
        if self.status >= 400 {
            output.remark(&format!("status {}", self.status));
        }
        Ok(())
    }

    fn show_head(&self, output: &Output) -> Result<(), Failure> {
        output.result(&self.object(), || {
            let content_type = self.content_type.as_deref().unwrap_or("unknown");
            let length =
                self.content_length.map_or_else(|| "unknown".to_owned(), |length| length.to_string());
            format!(
                "status          {}\ncontent type    {content_type}\ncontent length  {length}",
                self.status
            )
        })
    }

    fn object(&self) -> serde_json::Value {
        json!({
            "status": self.status,
            "content_type": self.content_type,
            "content_length": self.content_length,
            "bytes": self.bytes,
            "sha256": self.sha256,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_apart() {
        let (name, value) = parse_header("X-Device: a: b ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-device", "a: b"));
        for bad in ["nothing", ": v", "a b: v"] {
            assert_eq!(parse_header(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        let error = parse_header("Authorization: s3cr3t\r\nX: y").unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"));
    }

    #[test]
    fn urls_follow_the_standard() {
        assert_eq!(uri("https://API.example/a b?q=1#part").unwrap(), "https://api.example/a%20b?q=1");
        for bad in ["api.example", "http://api.example/", "https://"] {
            assert_eq!(uri(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        let error = uri("https://user:s3cr3t@api.example/").unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"));
    }
}
