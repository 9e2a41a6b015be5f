//! Transfers of an FTP session.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::FtpTransfer;
use super::files::{from_network, resolved, to_network};
use super::session::{Data, Io, Session};
use crate::net::memory::{MemoryEnd, MemoryStream};

const PIECE: usize = 16 * 1024;
/// How long a client may take to open a data connection.
const DATA_LIMIT: Duration = Duration::from_secs(60);

impl Session {
    pub(super) async fn transfer(&mut self, command: &str, argument: &str) -> Io {
        let path = resolved(&self.directory, argument);
        let start = std::mem::take(&mut self.start);
        let work = match self.work(command, &path, start) {
            Ok(work) => work,
            Err(refusal) => {
                self.data = Data::None;
                return self.reply(&refusal).await;
            }
        };
        if let Data::None = self.data {
            return self.reply("425 No data connection").await;
        }
        self.reply("150 Here it comes").await?;
        let opened = tokio::time::timeout(DATA_LIMIT, self.open_data()).await;
        let Ok(Some(mut data)) = opened else {
            return self.reply("425 No data connection").await;
        };
        let cut = if matches!(command, "LIST" | "NLST") { None } else { self.server.files().cut.take() };
        let (bytes, whole) = match &work {
            Work::Send(content) => send(&mut data, content, cut).await,
            Work::Receive => self.receive(&mut data, &path, cut).await,
            Work::Reject(_) => (discard(&mut data).await, true),
        };
        let secured = data.is_secured();
        if !whole {
            data.reset_on_drop();
        }
        drop(data);
        let command = command.to_owned();
        self.server.transfers.push(FtpTransfer { command, path, start, bytes, complete: whole, secured });
        self.reply(match &work {
            Work::Reject(reply) => reply,
            _ if whole => "226 Transfer complete",
            _ => "426 Transfer broken off",
        })
        .await
    }

    /// What there is to do, or why not.
    fn work(&self, command: &str, path: &str, start: u64) -> Result<Work, String> {
        let missing = || format!("550 {path}: no such file");
        let ascii = self.ascii;
        let mut files = self.server.files();
        let start = if files.ignores_restart { 0 } else { start };
        let offset = usize::try_from(start).unwrap_or(usize::MAX);
        match command {
            "RETR" => {
                let content = files.get(path).ok_or_else(missing)?;
                let rest = content.get(offset..).ok_or_else(|| "554 Beyond the end".to_owned())?;
                Ok(Work::Send(if ascii { to_network(rest) } else { rest.to_vec() }))
            }
            "LIST" | "NLST" => {
                let list = files.list(path, command == "NLST").ok_or_else(missing)?;
                Ok(Work::Send(list.into_bytes()))
            }
            _ if !files.can_store(path) => Err(format!("553 {path}: cannot be stored")),
            "STOR" | "APPE" if files.rejection.is_some() => {
                Ok(Work::Reject(files.rejection.take().unwrap_or_default()))
            }
            "STOR" => {
                files.truncate(path, offset);
                Ok(Work::Receive)
            }
            _ => Ok(Work::Receive),
        }
    }

    async fn open_data(&mut self) -> Option<MemoryStream> {
        let data = match std::mem::replace(&mut self.data, Data::None) {
            Data::None => None,
            Data::Passive(mut listener) => listener.accept().await.ok(),
            Data::Active(address) => self.server.fabric.dial(self.server.address, address).await.ok(),
        }?;
        (!self.protected || data.secured().await).then_some(data)
    }

    /// Takes a file. How much came, and whether it ended in order.
    async fn receive(&self, data: &mut MemoryStream, path: &str, cut: Option<u64>) -> (u64, bool) {
        let mut piece = BytesMut::with_capacity(PIECE);
        let (mut bytes, mut held) = (0, false);
        loop {
            piece.clear();
            let left = cut.map_or(u64::MAX, |cut| cut.saturating_sub(bytes));
            if left == 0 {
                return (bytes, false);
            }
            match (&mut *data).take(left).read_buf(&mut piece).await {
                Ok(0) => {
                    if held {
                        self.server.files().append(path, b"\r");
                    }
                    return (bytes, true);
                }
                Ok(count) => bytes += count as u64,
                Err(_) => return (bytes, false),
            }
            let mut files = self.server.files();
            if self.ascii {
                files.append(path, &from_network(&piece, &mut held));
            } else {
                files.append(path, &piece);
            }
        }
    }
}

enum Work {
    Send(Vec<u8>),
    Receive,
    /// Takes the file, stores nothing, and says this.
    Reject(String),
}

async fn discard(data: &mut MemoryStream) -> u64 {
    tokio::io::copy(data, &mut tokio::io::sink()).await.unwrap_or_default()
}

/// Sends a file. How much went, and whether it was all.
async fn send(data: &mut MemoryStream, content: &[u8], cut: Option<u64>) -> (u64, bool) {
    let most = cut.map_or(content.len(), |cut| usize::try_from(cut).unwrap_or(usize::MAX).min(content.len()));
    let mut rest = content.get(..most).unwrap_or_default();
    while !rest.is_empty() {
        match data.write(rest).await {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(_) => break,
        }
    }
    let sent = most - rest.len();
    let whole = sent == content.len();
    if whole {
        data.finish(MemoryEnd::Orderly);
    }
    (sent as u64, whole)
}
