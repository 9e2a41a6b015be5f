//! TLS sockets against a module that the test plays, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telit_core::driver::{AtPort, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::{
    Arrival, ConnectFailure, ConnectionMode, SocketEnding, SocketError, TlsConnector, TlsSocket,
};
use telit_core::tls::{CipherPolicy, TlsOptions};
use telit_core::{CommandError, Modem};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// Instead of an unsolicited line: from now on the module says nothing.
const DEAD: &[u8] = b"dead";
const OK: &[u8] = b"\r\nOK\r\n";

/// What the module answers to a line, or to a block of data; `None` is the ordinary answer.
type Answer = fn(&str) -> Option<&'static [u8]>;

/// A module that answers `OK` to everything but what the test is about.
struct Module {
    lines: Arc<Mutex<Vec<String>>>,
    modem: Modem,
    urc: tokio::sync::mpsc::UnboundedSender<&'static [u8]>,
}

fn module(answer: Answer) -> Module {
    module_of(PlatformId::P37, answer)
}

fn module_of(platform: PlatformId, answer: Answer) -> Module {
    let (host, port) = duplex(1 << 20);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(play(port, answer, Arc::clone(&lines), urcs));
    let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
    Module { lines, modem: Modem::from_channel(channel, profile(platform)), urc }
}

async fn play(
    mut port: DuplexStream,
    answer: Answer,
    lines: Arc<Mutex<Vec<String>>>,
    mut urcs: tokio::sync::mpsc::UnboundedReceiver<&'static [u8]>,
) {
    let mut received = Vec::new();
    let mut counted = None;
    loop {
        let byte = tokio::select! {
            byte = port.read_u8() => byte,
            Some(urc) = urcs.recv() => {
                if urc == DEAD {
                    std::future::pending::<()>().await;
                }
                port.write_all(urc).await.unwrap();
                continue;
            }
        };
        let Ok(byte) = byte else { return };
        received.push(byte);
        let whole = match counted {
            Some(length) => received.len() == length,
            None => byte == b'\r' || byte == 0x1a || received == b"+++",
        };
        if !whole {
            continue;
        }
        let said = String::from_utf8_lossy(&received).trim_end_matches('\r').to_owned();
        received.clear();
        let data = counted.take().is_some();
        lines.lock().unwrap().push(said.clone());
        let reply = answer(&said).unwrap_or_else(|| ordinary(&said));
        if !data && reply == b"\r\n> " && said.starts_with("AT#SSLSENDEXT") {
            counted = said.split(',').nth(1).and_then(|length| length.parse().ok());
        }
        port.write_all(reply).await.unwrap();
    }
}

fn ordinary(line: &str) -> &'static [u8] {
    match line {
        line if line.starts_with("AT#SSLSEND") && !line.ends_with("=?") => b"\r\n> ",
        line if line.starts_with("AT#SSLRECV=1") => b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLS=1") => b"\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLI=1") => b"\r\n#SSLI: 1,0,0,0,0\r\n\r\nOK\r\n",
        "AT+CMEE?" => b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
        line if line.starts_with("AT#SSLO=1") => b"\r\nCONNECT\r\n",
        _ => OK,
    }
}

impl Module {
    fn connector(&self) -> TlsConnector {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        TlsConnector::new(&self.modem, tls)
    }

    fn connector_2g(&self) -> TlsConnector {
        let tls = TlsOptions::builder().danger_skip_verification().without_server_name();
        let tls = tls.cipher_policy(CipherPolicy::Compatible).build().unwrap();
        TlsConnector::new(&self.modem, tls)
    }

    async fn connect(&self) -> TlsSocket {
        self.connector().connect("peer.example", 7).await.unwrap()
    }

    fn sent(&self, line: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|sent| sent.starts_with(line))
    }
}

fn socket_error(error: std::io::Error) -> SocketError {
    *error.into_inner().unwrap().downcast().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_announced_before_the_connection_stands_is_read() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1,7,") => Some(b"\r\nSSLSRING: 1,5\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 5\r\nhello\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = module.connect().await;
    let mut greeting = [0; 5];
    let started = tokio::time::Instant::now();
    socket.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"hello");
    assert!(started.elapsed() < Duration::from_secs(1), "nobody had to look for it");
}

