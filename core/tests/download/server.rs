//! A file on a server that lives in the test, and the folder that it is downloaded to.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use telit_core::download::{Disk, FileDownload, Held, Offer, RangeSource, Retry, Sha256Digest, SourceError};
use telit_core::driver::ModuleDown;
use telit_core::{Backoff, Category};

pub(crate) const DATA: &[u8] = b"0123456789";
pub(crate) const HASH: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

pub(crate) fn hash() -> Sha256Digest {
    HASH.parse().unwrap()
}

/// The transfer ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cut")]
pub(crate) struct Cut;

impl SourceError for Cut {
    fn category(&self) -> Category {
        Category::Network
    }

    fn hint(&self) -> Option<&'static str> {
        None
    }

    fn is_resumable(&self) -> bool {
        true
    }

    fn is_cut(&self) -> bool {
        true
    }
}

/// What the server has and how it behaves.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) data: Bytes,
    pub(crate) version: Option<String>,
    pub(crate) tells_size: bool,
    pub(crate) resumes: bool,
    /// Bytes of each transfer until it is cut; those behind them are whole.
    pub(crate) cuts: VecDeque<usize>,
    /// How long it takes to each byte.
    pub(crate) pace: Duration,
    /// What was told to be held, and where transfers began.
    pub(crate) told: Vec<Option<Held>>,
    pub(crate) begun: Vec<u64>,
    /// How many had begun when it was told that the file has come damaged.
    pub(crate) spoiled: Vec<usize>,
    pub(crate) gave_up: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Server(Arc<Mutex<State>>);

/// The file on it.
pub(crate) struct Remote {
    server: Server,
    rest: Bytes,
    /// How much of it comes.
    until_cut: Option<usize>,
}

impl Server {
    pub(crate) fn new(data: &'static [u8]) -> Self {
        Self(Arc::new(Mutex::new(State {
            name: "server fw.bin".into(),
            data: Bytes::from_static(data),
            version: None,
            tells_size: true,
            resumes: true,
            cuts: VecDeque::new(),
            pace: Duration::ZERO,
            told: Vec::new(),
            begun: Vec::new(),
            spoiled: Vec::new(),
            gave_up: Vec::new(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// With no time to lose between attempts.
    pub(crate) fn download<'a>(&self, folder: &Folder) -> FileDownload<'a, Remote> {
        let remote = Remote { server: self.clone(), rest: Bytes::new(), until_cut: None };
        let retry = Retry::default().backoff(Backoff::new(Duration::ZERO, Duration::ZERO));
        FileDownload::new(remote, Disk::default(), &folder.target()).retry(retry)
    }

    /// An earlier call that was cut behind so many bytes.
    pub(crate) async fn leave(&self, folder: &Folder, bytes: usize) {
        self.state().cuts.push_back(bytes);
        let error = self.download(folder).retry(Retry::never()).await.unwrap_err();
        assert!(error.is_resumable(), "{error:?}");
        assert_eq!(folder.names(), ["fw.bin.part", "fw.bin.part.state"]);
        let mut state = self.state();
        state.told.clear();
        state.begun.clear();
    }
}

impl RangeSource for Remote {
    type Error = Cut;

    fn name(&self) -> String {
        self.server.state().name.clone()
    }

    async fn offer(&mut self, held: Option<&Held>) -> Result<Offer, Cut> {
        let mut state = self.server.state();
        state.told.push(held.cloned());
        let size = state.tells_size.then_some(state.data.len() as u64);
        Ok(Offer { size, version: state.version.clone(), resumes: state.resumes })
    }

    async fn open(&mut self, offset: u64) -> Result<(), Cut> {
        let mut state = self.server.state();
        state.begun.push(offset);
        self.rest = state.data.slice(usize::try_from(offset).unwrap()..);
        self.until_cut = state.cuts.pop_front();
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        if self.until_cut == Some(0) {
            return Some(Err(Cut));
        }
        if self.rest.is_empty() {
            return None;
        }
        let pace = self.server.state().pace;
        if !pace.is_zero() {
            tokio::time::sleep(pace).await;
        }
        if let Some(left) = &mut self.until_cut {
            *left -= 1;
        }
        Some(Ok(self.rest.split_to(1)))
    }

    fn close(&mut self) {
        self.rest.clear();
    }

    async fn usable(&mut self) -> Result<(), ModuleDown> {
        Ok(())
    }

    fn spoiled(&mut self) {
        let mut state = self.server.state();
        let begun = state.begun.len();
        state.spoiled.push(begun);
    }

    fn failed(&mut self, _: &Cut) {}

    fn gave_up(&mut self, reason: String) {
        self.server.state().gave_up.push(reason);
    }
}

/// Where it goes.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.path("fw.bin")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// It arrived, and nothing is left of the way there.
    pub(crate) fn holds(&self, data: &[u8]) {
        assert_eq!(self.names(), ["fw.bin"]);
        assert!(fs::read(self.target()).unwrap() == data);
    }
}
