//! `telit socket`: standard input to a TLS peer, the peer to standard output.

use std::io;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use telit_core::Category;
use telit_core::socket::{ConnectionMode, SocketError, TlsConnector, TlsSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::server::Server;
use crate::{output, port};

/// Bytes that are moved at once.
const BLOCK: usize = 4096;

/// Options of `socket`.
#[derive(Args, Debug)]
pub(crate) struct SocketArguments {
    #[arg(value_name = "HOST:PORT", help = "The server, by name or address")]
    server: Server,
    /// Let the port itself carry the bytes: faster, and nothing else can use the module meanwhile
    #[arg(long)]
    online: bool,
    /// How long the peer may be silent once standard input has ended; 0 waits until the peer closes
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
}

pub(crate) async fn run(arguments: &Arguments, command: &SocketArguments) -> Result<(), Failure> {
    let tls = arguments.tls.options()?;
    let session = port::open_online(&arguments.global).await?;
    let mode = if command.online { ConnectionMode::Online } else { ConnectionMode::Command };
    let connector = TlsConnector::new(&session.modem, tls).mode(mode);
    let socket = connector.connect(&command.server.host, command.server.port).await?;
    converse(socket, Some(command.timeout).filter(|seconds| *seconds > 0).map(Duration::from_secs)).await
}

/// Until the peer closes, or is silent for too long after the end of standard input. What came and went is told
/// whatever the outcome.
async fn converse(socket: TlsSocket, patience: Option<Duration>) -> Result<(), Failure> {
    let (mut reading, mut writing) = tokio::io::split(socket);
    let gone = tokio::select! {
        received = receive(&mut reading, None) => Err(received),
        gone = send(&mut writing) => Ok(gone),
    };
    let (received, gone) = match gone {
        Err(received) => (received, Ok(())),
        Ok(gone) => (receive(&mut reading, patience).await, gone),
    };
    let socket = reading.unsplit(writing);
    let (sent, got) = socket.totals();
    let closed = socket.close().await;
    report(sent, got);
    received?;
    gone?;
    Ok(closed?)
}

/// Standard input to the peer. The module cannot close one direction alone, so its end is not told.
async fn send(writing: &mut WriteHalf<TlsSocket>) -> Result<(), Failure> {
    let mut stdin = tokio::io::stdin();
    let mut block = vec![0; BLOCK];
    loop {
        let count = stdin.read(&mut block).await?;
        if count == 0 {
            return writing.flush().await.map_err(explain);
        }
        writing.write_all(block.get(..count).unwrap_or_default()).await.map_err(explain)?;
    }
}

/// The peer to standard output, until it closes or is silent for that long.
async fn receive(reading: &mut ReadHalf<TlsSocket>, patience: Option<Duration>) -> Result<(), Failure> {
    let mut block = vec![0; BLOCK];
    loop {
        let read = reading.read(&mut block);
        let count = match patience {
            None => read.await,
            Some(patience) => tokio::time::timeout(patience, read).await.unwrap_or(Ok(0)),
        };
        match count.map_err(explain)? {
            0 => return Ok(()),
            count => output::raw(block.get(..count).unwrap_or_default())?,
        }
    }
}

fn explain(error: io::Error) -> Failure {
    let kind = error.kind();
    match error.into_inner().map(|inner| inner.downcast::<SocketError>()) {
        Some(Ok(error)) => Failure::from(*error),
        Some(Err(error)) => Failure::new(Category::Network, error),
        None => Failure::from(io::Error::from(kind)),
    }
}

#[expect(clippy::print_stderr, reason = "standard output belongs to the peer")]
fn report(sent: u64, received: u64) {
    eprintln!("{}", json!({ "sent": sent, "received": received }));
}
