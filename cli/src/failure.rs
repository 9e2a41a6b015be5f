//! What the tool says and returns when something fails.

use std::fmt;
use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use telit_core::at::InvalidValue;
use telit_core::channels::{ChannelsError, NoSuchChannel};
use telit_core::download::{DownloadError, SourceError};
use telit_core::exclusive::LeaseError;
use telit_core::modem::{BringUpError, OpenError};
use telit_core::socket::SocketError;
use telit_core::supervisor::StartError;
use telit_core::tls::{CredentialError, TlsError, TlsFailure, TlsOptionsError};
use telit_core::transport::SerialError;
use telit_core::{Category, CommandError};
use telit_ftps::TransferError;
use telit_https::{BodyError, RequestError};
use telit_mqtt::aws::EndpointError;
use telit_mqtt::aws::jobs::JobsError;
use telit_mqtt::aws::shadow::ShadowError;
use telit_mqtt::{DisconnectError, PublishError, SubscribeError};

/// A failed command: whose turn it is, what happened, what to try.
#[derive(Debug)]
pub(crate) struct Failure {
    category: Category,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(category: Category, message: impl fmt::Display) -> Self {
        Self { category, message: one_line(&message.to_string()), hint: None }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Category::Usage, message)
    }

    /// A hint of its own, or the remedy that stands behind a semicolon in messages about credentials.
    fn explained(category: Category, text: &str, hint: Option<&str>) -> Self {
        match (hint, text.split_once("; ")) {
            (Some(hint), _) => Self::new(category, text).hint(hint),
            (None, Some((message, remedy))) if category == Category::Usage => {
                Self::new(category, message).hint(remedy)
            }
            (None, _) => Self::new(category, text),
        }
    }

    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(one_line(&hint.to_string()));
        self
    }

    pub(crate) fn hint_if(self, hint: Option<impl fmt::Display>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Adds what it is about in front of the message.
    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    pub(crate) fn about_if(self, applies: bool, subject: impl fmt::Display) -> Self {
        if applies { self.about(subject) } else { self }
    }

    pub(crate) fn category(&self) -> Category {
        self.category
    }

    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn exit_code(&self) -> u8 {
        exit_code(self.category)
    }

    /// Tells the person at the terminal and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        complain(&self.message, self.hint.as_deref().unwrap_or_else(|| general_hint(self.category)));
        ExitCode::from(self.exit_code())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn exit_code(category: Category) -> u8 {
    match category {
        Category::Usage => 2,
        Category::Link => 3,
        Category::Refused => 4,
        Category::Network => 5,
        Category::Verification => 6,
        Category::Busy => 7,
        _ => 1,
    }
}

#[expect(clippy::print_stderr, reason = "the one place that reports errors")]
fn complain(message: &str, hint: &str) {
    // In one piece, so that no line of the log comes between.
    eprint!("error: {message}\nhint: {hint}\n");
}

/// What to try when nothing better is known.
fn general_hint(category: Category) -> &'static str {
    match category {
        Category::Usage => "see `telit COMMAND --help`",
        Category::Link => CHECK_PORT,
        Category::Refused => {
            "the module gives no other reason; try the command by itself with `telit at`, or see all with -vv"
        }
        Category::Network => "check host, port, the network and the access point name (--apn)",
        Category::Verification => "transfer it again, and check what was expected",
        Category::Busy => END_THE_OTHER,
        _ => "run it again with -vv, or with --transcript FILE to see the conversation with the module",
    }
}

const CHECK_PORT: &str =
    "check that the module is powered, that this is its AT port, and the line rate (--baud)";

/// A fault of the tool itself ends like every other error: one line, no backtrace.
pub(crate) fn hide_backtraces() {
    std::panic::set_hook(Box::new(|fault| {
        let place = fault.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let message = format!("internal fault{}", place.unwrap_or_default());
        complain(&message, "please report it, with a transcript (--transcript FILE)");
    }));
}