#[tokio::test(start_paused = true)]
async fn a_block_whose_answer_is_lost_may_have_gone() {
    let module = module(|line| (line == "gone?").then_some(b""));
    let mut socket = module.connect().await;
    socket.write_all(b"gone?").await.unwrap();
    let error = socket_error(socket.flush().await.unwrap_err());
    assert!(matches!(error, SocketError::NotSent { may_have_gone: true, .. }), "{error:?}");
    let error = socket_error(socket.write(b"more").await.unwrap_err());
    assert!(matches!(error, SocketError::NotSent { .. }), "nothing follows a block of unknown fate");
}

#[tokio::test(start_paused = true)]
async fn a_block_for_a_closed_connection_has_not_gone() {
    let module = module(|line| {
        line.starts_with("AT#SSLSENDEXT=1").then_some(&b"\r\n+CME ERROR: SSL not connected\r\n"[..])
    });
    let mut socket = module.connect().await;
    socket.write_all(b"too late").await.unwrap();
    let error = socket.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert!(matches!(socket_error(error), SocketError::NotSent { may_have_gone: false, .. }));
}

#[tokio::test(start_paused = true)]
async fn a_reset_after_the_last_byte() {
    let module = module(|line| {
        let receives = line.starts_with("AT#SSLRECV=1");
        receives.then_some(&b"\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n\r\nNO CARRIER:SSL,1,1\r\n"[..])
    });
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let mut three = [0; 3];
    socket.read_exact(&mut three).await.unwrap();
    assert_eq!(&three, b"abc");
    drop(module);
    socket.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn delivered_data_are_exact_and_too_many_are_an_error() {
    let module = module(|_| None);
    let mut socket = module.connector().arrival(Arrival::Delivered).connect("peer.example", 7).await.unwrap();
    module.urc.send(b"\r\nSSLSRING: 1,16,\r\nOK\r\nNO CARRIER\r\n").unwrap();
    let mut data = [0; 16];
    socket.read_exact(&mut data).await.unwrap();
    assert_eq!(&data, b"\r\nOK\r\nNO CARRIER");
    let block: &'static [u8] =
        Box::leak([&b"\r\nSSLSRING: 1,1300,"[..], &[b'x'; 1300], b"\r\n"].concat().into_boxed_slice());
    for _ in 0..900 {
        module.urc.send(block).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut all = Vec::new();
    let error = socket.read_to_end(&mut all).await.unwrap_err();
    assert!(matches!(socket_error(error), SocketError::Overflow { .. }));
    assert_eq!(all.len() % 1300, 0);
    assert!(all.len() > 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_lost_announcement_is_found_by_looking() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLI=1") => Some(b"\r\n#SSLI: 1,0,0,2,0\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 2\r\nhi\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = module.connect().await;
    let mut data = [0; 2];
    tokio::time::timeout(Duration::from_secs(20), socket.read_exact(&mut data)).await.unwrap().unwrap();
    assert_eq!(&data, b"hi");
}

/// A module without `#SSLSENDEXT`.
#[tokio::test(start_paused = true)]
async fn what_a_terminated_entry_cannot_carry_is_refused_before_anything_is_sent() {
    let (host, port) = duplex(1 << 20);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (_urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    let answer: Answer = |line| match line {
        line if line.starts_with("AT#SSLSENDEXT") => Some(b"\r\nERROR\r\n"),
        line if line.ends_with('\x1a') => Some(OK),
        _ => None,
    };
    tokio::spawn(play(port, answer, Arc::clone(&lines), urcs));
    let channel = Arc::new(AtPort::start(host, DriverOptions::default()));
    let modem = Modem::from_channel(channel, without_counted_blocks());
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    let mut socket = TlsConnector::new(&modem, tls).connect("peer.example", 7).await.unwrap();
    for byte in [0x08, 0x1a, 0x1b] {
        let error = socket.write_all(&[b'a', byte, b'b']).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(socket_error(error), SocketError::Uncarriable { byte });
    }
    socket.write_all(b"plain").await.unwrap();
    socket.flush().await.unwrap();
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line == "plain\x1a"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains('a') && line.contains('\x1b')));
}

fn without_counted_blocks() -> &'static telit_core::platform::Profile {
    let mut changed = profile(PlatformId::P37).clone();
    changed.tls.send_counted = telit_core::platform::Availability::No;
    Box::leak(Box::new(changed))
}

#[tokio::test(start_paused = true)]
async fn a_plain_no_carrier_is_checked_before_it_counts() {
    let module = module(|_| None);
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nNO CARRIER\r\n").unwrap();
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut [0; 8])).await;
    assert!(read.is_err(), "it was another connection");
    assert!(module.sent("AT#SSLS=1"));
    assert_eq!(socket.ending(), None::<SocketEnding>);
}

