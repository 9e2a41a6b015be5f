//! The handle to an open data stream.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::at::StreamEnd;

/// Chunks that wait for a slow reader before the port stops being read.
const CHUNKS: usize = 64;

/// A port in online mode: raw bytes both ways until the module or the host ends it.
///
/// Dropping it leaves online mode by the escape sequence in the background and throws away what still
/// arrives; commands wait until that is done.
///
/// Data that nobody reads are kept, never dropped: about 64 pieces of 4 KiB. After that the port is not read until
/// there is room again, so the module is slowed down by its flow control, and the commands, unsolicited lines and
/// streams of this port wait as long as the reader takes. Other ports go on. A stream that is dropped frees the port
/// within 13 seconds behind the write that is under way, which has its [bound](Self::set_send_timeout).
///
/// A write that the port does not take within its [bound](Self::set_send_timeout) ends the stream with
/// [`StreamEnd::Stalled`]: the rest is dropped and online mode is left. So writes should be small: a few thousand
/// bytes at a time.
#[derive(Debug)]
pub struct DataStream {
    data: mpsc::Receiver<Bytes>,
    control: mpsc::Sender<Control>,
    end: oneshot::Receiver<StreamEnd>,
}

/// The port's side of a [`DataStream`], for the driver and for tests with a mocked channel.
#[derive(Debug)]
pub struct DataStreamPeer {
    pub(crate) data: mpsc::Sender<Bytes>,
    pub(crate) control: mpsc::Receiver<Control>,
    pub(crate) end: oneshot::Sender<StreamEnd>,
}

#[derive(Debug)]
pub(crate) enum Control {
    /// Bytes to send, and whom to tell that they were taken to be sent.
    Write(Bytes, Option<oneshot::Sender<()>>),
    /// Tell when everything before has been written to the port.
    Flush(oneshot::Sender<()>),
    /// How long the port may take for one write.
    SendTimeout(Duration),
    Close,
}

/// The writing side of a [`DataStream`], to be used beside its reading side.
#[derive(Clone, Debug)]
pub struct DataStreamWriter {
    control: mpsc::WeakSender<Control>,
}

/// The stream is not open any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data stream is closed")]
pub struct StreamClosed;

impl DataStream {
    /// A connected pair.
    #[must_use]
    pub fn pair() -> (Self, DataStreamPeer) {
        let (data_sender, data) = mpsc::channel(CHUNKS);
        let (control, control_receiver) = mpsc::channel(CHUNKS);
        let (end_sender, end) = oneshot::channel();
        let peer = DataStreamPeer { data: data_sender, control: control_receiver, end: end_sender };
        (Self { data, control, end }, peer)
    }

    /// The next bytes; `None` when the stream has ended.
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.data.recv().await
    }

    /// Sends bytes to the module.
    ///
    /// # Errors
    /// The stream has ended.
    ///
    /// # Cancel safety
    /// The bytes are sent whole or not at all.
    pub async fn write(&self, bytes: Bytes) -> Result<(), StreamClosed> {
        self.control.send(Control::Write(bytes, None)).await.map_err(|_| StreamClosed)
    }

    /// How long the port may take for one write, from the next write on. Default
    /// [`Settings::send_timeout`](crate::at::Settings::send_timeout).
    pub async fn set_send_timeout(&self, timeout: Duration) {
        // If nobody listens, the stream has already ended.
        drop(self.control.send(Control::SendTimeout(timeout)).await);
    }

    /// A handle for writing while another one reads. It does not keep the stream open.
    #[must_use]
    pub fn writer(&self) -> DataStreamWriter {
        DataStreamWriter { control: self.control.downgrade() }
    }

    /// Asks the port to leave online mode by the escape sequence. What still arrives can be read;
    /// then [`end`](Self::end) tells how it went.
    pub async fn close(&self) {
        // If nobody listens, the stream has already ended.
        drop(self.control.send(Control::Close).await);
    }

    /// Waits for the end of the stream; data that were not read are dropped.
    pub async fn end(mut self) -> StreamEnd {
        while self.data.recv().await.is_some() {}
        self.end.await.unwrap_or(StreamEnd::Lost)
    }
}

impl DataStreamWriter {
    /// Sends bytes to the module, and waits until they are on their way.
    ///
    /// # Errors
    /// The stream has ended; none of the bytes was sent.
    ///
    /// # Cancel safety
    /// The bytes are sent whole or not at all.
    pub async fn write(&self, bytes: Bytes) -> Result<(), StreamClosed> {
        let (taken, told) = oneshot::channel();
        self.send(Control::Write(bytes, Some(taken))).await?;
        told.await.map_err(|_| StreamClosed)
    }

    /// Waits until all bytes have been written to the port.
    ///
    /// # Errors
    /// The stream has ended, or the port did not take them in time.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn flush(&self) -> Result<(), StreamClosed> {
        let (written, told) = oneshot::channel();
        self.send(Control::Flush(written)).await?;
        told.await.map_err(|_| StreamClosed)
    }

    async fn send(&self, control: Control) -> Result<(), StreamClosed> {
        let sender = self.control.upgrade().ok_or(StreamClosed)?;
        sender.send(control).await.map_err(|_| StreamClosed)
    }
}

impl DataStreamPeer {
    /// Plays the module: hands these bytes to the reader.
    pub async fn send(&self, bytes: Bytes) -> bool {
        self.data.send(bytes).await.is_ok()
    }

    /// Plays the module: the next bytes that the host wrote; `None` once it asked to close.
    pub async fn written(&mut self) -> Option<Bytes> {
        loop {
            match self.control.recv().await {
                Some(Control::Write(bytes, taken)) => {
                    tell(taken);
                    return Some(bytes);
                }
                Some(Control::Flush(written)) => tell(Some(written)),
                Some(Control::SendTimeout(_)) => {}
                Some(Control::Close) | None => return None,
            }
        }
    }

    /// Plays the module: ends the stream.
    pub fn finish(self, end: StreamEnd) {
        // A reader that is gone does not care.
        drop(self.end.send(end));
    }
}

/// A waiter that is gone does not care.
pub(crate) fn tell(waiter: Option<oneshot::Sender<()>>) {
    if let Some(waiter) = waiter {
        let _heard = waiter.send(());
    }
}
