//! What it takes to reach a broker with MQTT on this computer: the module's TLS, a socket, a login.

use std::sync::Arc;
use std::time::Duration;

use telit_core::exclusive::SocketTurn;
use telit_core::platform::Availability;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::TlsOptions;
use telit_core::{CommandError, Modem};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::connection::{Attempt, HostConnection};
use super::link::Link;
use super::run::Shelf;
use super::session::Login;
use super::terms::{self, Terms};
use crate::engine::Patience;
use crate::error::ConnectError;
use crate::options::MqttOptions;
use crate::task::spawn;

/// How long the broker may take for the answer to the login, whatever the connection before it took.
const SHORTEST_LOGIN: Duration = Duration::from_secs(10);

/// Knows how to reach the broker through a TLS socket.
#[derive(Debug)]
pub(crate) struct HostEngine {
    modem: Modem,
    options: MqttOptions,
    tls: TlsOptions,
    terms: Terms,
    login: Login,
    shelf: Shelf,
}

impl HostEngine {
    /// # Errors
    /// The options cannot be used. Nothing was sent.
    pub(crate) fn new(modem: Modem, options: MqttOptions) -> Result<Self, ConnectError> {
        let terms = Terms::of(&options)?;
        options.check_rules(terms.keep_alive)?;
        let (tls, login) = (options.socket_tls()?, terms::login(&options)?);
        Ok(Self { modem, options, tls, terms, login, shelf: Shelf::default() })
    }

    pub(crate) fn modem(&self) -> &Modem {
        &self.modem
    }

    pub(crate) fn options(&self) -> &MqttOptions {
        &self.options
    }

    /// The right to use TLS.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub(crate) async fn turn(&self, patience: Patience) -> Result<HostConnection, ConnectError> {
        self.take_turn(patience).await.map(HostConnection::new).map_err(ConnectError::of_socket)
    }

    async fn take_turn(&self, patience: Patience) -> Result<SocketTurn, telit_core::socket::SocketError> {
        let connector = TlsConnector::new(&self.modem, self.tls.clone());
        let wait = match patience {
            Patience::Unbounded => return connector.turn().await,
            Patience::Asked => self.options.tls_wait,
        };
        if !wait.is_zero()
            && let Ok(turn) = timeout(wait, connector.turn()).await
        {
            return turn;
        }
        connector.try_turn().await
    }

    /// Connects and logs in.
    ///
    /// # Cancel safety
    /// It goes on in the background, because the module cannot be stopped while it connects; ending the connection
    /// waits for it.
    pub(crate) async fn establish(&self, connection: &mut HostConnection) -> Result<(), ConnectError> {
        let connector = self.connector().await.map_err(ConnectError::of_command)?;
        let (host, port) = (self.options.host.clone(), self.options.port_number());
        let (login, shelf, terms) = (self.login.clone(), Arc::clone(&self.shelf), self.terms);
        let (wanted, unwanted) = oneshot::channel();
        let (done, outcome) = oneshot::channel();
        let attempt = async move {
            let began = Instant::now();
            let socket = connector.connect(&host, port).await.map_err(ConnectError::of_socket)?;
            let left = terms.connect.saturating_sub(began.elapsed()).max(SHORTEST_LOGIN);
            Link::log_in(socket, terms.settings(left), &login, &shelf, unwanted).await
        };
        // Nobody has to wait for it.
        spawn(Box::pin(async move { drop(done.send(attempt.await)) }));
        connection.connected(Attempt::new(wanted, outcome)).await
    }

    /// Command mode leaves the port to others; without `#SSLSENDEXT` it cannot carry every byte.
    async fn connector(&self) -> Result<TlsConnector, CommandError> {
        let counted = match self.modem.profile().tls.send_counted {
            Availability::Yes => true,
            Availability::No => false,
            Availability::Probe => self.modem.test_form("#SSLSENDEXT").await?.is_some(),
        };
        let mode = if counted { ConnectionMode::Command } else { ConnectionMode::Online };
        let connector = TlsConnector::new(&self.modem, self.tls.clone());
        Ok(connector.mode(mode).connect_timeout(self.terms.connect))
    }
}
