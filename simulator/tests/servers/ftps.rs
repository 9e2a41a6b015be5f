use std::net::SocketAddr;

use openssl::ssl::SslVersion;
use telit_simulator::servers::{
    Authority, CertificateRequest, Direction, FtpsOptions, FtpsServer, Issued, LoginAttempt, ServerError,
    pattern,
};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use super::client::{Client, Secured, read_all, within};

/// FTP by hand: one command, one reply code.
struct Ftp<S: AsyncRead + AsyncWrite> {
    control: BufStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Ftp<S> {
    async fn command(&mut self, command: &str) -> (u16, String) {
        self.control.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        self.control.flush().await.unwrap();
        self.reply().await
    }

    async fn code(&mut self, command: &str) -> u16 {
        self.command(command).await.0
    }

    async fn reply(&mut self) -> (u16, String) {
        loop {
            let mut line = String::new();
            assert!(self.control.read_line(&mut line).await.unwrap() > 0, "the server closed");
            if line.as_bytes()[3] == b' ' {
                return (line[..3].parse().unwrap(), line[4..].trim_end().to_owned());
            }
        }
    }

    async fn passive(&mut self) -> SocketAddr {
        let (code, text) = self.command("EPSV").await;
        assert_eq!(code, 229);
        let port = text.split('|').nth(3).unwrap().parse().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port))
    }
}

struct Session {
    ftp: Ftp<Secured>,
    client: Client,
}

impl Session {
    async fn secured(bench: &Bench, client: Client) -> Self {
        let mut plain =
            Ftp { control: BufStream::new(TcpStream::connect(bench.server.addr()).await.unwrap()) };
        assert_eq!(plain.reply().await.0, 220);
        assert_eq!(plain.code("AUTH TLS").await, 234);
        let secured = client.secure(plain.control.into_inner()).await.unwrap();
        Self { ftp: Ftp { control: BufStream::new(secured) }, client }
    }

    async fn logged_in(bench: &Bench, client: Client) -> Self {
        let mut session = Self::secured(bench, client).await;
        assert_eq!(session.ftp.code("USER device").await, 331);
        assert_eq!(session.ftp.code("PASS right").await, 230);
        for (command, code) in [("PBSZ 0", 200), ("PROT P", 200), ("TYPE I", 200)] {
            assert_eq!(session.ftp.code(command).await, code, "{command}");
        }
        session
    }

    async fn start(&mut self, command: &str) -> Secured {
        let addr = self.ftp.passive().await;
        let stream = TcpStream::connect(addr).await.unwrap();
        assert_eq!(self.ftp.code(command).await, 150, "{command}");
        self.client.secure(stream).await.unwrap()
    }

    async fn download(&mut self, command: &str) -> (Vec<u8>, u16) {
        let mut channel = self.start(command).await;
        let bytes = read_all(&mut channel).await;
        (bytes, self.ftp.reply().await.0)
    }

    async fn upload(&mut self, command: &str, bytes: &[u8]) -> u16 {
        let mut channel = self.start(command).await;
        channel.write_all(bytes).await.unwrap();
        channel.shutdown().await.unwrap();
        drop(channel);
        self.ftp.reply().await.0
    }
}

struct Bench {
    authority: Authority,
    server: FtpsServer,
}

impl Bench {
    async fn start() -> Self {
        Self::start_with(|options, _| options).await
    }

    async fn start_with(adjust: impl FnOnce(FtpsOptions, &Authority) -> FtpsOptions) -> Self {
        let authority = Authority::new().unwrap();
        let certificate = authority.issue(&CertificateRequest::server("files.test")).unwrap();
        let options = adjust(FtpsOptions::new(&certificate).user("device", "right"), &authority);
        let server = FtpsServer::start(&options).await.unwrap();
        Self { authority, server }
    }

    fn client(&self) -> Client {
        Client::new(&self.authority, "files.test")
    }

    fn device(&self) -> Issued {
        self.authority.issue(&CertificateRequest::client("device")).unwrap()
    }
}

