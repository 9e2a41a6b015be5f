//! What has arrived on a data connection and has not been read.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::net::ftp::FtpError;

/// Received data.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pieces: VecDeque<Bytes>,
    pub(super) available: usize,
    pub(super) ended: Option<Result<(), FtpError>>,
}

impl Inbox {
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.available += bytes.len();
        self.pieces.push_back(bytes);
    }

    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(most.min(self.available));
        while taken.len() < most {
            let Some(mut first) = self.pieces.pop_front() else { break };
            let count = first.len().min(most - taken.len());
            taken.extend_from_slice(&first.split_to(count));
            if !first.is_empty() {
                self.pieces.push_front(first);
            }
        }
        self.available -= taken.len();
        taken
    }

    /// Nothing more is wanted.
    pub(super) fn closed() -> Self {
        Self { ended: Some(Ok(())), ..Self::default() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some() && self.available == 0
    }
}
