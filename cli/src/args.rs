//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, Parser, Subcommand};
use telit_core::platform::PlatformId;

use crate::action::{at, aws, demo, doctor, ftps, https, mqtt, provision, simulate, socket};
use crate::clock::ClockChoice;
use crate::failure::Failure;
use crate::recovery::RecoveryArguments;
use crate::resolve::Resolve;
use crate::tls::TlsArguments;

/// The services inside Telit cellular modules: MQTT, HTTPS and FTPS, with TLS done by the module
#[derive(Debug, Parser)]
#[command(name = "telit", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 2 usage; 3 port or link; 4 the module refused; 5 network or TLS; \
6 verification failed; 7 TLS busy with another service; 1 anything else."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(flatten)]
    pub(crate) tls: TlsArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command, accepted before and after it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// AT port of the module: a path, usb:VENDOR:PRODUCT (then :SERIAL, @INTERFACE) such as usb:1bc7:110a@02, or sim:37 for
    /// a virtual module in this process
    #[arg(long, value_name = "PATH|usb:IDS|sim:PLATFORM", env = "TELIT_PORT", global = true)]
    pub(crate) port: Option<String>,
    /// Line rate: 115200 on a port, unlimited on a virtual module
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(300..=4_000_000), global = true)]
    pub(crate) baud: Option<u32>,
    /// Platform of the module: auto, 10, 13, 16, 12, 20, 23, 25-linux, 25-threadx, 30, 37, 52
    #[arg(long, value_name = "ID", default_value = "auto", hide_default_value = true, global = true)]
    pub(crate) platform: PlatformChoice,
    /// Access point name; without it the module's own setting is used, or the network's choice
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) apn: Option<String>,
    /// Packet data context; without it the one that the model uses for the Internet, which is 1 nearly everywhere
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16), global = true)]
    pub(crate) cid: Option<u8>,
    /// Open several AT channels on the port by the module's multiplexer; while the first one works, the second one
    /// tells the signal on standard error
    #[arg(long, global = true)]
    pub(crate) multiplex: bool,
    #[arg(
        long,
        help = "Whose time the module's clock is to show: computer, network, or ntp:HOST[:PORT] for a time server",
        value_name = "SOURCE",
        default_value = "computer",
        hide_default_value = true,
        global = true
    )]
    pub(crate) clock: ClockChoice,
    /// Where a host of the virtual network really is (repeatable; only with sim: and simulate)
    #[arg(long, value_name = "HOST:PORT=ADDR:PORT", global = true)]
    pub(crate) resolve: Vec<Resolve>,
    /// One JSON object a line on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Record the conversation with the module, secrets redacted
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) transcript: Option<PathBuf>,
    /// Log more to standard error (-vv for all)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// No logs, remarks and progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) recovery: RecoveryArguments,
}

/// The value of `--platform`: `None` is `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlatformChoice(pub(crate) Option<PlatformId>);

impl FromStr for PlatformChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self(None));
        }
        text.parse().map(|id| Self(Some(id))).map_err(|_| {
            let names = PlatformId::ALL.map(PlatformId::as_str).join(", ");
            format!("use auto or one of {names}")
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show model, firmware, registration and who holds TLS
    Info,
    /// Store certificates and key on the module where it holds others, list or remove what it holds
    Provision(provision::ProvisionArguments),
    /// Publish to or receive from an MQTT broker
    #[command(subcommand)]
    Mqtt(mqtt::MqttCommand),
    /// Read, change and follow device shadows of AWS IoT, list jobs
    #[command(subcommand)]
    Aws(aws::AwsCommand),
    /// Send a request to a web server
    #[command(
        subcommand,
        after_help = "Every answer of the server is a success, whatever its status, unless --fail is given: then a \
status of 400 or above is an error with exit code 5."
    )]
    Https(https::HttpsCommand),
    /// Transfer files with a file server
    #[command(subcommand)]
    Ftps(ftps::FtpsCommand),
    /// Connect standard input and output to a TLS server
    #[command(
        after_help = "It ends when the server closes, or with --timeout after the end of standard input: the module \
cannot tell the server that nothing more will come. At the end it prints {\"sent\",\"received\"} to standard error."
    )]
    Socket(socket::SocketArguments),
    /// Find out why the module does not connect to a server by TLS, and what to do
    #[command(
        after_help = "If the handshake fails as it was asked for, it is tried with one thing changed at a time, such as \
without verification of the server, to find the cause. No data are sent over such a connection, and the module's settings \
are put back. Exit code 0 if all is well."
    )]
    Doctor(doctor::DoctorArguments),
    /// Send one AT command as it stands and show the answer
    At(at::AtArguments),
    /// Run a virtual module behind a serial port of its own
    Simulate(simulate::SimulateArguments),
    /// Show everything on a virtual module: MQTT, HTTPS and FTPS with real servers
    Demo(demo::DemoArguments),
}

