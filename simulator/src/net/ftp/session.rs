//! The handle of an FTP session.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::super::{Connection, NetError, Network, tls};
use super::control::Control;
use super::data::Transfer;
use super::endpoint::{self, Endpoint};
use super::reply::Class;
use super::{DataReceiver, DataSender, FtpError, Options, Reply, TransferType};

/// An open FTP session, logged in. Clones are the same session; when the last one and its transfers are gone, the
/// control connection is closed.
///
/// One thing at a time: while a transfer is open, all but [`Session::last_message`] and [`Session::close`] are
/// [`FtpError::Busy`].
///
/// # Cancel safety
/// Dropping the future of a method never puts the session out of step: a command that is sent is carried out, and its
/// reply is taken up before the next one.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    shared: Arc<Shared>,
}

/// What the session and its transfers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub network: Network,
    pub options: Options,
    /// For the data connections.
    pub tls: Option<tls::Client>,
    pub control: Mutex<Control>,
}

impl Session {
    /// Dials, secures and logs in.
    ///
    /// # Errors
    /// `Connect`, `Greeting`, `TlsRefused`, `Tls`, `Login`, `Timeout`, `Closed`, `Malformed`, `Invalid`.
    pub(crate) async fn open(network: &Network, options: Options) -> Result<Self, FtpError> {
        check_argument(&options.user)?;
        check_argument(&options.password)?;
        // Settings that cannot work show before anything is sent.
        let tls = options.tls.as_ref().map(tls::Client::new).transpose().map_err(FtpError::Tls)?;
        let mut control = dial(network, &options).await?;
        if let Some(client) = &tls {
            secure(&mut control, client, options.implicit).await?;
        }
        log_in(&mut control, &options).await?;
        let control = Mutex::new(control);
        Ok(Self { shared: Arc::new(Shared { network: network.clone(), options, tls, control }) })
    }

    /// The server's last reply, all its lines joined by LF; empty while a reply is late. A late reply that has come in
    /// the meantime is taken up first. Waits for no reply, only for a method that is under way.
    pub(crate) async fn last_message(&self) -> String {
        self.shared.control.lock().await.last_message().await.to_owned()
    }

    /// `TYPE`.
    ///
    /// # Errors
    /// Those of every command: `Refused`, `Busy`, `Timeout`, `Closed`, `Malformed`, `Invalid`.
    pub(crate) async fn set_type(&self, transfer_type: TransferType) -> Result<(), FtpError> {
        let line = match transfer_type {
            TransferType::Binary => "TYPE I",
            TransferType::Ascii => "TYPE A",
        };
        self.complete(line).await.map(drop)
    }

    /// `PWD`: the server's reply.
    ///
    /// # Errors
    /// As [`Session::set_type`].
    pub(crate) async fn pwd(&self) -> Result<Reply, FtpError> {
        self.complete("PWD").await
    }

    /// `CWD`.
    ///
    /// # Errors
    /// As [`Session::set_type`].
    pub(crate) async fn cwd(&self, directory: &str) -> Result<(), FtpError> {
        self.complete(&format!("CWD {directory}")).await.map(drop)
    }

    /// `DELE`.
    ///
    /// # Errors
    /// As [`Session::set_type`].
    pub(crate) async fn delete(&self, path: &str) -> Result<(), FtpError> {
        self.complete(&format!("DELE {path}")).await.map(drop)
    }

    /// `DELE`, whose reply is taken up when it comes.
    ///
    /// # Errors
    /// Always: `Unawaited`, or those of [`Session::set_type`].
    pub(crate) async fn delete_unawaited(&self, path: &str) -> Result<(), FtpError> {
        let line = format!("DELE {path}");
        check_argument(&line)?;
        let mut control = self.shared.control.lock().await;
        control.check_idle()?;
        control.send(&line).await?;
        Err(FtpError::Unawaited)
    }

    /// `SIZE`, in the current type.
    ///
    /// # Errors
    /// As [`Session::set_type`].
    pub(crate) async fn size(&self, path: &str) -> Result<u64, FtpError> {
        let reply = self.complete(&format!("SIZE {path}")).await?;
        reply.size().ok_or_else(|| FtpError::Malformed("no size".to_owned()))
    }

    /// Sends `line` as it is; the reply must start with `expected` (1 to 5), else it is `Refused`.
    ///
    /// It is for commands without a data connection: a preliminary reply is passed over.
    ///
    /// # Errors
    /// As [`Session::set_type`].
    pub(crate) async fn command(&self, line: &str, expected: u8) -> Result<Reply, FtpError> {
        check_argument(line)?;
        let mut control = self.shared.control.lock().await;
        control.check_idle()?;
        let reply = control.exchange(line).await?;
        if reply.code / 100 == u16::from(expected) { Ok(reply) } else { Err(FtpError::Refused(reply)) }
    }

    /// `RETR`, from byte `start` on (`REST` before it unless 0).
    ///
    /// # Errors
    /// As [`Session::set_type`], and `Data`.
    pub(crate) async fn retrieve(&self, path: &str, start: u64) -> Result<DataReceiver, FtpError> {
        self.transfer(&format!("RETR {path}"), start).await.map(DataReceiver)
    }

    /// `LIST`, of `path` or of the current directory.
    ///
    /// # Errors
    /// As [`Session::retrieve`].
    pub(crate) async fn list(&self, path: Option<&str>) -> Result<DataReceiver, FtpError> {
        let line = path.map_or_else(|| "LIST".to_owned(), |path| format!("LIST {path}"));
        self.transfer(&line, 0).await.map(DataReceiver)
    }

