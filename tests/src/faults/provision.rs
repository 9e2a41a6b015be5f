//! Credentials into the module's flash.

use openssl::hash::{MessageDigest, hash};
use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{self, Provision, Provisioned, TlsError};
use telit_simulator::Platform;

use super::bench::{Bench, Bound};
use super::credentials::{AUTHORITY, CERTIFICATE, KEY, authority, identity};
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, same_reading};
use super::scenario::Scenario;
use super::set_up::{after_misreading, on_line, recover};
use super::strike::Strike;

/// As `tls::provision` says, and half a minute to take TLS.
const PROVISION: Bound = Bound::new("provision", 11 * 60 + 30);

/// `<data_type>` of `#SSLSECDATA`.
const CERTIFICATES: u8 = 0;
const AUTHORITIES: u8 = 1;
const KEYS: u8 = 2;

pub(super) struct Provisioning;

#[test]
fn provision() {
    matrix::<Provisioning>(Platform::P37, SAMPLE);
}

impl Scenario for Provisioning {
    const NAME: &'static str = "provision";

    fn new() -> Self {
        Self
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let modem = on_line(bench).await?;
        bench.begin_job();
        let done = bench.within(PROVISION, provision_all(&modem)).await?;
        bench.end_job();
        // A module that is starting cannot be asked what it holds.
        bench.calm().await;
        let ending = match &done {
            Ok(done) => {
                let wanted = [Provision::Stored; 3];
                let told = same_reading("what was done", &wanted, &parts(*done), None)?;
                told.and(stored(bench, bench.strike()).await?)
            }
            Err(error) => Ending::from(error.outcome()).and(stored_in_part(bench, bench.strike()).await?),
        };
        let modem = recover(bench, modem).await?;
        let mut next = again(bench, &modem).await;
        if bench.may_retry(&next) {
            after_misreading(bench, &modem).await?;
            next = again(bench, &modem).await;
        }
        match next {
            Ok(done) if ending == Ending::Right => {
                same_reading("afterwards", &[Provision::Unchanged; 3], &done, None)
            }
            other => other.map(|_| ending),
        }
    }
}

/// The next operation works, and its result is on the module to the byte.
pub(super) async fn again(bench: &Bench, modem: &Modem) -> Result<[Provision; 3], Broken> {
    let again = bench.within(PROVISION, provision_all(modem)).await?;
    let done = again.map_err(|error| Broken::wrong(format!("afterwards it fails: {error}")))?;
    stored(bench, None).await?;
    Ok(parts(done))
}

pub(super) async fn provision_all(modem: &Modem) -> Result<Provisioned, TlsError> {
    let lease = modem.acquire_tls(Service::Socket).await?;
    let done = tls::provision(modem, &lease, &[authority()], Some(&identity())).await?;
    lease.release();
    Ok(done)
}

/// Authority, certificate, key.
fn parts(done: Provisioned) -> [Provision; 3] {
    [done.authorities, done.certificate, done.key]
}

/// Whether the module holds exactly what it should, and has TLS switched off.
async fn stored(bench: &Bench, strike: Option<&Strike>) -> Result<Ending, Broken> {
    let enabled = bench.witness(&["AT#SSLEN?"]).await;
    if enabled.contains(",1\r") {
        return Err(Broken::wrong(format!("TLS stays enabled: {enabled}")));
    }
    let held = Held::by(bench).await;
    let authority = held.authority().unwrap_or(&held.authorities[0]);
    let one = same_credential("the CA certificate", &lines(AUTHORITY), authority, strike)?;
    let two = same_credential("the certificate", &lines(CERTIFICATE), &held.certificate, strike)?;
    Ok(one.and(two).and(same_key(&held.key, strike)?))
}

/// Whether every part that the module holds is whole. Steps that were done before an error stay done.
async fn stored_in_part(bench: &Bench, strike: Option<&Strike>) -> Result<Ending, Broken> {
    let held = Held::by(bench).await;
    let mut ending = Ending::Right;
    for authority in held.authorities.iter().filter(|held| is_something(held)) {
        ending = ending.and(same_credential("the CA certificate", &lines(AUTHORITY), authority, strike)?);
    }
    if is_something(&held.certificate) {
        let wanted = lines(CERTIFICATE);
        ending = ending.and(same_credential("the certificate", &wanted, &held.certificate, strike)?);
    }
    if is_something(&held.key) {
        ending = ending.and(same_key(&held.key, strike)?);
    }
    Ok(ending)
}

