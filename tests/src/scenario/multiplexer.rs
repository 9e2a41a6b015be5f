//! Several channels on one port: transfers, MQTT and polls side by side, and one TLS for all of them.

use telit_core::commands::SignalQuality;

use crate::rig::Rig;

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
