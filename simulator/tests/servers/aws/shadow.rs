use serde_json::{Value, json};
use telit_simulator::servers::aws::{AwsIot, Disruption, Policy};

use super::super::client::{Secured, within};
use super::super::mqtt::Mqtt;
use super::{Device, is_quiet, json_on, options, started};

const CLASSIC: &str = "$aws/things/T1/shadow";

/// A device that has subscribed to everything of its shadow.
async fn device(prefix: &str) -> (AwsIot, Mqtt<Secured>) {
    let aws = started(options()).await;
    let mut client = Device::new(&aws, "T1", Policy::everything()).connected(&aws, "T1").await;
    client.subscribe(&format!("{prefix}/#"), 1).await;
    (aws, client)
}

async fn ask(client: &mut Mqtt<Secured>, topic: &str, request: &Value) {
    client.publish(0x00, topic, request.to_string().as_bytes()).await;
}

/// The timestamps are those of the clock.
fn without_times(mut document: Value) -> Value {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(values) => {
                if values.get("timestamp").is_some_and(Value::is_u64) {
                    values.insert("timestamp".to_owned(), json!(0));
                }
                values.values_mut().for_each(forget);
            }
            Value::Array(items) => items.iter_mut().for_each(forget),
            _ => {}
        }
    }
    forget(&mut document);
    document
}

#[tokio::test]
async fn an_update_is_accepted_and_tells_of_the_difference() {
    within(async {
        let (aws, mut client) = device(CLASSIC).await;
        let request = json!({
            "state": { "desired": { "lamp": { "on": true, "hue": 3 } }, "reported": { "lamp": { "on": false } } },
            "clientToken": "t-1"
        });
        ask(&mut client, &format!("{CLASSIC}/update"), &request).await;

        let stamp = json!({ "timestamp": 0 });
        let metadata = json!({
            "desired": { "lamp": { "on": stamp, "hue": stamp } }, "reported": { "lamp": { "on": stamp } }
        });
        let accepted = json_on(&mut client, &format!("{CLASSIC}/update/accepted")).await;
        let expected = json!({
            "state": request["state"], "metadata": metadata, "version": 1, "timestamp": 0, "clientToken": "t-1"
        });
        assert_eq!(without_times(accepted), expected);

        let delta = json_on(&mut client, &format!("{CLASSIC}/update/delta")).await;
        let expected = json!({
            "state": { "lamp": { "on": true, "hue": 3 } },
            "metadata": { "lamp": { "on": stamp, "hue": stamp } },
            "version": 1, "timestamp": 0, "clientToken": "t-1"
        });
        assert_eq!(without_times(delta), expected);

        let documents = json_on(&mut client, &format!("{CLASSIC}/update/documents")).await;
        let current = json!({ "state": request["state"], "metadata": metadata, "version": 1 });
        let expected = json!({ "current": current, "timestamp": 0, "clientToken": "t-1" });
        assert_eq!(without_times(documents), expected);

        // What was desired is done.
        let done = json!({ "state": { "reported": { "lamp": { "on": true, "hue": 3 } } } });
        ask(&mut client, &format!("{CLASSIC}/update"), &done).await;
        json_on(&mut client, &format!("{CLASSIC}/update/accepted")).await;
        let documents = json_on(&mut client, &format!("{CLASSIC}/update/documents")).await;
        assert_eq!(without_times(documents["previous"].clone()), current);
        assert_eq!(documents["current"]["version"], 2);
        is_quiet(&mut client).await;
        let document = aws.shadow("T1", None).unwrap();
        let lamp = json!({ "lamp": { "on": true, "hue": 3 } });
        assert_eq!(document["state"], json!({ "desired": lamp, "reported": lamp }));
    })
    .await;
}

