//! Messages go at their rate, and everything else meanwhile.

use std::time::Duration;

use telit_mqtt::{OfflineQueue, Publish, QoS};
use tokio::time::Instant;

use crate::{connected, plain};

#[tokio::test(start_paused = true)]
async fn the_rate_is_kept_after_the_burst() {
    let (client, _modem, fake) = connected(plain().rate_limit(2, 3)).await;
    let start = Instant::now();
    let mut times = Vec::new();
    for _ in 0..6 {
        client.publish("t", "x", QoS::AtMostOnce).await.unwrap();
        times.push(start.elapsed().as_millis());
    }
    // The line itself takes 20 ms a message.
    assert_eq!(times, [20, 40, 60, 500, 1000, 1500]);
    assert_eq!(fake.payloads().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_arrives_is_read_while_messages_wait_for_their_turn() {
    let (client, _modem, fake) =
        connected(plain().rate_limit(1, 1).offline_queue(OfflineQueue::new(99))).await;
    let mut messages = client.subscribe("in", QoS::AtLeastOnce).await.unwrap();
    for _ in 0..60 {
        client.enqueue(Publish::new("out", "x")).unwrap();
    }
    let start = Instant::now();
    for slot in 1..=30 {
        fake.publish(slot, "in", &[slot]);
    }
    for slot in 1..=30 {
        assert_eq!(messages.next().await.unwrap().payload[..], [slot]);
    }
    let _other = client.subscribe("other", QoS::AtLeastOnce).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "nothing waits for the messages");
    client.flush().await;
    assert_eq!(start.elapsed().as_secs(), 59);
    let polls = fake.lines().iter().filter(|line| *line == "AT#MQCONN?").count();
    assert_eq!(polls, 1, "the connection was looked after in between");
}

#[tokio::test(start_paused = true)]
async fn a_flood_in_both_directions_starves_neither() {
    let (client, _modem, fake) = connected(plain().offline_queue(OfflineQueue::new(999))).await;
    let mut messages = client.subscribe("in", QoS::AtLeastOnce).await.unwrap();
    for _ in 0..100 {
        client.enqueue(Publish::new("out", "x")).unwrap();
    }
    fake.lines();
    for round in 0..4_u8 {
        for slot in 1..=30 {
            fake.publish(slot, "in", &[round]);
        }
        for _ in 1..=30 {
            assert_eq!(messages.next().await.unwrap().payload[..], [round]);
        }
    }
    client.flush().await;
    assert_eq!(fake.payloads().len(), 100);
}
