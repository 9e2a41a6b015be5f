//! The far end of a connection, played from a script.

use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_openssl::SslStream;

use super::AMPLE;

pub(in super::super) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// The far end of a connection. Every expectation fails the test instead of waiting for ever.
pub(in super::super) struct Peer<S>(pub(in super::super) S);

impl Peer<TcpStream> {
    pub(in super::super) async fn accept(listener: &TcpListener) -> Self {
        Self(timeout(AMPLE, listener.accept()).await.expect("nobody dials").unwrap().0)
    }

    /// Closes with RST.
    pub(in super::super) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(in super::super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Exactly these bytes come next.
    pub(in super::super) async fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let expected = String::from_utf8_lossy(bytes.as_ref()).into_owned();
        let mut got = vec![0; bytes.as_ref().len()];
        timeout(AMPLE, self.0.read_exact(&mut got)).await.expect(&expected).expect(&expected);
        assert_eq!(String::from_utf8_lossy(&got), expected);
    }

    /// `question` comes, `answer` goes.
    pub(in super::super) async fn answer(&mut self, question: &str, answer: &str) {
        self.expect(question).await;
        self.send(answer).await;
    }

    /// Everything up to the end of the stream.
    pub(in super::super) async fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        timeout(AMPLE, self.0.read_to_end(&mut rest)).await.expect("no end")?;
        Ok(rest)
    }

    pub(in super::super) async fn close(mut self) {
        self.0.shutdown().await.unwrap();
    }
}

impl Peer<Pin<Box<SslStream<TcpStream>>>> {
    /// Closes the TCP connection without `close_notify`.
    pub(in super::super) async fn cut(mut self) {
        self.0.get_mut().shutdown().await.unwrap();
    }
}