#[tokio::test]
async fn get_and_delete_answer_with_the_document_and_404() {
    within(async {
        let named = "$aws/things/T1/shadow/name/config";
        let (aws, mut client) = device(named).await;
        client.publish(0x00, &format!("{named}/get"), b"").await;
        let rejected = json_on(&mut client, &format!("{named}/get/rejected")).await;
        let expected =
            json!({ "code": 404, "message": "No shadow exists with name: 'T1~config'", "timestamp": 0 });
        assert_eq!(without_times(rejected), expected);

        aws.update_shadow("T1", Some("config"), &json!({ "state": { "desired": { "a": [1, 2] } } })).unwrap();
        for suffix in ["accepted", "delta", "documents"] {
            json_on(&mut client, &format!("{named}/update/{suffix}")).await;
        }
        ask(&mut client, &format!("{named}/get"), &json!({ "clientToken": "g" })).await;
        let document = json_on(&mut client, &format!("{named}/get/accepted")).await;
        let stamp = json!({ "timestamp": 0 });
        let expected = json!({
            "state": { "desired": { "a": [1, 2] }, "delta": { "a": [1, 2] } },
            "metadata": { "desired": { "a": [stamp, stamp] } },
            "version": 1, "timestamp": 0, "clientToken": "g"
        });
        assert_eq!(without_times(document), expected);
        assert!(aws.shadow("T1", None).is_none(), "the classic shadow is another one");

        client.publish(0x00, &format!("{named}/delete"), b"{}").await;
        let deleted = json_on(&mut client, &format!("{named}/delete/accepted")).await;
        assert_eq!(without_times(deleted), json!({ "version": 1, "timestamp": 0 }));
        assert_eq!(aws.delete_shadow("T1", Some("config")).unwrap_err().code, 404);
        // The version goes on.
        let again = aws.update_shadow("T1", Some("config"), &json!({ "state": { "reported": { "b": 1 } } }));
        assert_eq!(again.unwrap()["version"], 2);
    })
    .await;
}

