//! What takes time, in virtual time: connections without TLS.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, advance};

use super::calendar::Calendar;
use super::connection::serve;
use super::hub::Hub;
use super::limits::Limits;
use super::log::{DisconnectReason, Lifecycle};
use super::policy::Policy;
use super::registry::{CertificateStatus, Registered};
use super::state::State;
use crate::mqtt_server::packet::Publish;
use crate::servers::Authority;

const CERTIFICATE: &str = "certificate";
const PING: &[u8] = b"\xC0\0";
const PONG: &[u8] = b"\xD0\0";
const GOODBYE: &[u8] = b"\xE0\0";
const WELCOME: &[u8] = b"\x20\x02\0\0";
const WELCOME_BACK: &[u8] = b"\x20\x02\x01\0";
const CLEAN: u8 = 0x02;
const PERSISTENT: u8 = 0x00;

fn hub(change: impl FnOnce(&mut Limits)) -> Hub {
    let mut limits = Limits::default();
    change(&mut limits);
    let mut state = State::new(limits, Calendar::new(SystemTime::UNIX_EPOCH, Instant::now()));
    let status = CertificateStatus::Active;
    let registered = Registered { status, policy: Policy::everything(), thing: None };
    state.registry.insert(CERTIFICATE.to_owned(), registered);
    Hub::new(state, Authority::new().unwrap())
}

fn unhurried(limits: &mut Limits) {
    limits.connects_per_second = None;
}

/// A connection that has said nothing yet.
fn open(hub: &Hub) -> DuplexStream {
    let (client, server) = duplex(1024 * 1024);
    tokio::spawn(serve(hub.clone(), server, CERTIFICATE.to_owned()));
    client
}

/// A connection that has sent CONNECT as `id`.
async fn connect(hub: &Hub, flags: u8, keep_alive: u16) -> DuplexStream {
    let mut client = open(hub);
    let [high, low] = keep_alive.to_be_bytes();
    let packet = [&b"\x10\x0E\0\x04MQTT\x04"[..], &[flags, high, low], b"\0\x02id"].concat();
    client.write_all(&packet).await.unwrap();
    client
}

async fn expect(client: &mut DuplexStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    client.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, expected);
}

async fn is_closed(client: &mut DuplexStream) {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
}

async fn goodbye(mut client: DuplexStream) {
    client.write_all(GOODBYE).await.unwrap();
    is_closed(&mut client).await;
}

fn publish(hub: &Hub, payload: &'static [u8]) {
    let payload = Bytes::from_static(payload);
    let message = Publish { topic: "t".into(), payload, qos: 1, retain: false, id: 0, duplicate: false };
    hub.state().publish(message, Instant::now());
}