    /// `STOR`.
    ///
    /// # Errors
    /// As [`Session::retrieve`].
    pub(crate) async fn store(&self, path: &str) -> Result<DataSender, FtpError> {
        self.transfer(&format!("STOR {path}"), 0).await.map(DataSender)
    }

    /// `APPE`.
    ///
    /// # Errors
    /// As [`Session::retrieve`].
    pub(crate) async fn append(&self, path: &str) -> Result<DataSender, FtpError> {
        self.transfer(&format!("APPE {path}"), 0).await.map(DataSender)
    }

    /// `QUIT`, and closes. A transfer that is open breaks off.
    ///
    /// # Errors
    /// `Closed` if it was closed already.
    pub(crate) async fn close(&self) -> Result<(), FtpError> {
        self.shared.control.lock().await.close().await
    }

    async fn complete(&self, line: &str) -> Result<Reply, FtpError> {
        self.command(line, 2).await
    }

    async fn transfer(&self, line: &str, start: u64) -> Result<Transfer, FtpError> {
        check_argument(line)?;
        let shared = &self.shared;
        let mut control = shared.control.lock().await;
        control.check_idle()?;
        let endpoint = endpoint::prepare(&mut control, &shared.network, &shared.options).await?;
        if start > 0 {
            restart(&mut control, start, shared.options.ignores_refused_restart).await?;
        }
        let reply = control.start_transfer(line).await?;
        let mut completed = match reply.class() {
            Class::Preliminary => None,
            Class::Completed => Some(reply),
            Class::Intermediate | Class::Failed => return Err(FtpError::Refused(reply)),
        };
        let connection = open_data(shared, &mut control, endpoint, &mut completed).await?;
        let guard = Some(control.guard());
        let session = Arc::clone(shared);
        Ok(Transfer { connection: Some(connection), completed, session, guard, outcome: None })
    }
}

async fn dial(network: &Network, options: &Options) -> Result<Control, FtpError> {
    let tls = options.tls.as_ref().filter(|_| options.implicit);
    let connection = network.connect(&options.host, options.port, tls, options.timeout).await;
    let mut control = Control::new(connection.map_err(FtpError::Connect)?, options.timeout);
    let greeting = control.greeting().await?;
    if greeting.class() == Class::Completed { Ok(control) } else { Err(FtpError::Greeting(greeting)) }
}

/// RFC 4217, 4 and 9: before the login, and without a way back.
async fn secure(control: &mut Control, client: &tls::Client, implicit: bool) -> Result<(), FtpError> {
    if !implicit {
        expect(control, "AUTH TLS", Class::Completed, FtpError::TlsRefused).await?;
        control.secure(client).await?;
    }
    for line in ["PBSZ 0", "PROT P"] {
        expect(control, line, Class::Completed, FtpError::TlsRefused).await?;
    }
    Ok(())
}

async fn log_in(control: &mut Control, options: &Options) -> Result<(), FtpError> {
    let mut reply = control.exchange(&format!("USER {}", options.user)).await?;
    if reply.code == 331 {
        reply = control.exchange(&format!("PASS {}", options.password)).await?;
    }
    // Also not 332: the module has no account to give.
    if reply.class() == Class::Completed { Ok(()) } else { Err(FtpError::Login(reply)) }
}

async fn restart(control: &mut Control, start: u64, may_be_refused: bool) -> Result<(), FtpError> {
    match expect(control, &format!("REST {start}"), Class::Intermediate, FtpError::Refused).await {
        Err(FtpError::Refused(_)) if may_be_refused => Ok(()),
        result => result,
    }
}

/// Opens the data connection, and listens to the server meanwhile: it may say at once why there will be none, or that
/// it has sent everything already.
async fn open_data(
    shared: &Shared,
    control: &mut Control,
    endpoint: Endpoint,
    completed: &mut Option<Reply>,
) -> Result<Connection, FtpError> {
    let mut opening = pin!(secured_data(shared, endpoint));
    let opened = tokio::select! {
        biased;
        opened = &mut opening => opened,
        word = control.completion(), if completed.is_none() => match word {
            Ok(reply) if reply.class() == Class::Completed => {
                *completed = Some(reply);
                opening.await
            }
            Ok(reply) => return Err(FtpError::Refused(reply)),
            Err(FtpError::Timeout) => opening.await,
            Err(error) => return Err(error),
        },
    };
    if opened.is_err() && completed.is_none() {
        // The server knows why (`522 session reuse required`): its word becomes the last message.
        if let Err(error) = control.completion().await {
            tracing::debug!(%error, "no word on the transfer that failed");
        }
    }
    opened.map_err(FtpError::Data)
}

async fn secured_data(shared: &Shared, endpoint: Endpoint) -> Result<Connection, NetError> {
    let opened = timeout(shared.options.timeout, async {
        let connection = endpoint.open().await?;
        match &shared.tls {
            Some(client) => connection.secured(client).await,
            None => Ok(connection),
        }
    });
    opened.await.unwrap_or(Err(NetError::Timeout))
}

async fn expect(
    control: &mut Control,
    line: &str,
    class: Class,
    refused: impl FnOnce(Reply) -> FtpError,
) -> Result<(), FtpError> {
    let reply = control.exchange(line).await?;
    if reply.class() == class { Ok(()) } else { Err(refused(reply)) }
}

/// A line end in an argument would be another command.
fn check_argument(argument: &str) -> Result<(), FtpError> {
    if argument.contains(['\r', '\n', '\0']) { Err(FtpError::Invalid) } else { Ok(()) }
}