#[tokio::test(start_paused = true)]
async fn a_refused_dial_is_cleaned_up() {
    let module = module(|line| {
        line.starts_with("AT#SSLD=1").then_some(&b"\r\n+CME ERROR: can not resolve DN\r\n"[..])
    });
    let error = module.connector().connect("peer.example", 7).await.unwrap_err();
    assert!(error.to_string().contains("the host name is not known"), "{error}");
    assert!(module.sent("AT#SSLH=1,0") && module.sent("AT#SSLEN=1,0"));
    assert_eq!(module.modem.tls_holder(), None);
}

/// On this platform identity, authorities and the list of suites belong to the whole module.
#[tokio::test(start_paused = true)]
async fn nobody_sets_tls_up_while_another_socket_is_on_its_way_to_its_peer() {
    let module = module(|_| None);
    let connector = module.connector();
    let (one, two) = tokio::join!(connector.connect("one.example", 7), connector.connect("two.example", 7));
    let (_one, _two) = (one.unwrap(), two.unwrap());
    let lines = module.lines.lock().unwrap();
    let at = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap();
    assert!(at("AT#SSLD=1") < at("AT#SSLEN=2"), "{lines:#?}");
}

/// What a reader hears at the end of `abc`, after which the module answers reads and questions like this.
async fn end_after(answer: Answer) -> std::io::Result<usize> {
    let module = module(answer);
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let mut all = Vec::new();
    let waited = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut all)).await;
    waited.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_module_that_has_restarted_is_no_end_of_file() {
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,0\r\n\r\nOK\r\n"),
        _ => None,
    });
    let error = error.await.unwrap_err();
    assert!(matches!(socket_error(error), SocketError::Disabled));
}

#[tokio::test(start_paused = true)]
async fn a_refused_read_is_no_end_of_file() {
    for answer in [
        (|line| {
            line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n+CME ERROR: SSL error enc/dec data\r\n"[..])
        }) as Answer,
        |line| line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n+CME ERROR: SSL not activated\r\n"[..]),
    ] {
        let error = socket_error(end_after(answer).await.unwrap_err());
        assert!(matches!(error, SocketError::Command(CommandError::Refused { .. })), "{error:?}");
    }
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\nERROR\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,0\r\n\r\nOK\r\n"),
        _ => None,
    });
    assert_eq!(socket_error(error.await.unwrap_err()), SocketError::Disabled, "it has restarted");
}

