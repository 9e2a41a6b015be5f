//! The open data stream as the task sees it.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::stream::{DataStream, DataStreamPeer};
use crate::at::StreamEnd;

#[derive(Debug)]
pub(super) struct OpenStream {
    pub(super) peer: DataStreamPeer,
    /// Data that the reader had no room for. While there are any, the port is not read.
    pub(super) backlog: VecDeque<Bytes>,
    /// The engine knows that it is not.
    pub(super) paused: bool,
    /// Who waits until everything was written.
    pub(super) flushing: Vec<oneshot::Sender<()>>,
    pub(super) closing: bool,
}

impl OpenStream {
    /// A new one, and the handle to it.
    pub(super) fn new() -> (Self, DataStream) {
        let (stream, peer) = DataStream::pair();
        (Self { peer, backlog: VecDeque::new(), paused: false, flushing: Vec::new(), closing: false }, stream)
    }

    /// Hands on as much as the reader has room for; a reader that is gone wants nothing.
    pub(super) fn flush(&mut self) {
        while let Some(data) = self.backlog.pop_front() {
            match self.peer.data.try_send(data) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(data)) => return self.backlog.push_front(data),
                Err(mpsc::error::TrySendError::Closed(_)) => self.backlog.clear(),
            }
        }
    }

    /// Nothing more is written, and whoever waits for that hears it at once.
    pub(super) fn stop_writing(&mut self) {
        self.closing = true;
        self.flushing.clear();
        self.peer.control.close();
        while self.peer.control.try_recv().is_ok() {}
    }

    /// The reader gets the rest of the data at its own pace, then the end.
    pub(super) fn finish(mut self, end: StreamEnd) {
        self.flush();
        if self.backlog.is_empty() {
            return self.peer.finish(end);
        }
        // Whoever writes need not wait until the reader has read.
        self.stop_writing();
        tokio::spawn(async move {
            let Self { peer, backlog, .. } = self;
            for data in backlog {
                if !peer.send(data).await {
                    break;
                }
            }
            peer.finish(end);
        });
    }
}
