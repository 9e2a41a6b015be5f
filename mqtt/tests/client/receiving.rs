use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use telit_core::Category;
use telit_mqtt::{ClientState, Event, LossReason, MqttClient, QoS, SubscribeError};

use crate::fake::{ERROR, Fake, OK, PAYLOAD};
use crate::{connected, plain, until};

#[tokio::test(start_paused = true)]
async fn every_byte_arrives_unchanged() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("commands/#", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQSUB=1,\"commands/#\",1"]);
    let all: Vec<u8> = (0..=255).collect();
    let payloads: [&[u8]; 7] =
        [&all, b"\r\nOK\r\n", b"", b"\r\n", b"<<<\r\n", b"\r\n#MQRING: 1,2,t,1\r\n", b"NO CARRIER\r\n"];
    for (slot, payload) in (1..).zip(payloads) {
        fake.publish(slot, "commands/1", payload);
        let message = messages.next().await.unwrap();
        assert_eq!((message.topic.as_str(), &message.payload[..]), ("commands/1", payload));
        assert_eq!(fake.lines(), [format!("AT#MQREAD=1,{slot}")]);
    }
    assert_eq!(fake.filled_slots(), 0);
}

#[tokio::test(start_paused = true)]
async fn topics_with_commas_and_quotes() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    for topic in ["a,b,7", "say \"hi\"", " leading blank", "grün/blau", "\"quoted\""] {
        fake.publish(3, topic, b"x");
        assert_eq!(messages.next().await.unwrap().topic, topic);
    }
}

#[tokio::test(start_paused = true)]
async fn several_subscriptions_each_get_what_matches() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut all = client.subscribe("a/#", QoS::AtMostOnce).await.unwrap();
    let mut one = client.subscribe("a/1", QoS::ExactlyOnce).await.unwrap();
    let mut rest = client.unmatched().await.unwrap();
    fake.lines();
    fake.publish(1, "a/1", b"1");
    fake.publish(2, "a/2", b"2");
    fake.publish(3, "b", b"3");
    let mut topics = Vec::new();
    for _ in 0..2 {
        topics.push(poll_fn(|context| Pin::new(&mut all).poll_next(context)).await.unwrap().topic);
    }
    assert_eq!(topics, ["a/1", "a/2"]);
    assert_eq!(rest.next().await.unwrap().topic, "b");
    assert_eq!(one.try_next().unwrap().topic, "a/1");
    assert_eq!(one.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn messages_that_arrive_during_a_publish_follow_it() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.store(5, "in", b"between");
    fake.answer(PAYLOAD, "\r\n#MQRING: 1,5,in,7\r\n\r\nOK\r\n");
    let (first, second) =
        tokio::join!(client.publish("1", "x", QoS::AtLeastOnce), client.publish("2", "x", QoS::AtLeastOnce));
    first.unwrap();
    second.unwrap();
    let expected = ["AT#MQPUBS=1,\"1\",0,1,\"x\"", "AT#MQREAD=1,5", "AT#MQPUBS=1,\"2\",0,1,\"x\""];
    assert_eq!(fake.lines(), expected, "a pending message is read before the next request");
    assert_eq!(&messages.next().await.unwrap().payload[..], b"between");
}

#[tokio::test(start_paused = true)]
async fn full_slots_are_told_and_drained() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.lines();
    fake.store(2, "two", b"");
    fake.store(4, "four", b"");
    fake.send("\r\n#MQRING: 0\r\n");
    assert_eq!(messages.next().await.unwrap().topic, "two");
    assert_eq!(messages.next().await.unwrap().topic, "four");
    assert_eq!(events.next().await, Some(Event::SlotsFull));
    let reads: Vec<String> = (1..=4).map(|slot| format!("AT#MQREAD=1,{slot}")).collect();
    assert_eq!(fake.lines(), [vec!["AT#MQREAD?".to_owned()], reads].concat());
    assert_eq!(client.state(), ClientState::Connected);
}

