//! Who may log in.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};

use crate::journal::Journal;

/// One attempt to log in. It does not keep the password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginAttempt {
    /// The name given.
    pub user: String,
    /// Whether name and password were right.
    pub accepted: bool,
}

/// Names with passwords, and a log of who tried.
pub(super) struct Users {
    passwords: HashMap<String, String>,
    attempts: Journal<LoginAttempt>,
}

impl Users {
    pub(super) fn new(passwords: HashMap<String, String>, attempts: Journal<LoginAttempt>) -> Self {
        Self { passwords, attempts }
    }

    fn check(&self, user: &str, credentials: &Credentials) -> Result<(), AuthenticationError> {
        let expected = self.passwords.get(user).ok_or(AuthenticationError::BadUser)?;
        if credentials.password.as_ref() == Some(expected) {
            Ok(())
        } else {
            Err(AuthenticationError::BadPassword)
        }
    }
}

#[async_trait]
impl Authenticator for Users {
    async fn authenticate(
        &self,
        user: &str,
        credentials: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        let outcome = self.check(user, credentials);
        self.attempts.push(LoginAttempt { user: user.to_owned(), accepted: outcome.is_ok() });
        outcome.map(|()| Principal { username: user.to_owned() })
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("names", &self.passwords.keys()).finish_non_exhaustive()
    }
}