fn last_reason(hub: &Hub) -> Option<DisconnectReason> {
    match hub.state().log.events.all().pop()? {
        Lifecycle::ConnectFailed { reason, .. } | Lifecycle::Disconnected { reason, .. } => Some(reason),
        Lifecycle::Connected { .. } => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_dropped_after_one_and_a_half_times_its_keep_alive() {
    let hub = hub(unhurried);
    for (keep_alive, seconds) in [(60, 90), (5, 45), (0, 1800), (3600, 1800)] {
        let mut client = connect(&hub, CLEAN, keep_alive).await;
        expect(&mut client, WELCOME).await;
        // It begins anew with each packet.
        advance(Duration::from_secs(40)).await;
        client.write_all(PING).await.unwrap();
        expect(&mut client, PONG).await;
        let silent = Instant::now();
        is_closed(&mut client).await;
        assert_eq!(silent.elapsed().as_secs(), seconds, "{keep_alive}");
        assert_eq!(last_reason(&hub), Some(DisconnectReason::KeepAliveTimeout));
    }
    let opened = Instant::now();
    is_closed(&mut open(&hub)).await;
    assert_eq!(opened.elapsed().as_secs(), 30, "no CONNECT");
}

#[tokio::test(start_paused = true)]
async fn a_client_id_connects_once_a_second() {
    let hub = hub(|_| ());
    let mut first = connect(&hub, CLEAN, 60).await;
    expect(&mut first, WELCOME).await;
    let mut second = connect(&hub, CLEAN, 60).await;
    is_closed(&mut second).await;
    assert_eq!(last_reason(&hub), Some(DisconnectReason::Throttled));
    // The one that is connected stays.
    first.write_all(PING).await.unwrap();
    expect(&mut first, PONG).await;
    advance(Duration::from_secs(1)).await;
    expect(&mut connect(&hub, CLEAN, 60).await, WELCOME).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_in_a_second_is_discarded() {
    let hub = hub(|limits| limits.messages_per_second = Some(3));
    let mut client = connect(&hub, CLEAN, 60).await;
    expect(&mut client, WELCOME).await;
    for _ in 0..4 {
        client.write_all(b"\x32\x05\0\x01t\0\x09").await.unwrap();
    }
    client.write_all(PING).await.unwrap();
    for _ in 0..3 {
        expect(&mut client, b"\x40\x02\0\x09").await;
    }
    expect(&mut client, PONG).await;
    assert_eq!(hub.state().log.messages.len(), 3);
    advance(Duration::from_secs(1)).await;
    client.write_all(b"\x32\x05\0\x01t\0\x0A").await.unwrap();
    expect(&mut client, b"\x40\x02\0\x0A").await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_too_many_in_a_second_have_to_wait() {
    let hub = hub(|limits| limits.bytes_per_second = Some(1000));
    let mut client = connect(&hub, CLEAN, 60).await;
    expect(&mut client, WELCOME).await;
    let message = [&b"\x30\xB8\x17\0\x01t"[..], &[b'x'; 2997]].concat();
    let sent = Instant::now();
    client.write_all(&[&message[..], PING].concat()).await.unwrap();
    expect(&mut client, PONG).await;
    let waited = sent.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    assert_eq!(hub.state().log.messages.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_persistent_session_lasts_an_hour() {
    let hub = hub(unhurried);
    for (minutes, welcome) in [(0, WELCOME), (59, WELCOME_BACK), (61, WELCOME)] {
        advance(Duration::from_secs(60 * minutes)).await;
        let mut client = connect(&hub, PERSISTENT, 60).await;
        expect(&mut client, welcome).await;
        goodbye(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_ten_times_a_second() {
    let hub = hub(unhurried);
    let mut client = connect(&hub, PERSISTENT, 60).await;
    expect(&mut client, WELCOME).await;
    client.write_all(b"\x82\x06\0\x01\0\x01t\x01").await.unwrap();
    expect(&mut client, b"\x90\x03\0\x01\x01").await;
    goodbye(client).await;
    for payload in [b"1", b"2", b"3"] {
        publish(&hub, payload);
    }
    let mut client = connect(&hub, PERSISTENT, 60).await;
    expect(&mut client, WELCOME_BACK).await;
    let back = Instant::now();
    for (number, milliseconds) in [(b'1', 0), (b'2', 100), (b'3', 200)] {
        expect(&mut client, &[0x32, 6, 0, 1, b't', 0, number - b'0', number]).await;
        let waited = back.elapsed().as_millis();
        // The timer counts in milliseconds and rounds up.
        assert!((milliseconds..milliseconds + 5).contains(&waited), "{number} after {waited} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn who_acknowledges_too_little_has_to_wait() {
    let hub = hub(|limits| limits.unacknowledged = 2);
    let mut client = connect(&hub, CLEAN, 60).await;
    expect(&mut client, WELCOME).await;
    client.write_all(b"\x82\x06\0\x01\0\x01t\x01").await.unwrap();
    expect(&mut client, b"\x90\x03\0\x01\x01").await;
    for payload in [b"1", b"2", b"3"] {
        publish(&hub, payload);
    }
    expect(&mut client, b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022").await;
    client.write_all(PING).await.unwrap();
    expect(&mut client, PONG).await;
    client.write_all(b"\x40\x02\0\x01").await.unwrap();
    expect(&mut client, b"\x32\x06\0\x01t\0\x033").await;
}
