use telit_simulator::servers::TestServers;

use crate::bench;
use crate::port::Port;

async fn connected(servers: &TestServers) -> (telit_simulator::VirtualModule, Port) {
    let module = bench::module(TestServers::BROKER_NAME, 8883, servers.broker().addr());
    let (module, mut port) = bench::ready(module).await;
    port.ok("AT#MQEN=1,1").await;
    port.ok("AT#MQCFG=1,\"broker.test\",8883,1,1,1").await;
    port.ok("AT#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0").await;
    bench::verify(&mut port, &servers.authority().certificate_pem()).await;
    port.ok("AT#SSLSECCFG=1,0xC02F,2").await;
    bench::store(&mut port, 0, servers.client().certificate_pem()).await;
    bench::store(&mut port, 2, servers.client().key_pem()).await;
    port.ok("AT#MQCONN=1,\"device\",\"\",\"\"").await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,1\r\n\r\nOK\r\n").await;
    (module, port)
}

#[tokio::test]
async fn messages_come_and_go_as_the_manual_prints_them() {
    let servers = TestServers::start().await.unwrap();
    let (module, mut port) = connected(&servers).await;
    let mut second = Port::of(&module);
    second.quiet().await;
    port.ok("AT#MQSUB=1,\"test/fan/#\"").await;
    port.write("AT#MQPUBS=1,\"test/fan/floor1\",0,0,\"abc\"\r").await;
    port.expect("\r\nOK\r\n\r\n#MQRING: 1,1,test/fan/floor1,3\r\n").await;
    // On all interfaces.
    second.expect("\r\n#MQRING: 1,1,test/fan/floor1,3\r\n").await;
    port.ask("AT#MQREAD?", "\r\n#MQREAD: 1,1\r\n\r\nOK\r\n").await;
    port.ask("AT#MQREAD=1,1", "\r\n#MQREAD: 1,test/fan/floor1,3\r\n<<<\r\nabc\r\n\r\nOK\r\n").await;
    port.ask("AT#MQREAD=1,1", "\r\nERROR\r\n").await;
    port.ok("AT#MQUNS=1,\"test/fan/#\"").await;
    port.ok("AT#MQDISC=1").await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,0\r\n\r\nOK\r\n").await;
    port.ok("AT#MQEN=1,0").await;
    // TLS is free again.
    port.ok("AT#SSLEN=1,1").await;
}

#[tokio::test]
async fn a_counted_publish_carries_every_byte() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = connected(&servers).await;
    let payload: Vec<u8> = (0..=255).collect();
    port.ask("AT#MQPUBSEXT=1,\"bytes\",0,1,256", "\r\n>>>").await;
    port.write(&payload).await;
    port.expect("\r\nOK\r\n").await;
    // An empty message needs no data.
    port.ask("AT#MQPUBSEXT=1,\"empty\",0,1,0", "\r\n>>>\r\nOK\r\n").await;
    let messages = servers.broker().wait_for_messages(2).await;
    assert_eq!((messages[0].topic.as_str(), &messages[0].payload[..]), ("bytes", &payload[..]));
    assert_eq!((messages[1].topic.as_str(), messages[1].payload.len()), ("empty", 0));
}

#[tokio::test]
async fn thirty_slots_and_no_more() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = connected(&servers).await;
    port.ok("AT#MQSUB=1,\"many\",1").await;
    for number in 1..=31 {
        servers.broker().publish("many", format!("{number:02}"));
        let line = if number <= 30 {
            format!("\r\n#MQRING: 1,{number},many,2\r\n")
        } else {
            "\r\n#MQRING: 0\r\n".to_owned()
        };
        port.expect(&line).await;
    }
    port.ask("AT#MQREAD=1,7", "\r\n#MQREAD: 1,many,2\r\n<<<\r\n07\r\n\r\nOK\r\n").await;
    // The slot is used again at once.
    servers.broker().publish("many", "again");
    port.expect("\r\n#MQRING: 1,7,many,5\r\n").await;
}

#[tokio::test]
async fn a_lost_broker_shows_in_the_state_only() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = connected(&servers).await;
    servers.broker().front().disconnect_all();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,2\r\n\r\nOK\r\n").await;
    port.ask("AT#MQCONN=1,\"device\",\"\",\"\"", "\r\n+CME ERROR: MQTT Connect Fail\r\n").await;
    port.ok("AT#MQDISC=1").await;
    port.ok("AT#MQCONN=1,\"device\",\"\",\"\"").await;
}

#[tokio::test]
async fn a_publish_without_input_gives_up() {
    let servers = TestServers::start().await.unwrap();
    let (_module, mut port) = connected(&servers).await;
    port.ask("AT#MQPUBSEXT=1,\"slow\",0,1,3", "\r\n>>>").await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    port.write("ab").await;
    let started = std::time::Instant::now();
    port.expect("\r\n+CME ERROR: MQTT PUBSEXT Fail\r\n").await;
    assert!(started.elapsed() >= std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    port.ok("AT").await;
}
