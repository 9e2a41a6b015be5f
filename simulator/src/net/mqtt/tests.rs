//! The client against scripted brokers, byte by byte.

use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::test_support::{
    AMPLE, Authority, LeafOptions, Peer, SHORT, TlsServer, listen, tls_settings,
};
use super::super::{NetError, Network, TlsFailure, TlsSettings, TlsVersion};
use super::*;

const CONNECT: &[u8] = b"\x10\x0E\x00\x04MQTT\x04\x02\x00\x3C\x00\x02id";
const ACCEPTED: &[u8] = b"\x20\x02\x00\x00";

fn options(port: u16) -> Options {
    Options {
        host: "127.0.0.1".into(),
        port,
        tls: None,
        connect_timeout: AMPLE,
        client_id: "id".into(),
        username: None,
        password: None,
        keep_alive: Duration::from_secs(60),
        clean_session: true,
        will: None,
        packet_timeout: AMPLE,
    }
}

struct Open {
    session: Session,
    events: mpsc::Receiver<Event>,
    peer: Peer<TcpStream>,
}

/// A session that is open, and its broker.
async fn open_with(change: impl FnOnce(&mut Options)) -> Open {
    let (listener, port) = listen().await;
    let mut options = options(port);
    change(&mut options);
    let mut connect = Vec::from(CONNECT);
    // Variable header: 2 of the fixed one, 6 name, 1 level, 1 flags, then keep alive.
    let keep_alive = u16::try_from(options.keep_alive.as_secs()).unwrap();
    connect[10..12].copy_from_slice(&keep_alive.to_be_bytes());
    let broker = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect(&connect).await;
        peer.send(ACCEPTED).await;
        peer
    };
    let network = Network::default();
    let (opened, peer) = tokio::join!(Session::connect(&network, options), broker);
    let (session, events) = opened.unwrap();
    Open { session, events, peer }
}

async fn open() -> Open {
    open_with(|_| ()).await
}

async fn next(events: &mut mpsc::Receiver<Event>) -> Option<Event> {
    timeout(AMPLE, events.recv()).await.expect("no event")
}

fn message(topic: &str, payload: &'static [u8], qos: Qos) -> Event {
    Event::Message { topic: topic.into(), payload: Bytes::from_static(payload), qos, retain: false }
}

/// Connects to a broker that answers `answer` and then closes.
async fn connect_to(answer: &'static [u8], listener: TcpListener, options: Options) -> ConnectError {
    let broker = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect(CONNECT).await;
        peer.send(answer).await;
        peer.close().await;
    };
    let network = Network::default();
    tokio::join!(Session::connect(&network, options), broker).0.unwrap_err()
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let cases = [
        (&b"\x20\x02\x00\x01"[..], Refusal::ProtocolVersion),
        (b"\x20\x02\x00\x02", Refusal::IdentifierRejected),
        (b"\x20\x02\x00\x03", Refusal::ServerUnavailable),
        (b"\x20\x02\x00\x04", Refusal::BadCredentials),
        (b"\x20\x02\x00\x05", Refusal::NotAuthorised),
        (b"\x20\x02\x00\x63", Refusal::Other(99)),
    ];
    for (answer, refusal) in cases {
        let (listener, port) = listen().await;
        assert_eq!(connect_to(answer, listener, options(port)).await, ConnectError::Refused(refusal));
    }
}

#[tokio::test]
async fn what_is_not_a_connack_is_a_protocol_error() {
    for answer in [&b"\xD0\x00"[..], b"HTTP/1.1 400 Bad Request\r\n"] {
        let (listener, port) = listen().await;
        let error = connect_to(answer, listener, options(port)).await;
        assert!(matches!(error, ConnectError::Protocol(_)), "{error}");
    }
}

#[tokio::test]
async fn silence_and_a_close_instead_of_a_connack() {
    let (listener, port) = listen().await;
    assert_eq!(
        connect_to(b"\x20\x02", listener, options(port)).await,
        ConnectError::Network(NetError::Closed)
    );

    let (listener, port) = listen().await;
    let options = Options { packet_timeout: SHORT, ..options(port) };
    let network = Network::default();
    let (opened, _silent) = tokio::join!(Session::connect(&network, options), Peer::accept(&listener));
    assert_eq!(opened.unwrap_err(), ConnectError::NoConnack);
}

#[tokio::test]
async fn network_and_tls_failures_keep_their_reason() {
    let (listener, port) = listen().await;
    drop(listener);
    let refused = Session::connect(&Network::default(), options(port)).await;
    assert_eq!(refused.unwrap_err(), ConnectError::Network(NetError::Refused));

    // TLS 1.3: the server's refusal of a missing certificate comes where the CONNACK should be.
    let authority = Authority::new("Test CA");
    let server = TlsServer::mutual(&authority.issue(&LeafOptions::default()), &authority);
    let (listener, port) = listen().await;
    let tls = Some(TlsSettings { min: TlsVersion::V1_3, ..tls_settings(&authority) });
    let network = Network::default();
    let connecting = Session::connect(&network, Options { tls, ..options(port) });
    let (opened, accepted) = tokio::join!(connecting, server.accept(&listener));
    assert!(accepted.is_err());
    let ConnectError::Network(error) = opened.unwrap_err() else {
        panic!("not a network error");
    };
    assert_eq!(error.tls_failure(), Some(TlsFailure::Alert(116)));
}

