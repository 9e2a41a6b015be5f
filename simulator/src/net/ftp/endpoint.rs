//! Where a data connection comes from: the server's port, or ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::super::{Connection, Listener, NetError, Network};
use super::control::Control;
use super::reply::Class;
use super::{FtpError, Options, Reply};

/// A data connection that is agreed on.
#[derive(Debug)]
pub(super) enum Endpoint {
    /// Passive mode: dialled before the transfer command, as servers expect.
    Dialled(Connection),
    /// Active mode: the server dials after the transfer command.
    Listening { listener: Listener, server: IpAddr },
}

impl Endpoint {
    /// Waits for the connection. The caller bounds the time.
    pub(super) async fn open(self) -> Result<Connection, NetError> {
        match self {
            Self::Dialled(connection) => Ok(connection),
            Self::Listening { mut listener, server } => loop {
                let connection = listener.accept().await?;
                // Anybody may dial an open port; only the server is meant.
                if connection.peer_address().ip().to_canonical() == server {
                    return Ok(connection);
                }
            },
        }
    }
}

/// Agrees with the server on a data connection.
pub(super) async fn prepare(
    control: &mut Control,
    network: &Network,
    options: &Options,
) -> Result<Endpoint, FtpError> {
    let connection = control.connection().ok_or(FtpError::Closed)?;
    let server = connection.peer_address().ip().to_canonical();
    let own = connection.local_address().ip().to_canonical();
    // Source: M37 p838 `<FTPext>`: PORT and PASV only when both sides use IPv4.
    let extended = options.extended || server.is_ipv6();
    if options.passive {
        passive(control, network, options, server, extended).await.map(Endpoint::Dialled)
    } else {
        active(control, network, own, server, extended).await
    }
}

async fn passive(
    control: &mut Control,
    network: &Network,
    options: &Options,
    server: IpAddr,
    extended: bool,
) -> Result<Connection, FtpError> {
    let (command, malformed) = if extended { ("EPSV", "no port") } else { ("PASV", "no address") };
    let reply = completed(control, command).await?;
    let at_server =
        |port| network.mapped(&options.host, port).unwrap_or_else(|| SocketAddr::new(server, port));
    let malformed = || FtpError::Malformed(malformed.to_owned());
    let dialled = if extended {
        let port = reply.extended_passive_port().ok_or_else(malformed)?;
        network.connect_to(at_server(port), options.timeout).await
    } else {
        let announced = reply.passive_address().ok_or_else(malformed)?;
        if options.ignore_passive_address && !is_public(*announced.ip()) {
            network.connect_to(at_server(announced.port()), options.timeout).await
        } else {
            // By the name table, like any other address.
            let host = announced.ip().to_string();
            network.connect(&host, announced.port(), None, options.timeout).await
        }
    };
    dialled.map_err(FtpError::Data)
}

/// The addresses for which `<IPPignoring>` takes the server's own instead. The manual says "private"; the other ones
/// that cannot be meant across a network are counted in.
/// Source: M37 p837
fn is_public(address: Ipv4Addr) -> bool {
    !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified())
}

async fn active(
    control: &mut Control,
    network: &Network,
    own: IpAddr,
    server: IpAddr,
    extended: bool,
) -> Result<Endpoint, FtpError> {
    let listener = network.listen(own).await.map_err(FtpError::Data)?;
    let address = listener.local_address().map_err(FtpError::Data)?;
    let command = match address.ip() {
        IpAddr::V4(ip) if !extended => port_command(ip, address.port()),
        IpAddr::V4(ip) => format!("EPRT |1|{ip}|{}|", address.port()),
        IpAddr::V6(ip) => format!("EPRT |2|{ip}|{}|", address.port()),
    };
    completed(control, &command).await?;
    Ok(Endpoint::Listening { listener, server })
}

fn port_command(ip: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = ip.octets();
    let [high, low] = port.to_be_bytes();
    format!("PORT {a},{b},{c},{d},{high},{low}")
}

async fn completed(control: &mut Control, command: &str) -> Result<Reply, FtpError> {
    let reply = control.exchange(command).await?;
    if reply.class() == Class::Completed { Ok(reply) } else { Err(FtpError::Refused(reply)) }
}