/// This platform tells causes: an end without one is not known to be whole.
#[tokio::test(start_paused = true)]
async fn an_end_whose_cause_does_not_come_may_have_cut_something_off() {
    let error = end_after(|line| match line {
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n+CME ERROR: SSL not connected\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,1\r\n\r\nOK\r\n"),
        _ => None,
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let end = end_after(|line| {
        line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"[..])
    });
    assert_eq!(end.await.unwrap(), 0, "the module says that there was no more");
}

const ONE_SOCKET: &[u8] = b"\r\n#SSLEN: (1),(0,1)\r\n\r\nOK\r\n";

#[tokio::test(start_paused = true)]
async fn the_only_socket_can_be_had_again_at_once() {
    let module = module(|line| match line {
        "AT#SSLEN=?" => Some(ONE_SOCKET),
        line if line.starts_with("AT#SSLRECV=1") => Some(b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut ended = module.connect().await;
    module.urc.send(b"\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    assert_eq!(ended.read(&mut [0; 8]).await.unwrap(), 0);
    let dropped = module.connect().await;
    drop(dropped);
    let connector = module.connector();
    for after in 0..40 {
        let connecting = connector.connect("peer.example", 7);
        drop(tokio::time::timeout(Duration::from_millis(after), connecting).await);
    }
    let open = module.connect().await;
    let error = module.connector().connect("peer.example", 7).await.unwrap_err();
    assert_eq!(error, SocketError::AllInUse { limit: 1 }, "nobody gives it back");
    open.close().await.unwrap();
    drop(ended);
}

#[tokio::test(start_paused = true)]
async fn hanging_up_that_is_given_up_goes_on_in_the_background() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\n+CME ERROR: can not resolve DN\r\n"),
        "AT#SSLH=1,0" => Some(b""),
        _ => None,
    });
    let connector = module.connector();
    let hung_up = async {
        while !module.sent("AT#SSLH=1,0") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = connector.connect("peer.example", 7) => panic!("it waits for the module"),
        () = hung_up => {}
    }
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(module.lines.lock().unwrap().iter().filter(|line| *line == "AT#SSLH=1,0").count(), 2);
    assert_eq!(module.modem.tls_holder(), None, "the number is given back");
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_hang_up_does_not_hide_why_the_connection_failed() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\n+CME ERROR: can not resolve DN\r\n"),
        "AT#SSLEN=1,0" => Some(b"\r\n+CME ERROR: SSL invalid state\r\n"),
        _ => None,
    });
    let error = module.connector().connect("peer.example", 7).await.unwrap_err();
    assert!(matches!(error, SocketError::Connect { failure: ConnectFailure::Name, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn who_writes_hears_of_the_end_before_everything_is_read() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLI=1") => Some(b"\r\n#SSLI: 1,0,0,1500,0\r\n\r\nOK\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(thousand_bytes()),
        _ => None,
    });
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,1000\r\n").unwrap();
    // Nobody reads, so the module is not read either.
    tokio::time::sleep(Duration::from_secs(120)).await;
    module.urc.send(b"\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let writing = tokio::time::timeout(Duration::from_secs(5), socket.write_all(&[0; 100_000])).await;
    let error = writing.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let ending = SocketEnding::CloseNotify;
    assert_eq!(socket_error(error), SocketError::Ended { ending, before_first_byte: false });
    let mut first = [0; 1000];
    socket.read_exact(&mut first).await.unwrap();
}

fn thousand_bytes() -> &'static [u8] {
    Box::leak([&b"\r\n#SSLRECV: 1000\r\n"[..], &[b'x'; 1000], b"\r\n\r\nOK\r\n"].concat().into_boxed_slice())
}

#[tokio::test(start_paused = true)]
async fn times_beyond_reason_are_brought_back() {
    let module = module(|_| None);
    let connector = module.connector().connect_timeout(Duration::MAX).send_timeout(Duration::MAX);
    for interval in [Duration::MAX, Duration::ZERO] {
        let socket = connector.clone().arrival(Arrival::Polled(interval)).connect("peer.example", 7).await;
        let before = module.modem.statistics().exchanges;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let exchanges = module.modem.statistics().exchanges - before;
        assert!(exchanges <= 30, "{interval:?}: {exchanges}");
        socket.unwrap().close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn tls_that_is_on_for_somebody_else_is_busy() {
    let module =
        module(|line| (line == "AT#SSLEN=1,1").then_some(&b"\r\n+CME ERROR: SSL already activated\r\n"[..]));
    let error = module.connector().connect("peer.example", 7).await.unwrap_err();
    assert_eq!(error.category(), telit_core::Category::Busy, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_hears_of_a_module_that_answers_nothing_any_more() {
    for arrival in [Arrival::Announced, Arrival::Delivered, Arrival::Polled(Duration::from_secs(1))] {
        let module = module(|_| None);
        let mut socket = module.connector().arrival(arrival).connect("peer.example", 7).await.unwrap();
        module.urc.send(DEAD).unwrap();
        let read = tokio::time::timeout(Duration::from_secs(300), socket.read(&mut [0; 8])).await;
        let error = read.unwrap_or_else(|_| panic!("{arrival:?}: nobody tells")).unwrap_err();
        assert!(matches!(socket_error(error), SocketError::Command(_)), "{arrival:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_late_answer_does_not_switch_the_counters_off() {
    let module = module(|line| line.starts_with("AT#SSLI=1").then_some(b""));
    let _socket = module.connect().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let lines = module.lines.lock().unwrap();
    assert!(lines.iter().filter(|line| line.starts_with("AT#SSLI=1")).count() > 1, "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_has_ended_says_nothing_of_whoever_has_its_number_now() {
    let module = module(|line| {
        line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"[..])
    });
    let mut ended = module.connect().await;
    module.urc.send(b"\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    assert_eq!(ended.read(&mut [0; 8]).await.unwrap(), 0);
    let _stranger = module.connect().await;
    let told = SocketError::Ended { ending: SocketEnding::CloseNotify, before_first_byte: true };
    assert_eq!(ended.status().await.unwrap_err(), told);
    assert_eq!(ended.counters().await.unwrap_err(), told);
}

async fn online(module: &Module) -> TlsSocket {
    module.connector().mode(ConnectionMode::Online).connect("peer.example", 7).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_suspended_connection_has_a_bound() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\nCONNECT\r\n"),
        line if line.starts_with("AT#SSLO=1") => Some(b"\r\n+CME ERROR: SSL not connected\r\n"),
        line if line.starts_with("AT#SSLRECV=1") => Some(thousand_bytes()),
        _ => None,
    });
    let suspended = online(&module).await.suspend().await.unwrap();
    let resumed = tokio::time::timeout(Duration::from_secs(600), suspended.resume()).await;
    assert!(matches!(resumed.unwrap(), Err(SocketError::Overflow { .. })));
    assert!(module.sent("AT#SSLH=1,0"));
}

#[tokio::test(start_paused = true)]
async fn bytes_of_the_peer_that_look_like_the_end_are_data_while_the_connection_stands() {
    let module = module(|line| line.starts_with("AT#SSLD=1").then_some(&b"\r\nCONNECT\r\n"[..]));
    let mut socket = online(&module).await;
    let data = b"before\r\nNO CARRIER:SSL,1,4\r\n";
    module.urc.send(data).unwrap();
    let mut got = vec![0; data.len()];
    socket.read_exact(&mut got).await.unwrap();
    assert_eq!(got, data);
    module.urc.send(b"behind").unwrap();
    let mut got = [0; 6];
    socket.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"behind");
    assert_eq!(socket.ending(), None);
}

#[tokio::test(start_paused = true)]
async fn an_end_in_online_mode_is_one_if_the_module_is_not_connected_any_more() {
    let module = module(|line| match line {
        line if line.starts_with("AT#SSLD=1") => Some(b"\r\nCONNECT\r\n"),
        line if line.starts_with("AT#SSLS=1") => Some(b"\r\n#SSLS: 1,1\r\n\r\nOK\r\n"),
        _ => None,
    });
    let mut socket = online(&module).await;
    module.urc.send(b"all\r\nNO CARRIER:SSL,1,4\r\n").unwrap();
    let mut got = Vec::new();
    socket.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"all");
    assert_eq!(socket.ending(), Some(SocketEnding::CloseNotify));
}

/// On 2G a session is kept with the settings of its connection.
#[tokio::test(start_paused = true)]
async fn a_kept_session_is_not_for_connections_of_another_kind() {
    let module = module_of(PlatformId::P10, |line| (line == "AT#SSLEN=?").then_some(ONE_SOCKET));
    let connector = module.connector_2g().keep_session(true);
    connector.connect("peer.example", 7).await.unwrap().close().await.unwrap();
    let other = connector.clone().arrival(Arrival::Polled(Duration::from_secs(1)));
    let error = other.connect("peer.example", 7).await.unwrap_err();
    assert_eq!(error, SocketError::AllInUse { limit: 1 }, "the session has the only number");
    connector.connect("peer.example", 7).await.unwrap().close().await.unwrap();
    drop(connector);
    other.connect("peer.example", 7).await.unwrap().close().await.unwrap();
    let lines = module.lines.lock().unwrap();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("AT#SSLFASTD=1,"), count("AT#SSLD=1,")), (1, 2), "{lines:#?}");
}

/// Before TLS 1.3 a server refuses the client certificate during the handshake.
#[tokio::test(start_paused = true)]
async fn without_tls_13_an_end_before_the_first_byte_is_not_about_the_client_certificate() {
    for (platform, explained) in [(PlatformId::P10, false), (PlatformId::P37, true)] {
        let module = module_of(platform, |line| {
            line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n"[..])
        });
        let mut socket = module.connector_2g().connect("peer.example", 7).await.unwrap();
        module.urc.send(b"\r\nNO CARRIER:SSL,1,1\r\n").unwrap();
        let error = socket.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.to_string().contains("client certificate"), explained, "{platform}: {error}");
    }
}
