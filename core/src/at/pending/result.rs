//! The final result, and what it means for the exchange.

use super::block::MARK_MISSING;
use super::{Pending, Phase, Step};
use crate::at::connection::Connection;
use crate::at::event::Failure;
use crate::at::exchange::Shape;
use crate::at::result_code::Final;

impl Pending {
    /// Whether a line is the final result.
    #[inline]
    pub(super) fn is_final_result(&self, text: &[u8]) -> bool {
        let may_be_another = self.exchange.numeric_result || self.expects_stream().is_some();
        text == b"OK" || (may_be_another || Final::may_be(text)) && self.final_result(text).is_some()
    }

    pub(super) fn final_result(&self, text: &[u8]) -> Option<Final> {
        Final::parse(text)
            .or_else(|| self.dial_result(text))
            .or_else(|| self.exchange.numeric_result.then(|| Final::parse_numeric(text)).flatten())
    }

    /// The end of another connection is no answer to this dial.
    fn dial_result(&self, text: &[u8]) -> Option<Final> {
        self.expects_stream()?;
        let named = Connection::of_no_carrier(text);
        match named.is_none() || named == Connection::of_command(&self.exchange.line) {
            true => Final::parse_dial(text),
            false => None,
        }
    }

    pub(crate) fn finish(&mut self, result: Final) -> Step {
        match (result, self.expects_stream()) {
            // The rest of the payload may still be on its way to a module that reads commands again.
            (Final::Error(error), _) if self.payload_sent => {
                Step::Lost(Failure::Refused(error.behind_payload()))
            }
            (Final::Error(error), _) if matches!(self.exchange.expect.0, Shape::Text { foreign: true }) => {
                Step::Unsure(Err(Failure::Refused(error)))
            }
            (Final::Error(_), _) if self.stray_line => Step::Lost(Failure::Unexpected(MARK_MISSING)),
            (Final::Error(error), _) => Step::Done(Err(Failure::Refused(error))),
            (Final::Connect, Some(ending)) => Step::Connected(std::mem::take(&mut self.reply), ending),
            // Some examples print OK before CONNECT. Source: M37 p897.
            (Final::Ok, Some(_)) => Step::Again,
            (Final::Connect, None) => Step::Lost(Failure::Unexpected("CONNECT without a dial command")),
            (Final::Ok, None) => self.finish_ok(),
        }
    }

    fn finish_ok(&mut self) -> Step {
        match &self.exchange.expect.0 {
            Shape::Prompt { payload, .. } if !payload.is_empty() && !self.payload_sent => {
                Step::Done(Err(Failure::Unexpected("OK before the module asked for the data")))
            }
            Shape::Unannounced { .. } if self.phase == Phase::Lines => {
                // What looks like the end may stand in the data.
                Step::Lost(Failure::Unexpected(MARK_MISSING))
            }
            // The header was damaged, and what looks like the end may stand in the bytes that it announced.
            Shape::Block { .. } if self.reply.lines.is_empty() => {
                Step::Lost(Failure::Unexpected("OK without the header of a block"))
            }
            Shape::Text { foreign: true } => Step::Unsure(Ok(std::mem::take(&mut self.reply))),
            _ if self.ended_by_silence => Step::Unsure(Ok(std::mem::take(&mut self.reply))),
            _ => Step::Done(Ok(std::mem::take(&mut self.reply))),
        }
    }
}
