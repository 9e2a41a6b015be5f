//! Test-only credentials, made by `tests/credentials/generate.sh`. They are used nowhere else.

/// An authority.
pub(super) const CA: &[u8] = include_bytes!("../../tests/credentials/ca.pem");
/// The same with CR LF line ends.
pub(super) const CA_CRLF: &[u8] = include_bytes!("../../tests/credentials/ca_crlf.pem");
/// The same, binary.
pub(super) const CA_DER: &[u8] = include_bytes!("../../tests/credentials/ca.der");
/// A client of the authority.
pub(super) const CLIENT: &[u8] = include_bytes!("../../tests/credentials/client.pem");
/// Its key, PKCS#1.
pub(super) const CLIENT_KEY: &[u8] = include_bytes!("../../tests/credentials/client_key.pem");
/// The same key, PKCS#8.
pub(super) const CLIENT_KEY_PKCS8: &[u8] = include_bytes!("../../tests/credentials/client_key_pkcs8.pem");
/// The same key with a passphrase, PKCS#8.
pub(super) const CLIENT_KEY_ENCRYPTED: &[u8] =
    include_bytes!("../../tests/credentials/client_key_encrypted.pem");
/// The same key with a passphrase, the older form.
pub(super) const CLIENT_KEY_ENCRYPTED_TRADITIONAL: &[u8] =
    include_bytes!("../../tests/credentials/client_key_encrypted_traditional.pem");
/// Its public half.
pub(super) const PUBLIC_KEY: &[u8] = include_bytes!("../../tests/credentials/public_key.pem");
/// The request for the client certificate.
pub(super) const REQUEST: &[u8] = include_bytes!("../../tests/credentials/request.pem");
/// A key that belongs to no certificate.
pub(super) const OTHER_KEY: &[u8] = include_bytes!("../../tests/credentials/other_key.pem");
/// A client with an elliptic-curve key.
pub(super) const EC_CLIENT: &[u8] = include_bytes!("../../tests/credentials/ec_client.pem");
/// Its key, in the form of its own.
pub(super) const EC_KEY: &[u8] = include_bytes!("../../tests/credentials/ec_key.pem");
/// The same key, PKCS#8.
pub(super) const EC_KEY_PKCS8: &[u8] = include_bytes!("../../tests/credentials/ec_pkcs8_key.pem");
/// A client certificate of the year 2020.
pub(super) const EXPIRED: &[u8] = include_bytes!("../../tests/credentials/expired.pem");
/// A client certificate until the end of the year 9999.
pub(super) const NO_END: &[u8] = include_bytes!("../../tests/credentials/no_end.pem");
/// The authority and the client, with text around.
pub(super) const BUNDLE_WITH_TEXT: &[u8] = include_bytes!("../../tests/credentials/bundle_with_text.pem");

/// `openssl x509 -in ca.pem -noout -fingerprint -sha256`
pub(super) const CA_SHA256: &str = "4bd8785138de5f565c592cda5511f44d8abd147acd124426e9dad0bc3c83fa67";
/// `openssl md5 client_key.pem`
pub(super) const CLIENT_KEY_MD5: &str = "cb92e2b522a1fa977e9ea61a277aaea0";
/// `printf %s "$(cat client_key.pem)" | openssl md5`
pub(super) const CLIENT_KEY_MD5_WITHOUT_LINE_END: &str = "44c9a49c112514127d02574afe747135";
