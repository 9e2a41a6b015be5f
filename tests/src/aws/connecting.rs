//! What reaches the broker, and what does not.

use telit_core::Category;
use telit_mqtt::presets::PresetError;
use telit_mqtt::{ConnectError, Engine, PublishError, QoS, SubscribeError};
use telit_simulator::Platform;

use super::{THING, World, aws};

#[tokio::test(start_paused = true)]
async fn a_thing_connects_with_tls_and_its_name() {
    let world = World::start().await;
    let client = world.connect().await;
    client
        .publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce)
        .await
        .expect("it is published");
    let connects = world.cloud.broker.connects();
    assert_eq!(connects.len(), 1);
    assert_eq!((connects[0].client_id.as_str(), connects[0].secured), (THING, true));
    assert_eq!(connects[0].username.as_deref().unwrap_or_default(), "");
}

#[tokio::test(start_paused = true)]
async fn what_aws_would_answer_by_closing_the_connection_is_not_sent() {
    let world = World::start().await;
    let client = world.connect().await;
    let error =
        client.publish("a/b/c/d/e/f/g/h/i", "x", QoS::AtLeastOnce).await.expect_err("too many slashes");
    assert_eq!(error.to_string(), "AWS IoT takes topics with at most 7 slashes, this one has 8");
    let error = client.publish("t", "x", QoS::ExactlyOnce).await.expect_err("no such quality of service");
    assert!(matches!(error, PublishError::Rule(_)), "{error:?}");
    let error = client.subscribe("$aws/rules/r/t", QoS::AtMostOnce).await.expect_err("nobody can");
    assert!(matches!(error, SubscribeError::Rule(_)), "{error:?}");
    assert_eq!(error.category(), Category::Usage);
    let long = aws().client_id("c".repeat(129));
    let error = long.connect(&world.modem).await.expect_err("it is too long");
    assert!(matches!(error, ConnectError::Rule(_)), "{error:?}");
    assert_eq!(world.cloud.broker.messages(), []);
    assert_eq!(world.cloud.broker.connects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn platforms_with_and_without_an_mqtt_client_connect() {
    for (platform, engine) in [
        // They have no `#MQPUBSEXT`, and what they have carries no JSON.
        (Platform::P25ThreadX, Engine::Host),
        (Platform::P30, Engine::Host),
        (Platform::P37, Engine::Module),
        (Platform::P52, Engine::Module),
    ] {
        let world = World::start_on(platform).await;
        let client =
            aws().connect(&world.modem).await.unwrap_or_else(|error| panic!("{platform:?}: {error}"));
        assert_eq!(client.engine().engine, engine, "{platform:?}");
        client
            .publish("thing-1/telemetry", r#"{"celsius":21.5}"#, QoS::AtLeastOnce)
            .await
            .unwrap_or_else(|error| panic!("{platform:?}: {error}"));
        client.disconnect().await.expect("it disconnects");
    }
    let world = World::start_on(Platform::P25Linux).await;
    let error = aws().connect(&world.modem).await.expect_err("it sends no server name");
    assert!(error.to_string().contains("without_server_name()"), "{error}");
    let client = aws().without_server_name().connect(&world.modem).await.expect("it connects");
    assert_eq!(client.engine().engine, Engine::Host);
    let world = World::start_on(Platform::P23).await;
    // Without an MQTT client of its own it is used for its TLS, which does not check names.
    let error = aws().connect(&world.modem).await.expect_err("it does not check the broker's name");
    assert!(matches!(error, ConnectError::Preset(PresetError::HostNameCheck { .. })), "{error:?}");
}
