//! Executes command lines. Source: M37 p16-20, p34.

use bytes::Bytes;

use super::{Effect, InstanceId, Module, Timer};
use crate::command::parse::{self, Form};
use crate::command::value::Escapes;
use crate::command::{self, Call, Flow, Outcome};
use crate::entry::{Entered, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::fault::LineFault;
use crate::instance::{Mode, Running};
use crate::profile::TestAnswer;

impl Module {
    /// A command line has been typed.
    pub(super) fn begin_line(&mut self, id: InstanceId, text: Vec<u8>) {
        let mut delay = self.options.latency;
        let mut error = None;
        for fault in self.faults.on_line(&text) {
            match fault {
                LineFault::Delay(more) => delay += more,
                LineFault::Fail(failure) => error = Some(failure),
                LineFault::Mute => self.instance(id).mute = true,
                LineFault::Unsolicited(line) => self.unsolicited(id, &line),
                LineFault::Garbage(bytes) => self.instance(id).output.extend_from_slice(&bytes),
                LineFault::EchoOn => self.instance(id).settings.echo = true,
                LineFault::Reboot => return self.reset(),
                LineFault::Hang => return self.hang(),
                LineFault::Unplug => self.effects.push(Effect::Unplug),
                LineFault::NetworkLoss(time) => self.lose_network_for(time),
            }
        }
        let instance = self.instance(id);
        instance.mode = Mode::Busy;
        instance.running = Running { text, position: 0 };
        let error = error.or_else(|| self.refused_chain(id));
        if let Some(error) = error {
            return self.finish(id, Err(error));
        }
        if delay.is_zero() {
            self.run_line(id);
        } else {
            self.set_timer(Timer::Answer(id), delay);
        }
    }

    /// Executes what is left of the line.
    pub(super) fn run_line(&mut self, id: InstanceId) {
        loop {
            if self.is_cut(id) {
                return self.finish(id, Ok(()));
            }
            let outcome = match self.next_call(id) {
                Ok(Some(call)) => self.execute(&call),
                Ok(None) => return self.finish(id, Ok(())),
                Err(error) => Err(error),
            };
            if !matches!(outcome, Ok(Flow::Done)) {
                return self.continue_line(id, outcome);
            }
        }
    }

    fn refused_chain(&mut self, id: InstanceId) -> Option<AtError> {
        let refuses = self.quirks.chains_refused && parse::is_chain(&self.instance(id).running.text);
        refuses.then_some(AtError::Plain)
    }

    /// The first command of the line is done, and no other one will be.
    fn is_cut(&mut self, id: InstanceId) -> bool {
        let cuts = self.quirks.chains_cut;
        let running = &self.instance(id).running;
        cuts && running.position > 0 && parse::is_chain(&running.text)
    }

    /// A command that waited has ended.
    pub(crate) fn complete(&mut self, id: InstanceId, result: Result<(), AtError>) {
        match result {
            Ok(()) => self.run_line(id),
            Err(error) => self.finish(id, Err(error)),
        }
    }

    /// The line is over: the final result.
    pub(crate) fn finish(&mut self, id: InstanceId, result: Result<(), AtError>) {
        self.final_result(id, result);
        self.ready(id);
    }

    /// The instance reads commands again.
    pub(crate) fn ready(&mut self, id: InstanceId) {
        let instance = self.instance(id);
        instance.mode = Mode::Command;
        instance.running = Running::default();
        instance.mute = false;
        self.release_held(id);
    }

    pub(super) fn continue_line(&mut self, id: InstanceId, outcome: Outcome) {
        match outcome {
            Ok(Flow::Done) => self.run_line(id),
            Ok(Flow::Waiting | Flow::Online | Flow::Reset | Flow::Multiplexed) => {}
            Ok(Flow::Entry(entry)) => self.begin_entry(id, entry),
            Err(error) => self.finish(id, Err(error)),
        }
    }

    fn next_call(&mut self, id: InstanceId) -> Result<Option<Call>, AtError> {
        let hexadecimal = self.hexadecimal_escapes;
        let escapes = |name: &str| match name {
            _ if !hexadecimal => Escapes::Off,
            "#MQWCFG" => Escapes::SevenBit,
            _ => Escapes::Printable,
        };
        let running = &mut self.instance(id).running;
        let rest = running.text.get(running.position..).unwrap_or_default();
        let Some(parsed) = parse::next_command(rest, escapes)? else { return Ok(None) };
        let position = running.text.len() - parsed.rest.len();
        let call = Call { instance: id, name: parsed.name, form: parsed.form };
        running.position = position;
        Ok(Some(call))
    }

    fn execute(&mut self, call: &Call) -> Outcome {
        let specification = self.profile.command(&call.name).ok_or(AtError::Plain)?;
        if self.interface_style(call.instance) < *self.profile.general.interface_styles.end()
            && self.profile.needs_newest_style(&call.name)
        {
            return Err(AtError::Plain);
        }
        if self.quirks.will_restarts && call.name == "#MQWCFG" {
            self.reset();
            return Ok(Flow::Reset);
        }
        if call.form == Form::Test {
            match specification.test {
                TestAnswer::Ok => return Ok(Flow::Done),
                TestAnswer::Error => return Err(AtError::Plain),
                TestAnswer::Line(line) => {
                    self.info(call.instance, line);
                    return Ok(Flow::Done);
                }
                TestAnswer::Profiled(line) => {
                    self.info(call.instance, line(self.profile));
                    return Ok(Flow::Done);
                }
                TestAnswer::Computed => {}
            }
        } else if specification.needs_sim {
            self.sim_ready()?;
        }
        let handler = command::handler(&call.name).ok_or(AtError::Plain)?;
        handler(self, call)
    }

    fn begin_entry(&mut self, id: InstanceId, entry: Entry) {
        let prompt: &[u8] = match entry.prompt {
            Prompt::Triple => b"\r\n>>>",
            Prompt::Greater if self.quirks.bare_prompt => b"\r\n>",
            Prompt::Greater => b"\r\n> ",
        };
        self.answer(id, prompt);
        let empty = entry.is_empty_entry();
        self.instance(id).mode = Mode::Entry(entry);
        if empty {
            self.end_entry(id, Entered::Complete(Bytes::new()));
        } else {
            self.restart_entry_timer(id);
        }
    }

    /// The host has entered data.
    pub(super) fn use_entry(&mut self, id: InstanceId, purpose: Purpose, data: Bytes) -> Outcome {
        match purpose {
            Purpose::TlsSend { socket } => self.send_on_socket(id, socket, data),
            Purpose::PlainSend { socket } => self.send_plain(id, socket, data),
            Purpose::Certificate { .. } | Purpose::Preloaded { .. } => self.store_credential(purpose, &data),
            Purpose::Publish { client, topic, retain, qos } => {
                self.publish(id, client, topic, data, (retain, qos), cme::MQTT_PUBSEXT)
            }
            Purpose::HttpBody { .. } => self.send_body(id, purpose, data),
            Purpose::HttpUpload => self.upload_body(data),
            Purpose::FtpAppend { last } => self.append_block(id, data, last),
        }
    }
}
