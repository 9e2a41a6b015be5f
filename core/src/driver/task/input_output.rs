//! Bytes between transport and engine.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::Ordering;
use std::task::Poll;

use bytes::Buf;
use tokio::task::coop;

use super::wake::{Written, poll_read};
use super::{ANSWER_SIZE, READ_SIZE, Task, add, now};
use crate::driver::slot::BoxedStream;
use crate::driver::stream::tell;

impl Task {
    pub(super) fn input_arrived(&mut self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        add(&self.counters.bytes_read, count);
        let full = self.engine.input().capacity() == self.engine.input().len();
        match &self.stream {
            Some(_) => self.data_arrived(count, full),
            None => self.engine.handle_input(now()),
        }
        let more = full || self.stream.is_some() || !self.engine.input().is_empty();
        self.read_size = if more { READ_SIZE } else { ANSWER_SIZE };
        Ok(())
    }

    /// Data of a stream gather while they run.
    fn data_arrived(&mut self, count: usize, full: bool) {
        let now = now();
        let arrived = self.gathering.arrived_by(now, count);
        self.engine.handle_input(now);
        self.engine.silent_since(arrived);
        self.gathering.read(now, count, full, self.engine.outlook());
    }

    pub(super) fn written(&mut self, Written { count, flushed }: Written) -> io::Result<()> {
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        add(&self.counters.bytes_written, count);
        self.line.carry(now(), count);
        if let Some(front) = self.output.front_mut() {
            front.advance(count);
            if front.is_empty() {
                self.output.pop_front();
            }
        }
        self.unflushed = !flushed?;
        Ok(())
    }

    /// While nobody makes room for the data of the stream, the port is not read.
    pub(super) fn has_backlog(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| !stream.backlog.is_empty())
    }

    /// Neither an exchange nor a stream is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.waiting.is_none() && self.stream.is_none()
    }

    /// The transport has taken everything that the engine has given out.
    pub(super) fn all_taken(&self) -> bool {
        self.output.is_empty() && !self.unflushed
    }

    /// Bytes that are there count before a deadline that has passed, however late this task is.
    pub(super) async fn timer_fired(&mut self, stream: &mut BoxedStream) -> io::Result<()> {
        if !self.has_backlog() {
            let (room, quiet) = (self.read_size, self.is_quiet());
            let input = self.engine.input();
            // They are there as well when this task has done so much that it should let others go first.
            let read = poll_fn(|context| Poll::Ready(poll_read(stream, input, room, quiet, context)));
            match coop::unconstrained(read).await {
                Poll::Ready(count) => self.input_arrived(count?)?,
                Poll::Pending if self.gathering.until().is_some_and(|until| until <= now()) => {
                    self.gathering.stop()
                }
                Poll::Pending => {}
            }
        }
        self.engine.handle_timeout(now());
        Ok(())
    }

    /// Takes out everything the engine produced.
    pub(super) fn drain_engine(&mut self) {
        // First, so that a transcript is complete when somebody acts on an answer.
        while let Some(trace) = self.engine.poll_trace() {
            if let Some(recorder) = &mut self.recorder {
                recorder.record(self.started.elapsed(), &trace);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.handle(event);
        }
        while let Some(bytes) = self.engine.poll_output() {
            self.output.push_back(bytes);
            self.leaving = true;
        }
        if self.leaving && self.all_taken() {
            self.leaving = false;
            let now = now();
            self.engine.output_left(now, self.line.free_at(now));
        }
        let all_written = self.all_taken() && !self.engine.stream_holds_back();
        if let Some(stream) = &mut self.stream {
            stream.flush();
            if all_written {
                stream.flushing.drain(..).for_each(|waiter| tell(Some(waiter)));
            }
        }
        self.pause_or_resume();
        self.counters.resyncs.store(self.engine.resync_count(), Ordering::Relaxed);
        self.counters.dropped_bytes.store(self.engine.dropped_bytes(), Ordering::Relaxed);
    }

    /// Tells the engine whether its input is read, however the backlog came and went.
    pub(super) fn pause_or_resume(&mut self) {
        let backlog = self.has_backlog();
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.paused != backlog) {
            stream.paused = backlog;
            match backlog {
                true => self.engine.input_paused(),
                false => self.engine.input_resumed(now()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;
    use crate::driver::health::HealthRecord;
    use crate::driver::port::DriverOptions;
    use crate::driver::slot::Occupied;
    use crate::driver::task::Shared;
    use crate::driver::unsolicited::SharedUnsolicited;
    use crate::fan_in;

    fn task() -> Task {
        let shared = Shared {
            requests: fan_in::channel(1).1,
            changes: None,
            occupied: Occupied::default(),
            subscriptions: SharedUnsolicited::default(),
            counters: std::sync::Arc::default(),
            health: HealthRecord::default(),
        };
        Task::new(DriverOptions::default(), shared)
    }

    /// Works until others should go first.
    async fn work_hard() {
        poll_fn(|context| {
            while let Poll::Ready(budget) = coop::poll_proceed(context) {
                budget.made_progress();
            }
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn bytes_that_are_there_count_before_a_deadline_however_hard_the_task_has_worked() {
        let (host, mut module) = duplex(64);
        module.write_all(b"\r\nRING\r\n").await.unwrap();
        let (mut stream, mut task): (BoxedStream, _) = (Box::pin(host), task());
        work_hard().await;
        assert!(!coop::has_budget_remaining());
        task.timer_fired(&mut stream).await.unwrap();
        assert_eq!(task.counters.bytes_read.load(Ordering::Relaxed), 8);
    }
}
