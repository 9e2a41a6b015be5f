//! A connection to a server that runs by itself.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use telit_core::Modem;
use telit_core::exclusive::{Holder, Service, ServiceBusy, SocketTurn};
use telit_core::socket::{ConnectFailure, ConnectionMode, SocketError, TlsConnector, TlsSocket};
use telit_core::tls::{TlsFailure, TlsOptions};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::failure::Cause;
use super::mode::usual;
use super::outgoing::Outgoing;
use super::watched::{Activity, Watched};
use crate::call::Call;
use crate::error::RequestError;
use crate::options::HttpsOptions;
use crate::shared::Shared;

/// Headers of an answer. Real ones have a dozen; their size is bounded besides.
const MAX_HEADERS: usize = 256;

/// A byte stream that can be closed in order.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// How many bytes have gone.
    fn gone(&self) -> u64;

    fn hang_up(self) -> impl Future<Output = Result<(), SocketError>> + Send;
}

impl Wire for TlsSocket {
    fn gone(&self) -> u64 {
        self.totals().0
    }

    async fn hang_up(self) -> Result<(), SocketError> {
        self.close().await
    }
}

/// A connection. Dropping it closes it in the background.
pub(super) struct Connection {
    pub(super) requests: SendRequest<Outgoing>,
    pub(super) activity: Arc<Activity>,
    /// Dropped: the connection is closed.
    stop: oneshot::Sender<Infallible>,
    task: JoinHandle<Option<Cause>>,
    pub(super) mode: ConnectionMode,
    /// The next request may have it. One in online mode that no option of the client asks for would keep the port.
    pub(super) is_kept: bool,
}

impl Connection {
    /// Waits for TLS within the bound of the options, and connects.
    pub(super) async fn open(shared: &Shared, tls: &TlsOptions, call: &Call) -> Result<Self, RequestError> {
        let (options, target) = (&shared.options, &call.target);
        let connector =
            TlsConnector::new(&shared.modem, tls.clone()).connect_timeout(options.connect_timeout);
        let turn = take_turn(&connector, options)
            .await
            .map_err(|error| RequestError::of_connecting(error, target))?;
        // Others may have come or gone while it waited.
        let mode = call.mode.choose(options, &shared.modem, &connector).await?;
        let is_kept = options.keep_tls && mode == usual(options, &shared.modem).await?;
        let connected = connector.mode(mode).connect(&target.host, target.port).await;
        drop(turn);
        match connected {
            Ok(socket) => Self::start(socket, options, mode, is_kept).await,
            Err(error) if is_busy(&error) => Err(busy(&shared.modem).await.into()),
            Err(error) => Err(RequestError::of_connecting(error, target)),
        }
    }

    async fn start(
        wire: impl Wire,
        options: &HttpsOptions,
        mode: ConnectionMode,
        is_kept: bool,
    ) -> Result<Self, RequestError> {
        let watched = Watched::new(wire);
        let activity = watched.activity();
        let mut builder = http1::Builder::new();
        builder
            .max_buf_size(options.max_response_head)
            .max_header_size(options.max_response_head)
            .max_headers(MAX_HEADERS)
            .allow_obsolete_multiline_headers_in_responses(true)
            // Names are equal in any case, but old servers have seen only this one.
            .title_case_headers(true);
        // It does not wait for anything.
        let (requests, connection) =
            builder.handshake(TokioIo::new(watched)).await.map_err(|_| RequestError::Stopped)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(connection, stopped));
        Ok(Self { requests, activity, stop, task, mode, is_kept })
    }

    /// Closes it, so that its TLS is given back, and tells what it ended with.
    pub(super) async fn close(self) -> Option<Cause> {
        let Self { requests, stop, task, .. } = self;
        drop((requests, stop));
        // Without an outcome the runtime is gone.
        task.await.ok()?
    }
}

async fn run<W: Wire>(
    mut connection: http1::Connection<TokioIo<Watched<W>>, Outgoing>,
    stopped: oneshot::Receiver<Infallible>,
) -> Option<Cause> {
    let served = tokio::select! {
        biased;
        served = poll_fn(|context| connection.poll_without_shutdown(context)) => served,
        _ = stopped => Ok(()),
    };
    let watched = connection.into_parts().io.into_inner();
    let activity = watched.activity();
    let wire = watched.into_stream();
    activity.ended(wire.gone());
    if let Err(error) = wire.hang_up().await {
        tracing::debug!(%error, "a TLS socket could not be closed in order");
    }
    served.err().map(|error| Cause::of(&error))
}

async fn take_turn(connector: &TlsConnector, options: &HttpsOptions) -> Result<SocketTurn, SocketError> {
    let wait = options.wait_for_tls;
    if !wait.is_zero()
        && let Ok(turn) = timeout(wait, connector.turn()).await
    {
        return turn;
    }
    connector.try_turn().await
}

fn is_busy(error: &SocketError) -> bool {
    matches!(error, SocketError::Connect { failure: ConnectFailure::Tls(TlsFailure::AlreadyActivated), .. })
}

/// The turn was ours, so whoever holds TLS now sits on another port of the module.
async fn busy(modem: &Modem) -> ServiceBusy {
    let owner = modem.tls_owner().await;
    ServiceBusy { holder: Holder::OtherPort(owner.ok().flatten().unwrap_or(Service::Socket)) }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("closed", &self.requests.is_closed()).finish_non_exhaustive()
    }
}
