//! A pseudo-terminal: a serial port that other programs can open.
//!
//! A client may close and open it again. While nobody has it open, output is thrown away, and so is what the last
//! client has left unread.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Sleep;

/// How often to look whether somebody has opened the port. Nothing tells it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The path of a pseudo-terminal that a module is attached to. The symbolic link, if there is one, is removed with it.
#[derive(Debug)]
pub struct Pty {
    path: PathBuf,
    link: Option<PathBuf>,
    /// Closed when the module's end is.
    plugged: watch::Receiver<()>,
}

impl Pty {
    /// What to open: the symbolic link if one was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// Waits until the plug has been pulled out: by [`unplug`](crate::VirtualModule::unplug), by a fault, or because
    /// the module is gone. The symbolic link is gone by then. [`plug_in_again`](crate::VirtualModule::plug_in_again) is the way back.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn unplugged(&mut self) {
        // Nothing is ever sent.
        while self.plugged.changed().await.is_ok() {}
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        remove_link(self.link.as_deref(), &self.path);
    }
}

/// Unless it leads elsewhere by now.
fn remove_link(link: Option<&Path>, target: &Path) {
    if let Some(link) = link
        && std::fs::read_link(link).is_ok_and(|found| found == target)
        && let Err(error) = std::fs::remove_file(link)
    {
        tracing::debug!(%error, "the link to the pseudo-terminal stays");
    }
}

/// The module's end.
#[derive(Debug)]
pub(crate) struct Master {
    /// `None` only while it is being renewed.
    watched: Option<AsyncFd<OwnedFd>>,
    path: PathBuf,
    link: Option<PathBuf>,
    /// Tells when it is dropped.
    _plug: watch::Sender<()>,
    /// Nobody has the port open, as far as the reader knows.
    abandoned: bool,
    wait: Option<Pin<Box<Sleep>>>,
    /// Who waits for the watch that a renewal replaces.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Master {
    /// Makes a raw pseudo-terminal, and a symbolic link to it.
    pub(crate) fn open(link: Option<&Path>) -> io::Result<(Self, Pty)> {
        Self::of(raw_terminal()?, link)
    }

    /// Makes one with the same link and another path: what becomes of a USB port that is plugged in again.
    pub(crate) fn open_again(old: &Pty) -> io::Result<(Self, Pty)> {
        let first = raw_terminal()?;
        // The first one may get the path that has become free; the second one cannot.
        let terminal = if first.1 == old.path { raw_terminal()? } else { first };
        Self::of(terminal, old.link.as_deref())
    }

    fn of((master, path): (OwnedFd, PathBuf), link: Option<&Path>) -> io::Result<(Self, Pty)> {
        let link = link.map(|link| replace_link(&path, link)).transpose()?;
        let (plug, plugged) = watch::channel(());
        let pty = Pty { path: path.clone(), link: link.clone(), plugged };
        let master = Self {
            watched: Some(watch(master)?),
            path,
            link,
            _plug: plug,
            abandoned: true,
            wait: None,
            reader: None,
            writer: None,
        };
        Ok((master, pty))
    }

    fn watched(&self) -> io::Result<&AsyncFd<OwnedFd>> {
        self.watched.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Watches anew. A hangup stays in a watch for ever, even after the next client has opened the port.
    fn renew(&mut self) -> io::Result<()> {
        if let Some(watched) = self.watched.take() {
            self.watched = Some(watch(watched.into_inner())?);
        }
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
        Ok(())
    }

    fn is_open_at_the_other_end(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(self.watched()?.get_ref(), PollFlags::OUT)];
        let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::event::poll(&mut polled, Some(&now))?;
        let flags = polled.first().map_or(PollFlags::empty(), PollFd::revents);
        Ok(!flags.contains(PollFlags::HUP))
    }

    /// The client has gone: what it has not read is thrown away. What the next one may have written already is not.
    fn discard_unread(&self) {
        let flushed = open_slave(&self.path).and_then(|slave| Ok(tcflush(&slave, QueueSelector::IFlush)?));
        if let Err(error) = flushed {
            tracing::debug!(%error, "unread output stays in the pseudo-terminal");
        }
    }

