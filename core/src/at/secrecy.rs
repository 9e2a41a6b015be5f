//! Whether a line of the module shows a secret of the command under way, and why.

use super::command_line::CommandLine;
use super::unsolicited;

/// What a line has to do with the secrets of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Nothing.
    Open,
    /// It holds a piece of one by chance, as a topic can hold the digits of a PIN: it is handed on, but not shown.
    Coincidence,
    /// It may be the echo of the command, damaged on its way: it is nobody's.
    Echo,
}

impl Secrecy {
    /// `echoed`: the echo of the command has come whole, so that no other echo of it follows.
    pub(crate) fn of(line: &[u8], command: &CommandLine, echoed: bool) -> Self {
        if !command.is_secret_in(line) {
            return Self::Open;
        }
        let is_code = echoed || unsolicited::is_known(line);
        // The end of a code can be lost, and then the echo stands behind it on the same line.
        if is_code && !command.is_copied_in(line) { Self::Coincidence } else { Self::Echo }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(password: &str, line: &str, echoed: bool) -> Secrecy {
        let command = CommandLine::set("#MQCONN").text("user", "u").secret_text("password", password);
        Secrecy::of(line.as_bytes(), &command.build().unwrap(), echoed)
    }

    #[test]
    fn a_code_that_holds_the_secret_is_a_coincidence() {
        for line in ["#MQRING: 1,1,1883,4", "#MQRING: 1,1,\"1883\",4", "+CEREG: 1,\"00A1\",\"01188300\",7"] {
            assert_eq!(of("1883", line, false), Secrecy::Coincidence, "{line}");
        }
        assert_eq!(of("1883", "#MQRING: 1,1,188,3", false), Secrecy::Open);
    }

    #[test]
    fn a_line_that_is_no_code_may_be_the_echo() {
        for line in ["AT#MQCXNN=\"u\",\"1883\"", "\"1883\"", "#MQCONN:\"u\",\"1883\"", "x1883"] {
            assert_eq!(of("1883", line, false), Secrecy::Echo, "{line}");
        }
    }

    #[test]
    fn behind_the_whole_echo_no_line_is_an_echo() {
        assert_eq!(of("1883", "#OTHER: 1883", true), Secrecy::Coincidence);
        assert_eq!(of("1883", "#OTHER: 1883", false), Secrecy::Echo);
        assert_eq!(of("1883", "AT#MQCONN=\"u\",\"1883\"", true), Secrecy::Echo);
    }

    #[test]
    fn an_echo_behind_a_code_whose_line_end_was_lost_is_an_echo() {
        for line in [
            "+CEREG: 1AT#MQCONN=\"u\",\"1883\"",
            "+CEREG: 1AT#MQCXNN=\"u\",\"1883\"",
            "+CEREG: 1AT#MQCONN=\"v\",\"1883\"",
        ] {
            assert_eq!(of("1883", line, false), Secrecy::Echo, "{line}");
        }
    }
}