#[tokio::test]
async fn an_earlier_session_is_reported() {
    let (listener, port) = listen().await;
    let network = Network::default();
    let broker = async {
        let mut peer = Peer::accept(&listener).await;
        peer.expect(CONNECT).await;
        // A message of the earlier session comes in the same segment.
        peer.send(b"\x20\x02\x01\x00\x30\x04\x00\x01t!").await;
        peer
    };
    let (opened, _peer) = tokio::join!(Session::connect(&network, options(port)), broker);
    let (session, mut events) = opened.unwrap();
    assert!(session.session_present());
    assert_eq!(next(&mut events).await, Some(message("t", b"!", Qos::AtMostOnce)));
}

#[tokio::test]
async fn publishes_resolve_at_their_acknowledgement() {
    let Open { session, mut peer, .. } = open().await;
    let payload = Bytes::from_static(b"\r\nOK\r\n\x1A\0");
    session.publish("t/0", payload.clone(), Qos::AtMostOnce, true).await.unwrap();
    peer.expect(b"\x31\x0D\x00\x03t/0\r\nOK\r\n\x1A\0").await;

    let publishing = session.publish("t", payload.clone(), Qos::AtLeastOnce, false);
    let broker = async {
        peer.expect(b"\x32\x0D\x00\x01t\x00\x02\r\nOK\r\n\x1A\0").await;
        // Somebody else's acknowledgement, then ours.
        peer.send(b"\x40\x02\x00\x63\x40\x02\x00\x02").await;
    };
    tokio::join!(publishing, broker).0.unwrap();

    let publishing = session.publish("t", Bytes::new(), Qos::ExactlyOnce, false);
    let broker = async {
        peer.expect(b"\x34\x05\x00\x01t\x00\x03").await;
        peer.send(b"\x50\x02\x00\x03").await;
        peer.expect(b"\x62\x02\x00\x03").await;
        peer.send(b"\x70\x02\x00\x03").await;
    };
    tokio::join!(publishing, broker).0.unwrap();
}

#[tokio::test]
async fn acknowledgements_may_overtake_each_other() {
    let Open { session, mut peer, .. } = open().await;
    let first = session.publish("a", Bytes::new(), Qos::AtLeastOnce, false);
    let second = session.subscribe("b", Qos::AtLeastOnce);
    let broker = async {
        peer.expect(b"\x32\x05\x00\x01a\x00\x01\x82\x06\x00\x02\x00\x01b\x01").await;
        peer.send(b"\x90\x03\x00\x02\x00\x40\x02\x00\x01").await;
    };
    let (first, second, ()) = tokio::join!(first, second, broker);
    assert_eq!((first, second), (Ok(()), Ok(Qos::AtMostOnce)));
}

#[tokio::test]
async fn unanswered_requests_time_out_and_late_answers_harm_nobody() {
    let Open { session, mut peer, .. } = open_with(|options| options.packet_timeout = SHORT).await;
    let timed_out = session.publish("t", Bytes::new(), Qos::ExactlyOnce, false).await;
    assert_eq!(timed_out, Err(RequestError::Timeout));
    assert_eq!(session.subscribe("f", Qos::AtMostOnce).await, Err(RequestError::Timeout));
    assert_eq!(session.unsubscribe("f").await, Err(RequestError::Timeout));
    peer.expect(b"\x34\x05\x00\x01t\x00\x01\x82\x06\x00\x02\x00\x01f\x00\xA2\x05\x00\x03\x00\x01f").await;
    peer.send(b"\x50\x02\x00\x01").await;
    // Released all the same.
    peer.expect(b"\x62\x02\x00\x01").await;
    assert!(!session.is_closed());
}

#[tokio::test]
async fn subscriptions_are_granted_or_refused() {
    let Open { session, mut peer, .. } = open().await;
    let broker = async {
        peer.expect(b"\x82\x08\x00\x01\x00\x03a/#\x02").await;
        peer.send(b"\x90\x03\x00\x01\x01").await;
        peer.expect(b"\x82\x06\x00\x02\x00\x01b\x00").await;
        peer.send(b"\x90\x03\x00\x02\x80").await;
        peer.expect(b"\xA2\x07\x00\x03\x00\x03a/#").await;
        peer.send(b"\xB0\x02\x00\x03").await;
    };
    let client = async {
        assert_eq!(session.subscribe("a/#", Qos::ExactlyOnce).await, Ok(Qos::AtLeastOnce));
        assert_eq!(session.subscribe("b", Qos::AtMostOnce).await, Err(RequestError::Refused));
        assert_eq!(session.unsubscribe("a/#").await, Ok(()));
    };
    tokio::join!(client, broker);
}

