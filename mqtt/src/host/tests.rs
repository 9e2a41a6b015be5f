//! A connection over a stream in memory, with a broker that says exactly what it is told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use telit_core::socket::SocketError;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::connection::HostConnection;
use super::failure::Failure;
use super::link::{Link, LoggedIn};
use super::run::{Shelf, Wire};
use super::session::{Login, Settings};
use crate::error::{ConnectError, Refusal};
use crate::message::{Publish, QoS};
use crate::state::LossReason;

/// What the way to the broker holds in each direction.
const HOLDS: usize = 2000;

impl Wire for DuplexStream {
    fn is_closed_by_peer(&self) -> bool {
        true
    }

    async fn hang_up(self) -> Result<(), SocketError> {
        Ok(())
    }
}

pub(crate) struct Broker(DuplexStream);

impl Broker {
    async fn hears(&mut self, expected: &[u8]) {
        let mut heard = vec![0; expected.len()];
        self.0.read_exact(&mut heard).await.unwrap();
        assert_eq!(Bytes::from(heard), Bytes::copy_from_slice(expected));
    }

    async fn says(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Whatever is left, until the connection ends.
    pub(crate) async fn hears_the_rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await.unwrap();
        rest
    }
}

fn settings() -> Settings {
    let (keep_alive, acknowledgement) = (Duration::from_secs(60), Duration::from_secs(30));
    Settings {
        keep_alive,
        acknowledgement,
        login: Duration::from_secs(90),
        owner_repeats: false,
        packet_limit: 1 << 20,
    }
}

fn login() -> Login {
    let (client_id, user, password) = ("c1".into(), String::new(), String::new());
    Login { client_id, user, password, clean_session: false, will: None }
}

const CONNECT: &[u8] = b"\x10\x0e\x00\x04MQTT\x04\x00\x00\x3c\x00\x02c1";

async fn answered(answer: &[u8], shelf: &Shelf) -> (Result<LoggedIn, ConnectError>, Broker) {
    let (ours, theirs) = tokio::io::duplex(HOLDS);
    let mut broker = Broker(theirs);
    let (login, settings) = (login(), settings());
    let (_wanted, unwanted) = tokio::sync::oneshot::channel();
    let logging_in = Link::log_in(ours, settings, &login, shelf, unwanted);
    let answering = async {
        broker.hears(CONNECT).await;
        broker.says(answer).await;
    };
    let (outcome, ()) = tokio::join!(logging_in, answering);
    (outcome, broker)
}

async fn logged_in(shelf: &Shelf) -> (LoggedIn, Broker) {
    let (outcome, broker) = answered(b"\x20\x02\x00\x00", shelf).await;
    (outcome.unwrap(), broker)
}

/// A connection over which so many messages have come at least once, numbered, while its owner waited for something
/// else.
pub(crate) async fn flooded(messages: u16) -> (HostConnection, Broker) {
    let (logged_in, mut broker) = logged_in(&Shelf::default()).await;
    let mut connection = HostConnection::over_a_stream(logged_in);
    let talking = async {
        broker.hears(b"\x32\x07\x00\x01t\x00\x01hi").await;
        for number in 1..=messages {
            let [high, low] = number.to_be_bytes();
            broker.says(&[0x32, 7, 0, 1, b't', high, low, high, low]).await;
        }
        broker.says(b"\x40\x02\x00\x01").await;
    };
    let (published, ()) = tokio::join!(connection.publish(message(b"hi", QoS::AtLeastOnce)), talking);
    published.unwrap();
    (connection, broker)
}

fn message(payload: &'static [u8], qos: QoS) -> Publish {
    Publish::new("t", payload).qos(qos)
}

