//! What a fleet provisioning template makes of a device.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::servers::aws::Policy;

/// A fleet provisioning template: which parameters a device has to give, and what it becomes.
///
/// ```
/// use telit_simulator::servers::aws::{Policy, ProvisioningTemplate};
///
/// let template = ProvisioningTemplate::new("fleet", "meter-${SerialNumber}", Policy::everything())
///     .parameter("SerialNumber")
///     .device_configuration("fallback", "https://files.test");
/// # let _ = template;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ProvisioningTemplate {
    pub(super) name: String,
    thing_name: String,
    pub(super) policy: Policy,
    parameters: Vec<String>,
    pub(super) device_configuration: Map<String, Value>,
    allowed: Option<BTreeMap<String, Vec<String>>>,
}

impl ProvisioningTemplate {
    /// Gives a device a thing with this name, in which `${Parameter}` stands for what the device said, and its
    /// certificate this policy.
    pub fn new(name: impl Into<String>, thing_name: impl Into<String>, policy: Policy) -> Self {
        Self {
            name: name.into(),
            thing_name: thing_name.into(),
            policy,
            parameters: Vec::new(),
            device_configuration: Map::new(),
            allowed: None,
        }
    }

    /// A device has to give this parameter.
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.parameters.push(name.into());
        self
    }

    /// Tells devices this, in `deviceConfiguration`.
    pub fn device_configuration(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.device_configuration.insert(key.into(), Value::String(value.into()));
        self
    }

    /// Takes only devices that give one of these values for a parameter, as a pre-provisioning hook would.
    pub fn only(mut self, parameter: impl Into<String>, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.allowed.get_or_insert_default().insert(parameter.into(), values);
        self
    }

    /// The first parameter that is missing.
    pub(super) fn missing(&self, given: &BTreeMap<String, String>) -> Option<&str> {
        self.parameters.iter().find(|name| !given.contains_key(*name)).map(String::as_str)
    }

    /// Whether the hook would let the device in.
    pub(super) fn admits(&self, given: &BTreeMap<String, String>) -> bool {
        self.allowed
            .iter()
            .flatten()
            .all(|(name, values)| given.get(name).is_some_and(|value| values.contains(value)))
    }

    pub(super) fn thing_name(&self, given: &BTreeMap<String, String>) -> String {
        given.iter().fold(self.thing_name.clone(), |name, (parameter, value)| {
            name.replace(&format!("${{{parameter}}}"), value)
        })
    }
}
