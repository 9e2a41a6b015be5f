//! rumqttd with a port that is sure to be ours, and a watcher inside.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use rumqttd::local::{LinkBuilder, LinkRx, LinkTx};
use rumqttd::protocol::v4::V4;
use rumqttd::{ConnectionSettings, LinkType, Notification, Router, RouterConfig, Server, ServerSettings};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::Message;
use crate::journal::Journal;
use crate::servers::ServerError;

const ATTEMPTS: usize = 10;

/// Serves until dropped. Tells `ready` once connections are accepted, or why they never will be.
///
/// rumqttd's own `Broker` joins threads that never end; its `Server` and `Router` can be run from here instead,
/// and the `Server` ends with this future.
pub(super) async fn run(
    connections: ConnectionSettings,
    ready: oneshot::Sender<Result<SocketAddr, ServerError>>,
    messages: Journal<Message>,
    to_publish: mpsc::UnboundedReceiver<Message>,
) {
    let router = Router::new(0, router_config()).spawn();
    let (watcher, incoming) = match watch_everything(LinkBuilder::new("simulator-watcher", router.clone())) {
        Ok(link) => link,
        Err(error) => return report(ready, Err(error)),
    };

    let mut failure = ServerError::NotStarted { server: "broker", reason: "no port was free".to_owned() };
    for attempt in 0..ATTEMPTS {
        let (addr, reservation) = match reserve_port() {
            Ok(reserved) => reserved,
            Err(source) => {
                return report(ready, Err(ServerError::Io { doing: "reserve a loopback port", source }));
            }
        };
        // Some systems let nobody bind beside a reservation: do without on every second attempt.
        let reservation = (attempt % 2 == 0).then_some(reservation);
        let mut server = Server::new(server_settings(addr, connections.clone()), router.clone(), V4);
        let serving = server.start(LinkType::Remote);
        tokio::pin!(serving);
        // Biased: the first poll of `serving` binds the port or fails, so that no foreign listener is probed.
        let started = tokio::select! {
            biased;
            ended = &mut serving => Err(ended.err().map_or_else(|| "it ended".to_owned(), |error| error.to_string())),
            probed = TcpStream::connect(addr) => probed.map(drop).map_err(|error| error.to_string()),
        };
        drop(reservation);
        match started {
            Ok(()) => {
                report(ready, Ok(addr));
                tokio::select! {
                    ended = serving => tracing::error!(?ended, "the broker ended"),
                    () = record(incoming, messages) => tracing::error!("the broker's router ended"),
                    () = publish(watcher, to_publish) => {}
                }
                return;
            }
            Err(reason) => failure = ServerError::NotStarted { server: "broker", reason },
        }
    }
    report(ready, Err(failure));
}

fn report(ready: oneshot::Sender<Result<SocketAddr, ServerError>>, outcome: Result<SocketAddr, ServerError>) {
    if ready.send(outcome).is_err() {
        tracing::debug!("nobody waits for the broker any more");
    }
}

/// Finds a free port and keeps others from getting it. Bound but not listening, with address reuse on both sides,
/// the reservation does not hinder the server's own bind, while the system gives the port to nobody else.
fn reserve_port() -> io::Result<(SocketAddr, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok((socket.local_addr()?, socket))
}

fn router_config() -> RouterConfig {
    RouterConfig {
        max_connections: 1000,
        max_outgoing_packet_count: 200,
        max_segment_size: 16 * 1024 * 1024,
        max_segment_count: 4,
        ..RouterConfig::default()
    }
}

fn server_settings(listen: SocketAddr, connections: ConnectionSettings) -> ServerSettings {
    ServerSettings { name: "plain".to_owned(), listen, tls: None, next_connection_delay_ms: 0, connections }
}

fn watch_everything(link: LinkBuilder<'_>) -> Result<(LinkTx, LinkRx), ServerError> {
    let not_started = |reason: rumqttd::local::LinkError| ServerError::NotStarted {
        server: "broker",
        reason: reason.to_string(),
    };
    let (mut sender, receiver, _) = link.dynamic_filters(true).build().map_err(not_started)?;
    sender.subscribe("#").map_err(not_started)?;
    Ok((sender, receiver))
}

/// Writes down what the watcher gets. Ends when the router does.
async fn record(mut incoming: LinkRx, messages: Journal<Message>) {
    loop {
        match incoming.next().await {
            Ok(Some(Notification::Forward(forward))) => messages.push(Message {
                topic: String::from_utf8_lossy(&forward.publish.topic).into_owned(),
                payload: forward.publish.payload,
            }),
            // The router holds back until told that its batch was taken.
            Ok(Some(Notification::Unschedule)) if incoming.ready().is_err() => return,
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// Publishes what the handle sends. Ends with the handle.
async fn publish(mut watcher: LinkTx, mut to_publish: mpsc::UnboundedReceiver<Message>) {
    while let Some(Message { topic, payload }) = to_publish.recv().await {
        if let Err(error) = watcher.publish::<Bytes, Bytes>(topic.into(), payload) {
            tracing::error!(%error, "cannot publish");
        }
    }
}