#[tokio::test(start_paused = true)]
async fn a_broker_lets_us_in_or_does_not() {
    let shelf = Shelf::default();
    let (outcome, _broker) = answered(b"\x20\x02\x01\x00", &shelf).await;
    assert!(outcome.unwrap().session_present);
    let (outcome, broker) = answered(b"\x20\x02\x00\x05", &shelf).await;
    assert_eq!(outcome.unwrap_err(), ConnectError::Refused { refusal: Refusal::NotAuthorised });
    assert_eq!(broker.hears_the_rest().await, b"", "the stream is closed");
    for (answer, reason) in
        [(&b""[..], LossReason::LoginUnanswered), (b"\xd0\x00", LossReason::ProtocolViolated)]
    {
        let (outcome, _broker) = answered(answer, &shelf).await;
        assert_eq!(outcome.unwrap_err(), ConnectError::NotConnected { reason });
    }
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_get_through_while_messages_arrive() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let publishing = tokio::spawn(async move {
        link.publish(message(b"hi", QoS::AtLeastOnce)).await.unwrap();
        link
    });
    broker.hears(b"\x32\x07\x00\x01t\x00\x01hi").await;
    // More than the way and the owner's queue hold together.
    let talking = tokio::spawn(async move {
        for _ in 0..1000 {
            broker.says(b"\x30\x04\x00\x01tx").await;
        }
        broker.says(b"\x40\x02\x00\x01").await;
        broker
    });
    for _ in 0..1000 {
        assert_eq!(arrivals.next().await.unwrap().payload, "x");
    }
    let link = publishing.await.unwrap();
    assert_eq!(link.lost(), None);
    drop((link, talking.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_takes_holds_up_the_broker_and_is_no_loss() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let flood = b"\x32\x06\x00\x01t\x00\x07x".repeat(2000);
    let talking = tokio::time::timeout(Duration::from_secs(3600), broker.says(&flood)).await;
    assert!(talking.is_err(), "it was held up");
    assert_eq!(link.lost(), None, "nobody is to blame for a ping that cannot be heard");
    assert_eq!(arrivals.next().await.unwrap().payload, "x");
    // As many as were let through were acknowledged, and not one more than the owner could take.
    let mut acknowledged = [0; 32 * 4];
    broker.0.read_exact(&mut acknowledged).await.unwrap();
    assert_eq!(acknowledged[..4], *b"\x40\x02\x00\x07");
}

#[tokio::test(start_paused = true)]
async fn subscriptions_hear_what_is_granted() {
    let (LoggedIn { link, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let filters = vec![("a".to_owned(), QoS::ExactlyOnce), ("b".to_owned(), QoS::AtMostOnce)];
    let answering = async {
        broker.hears(b"\x82\x0a\x00\x01\x00\x01a\x02\x00\x01b\x00").await;
        broker.says(b"\x90\x04\x00\x01\x80\x00").await;
        broker.hears(b"\xa2\x05\x00\x02\x00\x01b").await;
    };
    let asking = async {
        let granted = link.subscribe(filters).await;
        assert_eq!(granted, Ok(vec![None, Some(QoS::AtMostOnce)]));
        let waited = Duration::from_secs(30);
        assert_eq!(link.unsubscribe("b".to_owned()).await, Err(Failure::Unanswered(waited)));
    };
    tokio::join!(answering, asking);
    let unusable = link.publish(Publish::new("a/+", "")).await;
    assert!(matches!(unusable, Err(Failure::Unusable(_))));
}

#[tokio::test(start_paused = true)]
async fn who_waits_hears_of_the_loss_and_messages_before_it_are_kept() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let losing = async {
        broker.hears(b"\x32\x05\x00\x01t\x00\x01").await;
        broker.says(&b"\x30\x04\x00\x01tx".repeat(40)).await;
        drop(broker);
    };
    let taking = async {
        let mut count = 0;
        while arrivals.next().await.is_some() {
            count += 1;
        }
        count
    };
    let (outcome, (), count) = tokio::join!(link.publish(message(b"", QoS::AtLeastOnce)), losing, taking);
    assert_eq!(outcome, Err(Failure::Lost(LossReason::ClosedByBroker)));
    assert_eq!(count, 40);
    assert_eq!(link.lost(), Some(LossReason::ClosedByBroker));
    assert_eq!(link.publish(message(b"", QoS::AtMostOnce)).await, Err(Failure::NotSent));
    assert_eq!(link.close().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_where_the_last_connection_left_it() {
    let shelf = Shelf::default();
    let (LoggedIn { link, .. }, mut broker) = logged_in(&shelf).await;
    let losing = async {
        broker.hears(b"\x34\x07\x00\x01t\x00\x01hi").await;
        drop(broker);
    };
    let (outcome, ()) = tokio::join!(link.publish(message(b"hi", QoS::ExactlyOnce)), losing);
    assert_eq!(outcome, Err(Failure::Lost(LossReason::ClosedByBroker)));
    assert_eq!(link.close().await, Ok(()));
    // One that never got as far as an answer leaves it there.
    let (refused, _broker) = answered(b"\x20\x02\x00\x03", &shelf).await;
    assert!(refused.is_err());
    let (outcome, mut broker) = answered(b"\x20\x02\x01\x00", &shelf).await;
    let _logged_in = outcome.unwrap();
    broker.hears(b"\x3c\x07\x00\x01t\x00\x01hi").await;
}

#[tokio::test(start_paused = true)]
async fn the_end_is_announced_whoever_brings_it_about() {
    let (LoggedIn { link, mut arrivals, .. }, broker) = logged_in(&Shelf::default()).await;
    assert_eq!(link.publish(message(b"", QoS::AtMostOnce)).await, Ok(()));
    assert_eq!(link.close().await, Ok(()));
    assert_eq!(arrivals.next().await, None);
    assert_eq!(broker.hears_the_rest().await, b"\x30\x03\x00\x01t\xe0\x00");

    let (LoggedIn { link, arrivals, .. }, broker) = logged_in(&Shelf::default()).await;
    drop((link, arrivals));
    assert_eq!(broker.hears_the_rest().await, b"\xe0\x00");
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_is_pinged_then_left() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    broker.hears(b"\xc0\x00").await;
    broker.says(b"\xd0\x00").await;
    broker.hears(b"\xc0\x00").await;
    assert_eq!(arrivals.next().await, None);
    assert_eq!(link.lost(), Some(LossReason::PingUnanswered));
}

#[tokio::test(start_paused = true)]
async fn large_messages_pass_a_narrow_way_in_both_directions_at_once() {
    let (LoggedIn { link, mut arrivals, .. }, broker) = logged_in(&Shelf::default()).await;
    let payload = Bytes::from((0..=255).collect::<Vec<u8>>().repeat(512));
    let packet = Arc::new([&b"\x30\x83\x80\x08\x00\x01t"[..], &payload].concat());
    let (mut reader, mut writer) = tokio::io::split(broker.0);
    let answer = Arc::clone(&packet);
    let writing = tokio::spawn(async move { writer.write_all(&answer).await });
    let reading = tokio::spawn(async move {
        let mut heard = vec![0; packet.len()];
        reader.read_exact(&mut heard).await.map(|_| heard == *packet)
    });
    let large = Publish::new("t", payload.clone()).qos(QoS::AtMostOnce);
    assert_eq!(link.publish(large).await, Ok(()));
    assert_eq!(arrivals.next().await.unwrap().payload, payload);
    assert!(reading.await.unwrap().unwrap());
    writing.await.unwrap().unwrap();
}

/// A broker that floods us must not keep a publisher waiting for ever, nor the memory of this computer.
#[tokio::test(start_paused = true)]
async fn an_answer_behind_more_than_can_be_kept_is_given_up() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let talking = tokio::spawn(async move {
        broker.hears(b"\x32\x07\x00\x01t\x00\x01hi").await;
        // 6 MiB, in messages of 1 KiB.
        let message = [&b"\x30\x83\x08\x00\x01t"[..], &[b'x'; 1024]].concat();
        for _ in 0..6 * 1024 {
            broker.says(&message).await;
        }
        broker.says(b"\x40\x02\x00\x01").await;
        broker
    });
    let publishing = arrivals.gather_until(link.publish(message(b"hi", QoS::AtLeastOnce)));
    let answer = tokio::time::timeout(Duration::from_secs(300), publishing).await.unwrap();
    assert_eq!(answer, Err(Failure::Unanswered(Duration::from_secs(30))));
    for _ in 0..6 * 1024 {
        assert_eq!(arrivals.next().await.unwrap().payload.len(), 1024, "nothing is lost");
    }
    drop((link, talking.await.unwrap()));
}

/// Who leaves in the middle of a flood has everything that the broker believes to be delivered.
#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_is_in_the_owners_hands() {
    for waits in [0, 40, 2000] {
        let (connection, mut broker) = flooded(50).await;
        let talking = tokio::spawn(async move {
            let more = b"\x32\x06\x00\x01t\x00\x07x".repeat(waits);
            let all = tokio::time::timeout(Duration::from_secs(5), broker.says(&more)).await;
            assert_eq!(all.is_ok(), waits < 1000, "the way holds so much only");
            broker.hears_the_rest().await
        });
        tokio::time::sleep(Duration::from_secs(10)).await;
        let came = connection.abandon().await;
        let heard = talking.await.unwrap();
        let acknowledged = heard.chunks(4).filter(|packet| packet.starts_with(b"\x40\x02")).count();
        assert_eq!(came.len(), acknowledged, "{waits}");
        assert!((50..=50 + waits.min(32)).contains(&came.len()), "{waits}: {}", came.len());
    }
}

/// A broker that asks for answers and takes none does not fill the memory of this computer.
#[tokio::test(start_paused = true)]
async fn a_broker_that_takes_no_answers_is_not_read() {
    let (LoggedIn { link, mut arrivals, .. }, mut broker) = logged_in(&Shelf::default()).await;
    let taking = tokio::spawn(async move {
        let mut count = 0;
        while arrivals.next().await.is_some() {
            count += 1;
        }
        count
    });
    let flood = b"\x32\x06\x00\x01t\x00\x07x".repeat(50_000);
    assert!(
        tokio::time::timeout(Duration::from_secs(10), broker.says(&flood)).await.is_err(),
        "it is held up"
    );
    // What it takes after all is what it may go on for.
    let mut answers = [0; 4 * 500];
    broker.0.read_exact(&mut answers).await.unwrap();
    assert_eq!(answers[..4], *b"\x40\x02\x00\x07");
    drop(broker);
    let count = taking.await.unwrap();
    // Those on the way, those that wait, and one block more.
    assert!((1000..1000 + 500 + 500 + 4096 / 8 + 1).contains(&count), "{count}");
    drop(link);
}
