//! Why a port cannot be opened.

use std::{fmt, io};

use super::port_name::{InvalidPortName, PortName};
use super::usb_port::UsbPort;
use crate::error::Category;

/// The port cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialError {
    /// The name is none.
    #[error(transparent)]
    InvalidName(#[from] InvalidPortName),
    /// No such port.
    #[error("no port {path}")]
    NotFound {
        /// The name that was given.
        path: String,
    },
    /// No USB serial port that is there has this name.
    #[error("no port {name}; {}", there_is(found))]
    NoSuchUsbPort {
        /// The name that was given.
        name: PortName,
        /// All that are there.
        found: Vec<UsbPort>,
    },
    /// Several USB serial ports have this name. Which one is meant is not guessed.
    #[error("{name} is more than one port: {}", List(matching))]
    Ambiguous {
        /// The name that was given.
        name: PortName,
        /// Those that it could mean, two or more.
        matching: Vec<UsbPort>,
    },
    /// Another program has it open.
    #[error("port {path} is in use by another program")]
    InUse {
        /// The name that was given, or the port that a USB name led to.
        path: String,
    },
    /// Something else.
    #[error("port {path} cannot be opened: {reason}")]
    Failed {
        /// The name that was given, or the port that a USB name led to.
        path: String,
        /// What the operating system said.
        reason: String,
    },
}

fn there_is(found: &[UsbPort]) -> String {
    if found.is_empty() {
        return "there is no USB serial port at all".to_owned();
    }
    format!("there is {}", List(found))
}

struct List<'a>(&'a [UsbPort]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, port) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{port}")?;
        }
        Ok(())
    }
}

impl SerialError {
    /// Whose turn it is: the caller's, if the name is none or leaves a choice, otherwise that of the link.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidName(_) | Self::Ambiguous { .. } => Category::Usage,
            _ => Category::Link,
        }
    }

    /// The kind of failure, as the standard library has it.
    pub(crate) fn kind(&self) -> io::ErrorKind {
        match self {
            Self::InvalidName(_) | Self::Ambiguous { .. } => io::ErrorKind::InvalidInput,
            Self::NotFound { .. } | Self::NoSuchUsbPort { .. } => io::ErrorKind::NotFound,
            Self::InUse { .. } => io::ErrorKind::ResourceBusy,
            Self::Failed { .. } => io::ErrorKind::Other,
        }
    }
}

impl From<SerialError> for io::Error {
    fn from(error: SerialError) -> Self {
        Self::new(error.kind(), error)
    }
}
