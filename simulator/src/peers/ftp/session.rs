//! One control connection.

use std::net::{IpAddr, SocketAddr};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::FtpServer;
use super::address::{extended_port, port};
use super::files::resolved;
use crate::net::memory::{MemoryListener, MemoryStream};

const LONGEST_LINE: usize = 4096;

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
        renamed: None,
        data: Data::None,
    };
    if let Err(error) = session.run().await {
        tracing::debug!(%error, "the control connection to the FTP server in memory broke");
    }
}

pub(super) struct Session {
    pub(super) server: FtpServer,
    control: MemoryStream,
    input: BytesMut,
    user: Option<String>,
    logged_in: bool,
    /// Data connections are over TLS.
    pub(super) protected: bool,
    pub(super) directory: String,
    pub(super) ascii: bool,
    pub(super) start: u64,
    /// What `RNFR` named.
    renamed: Option<String>,
    pub(super) data: Data,
}

/// Where the next data connection comes from.
pub(super) enum Data {
    None,
    Passive(MemoryListener),
    Active(SocketAddr),
}

pub(super) type Io<T = ()> = std::io::Result<T>;

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

    pub(super) async fn reply(&mut self, text: &str) -> Io {
        self.control.write_all(format!("{text}\r\n").as_bytes()).await
    }

    async fn obey(&mut self, command: &str, argument: &str) -> Io {
        let answer = self.server.files().take_answer(command);
        match answer {
            Some(Some(reply)) => return self.reply(&reply).await,
            Some(None) => return Ok(()),
            None => {}
        }
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
            "RNFR" if files.exists(&path) => {
                self.renamed = Some(path);
                "350 What shall it be called?".to_owned()
            }
            "RNFR" => format!("550 {path}: no such file"),
            "RNTO" => match self.renamed.take() {
                Some(from) => done(files.rename(&from, &path), "Renamed"),
                None => "503 RNFR comes first".to_owned(),
            },
            "MKD" if files.make_directory(&path) => format!("257 \"{path}\" made"),
            "MKD" => done(false, ""),
            "RMD" => done(files.remove_directory(&path), "Removed"),
            "SIZE" if self.ascii => "550 SIZE not allowed in ASCII mode".to_owned(),
            "SIZE" => match files.get(&path) {
                Some(content) => format!("213 {}", content.len()),
                None => format!("550 {path}: no such file"),
            },
            "REST" if files.refuses_restart => "502 REST not implemented".to_owned(),
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
}
