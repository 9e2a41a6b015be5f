//! Setting TLS up, as whole conversations: exact lines both ways, in virtual time.

mod credentials;
mod failures;
mod platforms;
mod script;

use telit_core::tls::{CaCertificate, Identity};

const CA: &[u8] = include_bytes!("../credentials/ca.pem");
const CA_DER: &[u8] = include_bytes!("../credentials/ca.der");
const CLIENT: &[u8] = include_bytes!("../credentials/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("../credentials/client_key.pem");
/// `openssl md5 client_key.pem`
const CLIENT_KEY_MD5: &str = "cb92e2b522a1fa977e9ea61a277aaea0";
/// Another certificate, for slots that hold something else.
const OTHER: &[u8] = include_bytes!("../credentials/expired.pem");

fn ca() -> CaCertificate {
    CaCertificate::from_pem(CA).expect("it is a certificate")
}

fn identity() -> Identity {
    Identity::from_pem(CLIENT, CLIENT_KEY).expect("they fit")
}
