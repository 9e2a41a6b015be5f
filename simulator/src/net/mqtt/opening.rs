//! From the dial to the broker's yes.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::super::{Connection, NetError, Network};
use super::codec::{self, Malformed, Packet};
use super::{ConnectError, Options, Refusal};

/// A connection whose broker said yes.
pub(super) struct Opened {
    pub connection: Connection,
    /// What came behind the CONNACK.
    pub input: BytesMut,
    pub session_present: bool,
}

pub(super) async fn open(network: &Network, options: &Options) -> Result<Opened, ConnectError> {
    let hello = codec::encode_connect(options).map_err(ConnectError::TooLong)?;
    let tls = options.tls.as_ref();
    let mut connection = network.connect(&options.host, options.port, tls, options.connect_timeout).await?;
    let mut input = BytesMut::new();
    let answer = timeout(options.packet_timeout, async {
        connection.write_all(&hello).await.map_err(NetError::from)?;
        first_packet(&mut connection, &mut input).await
    });
    match answer.await.map_err(|_| ConnectError::NoConnack)?? {
        Packet::Connack { code: 0, session_present } => Ok(Opened { connection, input, session_present }),
        Packet::Connack { code, .. } => Err(ConnectError::Refused(Refusal::from_code(code))),
        _ => Err(ConnectError::Protocol("the first packet is not a CONNACK".to_owned())),
    }
}

async fn first_packet(connection: &mut Connection, input: &mut BytesMut) -> Result<Packet, ConnectError> {
    loop {
        let decoded =
            codec::decode(input).map_err(|Malformed(what)| ConnectError::Protocol(what.to_owned()))?;
        if let Some(packet) = decoded {
            return Ok(packet);
        }
        if connection.read_buf(input).await.map_err(NetError::from)? == 0 {
            return Err(NetError::Closed.into());
        }
    }
}
