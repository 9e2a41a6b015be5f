//! One service holds TLS at a time, on every platform. Source: SSL guide 6.1, 8.2, 9.1, 10.1.

use telit_simulator::{Platform, VirtualModule};

use crate::port::{Port, go_online, start};

/// How a service takes TLS and gives it back.
type Service = (&'static str, &'static str);

const SOCKETS: Service = ("AT#SSLEN=1,1", "AT#SSLEN=1,0");
const HTTP: Service = ("AT#HTTPCFG=0,\"h\",443,0,,,1", "AT#HTTPCFG=0,\"h\",443,0,,,0");
const FTP: Service = ("AT#FTPCFG=100,0,1", "AT#FTPCFG=100,0,0");
const MQTT: Service = ("AT#MQCFG=1,\"h\",8883,1,1", "AT#MQCFG=1,\"h\",8883,1,0");

/// Those that can use TLS. On 25 `<ssl_enabled>` of `#HTTPCFG` is 0: IPE28 p104.
fn services(platform: Platform) -> Vec<Service> {
    match platform {
        Platform::P25Linux | Platform::P25ThreadX => vec![SOCKETS, FTP, MQTT],
        Platform::P30 | Platform::P37 | Platform::P52 => vec![SOCKETS, HTTP, FTP, MQTT],
        _ => vec![SOCKETS, HTTP, FTP],
    }
}

async fn ready(platform: Platform) -> (VirtualModule, Port) {
    let (module, mut port) = start(VirtualModule::builder(platform)).await;
    for command in ["AT#SELINT=2", "AT+CMEE=2"] {
        port.ok(command).await;
    }
    go_online(&mut port, platform).await;
    if services(platform).contains(&MQTT) {
        port.ok("AT#MQEN=1,1").await;
    }
    (module, port)
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_services_excludes_itself_on_every_platform() {
    for platform in Platform::ALL {
        let (_module, mut port) = ready(platform).await;
        for holder in services(platform) {
            port.ok(holder.0).await;
            for other in services(platform).into_iter().filter(|other| *other != holder) {
                port.ask(other.0, "\r\n+CME ERROR: SSL already activated\r\n").await;
            }
            // Whoever holds it, its settings can be made.
            port.ok("AT#SSLSECCFG=1,0,1").await;
            port.ok(holder.1).await;
            port.ask("AT#SSLSECCFG=1,0,1", "\r\n+CME ERROR: SSL not activated\r\n").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_instance_cannot_take_or_give_back_what_one_holds() {
    for platform in Platform::ALL {
        let (module, mut first) = ready(platform).await;
        let mut second = Port::of(&module);
        second.quiet().await;
        second.ok("AT#SELINT=2").await;
        second.ok("AT+CMEE=1").await;
        for (take, give_back) in services(platform) {
            first.ok(take).await;
            second.ask("AT#SSLEN=1,1", "\r\n+CME ERROR: 612\r\n").await;
            second.ask("AT#SSLSECCFG=1,0,1", "\r\n+CME ERROR: 612\r\n").await;
            if give_back != MQTT.1 {
                second.ask(give_back, "\r\n+CME ERROR: 612\r\n").await;
            }
            first.ok(give_back).await;
            // Free for everybody.
            second.ok("AT#SSLEN=1,1").await;
            second.ok("AT#SSLEN=1,0").await;
        }
    }
}
