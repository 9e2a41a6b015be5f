//! Passwords, which never are arguments: everybody on the machine can read those.

use crate::failure::Failure;

/// The password in an environment variable. The variable's name may be shown, its value never.
pub(crate) fn from_environment(variable: &str) -> Result<String, Failure> {
    std::env::var(variable).map_err(|_| {
        Failure::usage(format!("the environment variable {variable} holds no password"))
            .hint(format!("set {variable}, or name another variable with --password-env"))
    })
}
