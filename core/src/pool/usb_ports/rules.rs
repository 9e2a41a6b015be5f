//! Which USB serial ports lead to modules, and what these are called.

use crate::pool::name::ModuleName;
use crate::transport::UsbPort;

/// Ports that take AT commands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) vendor: u16,
    /// `None`: all that no other rule names.
    pub(super) product: Option<u16>,
    pub(super) interface: Option<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    pub(super) by_place: bool,
}

impl Rules {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rules: vec![rule], by_place: false }
    }

    /// A later rule counts more than an earlier one.
    pub(super) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// What the module on a port is called; `None` if there is none that takes AT commands there.
    pub(super) fn name_of(&self, port: &UsbPort) -> Option<ModuleName> {
        let rule = self.rule_of(port)?;
        if rule.interface != port.interface {
            return None;
        }
        let by_number = || self.serial_number(port);
        let by_place = || port.place.as_ref().and_then(|place| format!("usb@{place}").parse().ok());
        by_number().or_else(by_place).or_else(|| port.path.parse().ok())
    }

    fn rule_of(&self, port: &UsbPort) -> Option<&Rule> {
        let of = |product| {
            let is_it = move |rule: &&Rule| (rule.vendor, rule.product) == (port.vendor, product);
            self.rules.iter().rev().find(is_it)
        };
        of(Some(port.product)).or_else(|| of(None))
    }

    /// A serial number that does not fit into a name is none.
    fn serial_number(&self, port: &UsbPort) -> Option<ModuleName> {
        let number = port.serial_number.as_ref().filter(|_| !self.by_place)?;
        format!("usb:{:04x}:{:04x}:{number}", port.vendor, port.product).parse().ok()
    }
}
