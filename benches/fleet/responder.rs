//! The modules: one thread that plays the script to all lines, and knows what it costs itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::line::Lines;
use crate::script::Script;
use crate::usage;

/// The thread.
#[derive(Debug)]
pub(crate) struct Responder {
    lines: Arc<Lines>,
    nanoseconds: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    pub(crate) fn start(lines: &Arc<Lines>, script: &Arc<Script>) -> Self {
        let nanoseconds = Arc::new(AtomicU64::new(0));
        let thread = std::thread::spawn({
            let (lines, script, nanoseconds) =
                (Arc::clone(lines), Arc::clone(script), Arc::clone(&nanoseconds));
            move || serve(&lines, &script, &nanoseconds)
        });
        Self { lines: Arc::clone(lines), nanoseconds, thread: Some(thread) }
    }

    /// CPU time of the thread so far.
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.lines.stop();
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has told.
            drop(thread.join());
        }
    }
}

fn serve(lines: &Lines, script: &Script, nanoseconds: &AtomicU64) {
    let mut ready = Vec::with_capacity(8192);
    loop {
        lines.wait_ready(&mut ready);
        for index in &ready {
            let Some(mut wire) = lines.wire(*index) else { return };
            script.answer(&mut wire);
            let reader = if wire.to_host.is_empty() { None } else { wire.reader.take() };
            drop(wire);
            if let Some(reader) = reader {
                reader.wake();
            }
        }
        let spent = u64::try_from(usage::thread_cpu().as_nanos()).unwrap_or(u64::MAX);
        nanoseconds.store(spent, Ordering::Relaxed);
    }
}
