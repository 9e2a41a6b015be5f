//! Shadows over the virtual module.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use telit_mqtt::Event;
use telit_mqtt::aws::RequestError;
use telit_mqtt::aws::shadow::{Shadow, ShadowError, Update};

use super::{THING, World, within};

const CLASSIC: &str = "$aws/things/thing-1/shadow";
const NAMED: &str = "$aws/things/thing-1/shadow/name/config";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Heating {
    #[serde(skip_serializing_if = "Option::is_none")]
    celsius: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
}

fn celsius(celsius: i32) -> Heating {
    Heating { celsius: Some(celsius), ..Heating::default() }
}

#[tokio::test(start_paused = true)]
async fn a_shadow_is_made_read_changed_and_deleted() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    let error = shadow.get().await.expect_err("there is none yet");
    assert!(matches!(error, ShadowError::NotFound { .. }), "{error:?}");

    assert_eq!(shadow.report(celsius(20)).await.expect("it is taken").version, 1);
    assert_eq!(shadow.desire(celsius(22)).await.expect("it is taken").version, 2);
    let document = shadow.get().await.expect("there is one");
    assert_eq!((document.reported, document.desired), (Some(celsius(20)), Some(celsius(22))));
    assert_eq!((document.delta, document.version), (Some(celsius(22)), 2));

    let update = Update::new().reported(celsius(22)).clear_desired().for_version(2);
    assert_eq!(shadow.update(update.clone()).await.expect("it is taken").version, 3);
    let error = shadow.update(update).await.expect_err("it is for another version");
    assert!(matches!(error, ShadowError::VersionConflict { .. }), "{error:?}");
    let document = shadow.get().await.expect("there is one");
    assert_eq!((document.desired, document.delta), (None, None));

    assert_eq!(shadow.delete().await.expect("it is gone").version, 3);
    assert_eq!(world.cloud.shadow(CLASSIC), None);
    assert!(
        world.cloud.received(&format!("{CLASSIC}/get")).iter().all(|it| it["clientToken"].is_string()),
        "they say which is which"
    );
}

#[tokio::test(start_paused = true)]
async fn named_shadows_are_apart() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut classic = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    let mut named = Shadow::<Heating>::named(&client, THING, "config").expect("it has a name");
    classic.report(celsius(1)).await.expect("it is taken");
    named.report(celsius(2)).await.expect("it is taken");
    assert_eq!(classic.get().await.expect("there is one").reported, Some(celsius(1)));
    assert_eq!(named.get().await.expect("there is one").reported, Some(celsius(2)));
    assert!(world.cloud.shadow(NAMED).is_some());
}

#[tokio::test(start_paused = true)]
async fn answers_to_others_are_not_ours() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    shadow.report(celsius(1)).await.expect("it is taken");
    world.cloud.lose(1);
    let late = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // An application changes the shadow, and its answer goes to everybody.
        world.cloud.update_shadow(
            CLASSIC,
            &json!({ "state": { "desired": { "celsius": 9 } }, "clientToken": "theirs" }),
        );
    };
    let mut shadow = shadow.timeout(Duration::from_secs(5));
    let (error, ()) = tokio::join!(shadow.report(celsius(2)), late);
    let error = error.expect_err("the answer was lost");
    assert_eq!(error, ShadowError::Request(RequestError::TimedOut { after: Duration::from_secs(5) }));
    assert!(error.to_string().contains("5 s"), "{error}");
    assert_eq!(shadow.report(celsius(3)).await.expect("it is taken").version, 4);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_its_end_is_reported() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    shadow.report(celsius(1)).await.expect("it is taken");
    world.cloud.cut(Some(40));
    let error = shadow.get().await.expect_err("its end is missing");
    let ShadowError::Request(RequestError::Unreadable { truncated: true, size: 40, .. }) = error else {
        panic!("{error:?}");
    };
    world.cloud.cut(None);
    shadow.get().await.expect("there is one");
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_for_a_shadow_is_not_sent() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::classic(&client, THING).expect("it has a name");
    let error = shadow.report(json!({ "a": "x".repeat(9000) })).await.expect_err("it is too large");
    assert!(matches!(error, ShadowError::TooLarge { .. }), "{error:?}");
    let error = shadow.report(json!({ "a": [null] })).await.expect_err("it has null in an array");
    assert_eq!(error, ShadowError::NullInArray);
    assert_eq!(world.cloud.broker.messages(), []);
    assert!(Shadow::<Heating>::classic(&client, "a/b").is_err());
}