#[tokio::test]
async fn incoming_messages_are_acknowledged_and_delivered_once() {
    let Open { session: _session, mut events, mut peer } = open().await;
    peer.send(b"\x32\x06\x00\x01a\x00\x07x").await;
    peer.expect(b"\x40\x02\x00\x07").await;
    // QoS 2, repeated before it is released: one message.
    peer.send(b"\x34\x06\x00\x01b\x00\x08y\x3C\x06\x00\x01b\x00\x08y").await;
    peer.expect(b"\x50\x02\x00\x08\x50\x02\x00\x08").await;
    peer.send(b"\x62\x02\x00\x08").await;
    peer.expect(b"\x70\x02\x00\x08").await;
    // The same id again is another message.
    peer.send(b"\x34\x06\x00\x01b\x00\x08z").await;
    peer.expect(b"\x50\x02\x00\x08").await;
    assert_eq!(next(&mut events).await, Some(message("a", b"x", Qos::AtLeastOnce)));
    assert_eq!(next(&mut events).await, Some(message("b", b"y", Qos::ExactlyOnce)));
    assert_eq!(next(&mut events).await, Some(message("b", b"z", Qos::ExactlyOnce)));
}

#[tokio::test]
async fn a_reader_that_sleeps_holds_the_broker_back_and_loses_nothing() {
    let Open { session, mut events, mut peer } = open().await;
    let count = 500_u16;
    let sending = async {
        for index in 0..count {
            peer.send([&b"\x30\x05\x00\x01t"[..], &index.to_be_bytes()].concat()).await;
        }
    };
    let reading = async {
        // Requests go on meanwhile.
        session.publish("t", Bytes::new(), Qos::AtMostOnce, false).await.unwrap();
        let mut got = Vec::new();
        while got.len() < usize::from(count) {
            let Some(Event::Message { payload, .. }) = next(&mut events).await else {
                panic!("no message");
            };
            got.push(u16::from_be_bytes(payload[..].try_into().unwrap()));
        }
        got
    };
    let ((), got) = tokio::join!(sending, reading);
    assert_eq!(got, (0..count).collect::<Vec<_>>());
}

#[tokio::test]
async fn pings_go_out_and_a_missing_answer_ends_the_session() {
    let Open { session, mut events, mut peer } = open_with(|options| {
        options.keep_alive = Duration::from_secs(1);
        options.packet_timeout = SHORT;
    })
    .await;
    peer.expect(b"\xC0\x00").await;
    peer.send(b"\xD0\x00").await;
    peer.expect(b"\xC0\x00").await;
    assert_eq!(next(&mut events).await, Some(Event::Closed(CloseReason::PingUnanswered)));
    assert_eq!(next(&mut events).await, None);
    assert!(session.is_closed());
}

#[tokio::test]
async fn a_broker_that_closes_fails_what_waits() {
    let Open { session, mut events, mut peer } = open().await;
    let publishing = session.publish("t", Bytes::new(), Qos::AtLeastOnce, false);
    let broker = async {
        peer.expect(b"\x32\x05\x00\x01t\x00\x01").await;
        peer.close().await;
    };
    assert_eq!(tokio::join!(publishing, broker).0, Err(RequestError::Closed));
    assert_eq!(next(&mut events).await, Some(Event::Closed(CloseReason::ByPeer)));
    assert_eq!(session.disconnect().await, Err(RequestError::Closed));
}

#[tokio::test]
async fn a_reset_and_garbage_end_the_session_with_their_reason() {
    let Open { session: _session, mut events, peer } = open().await;
    peer.reset();
    assert_eq!(next(&mut events).await, Some(Event::Closed(CloseReason::Network(NetError::Reset))));

    let Open { session: _session, mut events, mut peer } = open().await;
    // The message before the garbage still counts.
    peer.send(b"\x30\x04\x00\x01t!\xFF\xFF").await;
    assert_eq!(next(&mut events).await, Some(message("t", b"!", Qos::AtMostOnce)));
    assert!(matches!(next(&mut events).await, Some(Event::Closed(CloseReason::Protocol(_)))));
}

#[tokio::test]
async fn disconnect_says_goodbye_and_dropping_does_not() {
    let Open { session, mut events, mut peer } = open().await;
    session.disconnect().await.unwrap();
    assert_eq!(peer.rest().await.unwrap(), b"\xE0\x00");
    drop(peer);
    assert_eq!(next(&mut events).await, None);

    let Open { session, mut events, mut peer } = open().await;
    drop(session);
    assert_eq!(peer.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(next(&mut events).await, None);
}

#[tokio::test]
async fn what_does_not_fit_is_not_sent() {
    let Open { session, mut peer, .. } = open().await;
    let topic = "t".repeat(65_536);
    let too_long = Err(RequestError::TooLong("the topic"));
    assert_eq!(session.publish(&topic, Bytes::new(), Qos::AtMostOnce, false).await, too_long);
    assert!(session.subscribe(&topic, Qos::AtMostOnce).await.is_err());
    session.disconnect().await.unwrap();
    assert_eq!(peer.rest().await.unwrap(), b"\xE0\x00");
}

#[test]
fn passwords_do_not_show() {
    let options = Options { username: Some("u".into()), password: Some(b"secret".to_vec()), ..options(1) };
    assert!(!format!("{options:?}").contains("secret"));
}