#[tokio::test(start_paused = true)]
async fn announcements_that_were_missed_are_made_good() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.store(9, "late", b"x");
    let flood = "\r\n+CEREG: 1\r\n".repeat(400);
    fake.answer(PAYLOAD, format!("\r\n#MQRING: 1,9,late,1\r\n{flood}{OK}"));
    client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(messages.next().await.unwrap().topic, "late");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_misses_and_is_told_how_much() {
    let (client, _modem, fake) = connected(plain().queue_capacity(2)).await;
    let mut slow = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut marker = client.subscribe("end", QoS::AtLeastOnce).await.unwrap();
    for slot in 1..=5 {
        fake.publish(slot, &slot.to_string(), b"");
    }
    fake.publish(6, "end", b"");
    marker.next().await.unwrap();
    assert_eq!(slow.missed(), 4);
    assert_eq!(slow.next().await.unwrap().topic, "1");
    assert_eq!(slow.next().await.unwrap().topic, "2");
    fake.publish(7, "again", b"");
    assert_eq!(slow.next().await.unwrap().topic, "again");
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_events_that_falls_behind_is_told_how_many_it_missed() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut marker = client.subscribe("end", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    // More than the 64 that wait for a reader; the slots are looked through for each.
    for _ in 0..70 {
        fake.send("\r\n#MQRING: 0\r\n");
        fake.publish(1, "end", b"");
        marker.next().await.unwrap();
    }
    assert_eq!(events.next().await, Some(Event::Missed(6)));
    for _ in 0..64 {
        assert_eq!(events.next().await, Some(Event::SlotsFull));
    }
    client.disconnect().await.unwrap();
    assert_eq!(events.next().await, Some(Event::State(ClientState::Closed)));
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn early_messages_that_find_no_room_are_told() {
    let (modem, fake) = Fake::start();
    let client = MqttClient::connect(&modem, plain().clean_session(false).queue_capacity(2)).await.unwrap();
    let mut events = client.events();
    for slot in 1..=3 {
        fake.publish(slot, &format!("commands/{slot}"), b"");
    }
    assert_eq!(events.next().await, Some(Event::EarlyMessageLost));
    let mut messages = client.subscribe("commands/#", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(messages.next().await.unwrap().topic, "commands/2");
    assert_eq!(messages.next().await.unwrap().topic, "commands/3");
}

#[tokio::test(start_paused = true)]
async fn an_announced_slot_that_is_empty_does_no_harm() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    fake.send("\r\n#MQRING: 1,8,gone,1\r\n");
    fake.publish(9, "here", b"");
    assert_eq!(messages.next().await.unwrap().topic, "here");
    assert_eq!(fake.lines()[0], "AT#MQREAD=1,8");
    assert_eq!(client.state(), ClientState::Connected);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_message_is_told_and_the_next_one_arrives() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
    let mut events = client.events();
    fake.answer("AT#MQREAD=1,1", "\r\n#MQREAD: 1,t,none\r\n<<<\r\nabc\r\n\r\nOK\r\n");
    fake.publish(1, "broken", b"");
    assert_eq!(events.next().await, Some(Event::Unreadable));
    fake.publish(2, "whole", b"x");
    assert_eq!(messages.next().await.unwrap().topic, "whole");
}

#[tokio::test(start_paused = true)]
async fn slots_of_an_earlier_clean_session_are_thrown_away() {
    let (modem, fake) = Fake::start();
    fake.store(1, "stale", b"");
    let client = MqttClient::connect(&modem, plain()).await.unwrap();
    assert_eq!(fake.filled_slots(), 0);
    let mut rest = client.unmatched().await.unwrap();
    fake.publish(1, "fresh", b"");
    assert_eq!(rest.next().await.unwrap().topic, "fresh");
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_persistent_session_wait_for_their_subscription() {
    let (modem, fake) = Fake::start();
    fake.store(1, "commands/1", b"kept");
    let client = MqttClient::connect(&modem, plain().clean_session(false)).await.unwrap();
    let mut messages = client.subscribe("commands/#", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(&messages.next().await.unwrap().payload[..], b"kept");
}

#[tokio::test(start_paused = true)]
async fn subscribing_again_does_not_weaken_the_first() {
    let (client, _modem, fake) = connected(plain()).await;
    let _strong = client.subscribe("a", QoS::ExactlyOnce).await.unwrap();
    let _weak = client.subscribe("a", QoS::AtMostOnce).await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQSUB=1,\"a\",2", "AT#MQSUB=1,\"a\",2"]);
}

#[tokio::test(start_paused = true)]
async fn firmware_without_quality_of_service() {
    let (modem, fake) = Fake::start();
    fake.answer("AT#MQSUB=?", "\r\n#MQSUB: (1-2),256\r\n\r\nOK\r\n");
    let client = MqttClient::connect(&modem, plain()).await.unwrap();
    fake.lines();
    let _messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQSUB=1,\"a\""]);
    let error = client.subscribe("a", QoS::ExactlyOnce).await.unwrap_err();
    assert_eq!(error, SubscribeError::UnsupportedQos { qos: QoS::ExactlyOnce });
}

