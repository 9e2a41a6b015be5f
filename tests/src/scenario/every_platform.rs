//! What has to work on every platform of the guide.

use crate::rig::for_each_platform;

#[tokio::test]
async fn every_module_is_recognised_and_comes_on_line() {
    for_each_platform(|rig| async move {
        let profile = rig.modem.profile();
        assert_eq!(profile.id.as_str(), rig.platform.id());
        assert!(profile.products.iter().any(|product| rig.modem.model().starts_with(product)));
        assert_eq!(rig.modem.tls_holder(), None);
    })
    .await;
}
