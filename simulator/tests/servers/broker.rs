use telit_simulator::servers::{Authority, Broker, BrokerOptions, CertificateRequest, Issued, pattern};
use tokio::net::TcpStream;

use super::client::{Client, read_all, within};
use super::mqtt::{Mqtt, text};

fn certificates() -> (Authority, Issued, Issued) {
    let authority = Authority::new().unwrap();
    let server = authority.issue(&CertificateRequest::server("broker.test")).unwrap();
    let device = authority.issue(&CertificateRequest::client("device")).unwrap();
    (authority, server, device)
}

async fn plain(broker: &Broker) -> TcpStream {
    TcpStream::connect(broker.plain_addr()).await.unwrap()
}

#[tokio::test]
async fn carries_a_message_between_two_clients_over_mutual_tls() {
    within(async {
        let (authority, server, device) = certificates();
        let broker = Broker::start(&BrokerOptions::mutual_tls(&server, &authority)).await.unwrap();
        let client = Client::new(&authority, "broker.test").identity(&device);

        let mut reader = Mqtt::connected(client.connect(broker.addr()).await.unwrap(), "reader").await;
        reader.subscribe("meters/+/level", 1).await;
        let mut writer = Mqtt::connected(client.connect(broker.addr()).await.unwrap(), "writer").await;
        writer.publish(0x02, "meters/4/level", b"17").await;
        assert_eq!(writer.read().await, (0x40, vec![0, 7]), "PUBACK");

        let (header, body) = reader.read().await;
        assert_eq!(header, 0x32);
        assert_eq!(&body[..16], text("meters/4/level"));
        assert_eq!(&body[18..], b"17");
        let messages = broker.wait_for_messages(1).await;
        assert_eq!((messages[0].topic.as_str(), &messages[0].payload[..]), ("meters/4/level", &b"17"[..]));
        assert!(broker.handshakes().iter().all(|handshake| {
            handshake.client_subject.as_deref() == Some("O=Telit Simulator, CN=device")
        }));
    })
    .await;
}

#[tokio::test]
async fn demands_a_client_certificate_unless_told_otherwise() {
    within(async {
        let (authority, server, _) = certificates();
        let client = Client::new(&authority, "broker.test");
        let strict = Broker::start(&BrokerOptions::mutual_tls(&server, &authority)).await.unwrap();
        // With TLS 1.3 the client only learns of it when it reads.
        if let Ok(stream) = client.connect(strict.addr()).await {
            let mut refused = Mqtt::connect(stream, "nobody", None).await;
            assert_eq!(read_all(&mut refused.stream).await, b"");
        }
        assert!(!strict.front().wait_for_handshakes(1).await[0].is_established());

        let open = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        Mqtt::connected(client.connect(open.addr()).await.unwrap(), "somebody").await;
    })
    .await;
}

#[tokio::test]
async fn lets_only_known_users_in() {
    within(async {
        let (_, server, _) = certificates();
        let broker =
            Broker::start(&BrokerOptions::server_tls(&server).user("device", "right")).await.unwrap();
        let mut accepted = Mqtt::connect(plain(&broker).await, "a", Some(("device", "right"))).await;
        assert_eq!(accepted.read().await, (0x20, vec![0, 0]));
        for login in [Some(("device", "wrong")), Some(("other", "right")), None] {
            let mut refused = Mqtt::connect(plain(&broker).await, "b", login).await;
            assert_eq!(read_all(&mut refused.stream).await, b"");
        }
    })
    .await;
}

#[tokio::test]
async fn does_the_exchange_of_quality_two() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut reader = Mqtt::connected(plain(&broker).await, "reader").await;
        reader.subscribe("once", 2).await;
        let mut writer = Mqtt::connected(plain(&broker).await, "writer").await;
        writer.publish(0x04, "once", b"exactly").await;
        assert_eq!(writer.read().await, (0x50, vec![0, 7]), "PUBREC");
        writer.write(0x62, &[0, 7]).await;
        assert_eq!(writer.read().await, (0x70, vec![0, 7]), "PUBCOMP");

        let (header, body) = reader.read().await;
        assert_eq!((header, &body[8..]), (0x34, &b"exactly"[..]));
        let packet = [body[6], body[7]];
        reader.write(0x50, &packet).await;
        assert_eq!(reader.read().await, (0x62, packet.to_vec()), "PUBREL");
        reader.write(0x70, &packet).await;
        assert_eq!(broker.wait_for_messages(1).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn keeps_and_forgets_retained_messages() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut writer = Mqtt::connected(plain(&broker).await, "writer").await;
        writer.publish(0x03, "state", b"on").await;
        assert_eq!(writer.read().await, (0x40, vec![0, 7]));

        let mut late = Mqtt::connected(plain(&broker).await, "late").await;
        late.subscribe("state", 0).await;
        let (header, body) = late.read().await;
        assert_eq!((header & 0x01, &body[7..]), (1, &b"on"[..]), "retained");

        writer.publish(0x03, "state", b"").await;
        assert_eq!(writer.read().await, (0x40, vec![0, 7]));
        let mut later = Mqtt::connected(plain(&broker).await, "later").await;
        later.subscribe("state", 0).await;
        later.write(0xC0, b"").await;
        assert_eq!(later.read().await, (0xD0, vec![]), "PINGRESP and nothing before it");
    })
    .await;
}

