use telit_simulator::Platform;
use telit_simulator::servers::{Broker, BrokerOptions};

use super::{Certified, finding, ready, suite_name};
use crate::bench::store;
use crate::dialect::Dialect;
use crate::port::Port;

const WITH_MQTT: &[Platform] =
    &[Platform::P25Linux, Platform::P25ThreadX, Platform::P30, Platform::P37, Platform::P52];

#[tokio::test]
async fn mqtt_with_and_without_tls() {
    let certified = Certified::new("broker.test");
    let broker = Broker::start(&BrokerOptions::with_front(certified.front())).await.unwrap();
    for (number, platform) in WITH_MQTT.iter().enumerate() {
        let dialect = Dialect::of(*platform);
        let module = finding(dialect, "broker.test", 1883, broker.plain_addr());
        let (_module, mut port) = ready(dialect, module.resolve("broker.test", 8883, broker.addr())).await;
        port.ok("AT#MQEN=1,1").await;
        port.ok("AT#MQCFG=1,\"broker.test\",1883,1").await;
        exchange(&mut port, &format!("plain-{number}")).await;
        port.ok("AT#MQCFG=1,\"broker.test\",8883,1,1").await;
        dialect.secure(&mut port, 1).await;
        store(&mut port, 1, &certified.authority.certificate_pem()).await;
        exchange(&mut port, &format!("secure-{number}")).await;
        let handshake = broker.front().wait_for_handshakes(number + 1).await.pop().unwrap();
        assert_eq!(handshake.suite, suite_name(dialect), "{platform}");
        port.ok("AT#MQEN=1,0").await;
    }
}

/// A message to itself, then the end of the connection.
async fn exchange(port: &mut Port, topic: &str) {
    port.ok(&format!("AT#MQCONN=1,\"{topic}\",\"\",\"\"")).await;
    port.ok(&format!("AT#MQSUB=1,\"{topic}\"")).await;
    port.write(format!("AT#MQPUBS=1,\"{topic}\",0,1,\"abc\"\r")).await;
    let ring = format!("\r\n#MQRING: 1,1,{topic},3\r\n");
    let both = [format!("\r\nOK\r\n{ring}"), format!("{ring}\r\nOK\r\n")];
    let got = port.read(both[0].len()).await;
    assert!(both.contains(&got), "{got}");
    port.ask("AT#MQREAD=1,1", &format!("\r\n#MQREAD: 1,{topic},3\r\n<<<\r\nabc\r\n\r\nOK\r\n")).await;
    port.ok("AT#MQDISC=1").await;
}
