//! One connection to the HTTP server.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{HttpServer, Request, Response};
use crate::net::memory::MemoryStream;

const MOST_HEADERS: usize = 64;
const LARGEST_HEAD: usize = 64 * 1024;

pub(super) async fn serve(server: HttpServer, mut stream: MemoryStream) {
    if let Err(error) = exchange(&server, &mut stream).await {
        tracing::debug!(%error, "the connection to the HTTP server in memory broke");
    }
}

/// One request and its answer.
async fn exchange(server: &HttpServer, stream: &mut MemoryStream) -> std::io::Result<()> {
    let (response, with_body) = match receive(stream).await? {
        Received::Request(request) => {
            let with_body = request.method != "HEAD";
            (server.answer(request), with_body)
        }
        Received::Refused(status) => (Response::new(status), true),
        Received::Nothing => return Ok(()),
    };
    if response.silent {
        return until_end(stream).await;
    }
    if !response.delay.is_zero() {
        tokio::time::sleep(response.delay).await;
    }
    stream.write_all(&response.to_bytes(with_body)).await?;
    if response.cut.is_some() {
        stream.reset_on_drop();
        return Ok(());
    }
    stream.shutdown().await?;
    until_end(stream).await
}

enum Received {
    Request(Request),
    Refused(u16),
    Nothing,
}

async fn receive(stream: &mut MemoryStream) -> std::io::Result<Received> {
    let mut input = BytesMut::new();
    let head = loop {
        match head(&input) {
            Ok(Some((length, head))) => {
                input.advance(length);
                break head;
            }
            Ok(None) if input.len() <= LARGEST_HEAD => {}
            _ => return Ok(Received::Refused(400)),
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(Received::Nothing);
        }
    };
    let request = Request { secured: stream.is_secured(), ..head };
    if request.header("transfer-encoding").is_some() {
        return Ok(Received::Refused(411));
    }
    let Ok(length) = request.header("content-length").unwrap_or("0").trim().parse::<usize>() else {
        return Ok(Received::Refused(400));
    };
    while input.len() < length {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(Received::Nothing);
        }
    }
    Ok(Received::Request(Request { body: input.split_to(length).freeze(), ..request }))
}

/// The head of a request and its length, if it is whole.
fn head(input: &[u8]) -> Result<Option<(usize, Request)>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = parsed.parse(input)? else { return Ok(None) };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = parsed.headers.iter().map(|header| (header.name.to_owned(), text(header.value)));
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Bytes::new(),
        secured: false,
    };
    Ok(Some((length, request)))
}

/// Takes what still comes, until the client is gone.
async fn until_end(stream: &mut MemoryStream) -> std::io::Result<()> {
    let mut unwanted = [0; 4096];
    while stream.read(&mut unwanted).await? > 0 {}
    Ok(())
}
