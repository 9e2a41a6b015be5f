//! The port of one module, wherever it is at the moment.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::rules::Rules;
use super::{List, read};
use crate::driver::BoxedStream;
use crate::pool::name::ModuleName;
use crate::supervisor::PortSource;
use crate::transport::{SerialPort, UsbPort};

/// How a port is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) baud_rate: u32,
    pub(super) hardware_flow_control: bool,
}

pub(super) struct UsbModule {
    pub(super) name: ModuleName,
    pub(super) rules: Arc<Rules>,
    pub(super) line: Line,
    pub(super) list: Arc<List>,
}

#[async_trait]
impl PortSource for UsbModule {
    async fn open(&self) -> io::Result<BoxedStream> {
        let ports = read(&self.list).await?;
        let is_it = |port: &UsbPort| self.rules.name_of(port).as_ref() == Some(&self.name);
        let port = match ports.into_iter().filter(is_it).collect::<Vec<_>>().as_mut_slice() {
            [] => Err(format!("{} is not plugged in", self.name)),
            [port] => Ok(std::mem::take(&mut port.path)),
            // Which one was there before is not known for sure.
            _ => Err(format!("several modules are called {}, let them be known by their places", self.name)),
        };
        let path = port.map_err(|reason| io::Error::new(io::ErrorKind::NotFound, reason))?;
        let serial = SerialPort::new(path).baud_rate(self.line.baud_rate);
        Ok(Box::pin(serial.hardware_flow_control(self.line.hardware_flow_control).open()?))
    }

    fn line_rate(&self) -> Option<u32> {
        Some(self.line.baud_rate)
    }
}