#[tokio::test]
async fn carries_128_kib_and_drops_more() {
    within(async {
        let (_, server, _) = certificates();
        let options = BrokerOptions::server_tls(&server).max_packet_size(2 + 3 + 2 + 131_072);
        let broker = Broker::start(&options).await.unwrap();
        let mut writer = Mqtt::connected(plain(&broker).await, "writer").await;
        let mut reader = Mqtt::connected(plain(&broker).await, "reader").await;
        reader.subscribe("big", 0).await;
        let payload = pattern(131_072);
        writer.publish(0x02, "big", &payload).await;
        assert_eq!(writer.read().await, (0x40, vec![0, 7]));
        assert!(reader.read().await.1[5..] == payload);
        assert!(broker.wait_for_messages(1).await[0].payload == payload);

        writer.publish(0x02, "big", &pattern(131_073)).await;
        assert_eq!(read_all(&mut writer.stream).await, b"");
    })
    .await;
}

#[tokio::test]
async fn publishes_a_last_will() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut dying = Mqtt { stream: plain(&broker).await };
        let mut body = b"\x00\x04MQTT\x04\x06\x00\x3C".to_vec();
        for part in ["dying", "wills", "gone"] {
            body.extend(text(part));
        }
        dying.write(0x10, &body).await;
        assert_eq!(dying.read().await, (0x20, vec![0, 0]));
        drop(dying);
        let messages = broker.wait_for_messages(1).await;
        assert_eq!((messages[0].topic.as_str(), &messages[0].payload[..]), ("wills", &b"gone"[..]));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_comes_again_takes_over() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut former = Mqtt::connected(plain(&broker).await, "same").await;
        for _ in 0..5 {
            let mut latter = Mqtt::connected(plain(&broker).await, "same").await;
            assert_eq!(read_all(&mut former.stream).await, b"");
            latter.write(0xC0, b"").await;
            assert_eq!(latter.read().await, (0xD0, vec![]), "PINGRESP");
            former = latter;
        }
        for _ in 0..5 {
            former.write(0xE0, b"").await;
            assert_eq!(read_all(&mut former.stream).await, b"");
            former = Mqtt::connected(plain(&broker).await, "same").await;
        }
    })
    .await;
}

#[tokio::test]
async fn keeps_a_session_for_a_client_that_asks() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut connect = b"\x00\x04MQTT\x04\x00\x00\x3C".to_vec();
        connect.extend(text("sleeper"));
        let mut sleeper = Mqtt { stream: plain(&broker).await };
        sleeper.write(0x10, &connect).await;
        assert_eq!(sleeper.read().await, (0x20, vec![0, 0]));
        sleeper.subscribe("news", 1).await;
        sleeper.write(0xE0, b"").await;
        assert_eq!(read_all(&mut sleeper.stream).await, b"");

        let mut writer = Mqtt::connected(plain(&broker).await, "writer").await;
        writer.publish(0x02, "news", b"while asleep").await;
        assert_eq!(writer.read().await, (0x40, vec![0, 7]));
        let mut sleeper = Mqtt { stream: plain(&broker).await };
        sleeper.write(0x10, &connect).await;
        assert_eq!(sleeper.read().await, (0x20, vec![1, 0]), "session present");
        let (header, body) = sleeper.read().await;
        assert_eq!((header, &body[8..]), (0x32, &b"while asleep"[..]));
    })
    .await;
}

#[tokio::test]
async fn publishes_from_inside() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let mut reader = Mqtt::connected(plain(&broker).await, "reader").await;
        reader.subscribe("commands/#", 0).await;
        // More than the router hands out in one batch.
        for number in 0..500 {
            broker.publish("commands/do", format!("{number}"));
        }
        for number in 0..500 {
            let (header, body) = reader.read().await;
            assert_eq!((header, &body[13..]), (0x30, number.to_string().as_bytes()));
        }
        assert_eq!(broker.wait_for_messages(500).await.len(), 500);
    })
    .await;
}

#[tokio::test]
async fn closes_ports_and_connections_when_dropped() {
    within(async {
        let (_, server, _) = certificates();
        let broker = Broker::start(&BrokerOptions::server_tls(&server)).await.unwrap();
        let plain_addr = broker.plain_addr();
        let mut client = Mqtt::connected(plain(&broker).await, "client").await;
        drop(broker);
        assert_eq!(read_all(&mut client.stream).await, b"");
        assert!(TcpStream::connect(plain_addr).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_start_at_once() {
    within(async {
        let (_, server, _) = certificates();
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let options = BrokerOptions::server_tls(&server);
            starting.spawn(async move { Broker::start(&options).await.unwrap() });
        }
        let brokers = starting.join_all().await;
        for (number, broker) in brokers.iter().enumerate() {
            let mut client = Mqtt::connected(plain(broker).await, "client").await;
            client.publish(0x02, "number", number.to_string().as_bytes()).await;
            assert_eq!(client.read().await, (0x40, vec![0, 7]));
        }
        for (number, broker) in brokers.iter().enumerate() {
            assert_eq!(broker.wait_for_messages(1).await[0].payload, number.to_string());
        }
    })
    .await;
}
