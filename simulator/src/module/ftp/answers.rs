//! What the server's replies become on the line.

use super::FtpWait;
use super::errors::command_error;
use crate::module::{InstanceId, Module};
use crate::net::ftp::FtpError;
use crate::service::{FtpAnswer, FtpOrder, Order};

impl Module {
    pub(super) fn ftp_answered(&mut self, answer: FtpAnswer) {
        let Some((instance, wait)) = self.ftp_waiting() else { return };
        match (wait, answer) {
            (FtpWait::Close, _) => {
                self.drop_session();
            }
            (FtpWait::Size, FtpAnswer::Size(size)) => self.info(instance, format!("#FTPFSIZE: {size}")),
            (FtpWait::WorkingDirectory, FtpAnswer::Lines(lines)) => {
                self.prefixed_lines(instance, "#FTPPWD: ", lines)
            }
            (FtpWait::Message, FtpAnswer::Lines(lines)) => self.prefixed_lines(instance, "#FTPMSG: ", lines),
            (FtpWait::Lines(mut next), FtpAnswer::Lines(lines)) => {
                self.info_lines(instance, &lines);
                if let Some((line, expected)) = next.pop_front() {
                    let order = Order::Ftp(FtpOrder::Command { line, expected });
                    let outcome = self.ftp_order(instance, order, FtpWait::Lines(next));
                    return outcome.err().into_iter().for_each(|error| self.complete(instance, Err(error)));
                }
            }
            _ => {}
        }
        self.complete(instance, Ok(()));
    }

    pub(crate) fn prefixed_lines(&mut self, instance: InstanceId, prefix: &str, mut lines: Vec<String>) {
        if self.quirks.bare_messages {
            return self.info_lines(instance, &lines);
        }
        match lines.first_mut() {
            Some(first) => first.insert_str(0, prefix),
            None => lines.push(prefix.trim_end().to_owned()),
        }
        self.info_lines(instance, &lines);
    }

    pub(super) fn ftp_failed(&mut self, error: &FtpError) {
        if let Some((instance, FtpWait::Close)) = self
            .ftp
            .session
            .as_ref()
            .and_then(|session| session.waiting.as_ref().map(|(instance, wait)| (*instance, wait)))
        {
            self.drop_session();
            return self.complete(instance, Ok(()));
        }
        match error {
            FtpError::Closed | FtpError::Malformed(_) => self.session_lost(),
            _ => self.end_ftp_wait(Err(command_error(error))),
        }
    }
}
