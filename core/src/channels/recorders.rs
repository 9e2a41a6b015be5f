//! One transcript of several channels.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::driver::Recorder;

/// Gives each channel a recorder into the same transcript. A remark tells which channel the lines behind it are of.
pub(crate) struct Recorders(Option<Arc<Mutex<Shared>>>);

struct Shared {
    sink: Box<dyn Write + Send>,
    last: Option<u8>,
}

/// Where one channel writes.
struct ChannelSink {
    shared: Arc<Mutex<Shared>>,
    number: u8,
}

impl Recorders {
    pub(crate) fn new(recorder: Option<Recorder>) -> Self {
        let sink = recorder.and_then(Recorder::into_sink);
        Self(sink.map(|sink| Arc::new(Mutex::new(Shared { sink, last: Some(0) }))))
    }

    /// For the line before it carries channels.
    pub(crate) fn plain(&self) -> Option<Recorder> {
        self.channel(0)
    }

    pub(crate) fn channel(&self, number: u8) -> Option<Recorder> {
        let shared = Arc::clone(self.0.as_ref()?);
        Some(Recorder::new(ChannelSink { shared, number }))
    }
}

impl Write for ChannelSink {
    /// A recorder writes line by line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.last.replace(self.number) != Some(self.number) {
            let time = line.split(|byte| *byte == b' ').next().unwrap_or_default();
            let remark = [time, format!(" # channel {}\n", self.number).as_bytes()].concat();
            shared.sink.write_all(&remark)?;
        }
        shared.sink.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).sink.flush()
    }
}
