//! A request, and how far its answer has come.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::module::InstanceId;
use crate::service::LinkId;

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) profile: u8,
    pub(super) instance: InstanceId,
    pub(super) link: LinkId,
    /// `#HTTPQRY` or `#HTTPSND` waits for the request to be sent.
    pub(super) sending: bool,
    /// The connection of a `#HTTPSND` that asks for so many bytes when it is open.
    pub(super) upload: Option<usize>,
    pub(super) status: Option<u16>,
    /// The size that the URC has shown, if it was not 0.
    pub(super) length: Option<u64>,
    pub(super) inbox: VecDeque<Bytes>,
    pub(super) available: usize,
    pub(super) delivered: u64,
    pub(super) ended: bool,
    /// The empty block that ends a body of unknown length has been given.
    pub(super) end_shown: bool,
    pub(super) reading: Option<Reading>,
}

/// A `#HTTPRCV` that is going on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) instance: InstanceId,
    /// `None` is everything.
    pub(super) most: Option<usize>,
    pub(super) started: bool,
    /// Where it goes if not to the host.
    pub(super) partition: Option<Partition>,
}

/// A `#HTTPRCVOTA` and how much it has stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    pub(super) verbose: bool,
    pub(super) written: u64,
}

impl Partition {
    /// One mark is shown for so many bytes. Source: M37 p872.
    const STEP: u64 = 4096;

    /// Stores so many bytes, and how many marks that makes.
    pub(super) fn store(&mut self, count: usize) -> usize {
        let before = self.written / Self::STEP;
        self.written += count as u64;
        let marks = self.written / Self::STEP - before;
        if self.verbose { usize::try_from(marks).unwrap_or(usize::MAX) } else { 0 }
    }
}

impl Exchange {
    /// A request that is being sent.
    pub(super) fn new(profile: u8, instance: InstanceId, link: LinkId) -> Self {
        Self {
            profile,
            instance,
            link,
            sending: true,
            upload: None,
            status: None,
            length: None,
            inbox: VecDeque::new(),
            available: 0,
            delivered: 0,
            ended: false,
            end_shown: false,
            reading: None,
        }
    }

    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(most.min(self.available));
        while taken.len() < most {
            let Some(mut first) = self.inbox.pop_front() else { break };
            let count = first.len().min(most - taken.len());
            taken.extend_from_slice(&first.split_to(count));
            if !first.is_empty() {
                self.inbox.push_front(first);
            }
        }
        self.available -= taken.len();
        self.delivered += taken.len() as u64;
        taken
    }

    /// What the body can still bring, if its size is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.length.map(|length| length.saturating_sub(self.delivered))
    }

    /// Everything has come, and has been read.
    pub(super) fn is_over(&self) -> bool {
        self.is_empty() || self.left() == Some(0)
    }

    /// Nothing has come that was not read, and nothing will.
    pub(super) fn is_empty(&self) -> bool {
        self.ended && self.available == 0
    }

    /// Nothing more can be read.
    pub(super) fn is_exhausted(&self) -> bool {
        match self.left() {
            Some(0) => true,
            _ => self.is_empty() && (self.length.is_some() || self.end_shown || self.delivered == 0),
        }
    }

    /// Whether a block of at most `most` bytes can be given now. `short` ones need not be as long as they could be.
    pub(super) fn has_block(&self, most: usize, short: bool) -> bool {
        if short && self.available > 0 {
            return true;
        }
        let wanted = self.left().map_or(most, |left| most.min(usize::try_from(left).unwrap_or(most)));
        self.ended || self.available >= wanted
    }
}
