//! The services of each platform: their limits and their commands. `None`: the platform has no such service.

pub(crate) mod ftp;
pub(crate) mod http;
pub(crate) mod mqtt;
