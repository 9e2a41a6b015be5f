//! A file server for old cipher suites: OpenSSL towards the module, and the embedded file server, which speaks modern
//! TLS only, behind it.
//!
//! Explicit or implicit FTPS, in passive mode. The relay takes AUTH TLS itself, passes everything else on, and puts a relay of its
//! own in the place of every data connection that the server announces.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use openssl::ssl::{Ssl, SslAcceptor, SslConnector, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use telit_simulator::servers::Issued;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

const GREETING: &[u8] = b"220 relay\r\n";

/// The running relay; it ends when this is dropped.
pub(crate) struct FtpsRelay {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl FtpsRelay {
    /// Shows `certificate` after AUTH TLS and relays to the file server at `backend`.
    pub(crate) async fn start(certificate: &Issued, backend: SocketAddr) -> Self {
        Self::start_in(Mode::Explicit, certificate, backend).await
    }

    /// As [`start`](Self::start), with TLS from the first byte on.
    pub(crate) async fn start_implicit(certificate: &Issued, backend: SocketAddr) -> Self {
        Self::start_in(Mode::Implicit, certificate, backend).await
    }

    async fn start_in(mode: Mode, certificate: &Issued, backend: SocketAddr) -> Self {
        let (listener, address) = listen().await.expect("a port is free");
        let tls = Arc::new(Tls::new(certificate));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let tls = Arc::clone(&tls);
                // A connection that breaks is the client's to notice.
                tokio::spawn(async move { drop(serve(client, mode, backend, tls).await) });
            }
        });
        Self { address, task }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for FtpsRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How TLS begins.
#[derive(Clone, Copy)]
enum Mode {
    Explicit,
    Implicit,
}

/// Both sides of the relay.
struct Tls {
    acceptor: SslAcceptor,
    connector: SslConnector,
}

impl Tls {
    fn new(certificate: &Issued) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, key) = (folder.path().join("certificate"), folder.path().join("key"));
        std::fs::write(&chain, certificate.certificate_pem()).expect("it is writable");
        std::fs::write(&key, certificate.key_pem()).expect("it is writable");
        // This one brings parameters for DHE.
        let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls_server()).expect("OpenSSL works");
        acceptor.set_certificate_chain_file(&chain).expect("it is a certificate");
        acceptor.set_private_key_file(&key, SslFiletype::PEM).expect("it is a key");
        acceptor.set_cipher_list("ALL:@SECLEVEL=1").expect("there are such suites");
        acceptor.set_min_proto_version(Some(SslVersion::TLS1_2)).expect("it exists");
        let mut connector = SslConnector::builder(SslMethod::tls_client()).expect("OpenSSL works");
        connector.set_verify(SslVerifyMode::NONE);
        Self { acceptor: acceptor.build(), connector: connector.build() }
    }

    async fn accept(&self, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let mut stream = SslStream::new(Ssl::new(self.acceptor.context())?, stream)?;
        Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
        Ok(stream)
    }

    async fn connect(&self, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let ssl = self.connector.configure()?.verify_hostname(false).use_server_name_indication(false);
        let mut stream = SslStream::new(ssl.into_ssl("localhost")?, stream)?;
        Pin::new(&mut stream).connect().await.map_err(io::Error::other)?;
        Ok(stream)
    }
}

