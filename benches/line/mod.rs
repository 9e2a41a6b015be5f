//! What the benches of a paced line share: the line itself, the bare loop beside the SDK, and how both are measured.
//!
//! The SDK is alone on the thread of the bench, so that the thread's CPU time is the SDK's. The virtual module and the
//! servers run on threads of their own ([`Rig`]).

mod bare;
mod blocks;
mod measure;
mod rig;
mod setting;
mod shared;

pub use bare::{Answer, Bare, block_behind};
pub use blocks::{Blocks, report_online};
pub use measure::{Measured, Meter, thread_time};
pub use rig::{Error, Rig, is_quick, run_alone};
pub use setting::Setting;
pub use shared::{SdkEnd, SharedLine};