impl Arguments {
    /// What the parser cannot check, because an option may stand before or after the command.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let virtual_network = match self.command {
            Command::Simulate(_) => true,
            Command::Demo(_) => false,
            _ => self.global.port.as_deref().is_some_and(|port| port.starts_with("sim:")),
        };
        if !virtual_network && !self.global.resolve.is_empty() {
            return Err(Failure::usage("--resolve is for the virtual network only")
                .hint("use it with --port sim:37 or with simulate"));
        }
        self.global.recovery.check(&self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        crate::help::parse(line.split_whitespace())
    }

    #[test]
    fn global_and_tls_options_stand_before_and_after_the_command() {
        let options = "--port /dev/ttyUSB2 --baud 921600 --platform 37 --apn iot --cid 3 --json -vv \
                       --ca ca.pem --cert c.pem --key k.pem --min-tls 1.3 --cipher 0xC02F --danger-skip-host-check";
        for line in [format!("telit {options} info"), format!("telit info {options}")] {
            let arguments = parse(&line).unwrap();
            let global = &arguments.global;
            assert_eq!(global.port.as_deref(), Some("/dev/ttyUSB2"));
            assert_eq!((global.baud, global.cid, global.verbose), (Some(921_600), Some(3), 2));
            assert_eq!(global.platform, PlatformChoice(Some(PlatformId::P37)));
            assert_eq!(global.apn.as_deref(), Some("iot"));
            assert!(global.json && !global.quiet);
            assert_eq!(arguments.tls.ca, [PathBuf::from("ca.pem")]);
            assert_eq!(arguments.tls.min_tls, "1.3".parse().unwrap());
            assert_eq!(arguments.tls.cipher, ["0xC02F".parse().unwrap()]);
            assert!(arguments.tls.danger_skip_host_check && !arguments.tls.danger_no_verify);
        }
        let more = "--persistent --keep-alive 90 --will-topic w --will-message -m --will-qos 0 --will-retain";
        parse(&format!("telit mqtt pub --host h --client-id c --topic t --topic u --lines {more}")).unwrap();
        parse(&format!("telit mqtt sub --host h --client-id c --topic t {more}")).unwrap();
        parse("telit mqtt --json pub --host h --client-id c --topic t --message m --ca ca.pem").unwrap();
    }

    #[test]
    fn defaults() {
        let arguments = parse("telit info").unwrap();
        assert_eq!(arguments.global.platform, PlatformChoice(None));
        assert_eq!((arguments.global.baud, arguments.global.cid), (None, None));
        assert_eq!(arguments.tls.min_tls, "1.2".parse().unwrap());
    }

    #[test]
    fn names_of_the_virtual_network_need_one() {
        let name = "--resolve a:1=127.0.0.1:2";
        assert!(parse(&format!("telit --port sim:37 {name} info")).unwrap().check().is_ok());
        assert!(parse(&format!("telit simulate --platform 37 --link l {name}")).unwrap().check().is_ok());
        for command in ["info", "demo", "--port /dev/ttyUSB2 info"] {
            assert!(parse(&format!("telit {name} {command}")).unwrap().check().is_err(), "{command}");
        }
    }

    #[test]
    fn recovery_is_for_commands_that_go_on() {
        let hook = "--recover --reset-command reset --heartbeat 0";
        let mqtt = "mqtt sub --host h --client-id c --topic t";
        for command in ["info", "ftps size ftps://h/f", "https get https://h/", "socket h:1", mqtt] {
            assert!(parse(&format!("telit {hook} {command}")).unwrap().check().is_ok(), "{command}");
            for alone in ["--reset-command reset", "--heartbeat 5"] {
                let arguments = parse(&format!("telit {alone} {command}")).unwrap();
                assert!(arguments.check().is_err(), "{alone} {command}");
            }
        }
        for command in ["provision", "at AT", "doctor h:1", "demo", "simulate --platform 37 --link l"] {
            assert!(parse(&format!("telit --recover {command}")).unwrap().check().is_err(), "{command}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "telit nothing",
            "telit info --platform 38",
            "telit info --min-tls 1.1",
            "telit info --cipher RC5",
            "telit info --resolve a=b",
            "telit info --cid 0",
            "telit info --recover --heartbeat often",
            "telit info --recover --heartbeat 86401",
            "telit info --recover --reset-command ''",
            "telit info --clock pool.ntp.org",
            "telit at",
            "telit doctor",
            "telit doctor host",
            "telit mqtt pub --host h --client-id c --topic t",
            "telit mqtt pub --host h --client-id c --topic t --message m --file f",
            "telit mqtt pub --host h --client-id c --topic t --message m -",
            "telit mqtt pub --host h --client-id c --topic t --message m --qos 3",
            "telit mqtt pub --host h --client-id c --topic t --message m --lines",
            "telit mqtt pub --host h --client-id c --message m",
            "telit mqtt sub --host h --client-id c --topic t --will-topic w",
            "telit mqtt sub --host h --client-id c --topic t --will-message m",
            "telit mqtt sub --host h --client-id c --topic t --will-retain",
            "telit mqtt sub --host h --client-id c --topic t --keep-alive 0",
            "telit https post https://h/ --data a --data-file b",
            "telit https get https://h/ --data a",
            "telit simulate --platform 37",
            "telit aws shadow get --thing t",
            "telit aws shadow update --endpoint e --thing t",
            "telit aws shadow update --endpoint e --thing t --reported {",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
