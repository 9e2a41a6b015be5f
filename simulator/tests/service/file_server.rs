//! A file server whose TLS is OpenSSL's, so that it can speak what the oldest platforms speak.
//!
//! It knows what a module needs: `AUTH TLS`, passive data connections, `SIZE`, `REST`, `RETR`, `STOR`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use openssl::dh::Dh;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslVersion};
use openssl::x509::X509;
use telit_simulator::servers::Issued;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

pub(crate) const USER: &str = "device";
pub(crate) const PASSWORD: &str = "let-me-in";

/// Files, and how each session came about.
#[derive(Default)]
struct Shared {
    files: Mutex<HashMap<String, Vec<u8>>>,
    logins: Mutex<Vec<Login>>,
}

/// A login that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// The suite of the control connection, `None` without TLS.
    pub(crate) suite: Option<String>,
    /// The suites of the data connections since.
    pub(crate) data_suites: Vec<Option<String>>,
}

pub(crate) struct FileServer {
    shared: Arc<Shared>,
    pub(crate) explicit: SocketAddr,
    pub(crate) implicit: SocketAddr,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl FileServer {
    pub(crate) async fn start(certificate: &Issued) -> Self {
        let context = context(certificate);
        let shared = Arc::<Shared>::default();
        let explicit = listen(&shared, &context, false).await;
        let implicit = listen(&shared, &context, true).await;
        Self { shared, explicit, implicit }
    }

    pub(crate) fn put(&self, name: &str, content: impl Into<Vec<u8>>) {
        self.shared.files.lock().unwrap().insert(name.to_owned(), content.into());
    }

    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.shared.files.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn logins(&self) -> Vec<Login> {
        self.shared.logins.lock().unwrap().clone()
    }
}

fn context(certificate: &Issued) -> SslContext {
    let mut context = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
    context.set_security_level(0);
    context.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
    context.set_cipher_list("ALL:!aNULL:@SECLEVEL=0").unwrap();
    context.set_tmp_dh(&Dh::get_2048_256().unwrap()).unwrap();
    context.set_num_tickets(0).unwrap();
    context.set_certificate(&X509::from_pem(certificate.certificate_pem().as_bytes()).unwrap()).unwrap();
    let key = PKey::private_key_from_pem(certificate.key_pem().as_bytes()).unwrap();
    context.set_private_key(&key).unwrap();
    context.build()
}

async fn listen(shared: &Arc<Shared>, context: &SslContext, implicit: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shared, context) = (Arc::clone(shared), context.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let session = Session::new(Arc::clone(&shared), context.clone());
            // A client that leaves ends its session.
            tokio::spawn(async move { session.serve(stream, implicit).await.unwrap_or_default() });
        }
    });
    address
}

/// TLS on a connection, and its suite.
async fn secured(context: &SslContext, stream: TcpStream) -> Option<(Box<dyn Stream>, Option<String>)> {
    let mut stream = SslStream::new(Ssl::new(context).ok()?, stream).ok()?;
    Pin::new(&mut stream).accept().await.ok()?;
    let suite = stream.ssl().current_cipher().and_then(|cipher| cipher.standard_name()).map(str::to_owned);
    Some((Box::new(stream), suite))
}

struct Session {
    shared: Arc<Shared>,
    context: SslContext,
    protected: bool,
    login: usize,
    restart: usize,
    passive: Option<TcpListener>,
}

impl Session {
    fn new(shared: Arc<Shared>, context: SslContext) -> Self {
        Self { shared, context, protected: false, login: 0, restart: 0, passive: None }
    }

    async fn serve(mut self, stream: TcpStream, implicit: bool) -> Option<()> {
        if implicit {
            let (mut control, suite) = secured(&self.context, stream).await?;
            control.write_all(b"220 ready\r\n").await.ok()?;
            return self.obey(control.as_mut(), suite).await;
        }
        let mut stream = stream;
        stream.write_all(b"220 ready\r\n").await.ok()?;
        let first = line(&mut stream).await?;
        if first == "AUTH TLS" {
            stream.write_all(b"234 go ahead\r\n").await.ok()?;
            let (mut control, suite) = secured(&self.context, stream).await?;
            return self.obey(control.as_mut(), suite).await;
        }
        let reply = self.reply(&first, &None);
        stream.write_all(reply.as_bytes()).await.ok()?;
        self.obey(&mut stream, None).await
    }

