//! Fleet provisioning as the owner of the account sees it.

use super::template::ProvisioningTemplate;
use crate::servers::aws::AwsIot;

impl AwsIot {
    /// Sets up a template, or puts another one in the place of the one with its name.
    ///
    /// Devices use it with a claim certificate, whose policy [`Policy::claim`](super::super::Policy::claim) makes. They
    /// get RSA keys of 2048 bits, and certificates of the authority in the options, valid until the end of 2049 and
    /// inactive until they are registered by means of the template.
    pub fn set_provisioning_template(&self, template: ProvisioningTemplate) {
        self.hub.state().provisioning.templates.insert(template.name.clone(), template);
    }
}
