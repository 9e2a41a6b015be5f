//! Firmware whose MQTT client differs from the newest manual.

use telit_simulator::{Platform, Quirk, VirtualModule};

use crate::port::{builder, start};

const CONTEXT_IS_ON: &str = "\r\n#SGACT: 10.0.0.1,\r\n\r\nOK\r\n";

#[tokio::test(start_paused = true)]
async fn an_old_firmware_names_neither_socket_nor_quality() {
    let old = builder().quirk(Quirk::MqcfgWithoutSocket).quirk(Quirk::MqsubWithoutQos);
    let (_module, mut port) = start(old).await;
    port.ask("AT#MQCFG=?", "\r\n#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)\r\n\r\nOK\r\n").await;
    port.ask("AT#MQSUB=?", "\r\n#MQSUB: (1-2),256\r\n\r\nOK\r\n").await;
    port.ok("AT#MQEN=1,1").await;
    port.ask("AT#SGACT=1,1", CONTEXT_IS_ON).await;
    port.ask("AT#MQCFG=1,\"h\",8883,1,1,1", "\r\nERROR\r\n").await;
    port.ok("AT#MQCFG=1,\"h\",8883,1,1").await;
    port.ask("AT#MQCFG?", "\r\n#MQCFG: 1,h,8883,1,1\r\n#MQCFG: 2,,1883,1,0\r\n\r\nOK\r\n").await;
    port.ask("AT#MQSUB=1,\"t\",1", "\r\nERROR\r\n").await;
    // Without them the platform has both, in the same process.
    let (_module, mut port) = start(builder()).await;
    port.ask("AT#MQSUB=?", "\r\n#MQSUB: (1-2),256,(0-2)\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn an_old_firmware_takes_short_messages_and_counts_none() {
    let (_module, mut port) = start(builder().quirk(Quirk::ShortMessages).quirk(Quirk::NoMqpubsext)).await;
    port.ask("AT#MQPUBS=?", "\r\n#MQPUBS: (1-2),256,(0-1),(0-2),140\r\n\r\nOK\r\n").await;
    port.ask("AT#MQPUBSEXT=?", "\r\nERROR\r\n").await;
    port.ask("AT#MQPUBSEXT=1,\"t\",0,0,1", "\r\nERROR\r\n").await;
    let message = |length| format!("AT#MQPUBS=1,\"t\",0,0,\"{}\"", "m".repeat(length));
    port.ask(&message(141), "\r\nERROR\r\n").await;
    // It fits, but there is no connection.
    port.ask(&message(140), "\r\n+CME ERROR: MQTT Publish Fail\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn an_old_firmware_has_another_keep_alive() {
    let (_module, mut port) = start(builder().quirk(Quirk::OldKeepAlive)).await;
    port.ask("AT#MQCFG2=?", "\r\n#MQCFG2: (1-2),(1-3600),(0-1)\r\n\r\nOK\r\n").await;
    port.ask("AT#MQCFG2?", "\r\n#MQCFG2: 1,20,1\r\n#MQCFG2: 2,20,1\r\n\r\nOK\r\n").await;
    port.ok("AT#MQEN=1,1").await;
    port.ok("AT#MQCFG2=1,5,1").await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_on_is_taken_or_not() {
    let refused = "\r\n+CME ERROR: SSL already activated\r\n";
    for (module, answer) in
        [(builder(), refused), (builder().quirk(Quirk::MqttTakesEnabledSocket), "\r\nOK\r\n")]
    {
        let (_module, mut port) = start(module).await;
        port.ok("AT#SSLEN=1,1").await;
        port.ok("AT#MQEN=1,1").await;
        port.ask("AT#SGACT=1,1", CONTEXT_IS_ON).await;
        port.ask("AT#MQCFG=1,\"h\",8883,1,1", answer).await;
        // For others it stays taken.
        port.ask("AT#HTTPCFG=0,\"h\",443,0,\"\",\"\",1", refused).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_client_may_be_listed() {
    let (_module, mut port) = start(builder().quirk(Quirk::EveryClientListed)).await;
    port.ok("AT#MQEN=1,1").await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,0\r\n#MQCONN: 2,0\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn no_quirk_gives_mqtt_to_a_platform_without_it() {
    let module = VirtualModule::builder(Platform::P23).quirk(Quirk::OldKeepAlive).quirk(Quirk::NoMqpubsext);
    let (_module, mut port) = start(module).await;
    port.ask("AT#MQCFG2=?", "\r\nERROR\r\n").await;
}
