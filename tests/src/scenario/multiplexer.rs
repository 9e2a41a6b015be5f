//! Several channels on one port: transfers, MQTT and polls side by side, and one TLS for all of them.

use std::time::Duration;

use telit_core::channels::{Channels, ChannelsError};
use telit_core::commands::SignalQuality;
use telit_core::exclusive::Service;
use telit_core::{Category, Modem};
use telit_mqtt::{MqttClient, QoS};
use telit_simulator::{Platform, VirtualModule};

use crate::rig::Rig;

fn channel(channels: &Channels, number: u8) -> Modem {
    channels.channel(number).expect("the module has it").clone()
}

#[tokio::test]
async fn each_channel_is_an_instance_of_its_own() {
    let (_rig, channels) = Rig::multiplexed(|module| module).await;
    assert_eq!(channels.len(), 3);
    for (number, modem) in channels.iter() {
        assert_eq!(modem.profile().id.as_str(), "37", "channel {number}");
        modem.run(SignalQuality).await.expect("it answers");
    }
}

#[tokio::test]
async fn closing_leaves_a_module_in_plain_at() {
    let (rig, channels) = Rig::multiplexed(|module| module).await;
    let Rig { module, modem, .. } = rig;
    drop(modem);
    channels.close().await;
    let _module = module;
}
