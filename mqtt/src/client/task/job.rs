//! What runs beside the requests while there is no connection: looking whether the module has kept it, and logging in.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use tokio::sync::oneshot;

use crate::backend::{Backend, Connected, Connection, Subscribed, Turn};
use crate::engine::{Patience, Remains};
use crate::error::ConnectError;
use crate::message::{Message, QoS};
use crate::topic::TopicFilter;

/// One look, or one attempt or the wait for TLS before it.
pub(super) struct Job {
    work: Pin<Box<dyn Future<Output = End> + Send>>,
    stop: Option<oneshot::Sender<()>>,
}

/// How a job ended.
#[derive(Debug)]
pub(super) enum End {
    /// The module has kept the connection.
    Kept(Connection),
    /// The port was lost again before that was known.
    Unseen(Connection),
    /// The module has not kept the connection. What had come over it.
    Gone(VecDeque<Message>),
    /// It is our turn to use an instance, and TLS if that is needed.
    Turn(Turn),
    /// Logged in.
    Connected(Connected),
    /// Not logged in, and nothing left of the attempt.
    Failed(ConnectError),
    /// It was told to stop, and nothing is left of it but what had come.
    Stopped(VecDeque<Message>),
}

impl Job {
    /// Finds out whether the module has kept the connection.
    pub(super) fn look(backend: Arc<Backend>, connection: Connection) -> Self {
        let work = async move {
            match backend.remains(&connection).await {
                Ok(Remains::Connection) => End::Kept(connection),
                Ok(Remains::Client) => End::Gone(backend.undo(connection).await),
                Ok(Remains::Nothing) => End::Gone(Backend::abandon(connection).await),
                Err(error) if error.is_link_lost() => End::Unseen(connection),
                // Whoever takes TLS next, which may be ourselves, finds out what is left and ends it.
                Err(error) => {
                    tracing::info!(%error, "the module does not tell whether it is still connected");
                    End::Gone(Backend::abandon(connection).await)
                }
            }
        };
        Self { work: Box::pin(work), stop: None }
    }

    /// Waits for TLS, which somebody else may use for as long as they like.
    pub(super) fn turn(backend: Arc<Backend>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let work = async move {
            tokio::select! {
                biased;
                _ = stopped => End::Stopped(VecDeque::new()),
                turn = backend.turn(Patience::Unbounded) => turn.map_or_else(End::Failed, End::Turn),
            }
        };
        Self { work: Box::pin(work), stop: Some(stop) }
    }

    /// Logs in and subscribes.
    pub(super) fn attempt(backend: Arc<Backend>, turn: Turn, filters: Vec<(TopicFilter, QoS)>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let work = async move {
            let mut connection = Backend::begin(turn);
            // A command that was sent runs to its end on the module; those that undo it come behind it.
            let result = tokio::select! {
                biased;
                _ = stopped => None,
                result = backend.establish(&mut connection, &filters) => Some(result),
            };
            settled(&backend, result, connection).await
        };
        Self { work: Box::pin(work), stop: Some(stop) }
    }

    /// Logs in and subscribes on a connection that rests.
    pub(super) fn again(
        backend: Arc<Backend>,
        mut connection: Connection,
        filters: Vec<(TopicFilter, QoS)>,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let work = async move {
            let result = tokio::select! {
                biased;
                _ = stopped => None,
                result = backend.log_in_again(&mut connection, &filters) => Some(result),
            };
            settled(&backend, result, connection).await
        };
        Self { work: Box::pin(work), stop: Some(stop) }
    }

    /// Waits for the end.
    ///
    /// # Cancel safety
    /// The job goes on when it is waited for again.
    pub(super) async fn end(&mut self) -> End {
        self.work.as_mut().await
    }

    /// Ends it as soon as the module allows.
    pub(super) async fn stop(mut self) -> End {
        drop(self.stop.take());
        self.work.await
    }
}

/// What a login has come to; `None`: it was told to stop.
fn settled(
    backend: &Backend,
    result: Option<Result<Subscribed, ConnectError>>,
    connection: Connection,
) -> BoxFuture<'_, End> {
    Box::pin(async move {
        match result {
            None => End::Stopped(backend.undo(connection).await),
            Some(result) => match backend.settle(result, connection).await {
                Ok(connected) => End::Connected(connected),
                Err(error) => End::Failed(error),
            },
        }
    })
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").finish_non_exhaustive()
    }
}