#[tokio::test(start_paused = true)]
async fn filters_are_checked_and_refusals_told() {
    let (client, _modem, fake) = connected(plain()).await;
    for filter in ["a#", "a/#/b", "a\rb", "", "a\"b"] {
        let error = client.subscribe(filter, QoS::AtLeastOnce).await.unwrap_err();
        assert!(matches!(error, SubscribeError::InvalidFilter(_)), "{filter:?}");
        assert_eq!(error.category(), Category::Usage);
    }
    assert_eq!(fake.lines(), [""; 0]);
    fake.answer("AT#MQSUB=1", ERROR);
    let error = client.subscribe("secret/#", QoS::AtLeastOnce).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Refused(_)));
    assert_eq!(fake.lines(), ["AT#MQSUB=1,\"secret/#\",1", "AT#MQCONN?"]);
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_ends_the_stream() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    client.unsubscribe("a").await.unwrap();
    assert_eq!(fake.lines(), ["AT#MQUNS=1,\"a\""]);
    assert_eq!(messages.next().await, None);
    drop(messages);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_subscription_unsubscribes() {
    let (client, _modem, fake) = connected(plain()).await;
    let first = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let second = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    drop(first);
    client.publish("t", "", QoS::AtMostOnce).await.unwrap();
    drop(second);
    fake.saw("AT#MQUNS=1,\"a\"").await;
    assert_eq!(fake.lines(), ["AT#MQPUBSEXT=1,\"t\",0,0,0", "AT#MQUNS=1,\"a\""]);
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_in_the_background_is_tried_until_the_broker_knows() {
    let (client, _modem, fake) = connected(plain()).await;
    let dropped = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    let other = client.subscribe("b", QoS::AtLeastOnce).await.unwrap();
    fake.lines();
    for _ in 0..2 {
        fake.answer("AT#MQUNS=1,\"a\"", "\r\n+CME ERROR: MQTT Unsubscribe Fail\r\n");
    }
    drop((dropped, other));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let told = |fake: &Fake| -> Vec<String> {
        fake.mqtt_lines().into_iter().filter(|line| line.starts_with("AT#MQUNS")).collect()
    };
    let (a, b) = ("AT#MQUNS=1,\"a\"", "AT#MQUNS=1,\"b\"");
    assert_eq!(told(&fake), [a, b, a, a]);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(told(&fake), [""; 0]);

    // One that is wanted again is not unsubscribed from.
    let dropped = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.answer(a, "\r\n+CME ERROR: MQTT Unsubscribe Fail\r\n");
    drop(dropped);
    fake.saw(a).await;
    let _wanted = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(told(&fake), [a]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_kept_hears_what_a_lost_connection_kept_back() {
    let (client, _modem, fake) = connected(plain().clean_session(false)).await;
    let mut events = client.events();
    let dropped = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    fake.answer("AT#MQUNS=", ERROR);
    fake.answer("AT#MQCONN?", "\r\n#MQCONN: 1,2\r\n\r\nOK\r\n");
    fake.lines();
    drop(dropped);
    until(&mut events, ClientState::Reconnecting(LossReason::ClosedByBroker)).await;
    until(&mut events, ClientState::Connected).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let told = fake.mqtt_lines().into_iter().filter(|line| line.starts_with("AT#MQUNS"));
    assert_eq!(told.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn steady_sending_does_not_keep_a_subscription_alive() {
    let (client, _modem, fake) = connected(plain()).await;
    let dropped = client.subscribe("a", QoS::AtLeastOnce).await.unwrap();
    // There is always another message.
    let sending: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                loop {
                    client.publish("t", "x", QoS::AtLeastOnce).await.unwrap();
                }
            })
        })
        .collect();
    fake.saw("AT#MQPUBS=").await;
    drop(dropped);
    let limit = tokio::time::timeout(Duration::from_secs(5), fake.saw("AT#MQUNS=1,\"a\"")).await;
    sending.into_iter().for_each(|task| task.abort());
    assert!(limit.is_ok(), "the broker was not told");
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_announcement_was_lost_is_found_within_half_of_the_keep_alive() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("t", QoS::AtLeastOnce).await.unwrap();
    let begun = tokio::time::Instant::now();
    fake.store(7, "t", b"unheard");
    assert_eq!(messages.next().await.unwrap().payload, "unheard");
    assert!(begun.elapsed() <= Duration::from_secs(31), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_slot_was_refused_is_tried_again() {
    let (client, _modem, fake) = connected(plain()).await;
    let mut messages = client.subscribe("t", QoS::AtLeastOnce).await.unwrap();
    fake.answer("AT#MQREAD=1,7", ERROR);
    fake.publish(7, "t", b"once more");
    assert_eq!(messages.next().await.unwrap().payload, "once more");
}
