//! Credentials into the module's flash.

use openssl::hash::{MessageDigest, hash};
use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::tls::{self, Provision, Provisioned, TlsError};
use telit_simulator::Platform;

use super::bench::{Bench, Bound};
use super::credentials::credentials;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_bytes, same_reading};
use super::scenario::Scenario;
use super::set_up::{bring_up, on_line, recover};

/// As `tls::provision` says, and half a minute to take TLS.
const PROVISION: Bound = Bound::new("provision", 11 * 60 + 30);

/// `<data_type>` of `#SSLSECDATA`.
const CERTIFICATE: u8 = 0;
const CA: u8 = 1;
const KEY: u8 = 2;

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
        let ending = match bench.within(PROVISION, provision_all(&modem)).await? {
            Ok(done) => {
                let told =
                    same_reading("what was done", &[Provision::Stored; 3], &parts(done), bench.fault())?;
                told.and(stored(bench, bench.fault()).await?)
            }
            Err(error) => Ending::from(error.outcome()),
        };
        let modem = recover(bench, modem).await?;
        match again(bench, &modem).await {
            // What was read wrong of the firmware is read anew when the module is brought up.
            Err(Broken::Wrong(_)) if bench.fault().is_some_and(Fault::hits_a_byte) => {
                bring_up(bench, &modem).await?;
                again(bench, &modem).await?;
                Ok(Ending::Damaged)
            }
            Ok(done) if ending == Ending::Right => {
                same_reading("afterwards", &[Provision::Unchanged; 3], &done, None)?;
                Ok(ending)
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
    let credentials = credentials();
    let done = tls::provision(modem, &lease, &[credentials.ca()], Some(&credentials.identity())).await?;
    lease.release();
    Ok(done)
}

/// Authority, certificate, key.
fn parts(done: Provisioned) -> [Provision; 3] {
    [done.authorities, done.certificate, done.key]
}

/// Whether the module holds exactly what it should, and has TLS switched off.
async fn stored(bench: &Bench, fault: Option<Fault>) -> Result<Ending, Broken> {
    let enabled = bench.witness(&["AT#SSLEN?"]).await;
    if enabled.contains(",1\r") {
        return Err(Broken::wrong(format!("TLS stays enabled: {enabled}")));
    }
    let credentials = credentials();
    let authority = lines(&credentials.authority.certificate_pem());
    let certificate = lines(credentials.client.certificate_pem());
    // A certificate that got damaged keeps its slot until somebody needs it.
    let slots = [held(bench, 1, CA).await, held(bench, 2, CA).await];
    let slot = slots.iter().find(|slot| **slot == authority).unwrap_or(&slots[0]);
    let one = same_credential("the CA certificate", &authority, slot, fault)?;
    let two = same_credential("the certificate", &certificate, &held(bench, 1, CERTIFICATE).await, fault)?;
    Ok(one.and(two).and(same_key(&held(bench, 1, KEY).await, fault)?))
}

/// A key is shown as its MD5, and as it is by firmware that does not say whether it can do better.
fn same_key(held: &[u8], fault: Option<Fault>) -> Result<Ending, Broken> {
    let key = credentials().client.key_pem();
    let digest = hash(MessageDigest::md5(), key.as_bytes()).expect("it is hashed");
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match held.starts_with(b"-----") {
        true => same_credential("the key", &lines(key), held, fault),
        false => same_reading("the digest of the key", digest.as_bytes(), held, fault),
    }
}

/// The closing Ctrl-Z differs in one bit from the escape key, which abandons the entry.
fn same_credential(what: &str, wanted: &[u8], held: &[u8], fault: Option<Fault>) -> Result<Ending, Broken> {
    match held == b"No data stored" && fault.is_some_and(Fault::hits_a_byte) {
        true => Ok(Ending::Damaged),
        false => same_bytes(what, wanted, held, fault),
    }
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
    text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}
