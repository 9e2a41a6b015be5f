//! The virtual module in this process.

use std::path::Path;
use std::time::Duration;

use telit_core::platform::PlatformId;
use telit_simulator::{FaultSpec, Platform, VirtualModule};

use crate::failure::Failure;
use crate::resolve::Resolve;

/// How the virtual module is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) platform: PlatformId,
    pub(crate) resolve: &'a [Resolve],
    pub(crate) baud: Option<u32>,
    pub(crate) latency: Duration,
    pub(crate) faults: &'a [String],
    pub(crate) state: Option<&'a Path>,
}

impl Settings<'_> {
    /// As fast as it goes, without faults, forgetting everything at its end.
    pub(crate) fn new(platform: PlatformId) -> Self {
        Self { platform, resolve: &[], baud: None, latency: Duration::ZERO, faults: &[], state: None }
    }
}

/// Switches a virtual module on. It runs until it is dropped.
pub(crate) fn start(settings: &Settings<'_>) -> Result<VirtualModule, Failure> {
    let platform: Platform = settings.platform.as_str().parse().map_err(Failure::usage)?;
    let mut builder = VirtualModule::builder(platform).baud(settings.baud).latency(settings.latency);
    for Resolve { host, port, address } in settings.resolve {
        builder = builder.resolve(host, *port, *address);
    }
    for fault in settings.faults {
        let fault: FaultSpec = fault.parse().map_err(Failure::usage)?;
        builder = builder.fault(fault);
    }
    if let Some(state) = settings.state {
        builder = builder.state_file(state);
    }
    builder.build().map_err(Failure::usage)
}
