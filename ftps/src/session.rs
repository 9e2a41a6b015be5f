//! The one session with the server: opening it, and opening it again when it cannot be trusted.

use std::time::Duration;

use telit_core::at::{Command, CommandLine, InvalidValue};
use telit_core::download::Disk;
use telit_core::driver::{DataStream, Loss};
use telit_core::exclusive::{LeaseError, Service, TlsLease};
use telit_core::modem::Basis;
use telit_core::platform::FtpProfile;
use telit_core::{CommandError, Modem, tls};

use crate::commands::{ChangeDirectory, Close, LastMessage, SetBinary};
use crate::context::bind_context;
use crate::dialect::Dialect;
use crate::error::{
    ConnectError, Operation, TransferError, connect_error, is_already_connected, is_session_in_doubt,
    is_session_lost, transfer_error,
};
use crate::loss::{check, explain, explain_connect};
use crate::options::FtpsOptions;
use crate::outage::Outage;
use crate::server_reply::ServerReply;
use crate::working_directory::Steps;

/// A session. Whoever starts something that a dropped future or an error could leave half done calls
/// [`distrust`](Self::distrust) first and [`trust`](Self::trust) after its proper end; in between the next
/// operation closes the session and opens it again.
#[derive(Debug)]
pub(crate) struct Session {
    modem: Modem,
    options: FtpsOptions,
    ftp: &'static FtpProfile,
    dialect: Dialect,
    lease: TlsLease,
    /// What it was set up on.
    basis: Basis,
    trusted: bool,
    outage: Outage,
    /// From the login directory to the working directory.
    steps: Steps,
    disk: Disk,
}

/// Where a session that is opened again must begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Anywhere. Only the caller can say when it can be trusted.
    LoginDirectory,
    /// Where the last one was.
    WorkingDirectory,
}

/// What became of a command that may have been run twice.
#[derive(Debug)]
pub(crate) struct Ran<T> {
    pub(crate) result: Result<T, TransferError>,
    /// How the first run ended, if it may have taken effect.
    pub(crate) doubt: Option<TransferError>,
}

impl<T> Ran<T> {
    /// An error of the second run does not tell what the first one has done.
    pub(crate) fn or_doubt(self) -> Result<T, TransferError> {
        match (self.result, self.doubt) {
            (Err(error), Some(doubt)) if !error.may_have_taken_effect() => Err(doubt),
            (result, _) => result,
        }
    }
}

impl Session {
    /// Takes TLS, sets it up and opens the session. On every way out but the good one the lease is
    /// dropped, so the next owner cleans the module.
    pub(crate) async fn start(modem: Modem, options: FtpsOptions) -> Result<Self, ConnectError> {
        let basis = Basis::now(&modem);
        match Self::begin(modem, options, basis.clone()).await {
            Ok(session) => Ok(session),
            Err(error) => Err(explain_connect(&basis, error).await),
        }
    }

    async fn begin(modem: Modem, options: FtpsOptions, basis: Basis) -> Result<Self, ConnectError> {
        let ftp = options.check(&modem)?;
        let lease = acquire(&modem, options.wait_for_tls()).await?;
        let dialect = match learn(&modem, ftp, &options).await {
            Ok(dialect) => dialect,
            Err(error) => {
                // Nothing was changed.
                lease.release();
                return Err(error);
            }
        };
        let outage = Outage::new(&modem);
        let (steps, disk, trusted) = (Steps::default(), Disk::default(), false);
        let mut session = Self { modem, options, ftp, dialect, lease, basis, trusted, outage, steps, disk };
        session.set_up().await?;
        session.open(Start::WorkingDirectory).await?;
        Ok(session)
    }

    /// What the module keeps is compared, and written only where it differs.
    async fn set_up(&self) -> Result<(), ConnectError> {
        bind_context(&self.modem, self.ftp).await.map_err(self.refusal())?;
        if let Some(tls_options) = self.options.tls_options() {
            tls::prepare(&self.modem, &self.lease, &tls_options).await?;
        }
        Ok(())
    }

