//! Secrets that look like nothing else, and how to find them again.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use telit_simulator::servers::{Authority, CertificateRequest, Issued};

/// Characters in a row that give a secret away. A shorter secret counts as a whole.
const FRAGMENT: usize = 12;
/// The same for bytes printed as a list of decimal numbers, which are short and frequent.
const NUMBERS: usize = 48;

pub(super) const PIN: &str = "73914628";
pub(super) const FTP: &str = "Zk93xW-planted-for-FTP-q7V";
pub(super) const MQTT: &str = "Rt58yB-planted-for-MQTT-m2L";
pub(super) const BEARER: &str = "hX41vN-planted.bearer.token-u8K";
pub(super) const BASIC: &str = "user:Lw66cD-planted-for-basic-p3J";
pub(super) const QUERY: &str = "Uy77mQ-planted-query-token-c5H";
pub(super) const PASSPHRASE: &str = "Gd29sE-planted-passphrase-n6F";

const PASSWORDS: [&str; 6] = [FTP, MQTT, BEARER, BASIC, QUERY, PASSPHRASE];

pub(super) struct Planted {
    pub(super) authority: Authority,
    pub(super) client: Issued,
    /// Of another key.
    pub(super) stranger: Issued,
    pub(super) elliptic: Issued,
    needles: HashSet<Vec<u8>>,
}

impl Planted {
    pub(super) fn new() -> Self {
        use telit_simulator::servers::KeyKind;
        let authority = Authority::new().expect("an authority");
        let issue = |request| authority.issue(&request).expect("a certificate");
        // Larger keys are refused on platform 10: as PEM they have more than 1535 bytes.
        let client = issue(CertificateRequest::client("device").key(KeyKind::Rsa(1536)));
        let stranger = issue(CertificateRequest::client("stranger"));
        let elliptic = issue(CertificateRequest::client("elliptic").key(KeyKind::P256));
        let mut needles = HashSet::new();
        for issued in [&client, &stranger, &elliptic] {
            for pem in [issued.key_pem(), issued.key_pkcs8_pem()] {
                needles.extend(fragments(private_part(&der(pem))));
            }
        }
        needles.extend(PASSWORDS.iter().flat_map(|password| fragments(password.as_bytes())));
        Self { authority, client, stranger, elliptic, needles }
    }

    /// The secrets, or pieces of them, that a text holds.
    pub(super) fn found_in(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in text.lines() {
            let bytes = line.as_bytes();
            let fragment = [FRAGMENT, 2 * FRAGMENT, NUMBERS]
                .iter()
                .flat_map(|length| bytes.windows(*length))
                .find(|window| self.needles.contains(*window));
            let shown = fragment.map(|fragment| String::from_utf8_lossy(fragment).into_owned());
            if let Some(secret) = shown.or_else(|| line.contains(PIN).then(|| PIN.to_owned())) {
                found.push(format!("`{secret}` in `{}`", line.chars().take(400).collect::<String>()));
            }
        }
        found
    }

    /// Each secret in each form.
    pub(super) fn samples(&self) -> Vec<String> {
        let key = der(self.client.key_pem());
        let private = key.get(key.len() / 2..).expect("half of it");
        let secrets = PASSWORDS.iter().map(|password| password.as_bytes()).chain([private]);
        let mut samples: Vec<String> = secrets.flat_map(forms).map(|form| form.text).collect();
        samples.push(PIN.to_owned());
        samples.push(self.client.key_pem().lines().nth(15).expect("a line of base64").to_owned());
        samples
    }
}

struct Form {
    text: String,
    fragment: usize,
}

fn forms(secret: &[u8]) -> Vec<Form> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = secret.iter().map(u8::to_string).collect();
    let mut forms = vec![
        Form { text: hex.to_uppercase(), fragment: 2 * FRAGMENT },
        Form { text: hex, fragment: 2 * FRAGMENT },
        Form { text: numbers.join(", "), fragment: NUMBERS },
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        forms.push(Form { text: text.to_owned(), fragment: FRAGMENT });
    }
    // Base64 looks different when something stands before it.
    for skipped in 0..3 {
        let rest = secret.get(skipped..).unwrap_or_default();
        for engine in [&BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD] {
            forms.push(Form { text: engine.encode(rest), fragment: FRAGMENT });
        }
    }
    forms
}

fn fragments(secret: &[u8]) -> Vec<Vec<u8>> {
    let windows = |form: Form| {
        let windows = form.text.as_bytes().windows(form.fragment);
        windows.map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    forms(secret).into_iter().flat_map(windows).collect()
}

/// Without what certificates show as well: the names of algorithms and the public half of the key.
fn private_part(der: &[u8]) -> &[u8] {
    /// An octet string of 32 bytes, which is the key on P-256. Source: RFC 5915, 3.
    const SCALAR: &[u8] = &[0x04, 0x20];
    match der.windows(SCALAR.len()).position(|window| window == SCALAR) {
        Some(at) if der.len() < 200 => &der[at + SCALAR.len()..][..32],
        // Behind modulus and public exponent, which come first. Source: RFC 8017, A.1.2.
        _ => &der[der.len() / 4..],
    }
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(base64).expect("PEM is base64")
}
