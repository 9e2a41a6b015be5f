//! What the numbers and texts of the module's refusals say, whatever was tried.

use telit_core::at::{ErrorFamily, ModuleError};

/// Numbers and text of a refusal. Source: M37 p23-26.
type Refusal = (&'static [u32], &'static str);

const NAME: [Refusal; 3] =
    [(&[603], "Can not resolve name"), (&[625], "FTP host not found"), (&[558], "can not resolve DN")];
const CONNECT: [Refusal; 19] = [
    (&[30], "no network service"),
    (&[31], "network timeout"),
    (&[555], "activation failed"),
    (&[602], "Can not activate"),
    (&[604], "Can not allocate control socket"),
    (&[605], "Can not connect control socket"),
    (&[606], "Bad or no response from server"),
    (&[609], "Context down"),
    (&[556], "context not opened"),
    (&[559], "time-out in opening socket"),
    (&[560], "can not open socket"),
    (&[561], "remote disconnected or time-out"),
    (&[562], "connection failed"),
    (&[616], "FTP disconnected"),
    (&[633], "FTP timed out"),
    (&[636], "FTP server not ready"),
    (&[637], "FTP server shutdown"),
    (&[642], "FTP open channel timeout"),
    (&[643], "FTP communication timeout"),
];
const LOGIN: [Refusal; 2] =
    [(&[634], "FTP login incorrect"), (&[639, 640], "FTP user ID and password don't match")];
const NO_SESSION: [Refusal; 2] = [(&[607], "Not connected"), (&[615], "FTP not connected")];
/// The session ended before the command, or behind it: the reply could not be read.
const LOST: [Refusal; 4] = [
    (&[616], "FTP disconnected"),
    (&[617], "FTP read command closed"),
    (&[619], "FTP write command closed"),
    (&[637], "FTP server shutdown"),
];
/// More of what the network does behind the connecting.
const BROKEN: [Refusal; 9] = [
    (&[563], "tx error"),
    (&[565], "socket disconnection"),
    (&[614], "FTP CmdMode data socket closed"),
    (&[618], "FTP read command error"),
    (&[620], "FTP write command error"),
    (&[621], "FTP read data closed"),
    (&[622], "FTP read data error"),
    (&[623], "FTP write data closed"),
    (&[624], "FTP write data error"),
];
/// Refusals that name no reason; so does a bare `ERROR`.
const UNEXPLAINED: [Refusal; 6] = [
    (&[600], "Generic undocumented error"),
    (&[601], "wrong state"),
    (&[630], "FTP file get failure"),
    (&[631], "FTP file put failure"),
    (&[638], "FTP unexpected reply"),
    (&[644], "FTP unknown error"),
];
const DATA: [Refusal; 4] = [
    (&[626], "FTP accept failure"),
    (&[627], "FTP listen failure"),
    (&[628], "FTP bind failure"),
    (&[642], "FTP open channel timeout"),
];

/// A session exists already. Source: M37 p25; IPE28 p123.
pub(super) fn is_already_connected(error: &ModuleError) -> bool {
    error.is(&[608], "Already connected")
}

/// Another AT port of the module has the session. Source: M37 p25.
pub(super) fn is_other_port(error: &ModuleError) -> bool {
    error.is(&[612], "Resource used by other instance")
}

/// The name of a server is not resolved.
pub(super) fn is_name(error: &ModuleError) -> bool {
    one_of(error, &NAME)
}

/// User or password are wrong.
pub(super) fn is_login(error: &ModuleError) -> bool {
    one_of(error, &LOGIN)
}

/// There was no session when the command came, so it did nothing.
pub(super) fn is_without_session(error: &ModuleError) -> bool {
    one_of(error, &NO_SESSION)
}

/// There is no session any more.
pub(super) fn is_session_gone(error: &ModuleError) -> bool {
    is_without_session(error) || one_of(error, &LOST)
}

/// The network or the connection is what failed.
pub(super) fn is_network(error: &ModuleError) -> bool {
    one_of(error, &NAME) || one_of(error, &CONNECT) || one_of(error, &BROKEN)
}

/// No reason is named.
pub(super) fn is_unexplained(error: &ModuleError) -> bool {
    error.family() == ErrorFamily::Plain || one_of(error, &UNEXPLAINED)
}

/// There is no data connection: for one of these reasons, or with `NO CARRIER` instead of `CONNECT`. Source: IPE15 p44.
pub(super) fn is_data_connection(error: &ModuleError) -> bool {
    error.family() == ErrorFamily::Call || one_of(error, &DATA)
}

/// The server does not have the file.
pub(super) fn is_file_not_found(error: &ModuleError) -> bool {
    error.is(&[632], "FTP file not found")
}

fn one_of(error: &ModuleError, refusals: &[Refusal]) -> bool {
    refusals.iter().any(|(numbers, text)| error.is(numbers, text))
}