    pub(crate) fn options(&self) -> &FtpsOptions {
        &self.options
    }

    pub(crate) fn profile(&self) -> &'static FtpProfile {
        self.ftp
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn modem(&self) -> &Modem {
        &self.modem
    }

    /// The files that its downloads write.
    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// What it was set up on.
    pub(crate) fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Tells whoever watches the module about losing and regaining what is here.
    pub(crate) fn outage(&mut self) -> &mut Outage {
        &mut self.outage
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.options.command_deadline(&self.modem)
    }

    /// Something begins that must reach its end before the session can be used again.
    pub(crate) fn distrust(&mut self) {
        self.trusted = false;
    }

    /// It reached its end.
    pub(crate) fn trust(&mut self) {
        self.trusted = true;
    }

    /// A path that the module can take, and that a command line can carry: what uses it later must not find out when
    /// something has begun already. Source: M37 p821, p827.
    pub(crate) fn check_path(&self, path: &str) -> Result<String, TransferError> {
        let limit = self.ftp.path_length;
        if path.is_empty() {
            return Err(InvalidValue::new("path", "it is empty").into());
        }
        if path.len() > limit {
            let problem = format!("it has {} characters, the module takes at most {limit}", path.len());
            return Err(InvalidValue::new("path", problem).into());
        }
        CommandLine::set("#FTPFSIZE").text("path", path).build()?;
        Ok(path.to_owned())
    }

    /// Runs a command that starts something. If the session turns out to be gone, it is opened again and
    /// the command is run once more.
    pub(crate) async fn run<C>(
        &mut self,
        command: C,
        path: Option<&str>,
    ) -> Result<C::Response, TransferError>
    where
        C: Command + Clone + Send + Sync,
        C::Response: Send,
    {
        self.run_from(Start::WorkingDirectory, command, path).await.result
    }

    /// As [`run`](Self::run); also tells whether the first run may have taken effect.
    pub(crate) async fn run_from<C>(
        &mut self,
        start: Start,
        command: C,
        path: Option<&str>,
    ) -> Ran<C::Response>
    where
        C: Command + Clone + Send + Sync,
        C::Response: Send,
    {
        let mut doubt = None;
        let result = self.run_twice(start, command, path, &mut doubt).await;
        Ran { result, doubt }
    }

    async fn run_twice<C>(
        &mut self,
        start: Start,
        command: C,
        path: Option<&str>,
        doubt: &mut Option<TransferError>,
    ) -> Result<C::Response, TransferError>
    where
        C: Command + Clone + Send + Sync,
        C::Response: Send,
    {
        // Refuse what cannot be sent before anything else happens.
        command.exchange()?;
        self.ready_at(start).await?;
        let error = match self.modem.run(command.clone()).await {
            Ok(response) => {
                // What was cut may go on in the same session.
                self.outage.end();
                return Ok(response);
            }
            Err(error) => error,
        };
        let reply = self.reply_to(&error).await;
        if !self.is_gone(&error, reply.as_ref()) {
            return Err(self.failed(error, reply, path, false).await);
        }
        tracing::debug!(%error, "the session is gone, opening it again");
        self.distrust();
        *doubt = Some(self.meaning(error, reply, path, false)).filter(TransferError::may_have_taken_effect);
        self.ready_at(start).await?;
        self.run_once(command, path, false).await
    }

    /// Whether there was no session when the command was refused. A module that has restarted refuses in its own ways.
    fn is_gone(&self, error: &CommandError, reply: Option<&ServerReply>) -> bool {
        let refused = error.module_error().is_some();
        is_session_lost(error, reply) || (refused && self.basis.loss().is_some())
    }

