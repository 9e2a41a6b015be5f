//! The mode of a connection, out of what its request and its client want.

use telit_core::platform::Availability;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::{CommandError, Modem};

use crate::mode_wanted::ModeWanted;
use crate::options::HttpsOptions;

impl ModeWanted {
    /// Whether a connection that requests of this client have left will do.
    pub(super) fn takes(self, left: ConnectionMode, options: &HttpsOptions) -> bool {
        match self {
            Self::Usual => true,
            Self::Told(mode) => left == mode,
            Self::WholeLine => left == options.connection_mode.unwrap_or(ConnectionMode::Online),
        }
    }

    /// The mode of a new connection. In online mode the others that are open here would stand still.
    pub(super) async fn choose(
        self,
        options: &HttpsOptions,
        modem: &Modem,
        connector: &TlsConnector,
    ) -> Result<ConnectionMode, CommandError> {
        match (self, options.connection_mode) {
            (Self::Told(mode), _) => Ok(mode),
            (Self::WholeLine, None) if connector.open_sockets() == 0 => Ok(ConnectionMode::Online),
            _ => usual(options, modem).await,
        }
    }
}

/// The mode of a client's requests. Command mode leaves the port to others; without `#SSLSENDEXT` it cannot carry every
/// byte.
pub(super) async fn usual(options: &HttpsOptions, modem: &Modem) -> Result<ConnectionMode, CommandError> {
    Ok(match (options.connection_mode, modem.profile().tls.send_counted) {
        (Some(mode), _) => mode,
        (None, Availability::Yes) => ConnectionMode::Command,
        (None, Availability::No) => ConnectionMode::Online,
        (None, Availability::Probe) => match modem.test_form("#SSLSENDEXT").await? {
            Some(_) => ConnectionMode::Command,
            None => ConnectionMode::Online,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_of_another_mode_is_not_taken() {
        use ConnectionMode::{Command, Online};
        let takes = |wanted: ModeWanted, options: &HttpsOptions| {
            [Command, Online].map(|left| wanted.takes(left, options))
        };
        let (silent, command) = (HttpsOptions::new(), HttpsOptions::new().connection_mode(Command));
        assert_eq!(takes(ModeWanted::Usual, &silent), [true, true]);
        assert_eq!(takes(ModeWanted::Told(Command), &silent), [true, false]);
        assert_eq!(takes(ModeWanted::Told(Online), &command), [false, true]);
        assert_eq!(takes(ModeWanted::WholeLine, &silent), [false, true]);
        assert_eq!(takes(ModeWanted::WholeLine, &command), [true, false]);
    }
}