/// Help and version go out as they are; a mistake becomes one line and a hint.
pub(crate) fn report_arguments(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Nothing can be done if the terminal is gone.
            let printed = error.print();
            ExitCode::from(if error.use_stderr() || printed.is_err() { 2 } else { 0 })
        }
        _ => from_arguments(error).report(),
    }
}

fn from_arguments(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: ").map(str::to_owned));
    Failure::usage(message)
        .hint(tip.unwrap_or_else(|| "see `telit --help` or `telit COMMAND --help`".to_owned()))
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Category::Other, error)
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let hint = TlsFailure::of(&error).map(TlsFailure::hint).or_else(|| command_hint(&error));
        Self::new(error.category(), &error).hint_if(hint)
    }
}

fn command_hint(error: &CommandError) -> Option<&'static str> {
    match error {
        CommandError::NotResponding { .. } | CommandError::TimedOut { .. } => Some(CHECK_PORT),
        CommandError::LinkLost { .. } => {
            Some("the port closed: check the cable, or wait for the module to restart")
        }
        CommandError::Restarted { .. } => {
            Some("see why the module restarts: power supply, heat, a reset line")
        }
        _ => None,
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Serial(error) => error.into(),
            OpenError::Command(error) => error.into(),
            OpenError::NoModule => Self::new(error.category(), &error).hint(CHECK_PORT),
            OpenError::UnknownModel { .. } => Self::new(error.category(), &error).hint("give --platform"),
            OpenError::Undecided { candidates, .. } => {
                let names: Vec<_> = candidates.iter().map(|candidate| candidate.as_str()).collect();
                let hint = format!("give --platform {}", names.join(" or --platform "));
                Self::new(error.category(), &error).hint(hint)
            }
            _ => Self::new(error.category(), &error),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Open(error) => error.into(),
            StartError::BringUp(error) => error.into(),
            StartError::Channels(error) => error.into(),
            _ => Self::new(error.category(), &error),
        }
    }
}

impl From<ChannelsError> for Failure {
    fn from(error: ChannelsError) -> Self {
        match error {
            ChannelsError::Open(error) => error.into(),
            ChannelsError::NoMultiplexer { .. } => {
                Self::new(error.category(), &error).hint("leave --multiplex out")
            }
            _ => Self::new(error.category(), &error),
        }
    }
}

impl From<NoSuchChannel> for Failure {
    fn from(error: NoSuchChannel) -> Self {
        Self::new(Category::Other, error)
    }
}

impl From<SerialError> for Failure {
    fn from(error: SerialError) -> Self {
        let hint = match &error {
            SerialError::InvalidName(_) => {
                "give a path, or usb:VENDOR:PRODUCT[:SERIAL][@INTERFACE] such as usb:1bc7:110a@02"
            }
            SerialError::NotFound { .. } => {
                "give the module's AT port with --port, or sim:37 for a virtual module"
            }
            SerialError::NoSuchUsbPort { .. } => {
                "check that the module is powered and plugged in, and its ids"
            }
            SerialError::Ambiguous { .. } => {
                "give the one that takes AT commands with its serial number and interface, or by a link in \
/dev/serial/by-path"
            }
            SerialError::InUse { .. } => "close the other program, or use another AT port of the module",
            _ => "check the name of the port and the permission to use it",
        };
        Self::new(error.category(), &error).hint(hint)
    }
}

/// The errors of the services explain themselves.
macro_rules! explained {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let category = error.category();
                let hint = if category == Category::Busy { Some(END_THE_OTHER) } else { error.hint() };
                Self::explained(category, &error.to_string(), hint)
            }
        })+
    };
}

const END_THE_OTHER: &str = "one service at a time has the module's TLS: end the other one first";

explained!(
    BodyError,
    DisconnectError,
    JobsError,
    PublishError,
    RequestError,
    ShadowError,
    SubscribeError,
    SocketError,
    TransferError,
    telit_ftps::ConnectError,
    telit_mqtt::ConnectError,
);

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::explained(Category::Usage, &error.to_string(), None)
    }
}

