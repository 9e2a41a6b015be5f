//! The link of a socket, with TLS or without.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, OpenFailure, Order, PIECE, Reporter, WINDOW};
use crate::net::{Connection, NetError, Network, StreamEnd, TlsSettings};

/// How long an orderly close may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(
    network: &Network,
    (host, port): (&str, u16),
    settings: Option<&TlsSettings>,
    limit: Duration,
    orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    match network.connect(host, port, settings, limit).await {
        Ok(connection) => {
            reporter.send(Event::Opened { suite: connection.suite() });
            Socket::new(connection, orders).serve(reporter).await;
        }
        Err(error) => reporter.send(Event::OpenFailed(OpenFailure::Network(error))),
    }
}

struct Socket {
    connection: Connection,
    orders: UnboundedReceiver<Order>,
    outgoing: VecDeque<Bytes>,
    credit: usize,
    piece: BytesMut,
    closing: bool,
}

enum Progress {
    Order(Order),
    Abandoned,
    Wrote(usize),
    Read(Bytes),
    WriteFailed,
    Ended(Option<NetError>),
}

impl Socket {
    fn new(connection: Connection, orders: UnboundedReceiver<Order>) -> Self {
        let piece = BytesMut::zeroed(PIECE);
        Self { connection, orders, outgoing: VecDeque::new(), credit: WINDOW, piece, closing: false }
    }

    async fn serve(mut self, reporter: &Reporter) {
        loop {
            if self.closing && self.outgoing.is_empty() {
                return self.close().await;
            }
            match std::future::poll_fn(|context| self.poll(context)).await {
                Progress::Order(order) => self.obey(order),
                Progress::Abandoned => return,
                Progress::Wrote(count) => reporter.send(Event::Written(count)),
                Progress::Read(bytes) => reporter.send(Event::Data(bytes)),
                // The reader finds out why.
                Progress::WriteFailed => self.outgoing.clear(),
                Progress::Ended(error) => {
                    let end = self.connection.end().unwrap_or_else(|| end_of(error.as_ref()));
                    reporter.send(Event::Ended(end));
                    // An orderly end is answered; without that the session would be void.
                    return if end == StreamEnd::CloseNotify {
                        self.close().await
                    };
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Credit(count) => self.credit += count,
            Order::Write(bytes) => self.outgoing.push_back(bytes),
            Order::Close => self.closing = true,
            _ => {}
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        // Once told to close, it does so even if the module has forgotten it.
        if !self.closing
            && let Poll::Ready(order) = self.orders.poll_recv(context)
        {
            return Poll::Ready(order.map_or(Progress::Abandoned, Progress::Order));
        }
        if let Poll::Ready(progress) = self.poll_write(context) {
            return Poll::Ready(progress);
        }
        if self.credit > 0 { self.poll_read(context) } else { Poll::Pending }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        let Some(first) = self.outgoing.front_mut() else { return Poll::Pending };
        match std::task::ready!(Pin::new(&mut self.connection).poll_write(context, first)) {
            Ok(count) => {
                first.advance(count);
                if first.is_empty() {
                    self.outgoing.pop_front();
                }
                Poll::Ready(Progress::Wrote(count))
            }
            Err(_) => Poll::Ready(Progress::WriteFailed),
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        let limit = self.credit.min(PIECE);
        let mut buffer = ReadBuf::new(self.piece.get_mut(..limit).unwrap_or_default());
        match std::task::ready!(Pin::new(&mut self.connection).poll_read(context, &mut buffer)) {
            Ok(()) if buffer.filled().is_empty() => Poll::Ready(Progress::Ended(None)),
            Ok(()) => {
                let bytes = Bytes::copy_from_slice(buffer.filled());
                self.credit -= bytes.len();
                Poll::Ready(Progress::Read(bytes))
            }
            Err(error) => Poll::Ready(Progress::Ended(Some(error.into()))),
        }
    }

    async fn close(mut self) {
        if tokio::time::timeout(CLOSE_LIMIT, self.connection.shutdown()).await.is_err() {
            tracing::debug!("the peer does not let the connection be closed");
        }
    }
}

fn end_of(error: Option<&NetError>) -> StreamEnd {
    match error {
        None => StreamEnd::Fin,
        Some(NetError::NetworkDown) => StreamEnd::NetworkDown,
        Some(_) => StreamEnd::Reset,
    }
}
