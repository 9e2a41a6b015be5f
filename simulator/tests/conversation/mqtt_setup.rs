use std::time::Duration;

use telit_simulator::Quirk;

use crate::port::{builder, start};

#[tokio::test(start_paused = true)]
async fn the_order_of_the_setup_is_enforced() {
    let (_module, mut port) = start(builder()).await;
    let refused = "\r\n+CME ERROR: MQTT Configuration Fail\r\n";
    port.ask("AT#MQCFG=1,\"h\",1883,1", refused).await;
    port.ok("AT#MQEN=1,1").await;
    port.ask("AT#MQEN=1,1", "\r\n+CME ERROR: MQTT Initialization Fail\r\n").await;
    port.ask("AT#MQCFG=1,\"h\",1883,1", "\r\n+CME ERROR: context not opened\r\n").await;
    port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1,\r\n\r\nOK\r\n").await;
    port.ok("AT#MQCFG=1,\"h\",1883,1").await;
    port.ask("AT#MQCFG?", "\r\n#MQCFG: 1,h,1883,1,0\r\n#MQCFG: 2,,1883,1,0\r\n\r\nOK\r\n").await;
    port.ask("AT#MQCFG2=1,59,1", "\r\nERROR\r\n").await;
    port.ok("AT#MQCFG2=1,70,0").await;
    port.ask("AT#MQCFG2?", "\r\n#MQCFG2: 1,70,0\r\n#MQCFG2: 2,60,1\r\n\r\nOK\r\n").await;
    port.ok("AT#MQTCFG=1,30").await;
    port.ask("AT#MQTCFG?", "\r\n#MQTCFG: 1,30\r\n#MQTCFG: 2,10\r\n\r\nOK\r\n").await;
    port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,0\r\n\r\nOK\r\n").await;
    port.ask("AT#MQSUB=1,\"t\"", "\r\n+CME ERROR: MQTT Subscribe Fail\r\n").await;
    port.ask("AT#MQPUBSEXT=1,\"t\",0,0,1", "\r\n+CME ERROR: MQTT PUBSEXT Fail\r\n").await;
    port.ok("AT#MQDISC=1").await;
}

#[tokio::test(start_paused = true)]
async fn a_will_reads_back_and_goes() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#MQEN=1,1").await;
    port.ok("AT#MQWCFG=1,1,1,2,myLastWillTopic,myLastWillMessage").await;
    port.ask(
        "AT#MQWCFG?",
        "\r\n#MQWCFG: 1,1,1,2,myLastWillTopic,myLastWillMessage\r\n#MQWCFG: 2,0\r\n\r\nOK\r\n",
    )
    .await;
    port.ask("AT#MQWCFG=1,0,0", "\r\nERROR\r\n").await;
    port.ok("AT#MQWCFG=1,0").await;
    port.ask("AT#MQWCFG?", "\r\n#MQWCFG: 1,0\r\n#MQWCFG: 2,0\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_firmware_that_restarts_on_any_form_of_the_will() {
    for form in ["AT#MQWCFG=1,0\r", "AT#MQWCFG=?\r", "AT#MQWCFG=1,1,0,0,\"t\",\"x\"\r"] {
        let (_module, mut port) = start(builder().quirk(Quirk::WillRestarts)).await;
        port.ok("AT#MQEN=1,1").await;
        port.write(form).await;
        port.silent(Duration::from_millis(1900)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        port.write("ATE0\r").await;
        port.expect("ATE0\r\r\nOK\r\n").await;
        port.ask("AT#MQEN?", "\r\n#MQEN: 1,0\r\n#MQEN: 2,0\r\n\r\nOK\r\n").await;
    }
}
