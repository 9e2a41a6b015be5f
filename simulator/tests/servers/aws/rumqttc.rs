//! A client that nobody here wrote: rumqttc, with the TLS of the `native-tls` crate.

use std::time::Duration;

use rumqttc::tokio_native_tls::native_tls::{Certificate, Identity, TlsConnector};
use rumqttc::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions, Publish, QoS, TlsConfiguration, Transport,
};
use serde_json::{Value, json};
use telit_simulator::servers::Issued;
use telit_simulator::servers::aws::{AwsIot, Policy};

use super::super::client::within;
use super::{AUTHORITY, options, started};

fn client(aws: &AwsIot, id: &str, identity: &Issued) -> (AsyncClient, EventLoop) {
    let identity =
        Identity::from_pkcs8(identity.certificate_pem().as_bytes(), identity.key_pkcs8_pem().as_bytes());
    let connector = TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(Certificate::from_pem(AUTHORITY.certificate_pem().as_bytes()).unwrap())
        .identity(identity.unwrap())
        .build()
        .unwrap();
    let mut mqtt = MqttOptions::new(id, "localhost", aws.addr().port());
    mqtt.set_keep_alive(Duration::from_secs(60));
    mqtt.set_transport(Transport::tls_with_config(TlsConfiguration::NativeConnector(connector)));
    AsyncClient::new(mqtt, 10)
}

async fn next_publish(events: &mut EventLoop) -> Publish {
    loop {
        if let Event::Incoming(Incoming::Publish(publish)) = events.poll().await.unwrap() {
            return publish;
        }
    }
}

#[tokio::test]
async fn it_talks_to_another_one_and_to_its_shadow() {
    within(async {
        let aws = started(options()).await;
        let device = aws.create_device("T1", Policy::everything()).unwrap();
        let (first, mut events) = client(&aws, "first", &device);
        first.subscribe("room/+/level", QoS::AtLeastOnce).await.unwrap();
        first.publish("room/4/level", QoS::AtLeastOnce, false, "17").await.unwrap();
        let publish = next_publish(&mut events).await;
        assert_eq!((&publish.topic[..], &publish.payload[..]), ("room/4/level", &b"17"[..]));
        assert_eq!(publish.qos, QoS::AtLeastOnce);

        first.subscribe("$aws/things/T1/shadow/update/+", QoS::AtLeastOnce).await.unwrap();
        let update = json!({ "state": { "desired": { "celsius": 21 } }, "clientToken": "r" });
        first
            .publish("$aws/things/T1/shadow/update", QoS::AtLeastOnce, false, update.to_string())
            .await
            .unwrap();
        for suffix in ["accepted", "delta", "documents"] {
            let publish = next_publish(&mut events).await;
            assert_eq!(publish.topic, format!("$aws/things/T1/shadow/update/{suffix}"));
            let payload: Value = serde_json::from_slice(&publish.payload).unwrap();
            assert_eq!(payload["clientToken"], "r");
        }
        assert_eq!(aws.shadow("T1", None).unwrap()["state"]["desired"], json!({ "celsius": 21 }));
    })
    .await;
}

#[tokio::test]
async fn it_loses_its_connection_when_it_may_not_publish() {
    within(async {
        let aws = started(options()).await;
        let device = aws.create_device(
            "T1",
            Policy::everything().deny(telit_simulator::servers::aws::Action::Publish, "secret"),
        );
        let (client, mut events) = client(&aws, "T1", &device.unwrap());
        client.publish("secret", QoS::AtLeastOnce, false, "x").await.unwrap();
        let error = loop {
            if let Err(error) = events.poll().await {
                break error;
            }
        };
        assert!(matches!(error, rumqttc::ConnectionError::MqttState(_)), "{error}");
        assert!(aws.messages().is_empty());
    })
    .await;
}
