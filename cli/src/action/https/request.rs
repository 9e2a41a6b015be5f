//! A request as the command line tells it.

use http::{HeaderMap, Method, Response};
use telit_https::{Body, HttpsClient, HttpsOptions, RequestBody, RequestError};
use url::Url;

use super::arguments::HttpsCommand;
use super::{headers, payload};
use crate::failure::Failure;
use crate::remote;

/// All of it, checked before the port is opened.
pub(super) struct Prepared {
    pub(super) options: HttpsOptions,
    method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    body: RequestBody,
}

impl Prepared {
    pub(super) async fn new(command: &HttpsCommand) -> Result<Self, Failure> {
        let arguments = command.request();
        Ok(Self {
            options: arguments.options(),
            method: method(command),
            url: url(&arguments.url)?,
            headers: headers::headers(arguments)?,
            body: payload::body(command).await?,
        })
    }

    pub(super) async fn send(self, client: &HttpsClient) -> Result<Response<Body>, RequestError> {
        client.request(self.method, self.url).headers(self.headers).body(self.body).await
    }
}

fn method(command: &HttpsCommand) -> Method {
    match command {
        HttpsCommand::Get(_) => Method::GET,
        HttpsCommand::Head(_) => Method::HEAD,
        HttpsCommand::Delete(_) => Method::DELETE,
        HttpsCommand::Post(_) => Method::POST,
        HttpsCommand::Put(_) => Method::PUT,
    }
}

const FORM: &str = "https://HOST/PATH";

/// What the URL standard makes of the text.
fn url(text: &str) -> Result<Url, Failure> {
    let url = remote::url(text, FORM)?;
    if url.scheme() != "https" {
        return Err(Failure::usage("invalid URL: only https is served").hint(format!("write {FORM}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage("invalid URL: it carries a user name or a password")
            .hint("give --user NAME, and the password by --password-env VAR"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_follow_the_standard() {
        assert_eq!(url("https://API.example/a b?q=1").unwrap().as_str(), "https://api.example/a%20b?q=1");
        for bad in ["api.example", "http://api.example/", "https://"] {
            assert_eq!(url(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        let error = url("https://user:s3cr3t@api.example/").unwrap_err();
        assert!(!error.to_string().contains("s3cr3t"));
    }
}