impl From<InvalidValue> for Failure {
    fn from(error: InvalidValue) -> Self {
        Self::usage(error)
    }
}

impl<E: SourceError> From<DownloadError<E>> for Failure {
    fn from(error: DownloadError<E>) -> Self {
        let kept = error.is_resumable() || matches!(error, DownloadError::ModuleDown { .. });
        let hint = if kept {
            Some("run it again with --resume: what has come so far is kept in the part file")
        } else {
            error.hint()
        };
        Self::new(error.category(), &error).hint_if(hint)
    }
}

impl From<BringUpError> for Failure {
    fn from(error: BringUpError) -> Self {
        let hint = match &error {
            BringUpError::LastPinAttempt => Some(
                "enter the right PIN with telit at 'AT+CPIN=...' or in a telephone: the SIM has one attempt left",
            ),
            BringUpError::NotRegistered { .. } => Some("check the antenna and the SIM's subscription"),
            BringUpError::Context { .. } => {
                Some("check the access point name (--apn) and the context (--cid)")
            }
            _ => None,
        };
        Self::new(error.category(), &error).hint_if(hint)
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Command(error) => error.into(),
            error => Self::new(error.category(), &error).hint(END_THE_OTHER),
        }
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Credential(error) => error.into(),
            TlsError::Lease(error) => error.into(),
            error => Self::explained(error.category(), &error.to_string(), error.hint()),
        }
    }
}

impl From<TlsOptionsError> for Failure {
    fn from(error: TlsOptionsError) -> Self {
        let hint = match error {
            TlsOptionsError::NoAuthority => Some("give --ca FILE; --danger-no-verify trusts anybody"),
            _ => None,
        };
        Self::explained(Category::Usage, &error.to_string(), hint)
    }
}

impl From<CredentialError> for Failure {
    /// These messages are made of what is wrong and, behind a semicolon, what to do.
    fn from(error: CredentialError) -> Self {
        Self::explained(Category::Usage, &error.to_string(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_its_exit_code() {
        let codes = [
            (Category::Usage, 2),
            (Category::Link, 3),
            (Category::Refused, 4),
            (Category::Network, 5),
            (Category::Verification, 6),
            (Category::Busy, 7),
            (Category::Other, 1),
        ];
        for (category, code) in codes {
            assert_eq!(Failure::new(category, "x").exit_code(), code, "{category:?}");
        }
    }

    #[test]
    fn messages_are_one_line() {
        let failure = Failure::usage("two\r\nlines\u{1b}[31m").hint("a\nb");
        assert_eq!(failure.message, "two lines [31m");
        assert_eq!(failure.hint.as_deref(), Some("a b"));
    }

    #[test]
    fn the_remedy_of_a_credential_becomes_the_hint() {
        let failure = Failure::from(CredentialError::KeyMismatch { subject: "CN=x".into() });
        assert_eq!(failure.message, "the private key does not belong to the client certificate CN=x");
        assert_eq!(failure.hint.as_deref(), Some("give the key it was issued for"));
        assert_eq!(failure.exit_code(), 2);
    }

    #[test]
    fn the_remedy_inside_another_error_becomes_the_hint_too() {
        let error = CredentialError::KeyMismatch { subject: "CN=x".into() };
        let failure = Failure::from(telit_mqtt::ConnectError::TlsSetup(error.into()));
        assert!(failure.message.ends_with("client certificate CN=x"), "{failure:?}");
        assert_eq!(failure.hint.as_deref(), Some("give the key it was issued for"));
    }

    #[test]
    fn a_missing_port_is_a_link_error() {
        let error = SerialError::NotFound { path: "/dev/none".into() };
        let failure = Failure::from(OpenError::from(error));
        assert_eq!((failure.exit_code(), failure.message.as_str()), (3, "no port /dev/none"));
    }
}