#[tokio::test]
async fn null_removes_and_arrays_are_replaced() {
    within(async {
        let aws = started(options()).await;
        let update = |state: Value| aws.update_shadow("T1", None, &json!({ "state": state })).unwrap();
        update(json!({ "desired": { "a": { "b": 1, "c": 2 }, "list": [1, 2, 3], "d": 4 }, "reported": { "x": 1 } }));
        let document = update(json!({ "desired": { "a": { "b": null }, "list": [9], "d": { "e": 5 } } }));
        assert_eq!(document["state"]["desired"], json!({ "a": { "c": 2 }, "list": [9], "d": { "e": 5 } }));
        let document = update(json!({ "desired": { "a": { "c": null } }, "reported": null }));
        assert_eq!(document["state"]["desired"], json!({ "list": [9], "d": { "e": 5 } }));
        assert_eq!(document["state"].get("reported"), None);
        let metadata = without_times(document["metadata"].clone());
        let stamp = json!({ "timestamp": 0 });
        assert_eq!(metadata, json!({ "desired": { "list": [stamp], "d": { "e": stamp } } }));
        // An attribute may be called as the metadata are.
        let document = update(json!({ "desired": { "d": { "timestamp": 1, "f": 6 } } }));
        assert_eq!(document["state"]["desired"]["d"], json!({ "e": 5, "timestamp": 1, "f": 6 }));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_rejected_with_its_code() {
    within(async {
        let (aws, mut client) = device(CLASSIC).await;
        let deep = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
        let update = |desired: Value| json!({ "state": { "desired": { "a": desired } } }).to_string();
        aws.update_shadow("T1", None, &json!({ "state": { "desired": { "a": deep(8) } } })).unwrap();
        for suffix in ["accepted", "delta", "documents"] {
            json_on(&mut client, &format!("{CLASSIC}/update/{suffix}")).await;
        }
        for (request, code) in [
            ("{".to_owned(), 400),
            ("[]".to_owned(), 400),
            ("{}".to_owned(), 400),
            (r#"{"state":1}"#.to_owned(), 400),
            (r#"{"state":{"wanted":{}}}"#.to_owned(), 400),
            (r#"{"state":{"desired":1}}"#.to_owned(), 400),
            (r#"{"state":{},"version":"1"}"#.to_owned(), 400),
            (r#"{"state":{},"clientToken":1}"#.to_owned(), 400),
            (json!({ "state": {}, "clientToken": "t".repeat(65) }).to_string(), 400),
            (update(deep(9)), 400),
            (update(json!([1, null])), 400),
            (r#"{"state":{},"version":7}"#.to_owned(), 409),
            (update(json!("x".repeat(8 * 1024))), 413),
            // Two updates that are too much together.
            (update(json!("x".repeat(5000))), 0),
            (json!({ "state": { "desired": { "b": "x".repeat(5000) } } }).to_string(), 413),
        ] {
            client.publish(0x00, &format!("{CLASSIC}/update"), request.as_bytes()).await;
            if code == 0 {
                for suffix in ["accepted", "delta", "documents"] {
                    json_on(&mut client, &format!("{CLASSIC}/update/{suffix}")).await;
                }
                continue;
            }
            let rejected = json_on(&mut client, &format!("{CLASSIC}/update/rejected")).await;
            assert_eq!(rejected["code"], code, "{request:.100}");
        }
        // The token comes back with a rejection.
        ask(&mut client, &format!("{CLASSIC}/update"), &json!({ "clientToken": "t", "version": 1 })).await;
        let rejected = json_on(&mut client, &format!("{CLASSIC}/update/rejected")).await;
        assert_eq!((&rejected["clientToken"], &rejected["code"]), (&json!("t"), &json!(400)));
    })
    .await;
}

#[tokio::test]
async fn a_version_has_to_be_the_current_one_if_there_is_one() {
    within(async {
        let aws = started(options()).await;
        let update = |version: u64| {
            aws.update_shadow("T1", None, &json!({ "state": { "reported": { "a": 1 } }, "version": version }))
        };
        assert_eq!(update(0).unwrap()["version"], 1);
        assert_eq!(update(0).unwrap_err().code, 409);
        assert_eq!(update(1).unwrap()["version"], 2);
    })
    .await;
}

#[tokio::test]
async fn names_are_bounded() {
    within(async {
        let aws = started(options()).await;
        let state = json!({ "state": { "reported": { "a": 1 } } });
        let code = |thing: &str, name: Option<&str>| {
            aws.update_shadow(thing, name, &state).err().map(|error| error.code)
        };
        assert_eq!(code(&"t".repeat(128), Some(&"s".repeat(64))), None);
        assert_eq!(code(&"t".repeat(129), None), Some(400));
        assert_eq!(code("T1", Some(&"s".repeat(65))), Some(400));
        assert_eq!(code("T 1", None), Some(400));
    })
    .await;
}

#[tokio::test]
async fn who_has_not_subscribed_gets_an_answer_only_where_it_was_switched_on() {
    within(async {
        for switched_on in [false, true] {
            let options = if switched_on { options().answer_without_subscription() } else { options() };
            let aws = started(options).await;
            let mut client = Device::new(&aws, "T1", Policy::everything()).connected(&aws, "T1").await;
            client.publish(0x00, &format!("{CLASSIC}/get"), b"").await;
            if switched_on {
                json_on(&mut client, &format!("{CLASSIC}/get/rejected")).await;
            }
            is_quiet(&mut client).await;
        }
    })
    .await;
}

#[tokio::test]
async fn answers_are_lost_and_late_on_demand() {
    within(async {
        let (aws, mut client) = device(CLASSIC).await;
        aws.disrupt(Disruption::DropAnswers { times: 1 });
        client.publish(0x00, &format!("{CLASSIC}/get"), b"").await;
        is_quiet(&mut client).await;

        let by = std::time::Duration::from_millis(100);
        aws.disrupt(Disruption::DelayAnswers { by });
        let asked = std::time::Instant::now();
        client.publish(0x00, &format!("{CLASSIC}/get"), b"").await;
        json_on(&mut client, &format!("{CLASSIC}/get/rejected")).await;
        assert!(asked.elapsed() >= by);
    })
    .await;
}
