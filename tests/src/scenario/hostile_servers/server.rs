//! A server with TLS that misbehaves on purpose, below HTTP where it has to.

use std::net::SocketAddr;
use std::pin::Pin;

use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod};
use openssl::x509::X509;
use telit_simulator::servers::{Authority, CertificateRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;

pub(super) const HOST: &str = "hostile.test";
/// What it answers properly.
pub(super) const FINE: &str = "/fine";

type Stream = SslStream<TcpStream>;

/// What it does with any other request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// Nothing, and it holds the connection.
    Silence,
    /// Says this, and then nothing.
    SaysAndWaits(&'static str),
    /// Says this, and ends the connection as TLS demands it.
    SaysAndCloses(&'static str),
    /// Says this, and ends the connection without a word of TLS.
    SaysAndEnds(&'static str),
    /// Says this, and resets the connection.
    SaysAndResets(&'static str),
    /// Says this, and then something that is no TLS.
    SaysAndBreaksTls(&'static str),
    /// Says the first once, and the second until nobody listens.
    SaysWithoutEnd(&'static str, &'static str),
    /// Says the first, the second so many times, and the third.
    SaysOften(&'static str, &'static str, usize, &'static str),
    /// Bytes that are no text.
    Noise,
}

pub(super) struct Server {
    pub(super) authority: Authority,
    pub(super) address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(deed: Deed) -> Self {
        let authority = Authority::new().expect("keys");
        let issued = authority.issue(&CertificateRequest::server(HOST)).expect("a certificate");
        let mut context = SslContextBuilder::new(SslMethod::tls_server()).expect("TLS");
        let certificate = X509::from_pem(issued.certificate_pem().as_bytes()).expect("a certificate");
        let key = PKey::private_key_from_pem(issued.key_pem().as_bytes()).expect("a key");
        context.set_certificate(&certificate).expect("it fits");
        context.set_private_key(&key).expect("it fits");
        let context = context.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                connections.spawn(serve(context.clone(), socket, deed));
            }
        });
        Self { authority, address, _serving: serving }
    }
}

/// Whoever leaves in the middle ends it.
async fn serve(context: SslContext, socket: TcpStream, deed: Deed) {
    let ssl = Ssl::new(&context).expect("TLS");
    let mut stream = SslStream::new(ssl, socket).expect("TLS");
    if Pin::new(&mut stream).accept().await.is_ok() {
        while let Some(request) = request(&mut stream).await {
            if request.contains(FINE) {
                let fine = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfine";
                drop(stream.write_all(fine.as_bytes()).await);
            } else {
                return deed.be_done(stream).await;
            }
        }
    }
}

/// The head of the next request; those here have no body.
async fn request(stream: &mut Stream) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

impl Deed {
    async fn be_done(self, mut stream: Stream) {
        match self {
            Self::Silence => until_end(&mut stream).await,
            Self::SaysAndWaits(text) => {
                say(&mut stream, text.as_bytes()).await;
                until_end(&mut stream).await;
            }
            Self::SaysAndCloses(text) => {
                say(&mut stream, text.as_bytes()).await;
                drop(stream.shutdown().await);
                until_end(&mut stream).await;
            }
            Self::SaysAndEnds(text) => {
                say(&mut stream, text.as_bytes()).await;
                drop(stream.get_mut().shutdown().await);
                until_end(&mut stream).await;
            }
            Self::SaysAndResets(text) => {
                say(&mut stream, text.as_bytes()).await;
                // What it said is read before the reset is noticed.
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                stream.get_ref().set_zero_linger().expect("it is a socket");
            }
            Self::SaysAndBreaksTls(text) => {
                say(&mut stream, text.as_bytes()).await;
                drop(stream.get_mut().write_all(b"this is no record of TLS").await);
                until_end(&mut stream).await;
            }
            Self::SaysWithoutEnd(first, then) => {
                say(&mut stream, first.as_bytes()).await;
                // Not one record each: a busy computer would take too long for many.
                let often = then.repeat(4096 / then.len());
                while stream.write_all(often.as_bytes()).await.is_ok() {}
            }
            Self::SaysOften(first, then, times, last) => {
                say(&mut stream, first.as_bytes()).await;
                say(&mut stream, then.repeat(times).as_bytes()).await;
                say(&mut stream, last.as_bytes()).await;
                drop(stream.shutdown().await);
                until_end(&mut stream).await;
            }
            Self::Noise => {
                let noise: Vec<u8> =
                    (0..5000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
                say(&mut stream, &noise).await;
                drop(stream.shutdown().await);
                until_end(&mut stream).await;
            }
        }
    }
}

/// A client that has had enough may be gone.
async fn say(stream: &mut Stream, bytes: &[u8]) {
    drop(stream.write_all(bytes).await);
    drop(stream.flush().await);
}

async fn until_end(stream: &mut Stream) {
    let mut unwanted = [0; 4096];
    while stream.read(&mut unwanted).await.is_ok_and(|count| count > 0) {}
}
