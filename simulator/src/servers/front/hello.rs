//! What a client hello offers. OpenSSL shows it to a callback only, which leaves it with the connection.

use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{ClientHelloResponse, Ssl, SslContextBuilder, SslRef};

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` and `TLS_FALLBACK_SCSV` are no suites. Source: RFC 5746, RFC 7507.
const SIGNALS: [u16; 2] = [0x00FF, 0x5600];

/// Notes what clients offer.
pub(super) fn watch(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    let index = index()?;
    context.set_client_hello_callback(move |ssl, _| {
        let suites = ssl.client_hello_ciphers().map(suites).unwrap_or_default();
        ssl.set_ex_data(index, suites);
        Ok(ClientHelloResponse::SUCCESS)
    });
    Ok(())
}

/// The suites of the client hello.
pub(super) fn offered(ssl: &SslRef) -> Vec<u16> {
    index().ok().and_then(|index| ssl.ex_data(index)).cloned().unwrap_or_default()
}

fn index() -> Result<Index<Ssl, Vec<u16>>, ErrorStack> {
    static INDEX: OnceLock<Index<Ssl, Vec<u16>>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let index = Ssl::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| index))
}

fn suites(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    pairs.map(u16::from_be_bytes).filter(|suite| !SIGNALS.contains(suite)).collect()
}