#[tokio::test]
async fn uploads_and_downloads_with_either_version() {
    within(async {
        let bench = Bench::start().await;
        for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
            let mut session = Session::logged_in(&bench, bench.client().version(version)).await;
            let content = pattern(300_000);
            assert_eq!(session.upload("STOR up.bin", &content).await, 226);
            assert!(bench.server.read_file("up.bin").unwrap() == content);
            assert_eq!(session.ftp.command("SIZE up.bin").await, (213, "300000".to_owned()));
            let (bytes, code) = session.download("RETR up.bin").await;
            assert_eq!(code, 226);
            assert!(bytes == content);
        }
        let logged: Vec<_> = bench
            .server
            .transfers()
            .into_iter()
            .map(|transfer| {
                (transfer.direction, transfer.path, transfer.offset, transfer.bytes, transfer.completed)
            })
            .collect();
        let up = (Direction::Upload, "/up.bin".to_owned(), 0, 300_000, true);
        let down = (Direction::Download, "/up.bin".to_owned(), 0, 300_000, true);
        assert_eq!(logged, [up.clone(), down.clone(), up, down]);
    })
    .await;
}

/// The end of an upload must not be lost when the client closes at once.
#[tokio::test]
async fn loses_no_upload() {
    within(async {
        let bench = Bench::start().await;
        let mut session = Session::logged_in(&bench, bench.client().version(SslVersion::TLS1_3)).await;
        for length in 1..=25 {
            let content = pattern(length * 4096 + 1);
            assert_eq!(session.upload("STOR up.bin", &content).await, 226);
            assert!(bench.server.read_file("up.bin").unwrap() == content, "{length}");
        }
    })
    .await;
}

#[tokio::test]
async fn resumes_downloads_and_appends_uploads() {
    within(async {
        let bench = Bench::start().await;
        bench.server.put_file("updates/image.bin", pattern(200_000)).unwrap();
        let mut session = Session::logged_in(&bench, bench.client()).await;
        assert_eq!(session.ftp.code("REST 150000").await, 350);
        let (bytes, code) = session.download("RETR updates/image.bin").await;
        assert_eq!(code, 226);
        assert!(bytes == pattern(200_000)[150_000..]);
        assert_eq!(bench.server.wait_for_transfers(1).await[0].offset, 150_000);

        bench.server.put_file("log.txt", "first ").unwrap();
        assert_eq!(session.upload("APPE log.txt", b"second").await, 226);
        assert_eq!(bench.server.read_file("log.txt").unwrap(), b"first second");
        let appended = &bench.server.transfers()[1];
        assert_eq!((appended.direction, appended.offset, appended.bytes), (Direction::Upload, 6, 6));
    })
    .await;
}

#[tokio::test]
async fn cuts_a_download_on_request() {
    within(async {
        let bench = Bench::start().await;
        bench.server.put_file("image.bin", pattern(100_000)).unwrap();
        bench.server.cut_next_download_after(40_000);
        let mut session = Session::logged_in(&bench, bench.client()).await;
        let (bytes, code) = session.download("RETR image.bin").await;
        assert!((400..500).contains(&code), "{code}");
        assert!(bytes == pattern(40_000));
        let cut = bench.server.wait_for_transfers(1).await.remove(0);
        assert_eq!((cut.bytes, cut.completed), (40_000, false));

        assert_eq!(session.ftp.code("REST 40000").await, 350);
        let (bytes, code) = session.download("RETR image.bin").await;
        assert_eq!(code, 226);
        assert!(bytes == pattern(100_000)[40_000..]);
    })
    .await;
}

