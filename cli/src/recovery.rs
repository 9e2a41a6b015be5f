//! `--recover`: going on when the module is lost.

use std::time::Duration;

use clap::Args;
use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;
use telit_core::supervisor::{Remedy, SupervisorEvent, SupervisorEvents, SupervisorOptions};

use crate::args::Command;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::reset_command::ResetCommand;

/// Options of commands that go on when the module is lost.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Recovery options")]
pub(crate) struct RecoveryArguments {
    /// Bring the module back when its port is lost, it restarts or hangs: mqtt sub, ftps get and https get
    /// --resume go on, anything else under way ends with an error; what is lost and back is told on standard error
    #[arg(long, global = true)]
    pub(crate) recover: bool,
    /// Program and arguments, run without a shell, that reset the hardware when nothing else helps; it has a minute
    /// (with --recover)
    #[arg(long, value_name = "COMMAND", global = true)]
    reset_command: Option<ResetCommand>,
    /// How often a quiet module is asked whether it has lost anything, 0 for never [default: 30] (with --recover)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=86_400), global = true)]
    heartbeat: Option<u64>,
}

impl RecoveryArguments {
    /// What goes together.
    pub(crate) fn check(&self, command: &Command) -> Result<(), Failure> {
        let goes_on = matches!(
            command,
            Command::Info
                | Command::Mqtt(_)
                | Command::Aws(_)
                | Command::Https(_)
                | Command::Ftps(_)
                | Command::Socket(_)
        );
        if self.recover && !goes_on {
            return Err(Failure::usage("--recover is for info, mqtt, https, ftps and socket only")
                .hint("leave it out: this command is done at once or not at all"));
        }
        let option = match (&self.reset_command, self.heartbeat) {
            _ if self.recover => return Ok(()),
            (Some(_), _) => "--reset-command",
            (None, Some(_)) => "--heartbeat",
            (None, None) => return Ok(()),
        };
        Err(Failure::usage(format!("{option} does nothing without --recover"))
            .hint("give both, or leave it out"))
    }

    pub(crate) fn options(&self, output: Output) -> SupervisorOptions {
        let options = match self.heartbeat {
            Some(0) => SupervisorOptions::default().heartbeat(None),
            Some(seconds) => SupervisorOptions::default().heartbeat(Some(Duration::from_secs(seconds))),
            None => SupervisorOptions::default(),
        };
        let Some(command) = self.reset_command.clone() else { return options };
        options.hardware_reset(move || {
            let command = command.clone();
            async move {
                let done = command.run().await;
                if let Err(error) = &done {
                    output.remark(&format!("recovery: {error}"));
                }
                done
            }
        })
    }
}

/// Tells on standard error what is lost and what is back, as long as the supervisor lives.
pub(crate) fn tell(mut events: SupervisorEvents, output: Output) {
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Some(text) = text(&event) {
                output.remark(&format!("recovery: {text}"));
            }
        }
    });
}

/// In one line, as people say it.
fn text(event: &SupervisorEvent) -> Option<String> {
    Some(match event {
        SupervisorEvent::Lost { cause } => cause.to_string(),
        SupervisorEvent::Trying { remedy, attempt, because } => {
            format!("{because}; attempt {attempt}: {}", doing(*remedy)?)
        }
        SupervisorEvent::Recovered { restarted, took, .. } => {
            let kept = if *restarted { "it had restarted" } else { "it had run on" };
            format!("the module is back after {}, {kept}", output::duration(*took))
        }
        SupervisorEvent::GaveUp { reason, took, .. } => {
            format!("the module is given up after {}: {reason}", output::duration(*took))
        }
        SupervisorEvent::Service(event) => return service_text(event.service, &event.change),
        SupervisorEvent::Missed(count) => format!("{count} events were missed"),
        _ => return None,
    })
}

fn service_text(service: Service, change: &ServiceChange) -> Option<String> {
    Some(match change {
        ServiceChange::Lost { reason } => format!("{service} is lost: {reason}"),
        ServiceChange::Resumed { took } => format!("{service} is back after {}", output::duration(*took)),
        ServiceChange::GaveUp { reason } => format!("{service} is given up: {reason}"),
        _ => return None,
    })
}

fn doing(remedy: Remedy) -> Option<&'static str> {
    Some(match remedy {
        Remedy::TryAgain => "trying again",
        Remedy::ReopenPort => "opening the port again",
        Remedy::CycleRadio => "switching the radio off and on",
        Remedy::RestartModule => "restarting the module",
        Remedy::ResetHardware => "resetting the hardware",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use telit_core::supervisor::Cause;

    use super::*;

    #[test]
    fn what_people_read() {
        let took = Duration::from_millis(12_340);
        let table = [
            (SupervisorEvent::Lost { cause: Cause::PortLost }, "the port is lost"),
            (
                SupervisorEvent::Trying {
                    remedy: Remedy::ReopenPort,
                    attempt: 1,
                    because: "no port /dev/ttyUSB2".into(),
                },
                "no port /dev/ttyUSB2; attempt 1: opening the port again",
            ),
            (
                SupervisorEvent::Recovered { cause: Cause::Echo, restarted: true, attempts: 2, took },
                "the module is back after 12.3 s, it had restarted",
            ),
            (
                SupervisorEvent::Recovered { cause: Cause::PortLost, restarted: false, attempts: 2, took },
                "the module is back after 12.3 s, it had run on",
            ),
            (
                SupervisorEvent::GaveUp { cause: Cause::Silence, reason: "no answer".into(), took },
                "the module is given up after 12.3 s: no answer",
            ),
            (SupervisorEvent::Missed(3), "3 events were missed"),
        ];
        for (event, expected) in table {
            assert_eq!(text(&event).as_deref(), Some(expected));
        }
        let table = [
            (ServiceChange::Lost { reason: "the port was lost".into() }, "mqtt is lost: the port was lost"),
            (ServiceChange::Resumed { took }, "mqtt is back after 12.3 s"),
            (ServiceChange::GaveUp { reason: "refused".into() }, "mqtt is given up: refused"),
        ];
        for (change, expected) in table {
            assert_eq!(service_text(Service::Mqtt, &change).as_deref(), Some(expected));
        }
    }
}