    /// Runs a command that depends on those before it.
    pub(crate) async fn run_once<C>(
        &mut self,
        command: C,
        path: Option<&str>,
        data: bool,
    ) -> Result<C::Response, TransferError>
    where
        C: Command + Send + Sync,
        C::Response: Send,
    {
        match self.modem.run(command).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.explain(error, path, data).await),
        }
    }

    /// Opens a stream; the session is not trusted until the caller says so.
    pub(crate) async fn open_stream(
        &mut self,
        command: impl Command,
        path: Option<&str>,
    ) -> Result<DataStream, TransferError> {
        let exchange = command.exchange()?;
        self.distrust();
        match self.modem.open_stream(exchange).await {
            Ok(stream) => Ok(stream),
            Err(error) => Err(self.explain(error, path, true).await),
        }
    }

    /// Opens the session again if it cannot be trusted, or if it is known to be gone with the module.
    pub(crate) async fn ready(&mut self) -> Result<(), TransferError> {
        self.ready_at(Start::WorkingDirectory).await
    }

    async fn ready_at(&mut self, start: Start) -> Result<(), TransferError> {
        if self.trusted && self.basis.loss().is_none() {
            return Ok(());
        }
        let basis = Basis::now(&self.modem);
        let error = match self.reopen(start).await {
            Ok(()) => {
                self.outage.end();
                return Ok(());
            }
            Err(error) => explain_connect(&basis, error).await,
        };
        Err(match error {
            ConnectError::Link(error) => TransferError::Link(error),
            other => TransferError::Reopen(Box::new(other)),
        })
    }

    /// From the login directory to the working directory.
    pub(crate) fn steps(&mut self) -> &mut Steps {
        &mut self.steps
    }

    /// As [`steps`](Self::steps), to read.
    pub(crate) fn directories(&self) -> &[String] {
        self.steps.all()
    }

    /// What the server said last; `None` if it said nothing or the module cannot tell.
    pub(crate) async fn last_reply(&self) -> Option<ServerReply> {
        self.modem.run(LastMessage).await.ok().flatten()
    }

    /// Closes the session, switches the service's TLS off and gives TLS back.
    pub(crate) async fn close(self) -> Result<(), TransferError> {
        self.close_connection().await.map_err(TransferError::Link)?;
        self.switch_off().await.map_err(TransferError::Link)?;
        self.lease.release();
        Ok(())
    }

    /// A module that has run on while its port was lost still has TLS on for FTP, and refuses to have it set up.
    async fn switch_off(&self) -> Result<(), CommandError> {
        if self.options.uses_tls() {
            self.modem.run(self.options.configure(self.dialect, false)).await?;
        }
        Ok(())
    }

    /// What an error means. Only refusals leave a server that can be asked.
    pub(crate) async fn explain(
        &mut self,
        error: CommandError,
        path: Option<&str>,
        data: bool,
    ) -> TransferError {
        let reply = self.reply_to(&error).await;
        self.failed(error, reply, path, data).await
    }

    async fn failed(
        &mut self,
        error: CommandError,
        reply: Option<ServerReply>,
        path: Option<&str>,
        data: bool,
    ) -> TransferError {
        // The late answer may still change the session. After data errors real modules need a new one.
        if data
            || error.may_have_taken_effect()
            || is_session_lost(&error, reply.as_ref())
            || is_session_in_doubt(&error, reply.as_ref())
        {
            self.distrust();
        }
        let error = self.meaning(error, reply, path, data);
        self.explained(error).await
    }

    fn meaning(
        &self,
        error: CommandError,
        reply: Option<ServerReply>,
        path: Option<&str>,
        data: bool,
    ) -> TransferError {
        transfer_error(error, reply, Operation { path, data, tls: self.options.uses_tls() })
    }

    /// As [`explain`](Self::explain), for errors that no command gave.
    pub(crate) async fn explained(&mut self, error: TransferError) -> TransferError {
        let error = explain(&self.basis, error).await;
        self.lost(&error);
        error
    }

    /// Notes that an operation failed because of what has become of the module.
    pub(crate) fn lost(&mut self, error: &TransferError) {
        if self.basis.loss().is_some() {
            self.outage.begin(error.to_string());
        }
    }

    async fn reply_to(&self, error: &CommandError) -> Option<ServerReply> {
        error.module_error()?;
        self.last_reply().await
    }

    async fn reopen(&mut self, start: Start) -> Result<(), ConnectError> {
        self.trusted = false;
        let closed = self.close_connection().await;
        if let Some(loss) = self.basis.loss() {
            self.outage.begin(loss_text(loss));
        }
        closed.map_err(ConnectError::Link)?;
        if self.basis.loss().is_some() {
            // What becomes of the module from here on is another loss.
            let basis = Basis::now(&self.modem);
            self.switch_off().await.map_err(self.refusal())?;
            self.set_up().await?;
            self.basis = basis;
        }
        self.open(start).await
    }

    /// Without a session there is nothing to close, which the module reports as an error.
    async fn close_connection(&self) -> Result<(), CommandError> {
        match self.modem.run(Close { deadline: self.deadline() }).await {
            Ok(()) | Err(CommandError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Configuration and login always go together: a module that has restarted has forgotten that TLS
    /// was asked for, and would send the password in the clear. Source: M37 p837.
    async fn open(&mut self, start: Start) -> Result<(), ConnectError> {
        self.modem
            .run(self.options.configure(self.dialect, self.options.uses_tls()))
            .await
            .map_err(self.refusal())?;
        check(&self.basis, "#FTPOPEN")?;
        if let Err(error) = self.log_in().await {
            return Err(self.explain_opening(error).await);
        }
        if let Err(error) = self.go_to(start).await {
            return Err(self.explain_opening(error).await);
        }
        check(&self.basis, "#FTPTYPE")?;
        self.trusted = start == Start::WorkingDirectory;
        Ok(())
    }

    /// Behind the login: to the type of all transfers, and to the directory.
    async fn go_to(&self, start: Start) -> Result<(), CommandError> {
        let deadline = self.deadline();
        self.modem.run(SetBinary { deadline }).await?;
        if start == Start::WorkingDirectory {
            for path in self.steps.all().to_vec() {
                self.modem.run(ChangeDirectory { path, deadline }).await?;
            }
        }
        Ok(())
    }

    async fn log_in(&self) -> Result<(), CommandError> {
        match self.modem.run(self.options.open(self.ftp, &self.modem)).await {
            // Left behind by an earlier program; its server and user may be others. Source: IPE28 p123.
            Err(error) if is_already_connected(&error) => {
                self.close_connection().await?;
                self.modem.run(self.options.open(self.ftp, &self.modem)).await
            }
            result => result,
        }
    }

    async fn explain_opening(&self, error: CommandError) -> ConnectError {
        let reply = self.reply_to(&error).await;
        connect_error(error, reply, self.options.address(), self.options.uses_tls())
    }

    fn refusal(&self) -> impl Fn(CommandError) -> ConnectError + use<'_> {
        |error| connect_error(error, None, self.options.address(), self.options.uses_tls())
    }
}

fn loss_text(loss: Loss) -> String {
    match loss {
        Loss::ModuleRestarted => "the module has restarted".to_owned(),
        _ => "the port to the module was lost".to_owned(),
    }
}

/// What the firmware can do, if that is enough for the options.
async fn learn(modem: &Modem, ftp: &FtpProfile, options: &FtpsOptions) -> Result<Dialect, ConnectError> {
    let dialect = Dialect::learn(modem, ftp).await.map_err(ConnectError::Link)?;
    options.check_dialect(modem, dialect)?;
    Ok(dialect)
}

async fn acquire(modem: &Modem, wait: Duration) -> Result<TlsLease, LeaseError> {
    if wait.is_zero() {
        return modem.try_acquire_tls(Service::Ftp).await;
    }
    match tokio::time::timeout(wait, modem.acquire_tls(Service::Ftp)).await {
        Ok(lease) => lease,
        // Names the holder, or takes what was given back at the last moment.
        Err(_) => modem.try_acquire_tls(Service::Ftp).await,
    }
}
