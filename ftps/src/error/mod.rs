//! One error type an operation.

mod classify;
mod connect;
mod refusal;
mod transfer;

pub(crate) use classify::{
    Operation, connect_error, is_already_connected, is_session_in_doubt, is_session_lost, transfer_error,
};
pub use connect::ConnectError;
pub use transfer::TransferError;
