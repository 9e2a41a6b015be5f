//! Shadows.

use serde_json::{Value, json};
use telit_mqtt::MqttClient;
use telit_mqtt::aws::shadow::{Changes, Deltas, Shadow, ShadowError, Update, Updated, Watch};

use super::super::super::bench::Bench;
use super::super::super::outcome::{Broken, same_reading};
use super::super::{at_every_await, failed, in_step, interrupted};
use super::{ASK, Services, THING, asked, connected, goes_on};

const TOPIC: &str = "$aws/things/thing-1/shadow";

type Anything = Shadow<Value>;

fn shadow(client: &MqttClient) -> Anything {
    Shadow::classic(client, THING).expect("it has a name")
}

/// A shadow that no test here has touched is made and read.
pub(super) async fn works(bench: &Bench, client: &MqttClient) -> Result<(), Broken> {
    let mut other = Anything::named(client, THING, "other").expect("it has a name");
    asked(bench, "report", other.report(json!({ "at": 1 }))).await?;
    let document = asked(bench, "get", other.get()).await?;
    same_reading("the other shadow", &Some(json!({ "at": 1 })), &document.reported, None).map(drop)
}

/// An operation that changes the shadow is done whole or not at all, and the same handle goes on.
fn changing(name: &str, change: impl AsyncFn(&mut Anything) -> Result<Updated, ShadowError>) {
    at_every_await(name, async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        services.cloud.update_shadow(TOPIC, &json!({ "state": { "reported": { "celsius": 20 } } }));
        let mut shadow = shadow(&client);
        let changed = interrupted(bench, moments, change(&mut shadow)).await;
        let done = changed.transpose().map_err(failed("the change"))?.is_some();
        let step = in_step(bench, &modem).await?;
        let updated = asked(bench, "report", shadow.report(json!({ "last": true }))).await?;
        // The first made version 1, the change in between 2 if it was done; one that is deleted goes on counting.
        let as_often = if done { updated.version == 3 } else { (2..=3).contains(&updated.version) };
        same_reading("changes before", &true, &as_often, None)?;
        let document = asked(bench, "get", shadow.get()).await?;
        let last = document.reported.as_ref().map(|reported| reported["last"].clone());
        same_reading("what was reported last", &Some(json!(true)), &last, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn changes() {
    changing("Shadow::report", async |shadow| shadow.report(json!({ "celsius": 21 })).await);
    changing("Shadow::desire", async |shadow| shadow.desire(json!({ "celsius": 21 })).await);
    changing("Shadow::update", async |shadow| {
        shadow.update(Update::new().reported(json!({ "celsius": 21 })).desired(json!({ "on": true }))).await
    });
}

#[test]
fn deleting() {
    at_every_await("Shadow::delete", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let state = json!({ "state": { "reported": { "celsius": 20 } } });
        services.cloud.update_shadow(TOPIC, &state);
        let mut shadow = shadow(&client);
        let deleted = interrupted(bench, moments, shadow.delete()).await;
        let done = deleted.transpose().map_err(failed("delete"))?.is_some();
        let step = in_step(bench, &modem).await?;
        // Whoever asks again finds it gone, or deletes it now.
        match bench.within(ASK, shadow.delete()).await? {
            Err(ShadowError::NotFound { .. }) => {}
            Ok(_) if !done => {}
            other => return Err(Broken::wrong(format!("deleting once more: {other:?}"))),
        }
        same_reading("the shadow", &None, &services.cloud.shadow(TOPIC), None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn reading() {
    at_every_await("Shadow::get", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        services.cloud.update_shadow(TOPIC, &json!({ "state": { "reported": { "celsius": 20 } } }));
        let mut shadow = shadow(&client);
        let read = interrupted(bench, moments, shadow.get()).await;
        let done = read.transpose().map_err(failed("get"))?.is_some();
        let step = in_step(bench, &modem).await?;
        services.cloud.update_shadow(TOPIC, &json!({ "state": { "reported": { "celsius": 21 } } }));
        let document = asked(bench, "get", shadow.get()).await?;
        let read = (document.version, document.reported);
        same_reading("the shadow", &(2, Some(json!({ "celsius": 21 }))), &read, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn following_differences() {
    let begin = async |shadow: Anything| shadow.deltas().await.map_err(failed("deltas"));
    following("Shadow::deltas", "Deltas::next", begin, async |deltas: &mut Deltas<Value>| {
        Ok(deltas.next().await.ok_or_else(ended)?.map_err(failed("next"))?.state)
    });
}

#[test]
fn following_changes() {
    let begin = async |shadow: Anything| shadow.changes().await.map_err(failed("changes"));
    following("Shadow::changes", "Changes::next", begin, async |changes: &mut Changes<Value>| {
        let change = changes.next().await.ok_or_else(ended)?.map_err(failed("next"))?;
        Ok(change.current.desired.unwrap_or_default())
    });
}

#[test]
fn watching() {
    let begin = async |shadow: Anything| shadow.watch().await.map_err(failed("watch"));
    following("Shadow::watch", "Watch::next", begin, async |watch: &mut Watch<Value>| {
        Ok(watch.next().await.ok_or_else(ended)?.map_err(failed("next"))?.state)
    });
}

/// Two futures: one begins to follow a shadow, and the other waits for what happens then. Whoever drops either and tries
/// again hears of it.
fn following<F>(
    begin_name: &str,
    next_name: &str,
    begin: impl AsyncFn(Anything) -> Result<F, Broken>,
    next: impl AsyncFn(&mut F) -> Result<Value, Broken>,
) {
    at_every_await(begin_name, async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let begun = interrupted(bench, moments, begin(shadow(&client))).await.transpose()?;
        let done = begun.is_some();
        let step = in_step(bench, &modem).await?;
        let mut followed = match begun {
            Some(followed) => followed,
            None => bench.within(ASK, begin(shadow(&client))).await??,
        };
        desire(services);
        let told = bench.within(ASK, next(&mut followed)).await??;
        same_reading("what follows", &wanted(), &told, None)?;
        drop(followed);
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
    at_every_await(next_name, async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let mut followed = bench.within(ASK, begin(shadow(&client))).await??;
        desire(services);
        let told = interrupted(bench, moments, next(&mut followed)).await.transpose()?;
        let done = told.is_some();
        let step = in_step(bench, &modem).await?;
        let told = match told {
            Some(told) => told,
            None => bench.within(ASK, next(&mut followed)).await??,
        };
        same_reading("what follows", &wanted(), &told, None)?;
        drop(followed);
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

fn wanted() -> Value {
    json!({ "celsius": 22 })
}

fn desire(services: &Services) {
    services.cloud.update_shadow(TOPIC, &json!({ "state": { "desired": wanted() } }));
}

fn ended() -> Broken {
    Broken::wrong("it has ended")
}