/// What the module says it holds, without line ends.
struct Held {
    /// A certificate that got damaged keeps its slot until somebody needs it.
    authorities: [Vec<u8>; 2],
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Held {
    async fn by(bench: &Bench) -> Self {
        Self {
            authorities: [held(bench, 1, AUTHORITIES).await, held(bench, 2, AUTHORITIES).await],
            certificate: held(bench, 1, CERTIFICATES).await,
            key: held(bench, 1, KEYS).await,
        }
    }

    fn authority(&self) -> Option<&Vec<u8>> {
        self.authorities.iter().find(|held| **held == lines(AUTHORITY))
    }
}

fn is_something(held: &[u8]) -> bool {
    !held.is_empty() && held != NOTHING
}

const NOTHING: &[u8] = b"No data stored";

/// A key is shown as its MD5, and as it is by firmware that does not say whether it can do better.
fn same_key(held: &[u8], strike: Option<&Strike>) -> Result<Ending, Broken> {
    if held.starts_with(b"-----") {
        return same_credential("the key", &lines(KEY), held, strike);
    }
    match strike.filter(|strike| is_of(strike, &lines(KEY))) {
        Some(strike) if entered(strike).is_some_and(|entered| md5(&entered) == held) => Ok(Ending::Damaged),
        Some(strike) if held == NOTHING && abandons(strike) => Ok(Ending::Damaged),
        _ => same_bytes("the digest of the key", &md5(KEY.as_bytes()), held, strike),
    }
}

/// What a module takes of a credential with a byte hit. A backspace deletes what stands before it.
fn entered(strike: &Strike) -> Option<Vec<u8>> {
    const BACKSPACE: u8 = 0x08;
    let mut entered = strike.spoilt()?;
    if strike.within > 0 && entered.get(strike.within) == Some(&BACKSPACE) {
        drop(entered.drain(strike.within - 1..=strike.within));
    }
    Some(entered.strip_suffix(b"\x1a").unwrap_or(&entered).to_vec())
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    let digest = hash(MessageDigest::md5(), bytes).expect("it is hashed");
    digest.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// The closing Ctrl-Z differs in one bit from the escape key, which abandons the entry.
fn same_credential(
    what: &str,
    wanted: &[u8],
    held: &[u8],
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    let shows = |entered: Vec<u8>| lines(&String::from_utf8_lossy(&entered)) == held;
    match strike.filter(|strike| is_of(strike, wanted)) {
        _ if wanted == held => Ok(Ending::Right),
        Some(strike) if entered(strike).is_some_and(shows) => Ok(Ending::Damaged),
        Some(strike) if held == NOTHING && abandons(strike) => Ok(Ending::Damaged),
        _ => same_bytes(what, wanted, held, strike),
    }
}

/// Whether the end of this credential got lost, so that the module never took it.
fn abandons(strike: &Strike) -> bool {
    strike.fault.hits_a_byte() && strike.within + 1 == strike.piece.len()
}

/// Whether the piece that is struck is this credential.
fn is_of(strike: &Strike, wanted: &[u8]) -> bool {
    lines(&String::from_utf8_lossy(&strike.piece)).strip_suffix(b"\x1a") == Some(wanted)
}

async fn held(bench: &Bench, slot: u8, kind: u8) -> Vec<u8> {
    let read = format!("AT#SSLSECDATA={slot},2,{kind}");
    lines(data_of(&bench.witness(&["AT#SSLEN=1,1", &read, "AT#SSLEN=1,0"]).await))
}

/// What stands between the header of the answer and its `OK`.
fn data_of(answers: &str) -> &str {
    let header = answers.find("#SSLSECDATA: ").map_or(answers.len(), |at| at);
    let (_, behind) = answers[header..].split_once("\r\n").unwrap_or_default();
    behind.split_once("\r\nOK").map_or(behind, |(data, _)| data)
}

/// The text without its line ends, which the module prints in its own way.
fn lines(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| !is_line_end(*byte)).collect()
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}