    fn read(&self, buffer: &mut ReadBuf<'_>) -> io::Result<Seen> {
        match rustix::io::read(self.watched()?.get_ref(), buffer.initialize_unfilled()) {
            Ok(0) | Err(rustix::io::Errno::IO) => Ok(Seen::Nobody),
            Ok(count) => {
                buffer.advance(count);
                Ok(Seen::Data)
            }
            Err(rustix::io::Errno::AGAIN) => Ok(Seen::Silence),
            Err(rustix::io::Errno::INTR) => Ok(Seen::Interruption),
            Err(error) => Err(error.into()),
        }
    }

    /// Nobody has it open: looks again after a while. Nothing else tells when somebody does.
    fn poll_arrival(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Seen>> {
        let wait = self.wait.get_or_insert_with(|| Box::pin(tokio::time::sleep(LOOK_AGAIN)));
        ready!(wait.as_mut().poll(context));
        self.wait = None;
        let seen = self.read(buffer)?;
        if matches!(seen, Seen::Data | Seen::Silence) {
            self.abandoned = false;
            self.renew()?;
        }
        Poll::Ready(Ok(seen))
    }

    fn poll_data(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<Seen>> {
        self.reader = Some(context.waker().clone());
        let mut guard = ready!(self.watched()?.poll_read_ready(context))?;
        let hung_up = guard.ready().is_read_closed();
        let seen = self.read(buffer)?;
        match seen {
            Seen::Silence if !hung_up => guard.clear_ready(),
            // One client has gone and the next has come, too fast to be seen.
            Seen::Silence => {
                drop(guard);
                self.renew()?;
            }
            Seen::Nobody => {
                drop(guard);
                self.abandoned = true;
                self.discard_unread();
            }
            Seen::Data | Seen::Interruption => {}
        }
        Poll::Ready(Ok(seen))
    }
}

impl Drop for Master {
    /// The link goes first: the system may give its target to another program at once.
    fn drop(&mut self) {
        remove_link(self.link.as_deref(), &self.path);
    }
}

/// What a read has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Data,
    /// Somebody has it open and sends nothing.
    Silence,
    Nobody,
    Interruption,
}

/// The module's end of a new pseudo-terminal, and the path of the other one.
fn raw_terminal() -> io::Result<(OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    let flags = rustix::fs::fcntl_getfl(&master)?;
    rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    // Raw before anybody can open it: a cooked terminal would echo our output back to us.
    let mut attributes = tcgetattr(&master)?;
    attributes.make_raw();
    tcsetattr(&master, OptionalActions::Now, &attributes)?;
    let name = ptsname(&master, Vec::new())?;
    let path = PathBuf::from(name.to_str().map_err(io::Error::other)?);
    // Opened and closed once, so that "nobody has it open" looks the same before the first client and after.
    drop(open_slave(&path)?);
    Ok((master, path))
}

#[expect(
    deprecated,
    reason = "the successor is an unsafe function; an owned descriptor keeps its contract without it"
)]
fn watch(master: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(master)
}

fn open_slave(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Creates the link, or points an old one here, in one step.
fn replace_link(target: &Path, link: &Path) -> io::Result<PathBuf> {
    let mut name = link.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(name);
    std::os::unix::fs::symlink(target, &temporary)?;
    std::fs::rename(&temporary, link)?;
    Ok(link.to_owned())
}

impl AsyncRead for Master {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let seen = if this.abandoned {
                ready!(this.poll_arrival(context, buffer))?
            } else {
                ready!(this.poll_data(context, buffer))?
            };
            if seen == Seen::Data {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Master {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            if !this.is_open_at_the_other_end()? {
                return Poll::Ready(Ok(bytes.len()));
            }
            this.writer = Some(context.waker().clone());
            let mut guard = ready!(this.watched()?.poll_write_ready(context))?;
            let hung_up = guard.ready().is_write_closed();
            match rustix::io::write(guard.get_inner(), bytes) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(rustix::io::Errno::AGAIN) if !hung_up => guard.clear_ready(),
                Err(rustix::io::Errno::AGAIN) => {
                    drop(guard);
                    this.renew()?;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