    async fn obey(&mut self, control: &mut dyn Stream, suite: Option<String>) -> Option<()> {
        loop {
            let command = line(control).await?;
            let (verb, argument) = command.split_once(' ').unwrap_or((&command, ""));
            let reply = match verb {
                "PASV" | "EPSV" => self.listen(verb).await?,
                "RETR" | "STOR" | "APPE" => {
                    control.write_all(b"150 here it comes\r\n").await.ok()?;
                    self.transfer(verb, argument).await.unwrap_or("426 broken off\r\n").to_owned()
                }
                _ => self.reply(&command, &suite),
            };
            control.write_all(reply.as_bytes()).await.ok()?;
            if verb == "QUIT" {
                return Some(());
            }
        }
    }

    fn reply(&mut self, command: &str, suite: &Option<String>) -> String {
        let (verb, argument) = command.split_once(' ').unwrap_or((command, ""));
        match verb {
            "USER" if argument == USER => "331 and the password\r\n".to_owned(),
            "PASS" if argument == PASSWORD => {
                let mut logins = self.shared.logins.lock().unwrap();
                logins.push(Login { suite: suite.clone(), data_suites: Vec::new() });
                self.login = logins.len() - 1;
                "230 come in\r\n".to_owned()
            }
            "USER" | "PASS" => "530 no\r\n".to_owned(),
            "PROT" => {
                self.protected = argument == "P";
                "200 so be it\r\n".to_owned()
            }
            "PBSZ" | "TYPE" => "200 so be it\r\n".to_owned(),
            "PWD" => "257 \"/\"\r\n".to_owned(),
            "SIZE" => match self.shared.files.lock().unwrap().get(argument) {
                Some(file) => format!("213 {}\r\n", file.len()),
                None => "550 no such file\r\n".to_owned(),
            },
            "REST" => {
                self.restart = argument.parse().unwrap_or(0);
                "350 from there\r\n".to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "502 unknown\r\n".to_owned(),
        }
    }

    async fn listen(&mut self, verb: &str) -> Option<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.ok()?;
        let port = listener.local_addr().ok()?.port();
        self.passive = Some(listener);
        Some(match verb {
            "EPSV" => format!("229 here (|||{port}|)\r\n"),
            _ => format!("227 here (127,0,0,1,{},{})\r\n", port / 256, port % 256),
        })
    }

    async fn transfer(&mut self, verb: &str, name: &str) -> Option<&'static str> {
        let (stream, _) = self.passive.take()?.accept().await.ok()?;
        let (mut data, suite): (Box<dyn Stream>, _) = match self.protected {
            true => secured(&self.context, stream).await?,
            false => (Box::new(stream), None),
        };
        let login = self.login;
        let shared = &self.shared;
        shared.logins.lock().unwrap().get_mut(login)?.data_suites.push(suite);
        let start = std::mem::take(&mut self.restart);
        if verb == "RETR" {
            let file = shared.files.lock().unwrap().get(name).cloned()?;
            data.write_all(file.get(start..)?).await.ok()?;
            data.shutdown().await.ok()?;
            return Some("226 that was it\r\n");
        }
        let mut received = Vec::new();
        data.read_to_end(&mut received).await.ok()?;
        let mut files = shared.files.lock().unwrap();
        let file = files.entry(name.to_owned()).or_default();
        if verb == "STOR" {
            file.clear();
        }
        file.extend_from_slice(&received);
        Some("226 that was it\r\n")
    }
}

/// A command line without its end.
async fn line<S: AsyncRead + Unpin + ?Sized>(stream: &mut S) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    text.truncate(text.len() - 2);
    String::from_utf8(text).ok()
}
