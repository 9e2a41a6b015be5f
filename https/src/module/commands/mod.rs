//! The `#HTTP...` commands, one type a form.

mod configure;
mod query;
mod receive;
mod send;
mod test_forms;

pub(crate) use configure::{Configure, ProfileSettings, ReadProfile, ResetProfile};
pub(crate) use query::{Query, QueryMethod};
pub(crate) use receive::Receive;
pub(crate) use send::{Send, SendMethod};
pub(crate) use test_forms::{ConfigureRanges, QueryRanges, SendRanges};

#[cfg(test)]
fn line(command: &impl telit_core::at::Command) -> String {
    String::from_utf8(command.exchange().unwrap().line().as_bytes().to_vec()).unwrap()
}
