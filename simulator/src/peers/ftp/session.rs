//! One control connection, and its data connections.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::files::{from_network, resolved, to_network};
use super::{FtpServer, FtpTransfer};
use crate::net::memory::{MemoryEnd, MemoryListener, MemoryStream};

const LONGEST_LINE: usize = 4096;
const PIECE: usize = 16 * 1024;
/// How long a client may take to open a data connection.
const DATA_LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn serve(server: FtpServer, stream: MemoryStream) {
    let mut session = Session {
        server,
        control: stream,
        input: BytesMut::new(),
        user: None,
        logged_in: false,
        protected: false,
        directory: "/".to_owned(),
        // As current ProFTPD starts. RFC 959 has type A there.
        ascii: false,
        start: 0,
        data: Data::None,
    };
    if let Err(error) = session.run().await {
        tracing::debug!(%error, "the control connection to the FTP server in memory broke");
    }
}

struct Session {
    server: FtpServer,
    control: MemoryStream,
    input: BytesMut,
    user: Option<String>,
    logged_in: bool,
    /// Data connections are over TLS.
    protected: bool,
    directory: String,
    ascii: bool,
    start: u64,
    data: Data,
}

/// Where the next data connection comes from.
enum Data {
    None,
    Passive(MemoryListener),
    Active(SocketAddr),
}

type Io<T = ()> = std::io::Result<T>;

impl Session {
    async fn run(&mut self) -> Io {
        self.reply("220 Ready").await?;
        while let Some(line) = self.line().await? {
            let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let command = command.to_ascii_uppercase();
            self.note(&command, argument);
            if command == "QUIT" {
                self.reply("221 Goodbye").await?;
                return self.control.shutdown().await;
            }
            self.obey(&command, argument).await?;
        }
        Ok(())
    }

    fn note(&self, command: &str, argument: &str) {
        let argument = if command == "PASS" { "" } else { argument };
        self.server.commands.push(format!("{command} {argument}").trim_end().to_owned());
    }

