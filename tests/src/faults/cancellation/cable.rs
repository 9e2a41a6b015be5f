//! A cable that stays in the module.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::super::bench::Bench;
use super::super::outcome::Broken;

const CAPACITY: usize = 64 * 1024;
/// Of a frame.
const FLAG: u8 = 0xf9;
/// Shorter than a module waits for the first frame before it goes back to plain AT.
const AT_ONCE: Duration = Duration::from_secs(1);

/// As with a serial port, one host after the other holds its other end, and the module sees none of them come or go.
#[derive(Clone)]
pub(super) struct Cable(Arc<Mutex<DuplexStream>>);

impl Cable {
    pub(super) fn new(bench: &Bench) -> Self {
        Self(Arc::new(Mutex::new(bench.plug())))
    }

    /// Its end for a host, as soon as the one before has let go.
    pub(super) async fn host(&self) -> DuplexStream {
        let plug = Arc::clone(&self.0).lock_owned().await;
        let (host, line) = tokio::io::duplex(CAPACITY);
        tokio::spawn(carry(line, plug));
        host
    }

    /// The module takes text at once, and speaks in no frames.
    pub(super) async fn is_plain(&self) -> Result<(), Broken> {
        let mut host = self.host().await;
        let mut heard = Vec::new();
        let answer = async {
            host.write_all(b"AT\r").await?;
            while !heard.windows(4).any(|four| four == b"OK\r\n") && host.read_buf(&mut heard).await? > 0 {}
            std::io::Result::Ok(())
        };
        let answered = matches!(timeout(AT_ONCE, answer).await, Ok(Ok(())));
        match answered && !heard.contains(&FLAG) {
            true => Ok(()),
            false => Err(Broken::wrong(format!("the module is not in plain AT: {}", heard.escape_ascii()))),
        }
    }
}

/// Until the host lets go.
async fn carry(mut host: DuplexStream, mut plug: OwnedMutexGuard<DuplexStream>) {
    let (mut from_host, mut from_module) = (vec![0; CAPACITY], vec![0; CAPACITY]);
    loop {
        tokio::select! {
            count = host.read(&mut from_host) => match count {
                Ok(count @ 1..) => plug.write_all(&from_host[..count]).await.expect("the module is there"),
                _ => return,
            },
            count = plug.read(&mut from_module) => {
                let count = count.expect("the module is there");
                if count == 0 || host.write_all(&from_module[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
