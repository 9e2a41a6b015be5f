//! The modules that are plugged in by USB.

mod found;
mod module;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::port_changes::{PortChange, PortChanges};
use crate::transport::{self, DEFAULT_BAUD_RATE, UsbPort};
use found::{Change, Found};
use module::{Line, UsbModule};
use rules::{Rule, Rules};

/// Telit's vendor id.
const TELIT: u16 = 0x1bc7;
const EVERY: Duration = Duration::from_secs(1);

/// Lists the USB serial ports that are there.
type List = dyn Fn() -> io::Result<Vec<UsbPort>> + Send + Sync;

/// Follows the modules that are plugged in by USB, whatever their ports are called at the moment.
///
/// A module is known by its product and serial number, `usb:1bc7:110a:0123456789`, or by the place where it is plugged in,
/// `usb@1-1.4`: always if it has no serial number of its own, and for all modules with
/// [`known_by_place`](Self::known_by_place). These are the names that modules have in the pool. (Where the operating
/// system tells no place, a module without serial number goes by the path of its port.)
///
/// The list of ports is read once a second, in a thread that may block. It is polled because that works alike on Linux,
/// macOS and Windows without a C library: hot-plug events would need libudev, or a netlink socket whose messages overflow
/// and are lost, with this list behind it all the same. Reading it opens no port.
///
/// ```no_run
/// # fn example(pool: telit_core::pool::ModulePool) {
/// use telit_core::pool::UsbPorts;
///
/// // AT commands on interface 2, but on interface 4 of LE910C1.
/// pool.follow(UsbPorts::telit(2).product(0x1201, 4));
/// # }
/// ```
#[must_use = "nothing happens until a pool follows it"]
pub struct UsbPorts {
    rules: Rules,
    line: Line,
    every: Duration,
    list: Arc<List>,
    running: Option<Running>,
}

struct Running {
    ticks: Interval,
    rules: Arc<Rules>,
    found: Found,
    changes: VecDeque<Change>,
    fails: bool,
}

impl UsbPorts {
    /// All modules of Telit (vendor id 1BC7), which take AT commands on this interface. A module shows several ports, and
    /// not all of them take AT commands; which do is a matter of the model and of `AT#PORTCFG`.
    pub fn telit(interface: u8) -> Self {
        let rules = Rules::new(Rule { vendor: TELIT, product: None, interface: Some(interface) });
        let line = Line { baud_rate: DEFAULT_BAUD_RATE, hardware_flow_control: false };
        Self { rules, line, every: EVERY, list: Arc::new(attached), running: None }
    }

    /// Modules of this product take AT commands on another interface.
    pub fn product(mut self, product: u16, interface: u8) -> Self {
        self.rules.add(Rule { vendor: TELIT, product: Some(product), interface: Some(interface) });
        self
    }

    /// Devices of another vendor that lead to a module, such as adapters to a UART. `None`: the operating system tells
    /// no interface of them.
    pub fn device(mut self, vendor: u16, product: u16, interface: Option<u8>) -> Self {
        self.rules.add(Rule { vendor, product: Some(product), interface });
        self
    }

    /// A module is known by the place where it is plugged in, also if it has a serial number. For modules whose serial
    /// numbers are all the same, and where the place says which one it is.
    pub fn known_by_place(mut self) -> Self {
        self.rules.by_place = true;
        self
    }

    /// The line rate. It means nothing to a module that is a USB device itself, but to one behind an adapter. Default
    /// 115200.
    pub fn baud_rate(mut self, baud_rate: u32) -> Self {
        self.line.baud_rate = baud_rate;
        self
    }

    /// RTS/CTS. Default off.
    pub fn hardware_flow_control(mut self, on: bool) -> Self {
        self.line.hardware_flow_control = on;
        self
    }

    /// How often the list of ports is read. Default once a second, at most ten times.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval.max(EVERY / 10);
        self
    }

    #[cfg(test)]
    fn listed_by(mut self, list: impl Fn() -> io::Result<Vec<UsbPort>> + Send + Sync + 'static) -> Self {
        self.list = Arc::new(list);
        self
    }

    fn running(&mut self) -> &mut Running {
        self.running.get_or_insert_with(|| {
            let mut ticks = interval(self.every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let rules = Arc::new(self.rules.clone());
            Running { ticks, rules, found: Found::default(), changes: VecDeque::new(), fails: false }
        })
    }
}

fn attached() -> io::Result<Vec<UsbPort>> {
    transport::attached().map_err(io::Error::from)
}

async fn read(list: &Arc<List>) -> io::Result<Vec<UsbPort>> {
    let list = Arc::clone(list);
    spawn_blocking(move || list()).await.map_err(io::Error::other)?
}

impl Running {
    fn look(&mut self, listed: io::Result<Vec<UsbPort>>) {
        match listed {
            Ok(ports) => {
                self.fails = false;
                self.changes.extend(self.found.update(&self.rules, &ports));
            }
            // What was there stays there.
            Err(error) if !std::mem::replace(&mut self.fails, true) => {
                tracing::warn!(%error, "the USB serial ports cannot be listed");
            }
            Err(_) => {}
        }
    }
}

#[async_trait]
impl PortChanges for UsbPorts {
    async fn next(&mut self) -> Option<PortChange> {
        let list = Arc::clone(&self.list);
        let line = self.line;
        let running = self.running();
        loop {
            match running.changes.pop_front() {
                Some(Change::Vanished(name)) => return Some(PortChange::Vanished { name }),
                Some(Change::Appeared(name)) => {
                    let port =
                        UsbModule { name: name.clone(), rules: Arc::clone(&running.rules), line, list };
                    return Some(PortChange::Appeared { name, port: Box::new(port) });
                }
                None => {}
            }
            running.ticks.tick().await;
            let listed = read(&list).await;
            running.look(listed);
        }
    }
}

impl fmt::Debug for UsbPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsbPorts")
            .field("rules", &self.rules)
            .field("line", &self.line)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