    async fn line(&mut self) -> Io<Option<String>> {
        loop {
            if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line = self.input.split_to(end + 1);
                return Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()));
            }
            if self.input.len() > LONGEST_LINE || self.control.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn reply(&mut self, text: &str) -> Io {
        self.control.write_all(format!("{text}\r\n").as_bytes()).await
    }

    async fn obey(&mut self, command: &str, argument: &str) -> Io {
        let reply = match command {
            "AUTH" if argument.eq_ignore_ascii_case("TLS") => "234 TLS it is".to_owned(),
            "AUTH" => "504 Not this mechanism".to_owned(),
            "PBSZ" => "200 PBSZ=0".to_owned(),
            "PROT" if argument.eq_ignore_ascii_case("P") => {
                self.protected = true;
                "200 Protected".to_owned()
            }
            "PROT" => "536 Protected or not at all".to_owned(),
            "USER" => {
                (self.user, self.logged_in) = (Some(argument.to_owned()), false);
                "331 Password, please".to_owned()
            }
            "PASS" => self.log_in(argument),
            "NOOP" => "200 Nothing done".to_owned(),
            "SYST" => "215 UNIX Type: L8".to_owned(),
            "FEAT" => {
                "211-Features:\r\n AUTH TLS\r\n EPSV\r\n PBSZ\r\n PROT\r\n REST STREAM\r\n SIZE\r\n211 End"
                    .to_owned()
            }
            _ if !self.logged_in => "530 Log in first".to_owned(),
            "RETR" | "STOR" | "APPE" | "LIST" | "NLST" => return self.transfer(command, argument).await,
            _ => self.small_command(command, argument),
        };
        self.reply(&reply).await
    }

    fn log_in(&mut self, password: &str) -> String {
        let files = self.server.files();
        let known = self.user.as_ref().and_then(|user| files.users.get(user));
        self.logged_in = known.is_some_and(|known| known == password);
        if self.logged_in { "230 Welcome".to_owned() } else { "530 Login incorrect".to_owned() }
    }

    fn small_command(&mut self, command: &str, argument: &str) -> String {
        let path = resolved(&self.directory, argument);
        let mut files = self.server.files();
        let done = |done: bool, text: &str| match done {
            true => format!("250 {text}"),
            false => format!("550 {path}: not possible"),
        };
        match command {
            "TYPE" => match argument.to_ascii_uppercase().as_str() {
                "A" | "A N" => {
                    self.ascii = true;
                    "200 Type A".to_owned()
                }
                "I" | "L 8" => {
                    self.ascii = false;
                    "200 Type I".to_owned()
                }
                _ => "504 Not this type".to_owned(),
            },
            "PWD" => format!("257 \"{}\" is the current directory", self.directory),
            "CWD" | "CDUP" => {
                let path = if command == "CDUP" { resolved(&self.directory, "..") } else { path };
                if !files.is_directory(&path) {
                    return format!("550 {path}: no such directory");
                }
                self.directory = path;
                "250 Directory changed".to_owned()
            }
            "DELE" if files.remove(&path) => "250 Deleted".to_owned(),
            "DELE" => format!("550 {path}: no such file"),
            "MKD" if files.make_directory(&path) => format!("257 \"{path}\" made"),
            "MKD" => done(false, ""),
            "RMD" => done(files.remove_directory(&path), "Removed"),
            "SIZE" if self.ascii => "550 SIZE not allowed in ASCII mode".to_owned(),
            "SIZE" => match files.get(&path) {
                Some(content) => format!("213 {}", content.len()),
                None => format!("550 {path}: no such file"),
            },
            "REST" => match argument.parse() {
                Ok(start) => {
                    self.start = start;
                    format!("350 Next transfer from {start}")
                }
                Err(_) => "501 Not a number".to_owned(),
            },
            "PASV" | "EPSV" => {
                drop(files);
                self.listen(command)
            }
            "PORT" | "EPRT" => {
                drop(files);
                let address = if command == "PORT" { port(argument) } else { extended_port(argument) };
                match address {
                    Some(address) => {
                        self.data = Data::Active(address);
                        format!("200 {command} taken")
                    }
                    None => "501 Not an address".to_owned(),
                }
            }
            _ => "502 Not implemented".to_owned(),
        }
    }

    fn listen(&mut self, command: &str) -> String {
        let listener = self.server.fabric.listen(self.server.address);
        let at = listener.local_address();
        self.data = Data::Passive(listener);
        match at.ip() {
            IpAddr::V4(ip) if command == "PASV" => {
                let ([a, b, c, d], [high, low]) = (ip.octets(), at.port().to_be_bytes());
                format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})")
            }
            _ => format!("229 Entering Extended Passive Mode (|||{}|)", at.port()),
        }
    }

    async fn transfer(&mut self, command: &str, argument: &str) -> Io {
        let path = resolved(&self.directory, argument);
        let start = std::mem::take(&mut self.start);
        let work = match self.work(command, &path, start) {
            Ok(work) => work,
            Err(refusal) => {
                self.data = Data::None;
                return self.reply(&refusal).await;
            }
        };
        if let Data::None = self.data {
            return self.reply("425 No data connection").await;
        }
        self.reply("150 Here it comes").await?;
        let opened = tokio::time::timeout(DATA_LIMIT, self.open_data()).await;
        let Ok(Some(mut data)) = opened else {
            return self.reply("425 No data connection").await;
        };
        let cut = if matches!(command, "LIST" | "NLST") { None } else { self.server.files().cut.take() };
        let (bytes, whole) = match work {
            Work::Send(content) => send(&mut data, &content, cut).await,
            Work::Receive => self.receive(&mut data, &path, cut).await,
        };
        let secured = data.is_secured();
        if !whole {
            data.reset_on_drop();
        }
        drop(data);
        let command = command.to_owned();
        self.server.transfers.push(FtpTransfer { command, path, start, bytes, complete: whole, secured });
        self.reply(if whole { "226 Transfer complete" } else { "426 Transfer broken off" }).await
    }

    /// What there is to do, or why not.
    fn work(&self, command: &str, path: &str, start: u64) -> Result<Work, String> {
        let missing = || format!("550 {path}: no such file");
        let offset = usize::try_from(start).unwrap_or(usize::MAX);
        let ascii = self.ascii;
        let mut files = self.server.files();
        match command {
            "RETR" => {
                let content = files.get(path).ok_or_else(missing)?;
                let rest = content.get(offset..).ok_or_else(|| "554 Beyond the end".to_owned())?;
                Ok(Work::Send(if ascii { to_network(rest) } else { rest.to_vec() }))
            }
            "LIST" | "NLST" => {
                let list = files.list(path, command == "NLST").ok_or_else(missing)?;
                Ok(Work::Send(list.into_bytes()))
            }
            _ if !files.can_store(path) => Err(format!("553 {path}: cannot be stored")),
            "STOR" => {
                files.truncate(path, offset);
                Ok(Work::Receive)
            }
            _ => Ok(Work::Receive),
        }
    }

    async fn open_data(&mut self) -> Option<MemoryStream> {
        let data = match std::mem::replace(&mut self.data, Data::None) {
            Data::None => None,
            Data::Passive(mut listener) => listener.accept().await.ok(),
            Data::Active(address) => self.server.fabric.dial(self.server.address, address).await.ok(),
        }?;
        (!self.protected || data.secured().await).then_some(data)
    }

    /// Takes a file. How much came, and whether it ended in order.
    async fn receive(&self, data: &mut MemoryStream, path: &str, cut: Option<u64>) -> (u64, bool) {
        let mut piece = BytesMut::with_capacity(PIECE);
        let (mut bytes, mut held) = (0, false);
        loop {
            piece.clear();
            let left = cut.map_or(u64::MAX, |cut| cut.saturating_sub(bytes));
            if left == 0 {
                return (bytes, false);
            }
            match (&mut *data).take(left).read_buf(&mut piece).await {
                Ok(0) => {
                    if held {
                        self.server.files().append(path, b"\r");
                    }
                    return (bytes, true);
                }
                Ok(count) => bytes += count as u64,
                Err(_) => return (bytes, false),
            }
            let mut files = self.server.files();
            if self.ascii {
                files.append(path, &from_network(&piece, &mut held));
            } else {
                files.append(path, &piece);
            }
        }
    }
}

enum Work {
    Send(Vec<u8>),
    Receive,
}

/// Sends a file. How much went, and whether it was all.
async fn send(data: &mut MemoryStream, content: &[u8], cut: Option<u64>) -> (u64, bool) {
    let most = cut.map_or(content.len(), |cut| usize::try_from(cut).unwrap_or(usize::MAX).min(content.len()));
    let mut rest = content.get(..most).unwrap_or_default();
    while !rest.is_empty() {
        match data.write(rest).await {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(_) => break,
        }
    }
    let sent = most - rest.len();
    let whole = sent == content.len();
    if whole {
        data.finish(MemoryEnd::Orderly);
    }
    (sent as u64, whole)
}

/// `10,0,0,1,192,1`
fn port(argument: &str) -> Option<SocketAddr> {
    let fields: Vec<u8> =
        argument.split(',').map(|field| field.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c, d, high, low] = fields.try_into().ok()?;
    Some(SocketAddr::new([a, b, c, d].into(), u16::from_be_bytes([high, low])))
}

/// `|1|10.0.0.1|49153|`
fn extended_port(argument: &str) -> Option<SocketAddr> {
    let mut fields = argument.split(argument.chars().next()?).skip(2);
    Some(SocketAddr::new(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
