//! Addresses of data connections, as `PORT` and `EPRT` carry them.

use std::net::SocketAddr;

/// `10,0,0,1,192,1`
pub(super) fn port(argument: &str) -> Option<SocketAddr> {
    let fields: Vec<u8> =
        argument.split(',').map(|field| field.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c, d, high, low] = fields.try_into().ok()?;
    Some(SocketAddr::new([a, b, c, d].into(), u16::from_be_bytes([high, low])))
}

/// `|1|10.0.0.1|49153|`
pub(super) fn extended_port(argument: &str) -> Option<SocketAddr> {
    let mut fields = argument.split(argument.chars().next()?).skip(2);
    Some(SocketAddr::new(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
