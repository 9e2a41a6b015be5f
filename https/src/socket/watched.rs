//! A byte stream that knows when everything was last written.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The stream, and what others can see of it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

/// What was last seen of a connection.
#[derive(Debug)]
pub(super) struct Activity {
    /// Since when nothing waits to be written; `None` while something does.
    idle: watch::Sender<Option<Instant>>,
    /// Something of the request that is under way has been written.
    wrote: AtomicBool,
    /// Something of its answer has come.
    read: AtomicBool,
    /// Bytes that were written in all, and before this request.
    written: AtomicU64,
    before: AtomicU64,
    /// Bytes that the module has taken in all, when the connection has ended.
    taken: AtomicU64,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S) -> Self {
        let activity = Activity {
            idle: watch::Sender::new(Some(Instant::now())),
            wrote: AtomicBool::new(false),
            read: AtomicBool::new(false),
            written: AtomicU64::new(0),
            before: AtomicU64::new(0),
            taken: AtomicU64::new(0),
        };
        Self { stream, activity: Arc::new(activity) }
    }

    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

impl Activity {
    /// A request begins.
    pub(super) fn begin(&self) {
        self.idle.send_replace(Some(Instant::now()));
        self.wrote.store(false, Ordering::Relaxed);
        self.read.store(false, Ordering::Relaxed);
        self.before.store(self.written.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// The connection has ended, and the module had taken so many bytes in all.
    pub(super) fn ended(&self, taken: u64) {
        self.taken.store(taken, Ordering::Relaxed);
    }

    /// Whether the module has taken something of the request, when the connection has ended.
    pub(super) fn was_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.before.load(Ordering::Relaxed)
    }

    pub(super) fn wrote(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    pub(super) fn read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    /// Waits until nothing has been there to write for so long. What the module does not take is its socket's matter.
    pub(super) async fn silence(&self, time: Duration) {
        let mut idle = self.idle.subscribe();
        loop {
            let until = idle.borrow_and_update().and_then(|since| since.checked_add(time));
            let changed = match until {
                None => idle.changed().await,
                Some(until) => match timeout_at(until, idle.changed()).await {
                    Ok(changed) => changed,
                    Err(_) => return,
                },
            };
            // The sender is in here.
            if changed.is_err() {
                return;
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = target.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, target))?;
        if target.filled().len() > before {
            self.activity.read.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.activity.idle.send_replace(None);
        let length = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.activity.wrote.store(true, Ordering::Relaxed);
        self.activity.written.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.activity.idle.send_if_modified(|idle| {
            let written = idle.is_none();
            *idle = idle.or_else(|| Some(Instant::now()));
            written
        });
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn watched(
        capacity: usize,
    ) -> (Watched<tokio::io::DuplexStream>, tokio::io::DuplexStream, Arc<Activity>) {
        let (near, far) = tokio::io::duplex(capacity);
        let near = Watched::new(near);
        let activity = near.activity();
        (near, far, activity)
    }

    /// When ten seconds of silence are over.
    fn silence(activity: &Arc<Activity>) -> tokio::task::JoinHandle<Duration> {
        let (activity, began) = (Arc::clone(activity), Instant::now());
        tokio::spawn(async move {
            activity.silence(Duration::from_secs(10)).await;
            began.elapsed()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn writing_puts_the_silence_off_and_reading_does_not() {
        let (mut near, mut far, activity) = watched(64);
        activity.begin();
        let silence = silence(&activity);
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(!activity.wrote());
        near.write_all(b"a").await.unwrap();
        near.flush().await.unwrap();
        tokio::time::sleep(Duration::from_secs(6)).await;
        far.write_all(b"b").await.unwrap();
        near.read_u8().await.unwrap();
        assert!(activity.wrote() && activity.read());
        assert_eq!(silence.await.unwrap(), Duration::from_secs(16));
        activity.begin();
        assert!(!activity.wrote() && !activity.read());
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_slow_to_take_what_is_written_is_no_silence() {
        let (mut near, mut far, activity) = watched(1);
        activity.begin();
        let silence = silence(&activity);
        let writing = tokio::spawn(async move {
            near.write_all(b"ab").await.unwrap();
            near.flush().await.unwrap();
            near
        });
        tokio::time::sleep(Duration::from_secs(60)).await;
        far.read_u8().await.unwrap();
        let _near = writing.await.unwrap();
        assert_eq!(silence.await.unwrap(), Duration::from_secs(70));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_no_clock_reaches_never_ends() {
        let (mut near, _far, activity) = watched(64);
        activity.begin();
        let forever = async { activity.silence(Duration::MAX).await };
        let writing = async {
            near.write_all(b"a").await.unwrap();
            near.flush().await.unwrap();
            tokio::time::sleep(Duration::from_secs(86_400)).await;
        };
        tokio::select! {
            () = forever => panic!("it ended"),
            () = writing => {}
        }
    }
}
