//! Where a file comes from.

use bytes::Bytes;

use super::error::SourceError;
use crate::driver::ModuleDown;

/// A file on a server, and how it is fetched from any place in it on. [`FileDownload`](super::FileDownload) does the
/// rest. All futures may be dropped at any time.
pub trait RangeSource: Send {
    /// What ends a transfer.
    type Error: SourceError;

    /// What no other file is called: server, folder, name. It is kept on the disk, so it must hold no secret and no line
    /// break.
    fn name(&self) -> String;

    /// What the server has now. Asked before every attempt, with what is held of the file already.
    fn offer(&mut self, held: Option<&Held>) -> impl Future<Output = Result<Offer, Self::Error>> + Send;

    /// Begins a transfer behind `offset` bytes of what was offered last. It is not 0 only if the offer
    /// [resumes](Offer::resumes).
    fn open(&mut self, offset: u64) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The next bytes of the transfer; `None` behind the last one, when the transfer has ended as it should. Until then the
    /// last byte of the file does not count as being on the disk, so that a download that is killed before asks for it
    /// again, and a server that does not begin where it should is found out.
    fn next(&mut self) -> impl Future<Output = Option<Result<Bytes, Self::Error>>> + Send;

    /// No more is wanted of the transfer.
    fn close(&mut self);

    /// Waits until the module can be used.
    fn usable(&mut self) -> impl Future<Output = Result<(), ModuleDown>> + Send;

    /// All of the file has come, in pieces, and its hash is wrong. It is fetched once more from the beginning, after
    /// another [`open`](Self::open): now every byte that the line loses should show at once, however slow that is.
    fn spoiled(&mut self);

    /// An attempt has failed, and another one may follow.
    fn failed(&mut self, because: &Self::Error);

    /// None follows.
    fn gave_up(&mut self, reason: String);
}

/// What is on the disk of a file that has not come whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// So many bytes from its beginning.
    pub bytes: u64,
    /// The size of the whole file.
    pub size: u64,
    /// What the server called this state of the file.
    pub version: Option<String>,
    /// Its hash is known, so bytes of another file will be noticed.
    pub is_hash_known: bool,
}

impl Held {
    /// See the fields.
    #[must_use]
    pub fn new(bytes: u64, size: u64, version: Option<String>, is_hash_known: bool) -> Self {
        Self { bytes, size, version, is_hash_known }
    }
}

/// What a server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The size of the whole file, if it tells.
    pub size: Option<u64>,
    /// What it calls this state of the file, without line breaks. Two of the same version are the same to the byte.
    pub version: Option<String>,
    /// Whether it can go on behind what is held.
    pub resumes: bool,
}
