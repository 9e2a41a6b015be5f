//! `telit https`: one request to a web server.

mod advice;
mod answer;
mod arguments;
mod download;
mod headers;
mod payload;
mod request;
mod sink;

use http::Response;
use telit_core::Category;
use telit_https::{Body, HttpsClient};

use self::answer::Answer;
pub(crate) use self::arguments::HttpsCommand;
use self::request::Prepared;
use self::sink::Sink;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::port;

pub(crate) async fn run(
    arguments: &Arguments,
    command: &HttpsCommand,
    output: &Output,
) -> Result<(), Failure> {
    let tls = arguments.tls.options()?;
    let request = Prepared::new(command).await?;
    if let Some((get, target)) = command.download() {
        return download::run(arguments, get, target, request, tls, output).await;
    }
    let sink = Sink::new(command.request().output.as_deref(), output)?;
    let session = port::open_online(&arguments.global).await?;
    let client = HttpsClient::new(&session.modem, tls).with_options(request.options.clone());
    let outcome = exchange(&client, request, command, sink, output).await;
    // Not before TLS is back, or the module would keep it.
    if let Err(error) = client.release_tls().await {
        tracing::warn!("the module's TLS was not given back: {error}");
    }
    let answer = outcome?;
    if command.is_head() { answer.show_head(output) } else { answer.show(output) }
}

async fn exchange(
    client: &HttpsClient,
    request: Prepared,
    command: &HttpsCommand,
    sink: Sink,
    output: &Output,
) -> Result<Answer, Failure> {
    let response = request.send(client).await.map_err(advice::unanswered)?;
    let response = if command.request().fail { successful(response)? } else { response };
    Answer::receive(response, sink, command.request().include, output).await
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
