//! The futures of an MQTT session.

use bytes::Bytes;
use telit_core::Modem;
use telit_mqtt::{EngineChoice, MqttClient, MqttOptions, MqttSecurity, Publish, QoS};

use super::super::bench::Bench;
use super::super::mqtt::{IN, OUT, RECEIVE, Session, connect};
use super::super::outcome::{Broken, same_reading};
use super::super::payload;
use super::super::set_up::on_line;
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn connecting() {
    at_every_await("MqttClient::connect", async |session: &Session, bench, moments| {
        let modem = on_line(bench).await?;
        let completed = interrupted(bench, moments, connect(&modem)).await.is_some();
        let step = in_step(bench, &modem).await?;
        let client = session.connect_again(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn subscribing() {
    at_every_await("subscribe", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let completed = interrupted(bench, moments, client.subscribe(IN, QoS::AtLeastOnce)).await.is_some();
        let step = in_step(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn publishing() {
    at_every_await("publish", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let payload = payload::hostile();
        let published = client.publish(OUT, payload.clone(), QoS::AtLeastOnce);
        let completed = interrupted(bench, moments, published).await.is_some();
        let step = in_step(bench, &modem).await?;
        // It is published once or not at all, and to the byte.
        let arrived = session.arrived();
        let whole = arrived.iter().all(|message| message.payload == payload);
        same_reading("what arrived", &(true, true), &(arrived.len() <= 1, whole), None)?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn receiving() {
    at_every_await("Subscription::next", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let subscribed = client.subscribe(IN, QoS::AtLeastOnce).await;
        let mut subscription = subscribed.map_err(failed("subscribe"))?;
        session.broker.publish(IN, payload::hostile(), 1);
        let message = interrupted(bench, moments, subscription.next()).await;
        let completed = message.is_some();
        let step = in_step(bench, &modem).await?;
        // What a dropped future did not give comes next.
        let message = match message {
            Some(message) => message,
            None => bench.wait(RECEIVE, subscription.next()).await.flatten(),
        };
        let payload = message.map_or_else(Bytes::new, |message| message.payload);
        same_reading("the message", &payload::hostile(), &payload, None)?;
        drop(subscription);
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

/// An operation of a connected client.
fn talking(name: &str, operation: impl AsyncFn(&MqttClient) -> Result<(), Broken>) {
    at_every_await(name, async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let done = interrupted(bench, moments, operation(&client)).await.transpose()?;
        let step = in_step(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn other_ways_to_publish() {
    talking("publish_retained", async |client| {
        let published = client.publish_retained(OUT, "kept", QoS::AtLeastOnce).await;
        published.map_err(failed("publish"))
    });
    talking("MqttClient::send", async |client| {
        client.send(Publish::new(OUT, "sent").qos(QoS::AtMostOnce)).await.map_err(failed("send"))
    });
}

#[test]
fn flushing() {
    talking("MqttClient::flush", async |client| {
        client.enqueue(Publish::new(OUT, "queued").qos(QoS::AtMostOnce)).map_err(failed("enqueue"))?;
        client.flush().await;
        Ok(())
    });
}

#[test]
fn unsubscribing() {
    talking("unsubscribe", async |client| {
        let subscription = client.subscribe(OUT, QoS::AtLeastOnce).await.map_err(failed("subscribe"))?;
        drop(subscription);
        client.unsubscribe(OUT).await.map_err(failed("unsubscribe"))
    });
}

#[test]
fn what_nobody_has_subscribed_to() {
    talking("unmatched", async |client| client.unmatched().await.map(drop).map_err(failed("unmatched")));
}

#[test]
fn following_a_client() {
    talking("Events::next", async |client| {
        let mut events = client.events();
        let (event, paused) = tokio::join!(events.next(), client.pause());
        paused.map_err(failed("pause"))?;
        event.map(drop).ok_or_else(|| Broken::wrong("no event"))
    });
}

#[test]
fn asking_what_the_module_can() {
    at_every_await("capabilities", async |session: &Session, bench, moments| {
        let modem = on_line(bench).await?;
        let told = interrupted(bench, moments, MqttClient::capabilities(&modem)).await;
        let step = in_step(bench, &modem).await?;
        MqttClient::capabilities(&modem).await.map_err(failed("capabilities"))?;
        let client = session.connect_again(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(told.is_some()))
    });
}

#[test]
fn asking_who_would_speak() {
    at_every_await("EngineChoice::of", async |session: &Session, bench, moments| {
        let modem = on_line(bench).await?;
        let options = MqttOptions::new("broker.test", "thing", MqttSecurity::DangerPlain).largest_payload(1);
        let told = interrupted(bench, moments, EngineChoice::of(&modem, &options)).await;
        let step = in_step(bench, &modem).await?;
        EngineChoice::of(&modem, &options).await.map_err(failed("who would speak"))?;
        let client = session.connect_again(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(told.is_some()))
    });
}

#[test]
fn pausing() {
    at_every_await("pause", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let completed = interrupted(bench, moments, client.pause()).await.is_some();
        let step = in_step(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn resuming() {
    at_every_await("resume", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        client.pause().await.map_err(failed("pause"))?;
        let completed = interrupted(bench, moments, client.resume()).await.is_some();
        let step = in_step(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn pausing_for_something_else() {
    at_every_await("while_paused", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let nothing = std::future::ready(());
        let completed = interrupted(bench, moments, client.while_paused(nothing)).await.is_some();
        let step = in_step(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn disconnecting() {
    at_every_await("disconnect", async |session: &Session, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let completed = interrupted(bench, moments, client.disconnect()).await.is_some();
        let step = in_step(bench, &modem).await?;
        drop(client);
        tls_comes_back(bench, &modem).await?;
        let client = session.connect_again(bench, &modem).await?;
        goes_on(session, bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

async fn connected(bench: &Bench) -> Result<(Modem, MqttClient), Broken> {
    let modem = on_line(bench).await?;
    let client = connect(&modem).await.map_err(failed("connect"))?;
    Ok((modem, client))
}

/// The same client publishes and receives, and ends in order.
pub(super) async fn goes_on(
    session: &Session,
    bench: &Bench,
    modem: &Modem,
    client: MqttClient,
) -> Result<(), Broken> {
    session.works(bench, &client).await?;
    session.end(bench, client).await?;
    tls_comes_back(bench, modem).await
}
