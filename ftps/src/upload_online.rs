//! Uploads in online mode: the port carries the file, and the escape sequence ends it.

use bytes::Bytes;
use telit_core::at::{InvalidValue, StreamEnd};
use telit_core::driver::DataStream;
use tokio::io::AsyncRead;
use tokio::time::timeout;

use crate::commands::PutOnline;
use crate::error::TransferError;
use crate::session::Session;
use crate::upload::{Blocks, Broken, Job, Sent};

/// Bytes in one piece.
const PIECE: usize = 1024;
/// Ends the file when it stands alone between two silences. Source: M37 p138, p827.
const ESCAPE: &[u8] = b"+++";

/// Sends everything and counts the bytes. The session must be distrusted already.
pub(crate) async fn send_online<R>(
    session: &mut Session,
    job: Job<'_>,
    blocks: &mut Blocks<R>,
    sent: &mut Sent<'_>,
) -> Result<(), Broken>
where
    R: AsyncRead + Unpin + Send,
{
    blocks.fill(PIECE + ESCAPE.len()).await.map_err(Broken::NotBegun)?;
    if blocks.is_all(ESCAPE) {
        let problem = "three plus signs and nothing else end a file in online mode";
        return Err(Broken::NotBegun(InvalidValue::new("data", problem).into()));
    }
    let put = PutOnline { path: job.path.to_owned(), append: job.append, deadline: session.deadline() };
    let opened = session.open_stream(put, Some(job.path)).await;
    let stream = opened.map_err(|error| Broken::at_the_beginning(error, job))?;
    stream.set_send_timeout(session.options().stall()).await;
    while let Some(piece) = next_piece(blocks).await? {
        let length = piece.len();
        write(session, &stream, piece, sent.bytes).await?;
        sent.add(length);
    }
    stream.close().await;
    match timeout(session.deadline(), stream.end()).await {
        Ok(StreamEnd::Closed { .. }) => Ok(()),
        Ok(StreamEnd::Stalled { waited }) => {
            Err(TransferError::Stalled { got: sent.bytes, expected: sent.bytes, waited }.into())
        }
        _ => Err(TransferError::LineLost { got: sent.bytes, expected: sent.bytes }.into()),
    }
}

/// A piece that cannot be taken for the escape sequence: the last bytes wait for those behind them, so that no piece
/// is three plus signs alone.
async fn next_piece<R>(blocks: &mut Blocks<R>) -> Result<Option<Bytes>, TransferError>
where
    R: AsyncRead + Unpin + Send,
{
    blocks.fill(PIECE + ESCAPE.len()).await?;
    Ok(blocks.take(PIECE, ESCAPE.len() + 1))
}

async fn write(session: &Session, stream: &DataStream, piece: Bytes, sent: u64) -> Result<(), TransferError> {
    let expected = sent + piece.len() as u64;
    let waited = session.options().stall();
    match timeout(waited, stream.write(piece)).await {
        Ok(Ok(())) => Ok(()),
        // The server or the link closed the data connection. Source: M37 p827.
        Ok(Err(_)) => {
            let reply = session.last_reply().await;
            Err(TransferError::Truncated { got: sent, expected, reply })
        }
        Err(_) => Err(TransferError::Stalled { got: sent, expected, waited }),
    }
}
