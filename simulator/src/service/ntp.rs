//! Asks for the time (RFC 4330).
//!
//! A server that the name table knows is asked for real; for any other name the virtual network answers itself, so
//! that a module on the bench can set its clock without the Internet. In memory there are the time servers that were
//! put there, and no others.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;

use super::{Event, OpenFailure, Reporter};
use crate::net::{NetError, Network};

/// Seconds from 1900 to 1970.
const EPOCH_OFFSET: u64 = 2_208_988_800;
const PACKET: usize = 48;
/// No leap warning, version 4, client.
const CLIENT: u8 = 0b00_100_011;
/// Where the seconds of the transmit timestamp stand.
const TRANSMIT_SECONDS: std::ops::Range<usize> = 40..44;

pub(super) async fn run(network: &Network, server: (&str, u16), limit: Duration, reporter: &Reporter) {
    reporter.send(match time(network, server, limit).await {
        Ok(time) => Event::Time(time),
        Err(error) => Event::OpenFailed(OpenFailure::Network(error)),
    });
}

async fn time(network: &Network, (host, port): (&str, u16), limit: Duration) -> Result<SystemTime, NetError> {
    if !network.is_up() {
        return Err(NetError::NetworkDown);
    }
    let answer = async {
        if let Some(fabric) = network.fabric() {
            return fabric.time(host, port).await;
        }
        match network.mapped(host, port) {
            Some(address) => ask(address).await,
            None => Ok(SystemTime::now()),
        }
    };
    tokio::time::timeout(limit, answer).await.unwrap_or(Err(NetError::Timeout))
}

async fn ask(server: SocketAddr) -> Result<SystemTime, NetError> {
    let local = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).await?;
    socket.connect(server).await?;
    let mut packet = [0; PACKET];
    packet[0] = CLIENT;
    socket.send(&packet).await?;
    let length = socket.recv(&mut packet).await?;
    let seconds = packet
        .get(TRANSMIT_SECONDS)
        .filter(|_| length == PACKET)
        .and_then(|seconds| seconds.try_into().ok())
        .map(u32::from_be_bytes);
    let since_1970 = seconds.and_then(|seconds| u64::from(seconds).checked_sub(EPOCH_OFFSET));
    since_1970.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)).ok_or(NetError::Closed)
}
