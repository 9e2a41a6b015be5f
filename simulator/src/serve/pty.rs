//! A pseudo-terminal: a serial port that other programs can open.
//!
//! A client may close and open it again. While nobody has it open, output is thrown away, and so is what the last
//! client has left unread.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How often to look whether somebody has opened the port. Nothing tells it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The path of a pseudo-terminal that a module is attached to. The symbolic link, if there is one, is removed with it.
#[derive(Debug)]
pub struct Pty {
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// What to open: the symbolic link if one was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && std::fs::read_link(link).is_ok_and(|target| target == self.path)
            && let Err(error) = std::fs::remove_file(link)
        {
            tracing::debug!(%error, "the link to the pseudo-terminal stays");
        }
    }
}

/// The module's end.
#[derive(Debug)]
pub(crate) struct Master {
    fd: AsyncFd<OwnedFd>,
    path: PathBuf,
    /// Nobody has the port open, as far as the reader knows.
    abandoned: bool,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Master {
    /// Makes a raw pseudo-terminal, and a symbolic link to it.
    pub(crate) fn open(link: Option<&Path>) -> io::Result<(Self, Pty)> {
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
        let link = link.map(|link| replace_link(&path, link)).transpose()?;
        let fd = watched(master)?;
        let pty = Pty { path: path.clone(), link };
        Ok((Self { fd, path, abandoned: true, wait: None }, pty))
    }

    fn is_open_at_the_other_end(&self) -> bool {
        let mut polled = [PollFd::new(self.fd.get_ref(), PollFlags::OUT)];
        let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
        let looked = rustix::event::poll(&mut polled, Some(&now));
        let flags = polled.first().map_or(PollFlags::empty(), PollFd::revents);
        looked.is_ok() && !flags.contains(PollFlags::HUP)
    }

    /// The client has gone: what it has not read is thrown away.
    fn discard_unread(&self) {
        let flushed = open_slave(&self.path).and_then(|slave| Ok(tcflush(&slave, QueueSelector::IOFlush)?));
        if let Err(error) = flushed {
            tracing::debug!(%error, "unread output stays in the pseudo-terminal");
        }
    }

    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let wait = self.wait.get_or_insert_with(|| Box::pin(tokio::time::sleep(LOOK_AGAIN)));
        ready!(wait.as_mut().poll(context));
        self.wait = None;
        Poll::Ready(())
    }
}

#[expect(
    deprecated,
    reason = "the successor is an unsafe function; an owned descriptor keeps its contract without it"
)]
fn watched(master: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
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
            if this.wait.is_some() {
                ready!(this.poll_wait(context));
            }
            let mut guard = ready!(this.fd.poll_read_ready(context))?;
            let read = guard.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), buffer.initialize_unfilled())?));
            match read {
                Ok(Ok(count)) if count > 0 => {
                    this.abandoned = false;
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                // EIO: nobody has it open. It comes at once, every time.
                Ok(Ok(_)) => {}
                Ok(Err(error)) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                // Somebody has it open, and is silent.
                Err(_) => {
                    this.abandoned = false;
                    continue;
                }
            }
            if !this.abandoned {
                this.abandoned = true;
                this.discard_unread();
            }
            this.wait = Some(Box::pin(tokio::time::sleep(LOOK_AGAIN)));
        }
    }
}

impl AsyncWrite for Master {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            if !this.is_open_at_the_other_end() {
                return Poll::Ready(Ok(bytes.len()));
            }
            let mut guard = ready!(this.fd.poll_write_ready(context))?;
            if let Ok(written) = guard.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?)) {
                return Poll::Ready(written);
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