#[tokio::test(start_paused = true)]
async fn deltas_come_once_and_in_order() {
    let world = World::start().await;
    let client = world.connect().await;
    let shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    let mut deltas = shadow.deltas().await.expect("they can be followed");
    for wanted in [20, 21] {
        world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": wanted } } }));
    }
    for (version, wanted) in [(1, 20), (2, 21)] {
        let delta = within(deltas.next()).await.expect("it goes on").expect("it fits");
        assert_eq!((delta.version, delta.state), (version, celsius(wanted)));
    }
    let old = json!({ "state": { "celsius": 1 }, "version": 1 }).to_string();
    let again = json!({ "state": { "celsius": 2 }, "version": 2 }).to_string();
    let other = json!({ "state": { "celsius": "warm" }, "version": 3 }).to_string();
    let new = json!({ "state": { "celsius": 4 }, "version": 4 }).to_string();
    for payload in [old, again, other, new] {
        world.cloud.broker.publish(format!("{CLASSIC}/update/delta"), payload, 1);
    }
    let error = within(deltas.next()).await.expect("it goes on").expect_err("it does not fit");
    assert!(matches!(error, RequestError::Unreadable { truncated: false, .. }), "{error:?}");
    let delta = within(deltas.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (4, celsius(4)));
}

#[tokio::test(start_paused = true)]
async fn changes_show_before_and_after() {
    let world = World::start().await;
    let client = world.connect().await;
    let shadow = Shadow::<Heating>::named(&client, THING, "config").expect("it has a name");
    let mut changes = shadow.changes().await.expect("they can be followed");
    world.cloud.update_shadow(NAMED, &json!({ "state": { "desired": { "celsius": 20 } } }));
    world.cloud.update_shadow(NAMED, &json!({ "state": { "desired": { "mode": "eco" } } }));
    let first = within(changes.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((first.previous, first.current.desired), (None, Some(celsius(20))));
    let second = within(changes.next()).await.expect("it goes on").expect("it fits");
    assert_eq!(second.previous.expect("there was one").desired, Some(celsius(20)));
    assert_eq!(second.current.desired.expect("there is one").mode.as_deref(), Some("eco"));
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_is_to_be_done_whatever_becomes_of_the_connection() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": 20 } } }));
    let mut wanted = shadow.watch().await.expect("it can be followed");
    let delta = within(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (1, celsius(20)), "what was there before");
    shadow.report(celsius(20)).await.expect("it is taken");

    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": 21 } } }));
    let delta = within(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (3, celsius(21)), "what comes");

    let mut events = client.events();
    assert!(world.cloud.broker.reset(THING));
    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": 22 } } }));
    let delta = within(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (4, celsius(22)), "what came while there was no connection");
    while let Some(event) = within(events.next()).await {
        if matches!(event, Event::Resumed { .. }) {
            break;
        }
    }

    client.pause().await.expect("it pauses");
    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": 23 } } }));
    client.resume().await.expect("it resumes");
    let delta = within(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (5, celsius(23)), "what came during a pause");

    client.disconnect().await.expect("it disconnects");
    assert_eq!(within(wanted.next()).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_before_is_not_told_when_it_comes_late() {
    let world = World::start().await;
    let client = world.connect().await;
    let shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "desired": { "celsius": 20 } } }));
    world.cloud.update_shadow(CLASSIC, &json!({ "state": { "reported": { "celsius": 20 } } }));
    let mut wanted = shadow.watch().await.expect("it can be followed");
    let late = json!({ "state": { "celsius": 20 }, "version": 1 }).to_string();
    world.cloud.broker.publish(format!("{CLASSIC}/update/delta"), late, 1);
    let new = json!({ "state": { "celsius": 21 }, "version": 3 }).to_string();
    world.cloud.broker.publish(format!("{CLASSIC}/update/delta"), new, 1);
    let delta = within(wanted.next()).await.expect("it goes on").expect("it fits");
    assert_eq!((delta.version, delta.state), (3, celsius(21)));
}

#[tokio::test(start_paused = true)]
async fn requests_go_on_after_the_connection_came_back() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut shadow = Shadow::<Heating>::classic(&client, THING).expect("it has a name");
    shadow.report(celsius(1)).await.expect("it is taken");
    world.break_connection(&client).await;
    assert_eq!(shadow.report(celsius(2)).await.expect("it is taken").version, 2);
    client.pause().await.expect("it pauses");
    let error = shadow.report(celsius(3)).await.expect_err("it is paused");
    assert!(matches!(error, ShadowError::Request(RequestError::Publish(_))), "{error:?}");
    client.resume().await.expect("it resumes");
    assert_eq!(shadow.report(celsius(3)).await.expect("it is taken").version, 3);
}