async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn serve(client: TcpStream, mode: Mode, backend: SocketAddr, tls: Arc<Tls>) -> io::Result<()> {
    let client = match mode {
        Mode::Explicit => take_auth_tls(client, &tls).await?,
        Mode::Implicit => greet(tls.accept(client).await?).await?,
    };
    let server = ask_auth_tls(TcpStream::connect(backend).await?, &tls).await?;
    let (from_client, mut to_client) = tokio::io::split(client);
    let (from_server, mut to_server) = tokio::io::split(server);
    let (mut commands, mut replies) = (BufReader::new(from_client), BufReader::new(from_server));
    let commands = async {
        while pass_line(&mut commands, &mut to_server).await?.is_some() {}
        Ok(())
    };
    let replies = async {
        while let Some(reply) = line(&mut replies).await? {
            let reply = replace_data_port(reply, backend, &tls).await?;
            to_client.write_all(reply.as_bytes()).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = commands => ended,
        ended = replies => ended,
    }
}

async fn greet(mut client: SslStream<TcpStream>) -> io::Result<SslStream<TcpStream>> {
    client.write_all(GREETING).await?;
    Ok(client)
}

/// The beginning of a session with the module, in the clear: nothing but AUTH TLS.
async fn take_auth_tls(client: TcpStream, tls: &Tls) -> io::Result<SslStream<TcpStream>> {
    let mut client = BufReader::new(client);
    client.write_all(GREETING).await?;
    while let Some(command) = line(&mut client).await? {
        if command.trim_end().eq_ignore_ascii_case("AUTH TLS") {
            client.write_all(b"234 proceed\r\n").await?;
            return tls.accept(client.into_inner()).await;
        }
        client.write_all(b"530 TLS first\r\n").await?;
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn ask_auth_tls(server: TcpStream, tls: &Tls) -> io::Result<SslStream<TcpStream>> {
    let mut server = BufReader::new(server);
    reply(&mut server).await?;
    server.write_all(b"AUTH TLS\r\n").await?;
    reply(&mut server).await?;
    tls.connect(server.into_inner()).await
}

/// A whole reply, which may have several lines.
async fn reply(server: &mut BufReader<TcpStream>) -> io::Result<()> {
    while let Some(line) = line(server).await? {
        if line.as_bytes().get(3) == Some(&b' ') {
            return Ok(());
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// A line with its end; `None` at the end of the stream.
async fn line(from: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<String>> {
    let mut line = String::new();
    Ok((from.read_line(&mut line).await? > 0).then_some(line))
}

async fn pass_line(
    from: &mut (impl AsyncBufReadExt + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Option<()>> {
    let Some(line) = line(from).await? else { return Ok(None) };
    to.write_all(line.as_bytes()).await?;
    to.flush().await?;
    Ok(Some(()))
}

/// The answers to PASV and EPSV name a port, behind which the next data connection is relayed.
async fn replace_data_port(reply: String, backend: SocketAddr, tls: &Arc<Tls>) -> io::Result<String> {
    let Some(port) = passive_port(&reply).or_else(|| extended_port(&reply)) else { return Ok(reply) };
    let (listener, address) = listen().await?;
    let (backend, tls) = (SocketAddr::new(backend.ip(), port), Arc::clone(tls));
    tokio::spawn(async move { drop(relay_data(listener, backend, tls).await) });
    let port = address.port();
    Ok(match reply.starts_with("229") {
        true => format!("229 Entering Extended Passive Mode (|||{port}|)\r\n"),
        false => format!("227 Entering Passive Mode (127,0,0,1,{},{})\r\n", port >> 8, port & 0xFF),
    })
}

fn passive_port(reply: &str) -> Option<u16> {
    let numbers = reply.strip_prefix("227")?.split_once('(')?.1.split_once(')')?.0;
    let numbers: Vec<u16> = numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let [.., high, low] = numbers[..] else { return None };
    Some(high << 8 | low)
}

fn extended_port(reply: &str) -> Option<u16> {
    reply.strip_prefix("229")?.split_once("|||")?.1.split_once('|')?.0.parse().ok()
}

/// One data connection. The server begins with TLS once the command has come, so neither side waits for the other.
async fn relay_data(listener: TcpListener, backend: SocketAddr, tls: Arc<Tls>) -> io::Result<()> {
    let (client, _) = listener.accept().await?;
    let server = TcpStream::connect(backend).await?;
    let (mut client, mut server) = tokio::try_join!(tls.accept(client), tls.connect(server))?;
    copy_both(&mut client, &mut server).await;
    Ok(())
}

async fn copy_both<C, S>(client: &mut C, server: &mut S)
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    // A cut on one side is a cut on the other.
    let copied = copy_bidirectional(client, server).await;
    if copied.is_ok() {
        drop(client.shutdown().await);
        drop(server.shutdown().await);
    }
}
