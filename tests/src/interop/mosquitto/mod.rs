//! Mosquitto in the manner of AWS `IoT`: client certificates, their names as user names,
//! nothing above "at least once". Its own clients are at the other end.

mod host;

use telit_core::Category;
use telit_mqtt::{Engine, MqttClient, QoS};

use super::credentials::DEVICE;
use super::device::Device;
use super::mqtt::{Broker, Mosquitto, next};

#[tokio::test]
async fn the_login_is_what_the_options_say() {
    let Some(broker) = Mosquitto::start_like_aws().await else { return };
    let device = broker.device().await;
    let client = connect(&broker, &device).await;
    // MQTT 3.1.1, clean session, 60 s keep-alive, and the name in our certificate as the user name.
    let login = broker.server.printed(&format!("as {DEVICE} (")).await;
    assert!(login.ends_with(&format!("as {DEVICE} (p2, c1, k60, u'{DEVICE}').")), "{login}");
    client.disconnect().await.expect("it disconnects");
    broker.server.printed(&format!("Client {DEVICE} disconnected.")).await;
}

#[tokio::test]
async fn qos_2_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start_like_aws().await else { return };
    let device = broker.device().await;
    let mut observer = broker.observe("things/#").await;
    let client = connect(&broker, &device).await;
    let error = client.publish("things/twice", "x", QoS::ExactlyOnce).await.expect_err("QoS 2 is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    let error = client.publish("things/lost", "x", QoS::AtLeastOnce).await.expect_err("the session is gone");
    assert!(!error.may_have_been_published(), "{error}");
    assert_eq!(device.modem.tls_holder(), None);
    client.resume().await.expect("it connects again");
    client.publish("things/again", "x", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!(observer.next().await.topic, "things/again", "nothing else arrived");
}

#[tokio::test]
async fn a_filter_that_the_broker_does_not_bear_ends_the_session_and_it_can_be_resumed() {
    let Some(broker) = Mosquitto::start_like_aws().await else { return };
    let device = broker.device().await;
    let client = connect(&broker, &device).await;
    // Mosquitto takes 200 levels and hangs up on more, as AWS does on more than 8.
    let error = client.subscribe("/".repeat(250), QoS::AtLeastOnce).await.expect_err("it is refused");
    assert_eq!(error.category(), Category::Network, "{error}");
    broker.server.printed("Invalid subscription string").await;
    client.resume().await.expect("it connects again");
    let mut messages = client.subscribe("things/#", QoS::AtLeastOnce).await.expect("it subscribes");
    broker.publish("things/x", b"x", QoS::AtLeastOnce).await;
    assert_eq!(next(&mut messages).await.payload, "x");
}

async fn connect(broker: &Mosquitto, device: &Device) -> MqttClient {
    MqttClient::connect(&device.modem, broker.options(Engine::Module)).await.expect("it connects")
}
