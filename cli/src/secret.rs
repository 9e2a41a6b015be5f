//! Passwords, which never are arguments: everybody on the machine can read those.

use crate::failure::Failure;

/// The password in the environment variable that `--password-env` names.
pub(crate) fn password(variable: &str) -> Result<String, Failure> {
    from_environment(variable, "password", "--password-env")
}

/// What is in an environment variable that an option names. The variable's name may be shown, its value never.
pub(crate) fn from_environment(variable: &str, what: &str, option: &str) -> Result<String, Failure> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        Failure::usage(format!("the environment variable {variable} holds no {what}"))
            .hint(format!("set {variable} and export it, or name another variable with {option}"))
    })
}
