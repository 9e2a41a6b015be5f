//! What came, and how it is shown.

use std::path::PathBuf;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use telit_https::{Body, Engine, EngineUsed, FinalUrl, RedirectNotFollowed};

use super::advice;
use super::sink::Sink;
use crate::failure::Failure;
use crate::output::{self, Output, printable};
use crate::transfer::{Bar, Hash};

/// What came, without the body.
pub(super) struct Answer {
    head: Parts,
    include: bool,
    bytes: u64,
    sha256: String,
    file: Option<PathBuf>,
}

impl Answer {
    /// Reads the answer to its end. What is wanted of its head is shown first.
    pub(super) async fn receive(
        response: Response<Body>,
        mut sink: Sink,
        include: bool,
        output: &Output,
    ) -> Result<Self, Failure> {
        let (head, mut body) = response.into_parts();
        if include && !output.is_json() {
            show_head(&head, output)?;
        }
        let progress = sink.is_file().then(|| Bar::counting(output, body.remaining()));
        let (mut bytes, mut hash) = (0, Hash::default());
        while let Some(block) = body.next().await {
            let block = block.map_err(advice::incomplete)?;
            sink.write(&block)?;
            hash.update(&block);
            bytes += block.len() as u64;
            if let Some(progress) = &progress {
                progress.reach(bytes);
            }
        }
        Ok(Self { head, include, bytes, sha256: hash.hexadecimal(), file: sink.finish()? })
    }

    pub(super) fn show(&self, output: &Output) -> Result<(), Failure> {
        let status = self.head.status;
        if let Some(redirect) = self.redirect() {
            output.remark(&format!("status {status}: {redirect}{}", advice::redirect(redirect)));
        }
        if output.is_json() {
            return output::line(&self.object().to_string());
        }
        if let Some(file) = &self.file {
            let (status, bytes) = (status.as_u16(), self.bytes);
            return output.text(&format!("status {status}, {bytes} bytes in {}", file.display()));
        }
        if failed(status) && !self.include {
            output.remark(&format!("status {}", status.as_u16()));
        }
        Ok(())
    }

    /// As the answer to a request that asks for no more.
    pub(super) fn show_head(&self, output: &Output) -> Result<(), Failure> {
        if self.include && !output.is_json() {
            return Ok(());
        }
        output.result(&self.object(), || {
            let content_type = self.text(&CONTENT_TYPE).unwrap_or("unknown");
            let length = self.text(&CONTENT_LENGTH).unwrap_or("unknown");
            let status = self.head.status.as_u16();
            format!("status          {status}\ncontent type    {content_type}\ncontent length  {length}")
        })
    }

    fn object(&self) -> Value {
        let length: Option<u64> = self.text(&CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let header = |(name, value): (&HeaderName, &HeaderValue)| json!([name.as_str(), shown(value)]);
        let headers: Option<Value> = self.include.then(|| self.head.headers.iter().map(header).collect());
        json!({
            "status": self.head.status.as_u16(),
            "content_type": self.text(&CONTENT_TYPE),
            "content_length": length,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "url": self.extension().map(|FinalUrl(url)| url.as_str()),
            "engine": self.extension().map(|used: &EngineUsed| used.engine.to_string()),
            "because": self.extension().map(|used: &EngineUsed| used.because.to_string()),
            "redirect_not_followed": self.redirect().map(ToString::to_string),
            "headers": headers,
        })
    }

    fn redirect(&self) -> Option<&RedirectNotFollowed> {
        self.extension()
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.head.extensions.get()
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        text(&self.head.headers, name)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Status and headers as they came, as far as they are known.
fn show_head(head: &Parts, output: &Output) -> Result<(), Failure> {
    let headers = head.headers.iter().map(|(name, value)| format!("{name}: {}\n", shown(value)));
    let text = format!("{:?} {}\n{}", head.version, head.status, headers.collect::<String>());
    if head.extensions.get().is_some_and(|used: &EngineUsed| used.engine == Engine::Module) {
        output.remark("the module tells no other headers; --engine socket shows all of them");
    }
    output::line(&text)
}

fn shown(value: &HeaderValue) -> String {
    printable(&String::from_utf8_lossy(value.as_bytes()))
}

fn failed(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