#[tokio::test]
async fn works_with_folders() {
    within(async {
        let bench = Bench::start().await;
        let mut session = Session::logged_in(&bench, bench.client()).await;
        assert_eq!(session.ftp.code("MKD logs").await, 257);
        assert_eq!(session.ftp.code("CWD logs").await, 250);
        assert_eq!(session.upload("STOR a.txt", b"a").await, 226);
        assert_eq!(session.download("NLST").await, (b"a.txt\r\n".to_vec(), 226));
        assert_eq!(bench.server.read_file("logs/a.txt").unwrap(), b"a");
        assert_eq!(session.ftp.code("DELE a.txt").await, 250);
        assert!(matches!(bench.server.read_file("logs/a.txt"), Err(ServerError::Io { .. })));
        assert_eq!(session.ftp.code("CWD ..").await, 250);
        assert_eq!(session.ftp.code("RMD logs").await, 250);
        assert_eq!(session.ftp.command("RETR missing").await.0, 425, "no data channel yet");
    })
    .await;
}

#[tokio::test]
async fn lets_nobody_in_without_the_password() {
    within(async {
        let bench = Bench::start().await;
        for (user, password) in
            [("device", "wrong"), ("device", ""), ("other", "right"), ("anonymous", "a@b.c")]
        {
            let mut session = Session::secured(&bench, bench.client()).await;
            assert_eq!(session.ftp.code(&format!("USER {user}")).await, 331);
            assert_eq!(session.ftp.code(&format!("PASS {password}")).await, 530);
            assert_eq!(session.ftp.code("PWD").await, 530);
        }
        assert!(bench.server.login_attempts().iter().all(|attempt| !attempt.accepted));
        Session::logged_in(&bench, bench.client()).await;
        let LoginAttempt { user, accepted, .. } = bench.server.login_attempts().pop().unwrap();
        assert_eq!((user.as_str(), accepted), ("device", true));
    })
    .await;
}

#[tokio::test]
async fn demands_tls_on_both_channels() {
    within(async {
        let bench = Bench::start().await;
        let mut plain =
            Ftp { control: BufStream::new(TcpStream::connect(bench.server.addr()).await.unwrap()) };
        assert_eq!(plain.reply().await.0, 220);
        assert_eq!(plain.code("AUTH SSL").await, 504);
        assert_eq!(plain.code("USER device").await, 534);

        let mut session = Session::secured(&bench, bench.client()).await;
        session.ftp.code("USER device").await;
        assert_eq!(session.ftp.code("PASS right").await, 230);
        assert_eq!(session.ftp.code("PASV").await, 534, "PROT P is missing");
        assert_eq!(session.ftp.code("PORT 127,0,0,1,100,100").await, 502);
    })
    .await;
}

#[tokio::test]
async fn can_demand_client_certificates() {
    within(async {
        let bench =
            Bench::start_with(|options, authority| options.require_client_certificate(authority)).await;
        let mut plain =
            Ftp { control: BufStream::new(TcpStream::connect(bench.server.addr()).await.unwrap()) };
        plain.reply().await;
        plain.code("AUTH TLS").await;
        let client = bench.client().version(SslVersion::TLS1_2);
        assert!(client.secure(plain.control.into_inner()).await.is_err());

        let mut session = Session::logged_in(&bench, bench.client().identity(&bench.device())).await;
        assert_eq!(session.upload("STOR up.bin", b"with certificate").await, 226);
    })
    .await;
}

#[tokio::test]
async fn stays_inside_its_folder() {
    within(async {
        let bench = Bench::start().await;
        for name in ["../outside", "a/../../outside", "./here"] {
            assert!(
                matches!(bench.server.put_file(name, ""), Err(ServerError::InvalidFileName { .. })),
                "{name}"
            );
        }
        bench.server.put_file("/inside", "x").unwrap();
        assert_eq!(bench.server.read_file("inside").unwrap(), b"x");
    })
    .await;
}

#[tokio::test]
async fn closes_and_cleans_up_when_dropped() {
    within(async {
        let bench = Bench::start().await;
        let mut session = Session::logged_in(&bench, bench.client()).await;
        let (addr, folder) = (bench.server.addr(), bench.server.folder().to_owned());
        drop(bench);
        assert_eq!(read_all(&mut session.ftp.control).await, b"");
        assert!(TcpStream::connect(addr).await.is_err());
        assert!(!folder.exists());
    })
    .await;
}
