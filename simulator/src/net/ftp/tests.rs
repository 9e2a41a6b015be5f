//! The client against scripted servers, byte by byte.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

use super::super::test_support::{
    AMPLE, Authority, LeafOptions, Peer, SHORT, TlsServer, listen, tls_settings,
};
use super::super::{NetError, Network, TlsFailure, TlsSettings};
use super::*;

fn options(port: u16) -> Options {
    Options {
        host: "127.0.0.1".into(),
        port,
        user: "user".into(),
        password: "pass".into(),
        passive: true,
        tls: None,
        implicit: false,
        ignore_passive_address: false,
        extended: false,
        ignores_refused_restart: false,
        timeout: AMPLE,
    }
}

async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(peer: &mut Peer<S>) {
    peer.answer("USER user\r\n", "331 password\r\n").await;
    peer.answer("PASS pass\r\n", "230-welcome\r\n 230 still\r\n230 in\r\n").await;
}

/// A session that is logged in, and its server's control connection.
async fn open_with(change: impl FnOnce(&mut Options)) -> (Session, Peer<TcpStream>) {
    let (listener, port) = listen().await;
    let mut options = options(port);
    change(&mut options);
    let network = Network::default();
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.send("220-hello\r\n220 there\r\n").await;
        log_in(&mut peer).await;
        peer
    };
    let (session, peer) = tokio::join!(Session::open(&network, options), server);
    (session.unwrap(), peer)
}

async fn open() -> (Session, Peer<TcpStream>) {
    open_with(|_| ()).await
}

/// Answers PASV with a fresh port.
async fn passive<S: AsyncRead + AsyncWrite + Unpin>(peer: &mut Peer<S>) -> TcpListener {
    let (listener, port) = listen().await;
    let [high, low] = port.to_be_bytes();
    peer.answer("PASV\r\n", &format!("227 Entering Passive Mode (127,0,0,1,{high},{low}).\r\n")).await;
    listener
}

async fn whole(receiver: &mut DataReceiver) -> Result<Vec<u8>, FtpError> {
    let mut bytes = Vec::new();
    while let Some(piece) = receiver.next(1000).await? {
        assert!(!piece.is_empty() && piece.len() <= 1000);
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn refused(code: u16, line: &str) -> FtpError {
    FtpError::Refused(Reply { code, lines: vec![line.into()] })
}

/// The session is in step: a command gets its own answer.
async fn assert_in_step<S: AsyncRead + AsyncWrite + Unpin>(session: &Session, peer: &mut Peer<S>) {
    let (reply, ()) = tokio::join!(session.pwd(), peer.answer("PWD\r\n", "257 \"/here\"\r\n"));
    assert_eq!(reply.unwrap().lines, ["257 \"/here\""]);
}

#[tokio::test]
async fn commands_and_their_replies() {
    let (session, mut peer) = open().await;
    assert_eq!(session.last_message().await, "230-welcome\n 230 still\n230 in");
    let server = async {
        peer.answer("TYPE I\r\n", "200 ok\r\n").await;
        peer.answer("CWD a b\r\n", "250 ok\r\n").await;
        peer.answer("SIZE f\r\n", "213 174945\r\n").await;
        peer.answer("DELE f\r\n", "550 no such file\r\n").await;
        peer.answer("RNFR a\r\n", "350 more\r\n").await;
        peer.answer("RNTO b\r\n", "250 done\r\n").await;
        peer.answer("TYPE A\r\n", "200 ok\r\n").await;
        peer.answer("SIZE f\r\n", "213 big\r\n").await;
    };
    let client = async {
        session.set_type(TransferType::Binary).await.unwrap();
        session.cwd("a b").await.unwrap();
        assert_eq!(session.size("f").await, Ok(174_945));
        assert_eq!(session.delete("f").await, Err(refused(550, "550 no such file")));
        assert_eq!(session.last_message().await, "550 no such file");
        assert_eq!(session.command("RNFR a", 3).await.unwrap().code, 350);
        assert_eq!(session.command("RNTO b", 3).await, Err(refused(250, "250 done")));
        session.set_type(TransferType::Ascii).await.unwrap();
        assert_eq!(session.size("f").await, Err(FtpError::Malformed("no size".into())));
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn a_line_end_in_an_argument_is_not_sent() {
    let (session, mut peer) = open().await;
    assert_eq!(session.delete("a\r\nDELE b").await, Err(FtpError::Invalid));
    assert_eq!(session.retrieve("a\nb", 0).await.unwrap_err(), FtpError::Invalid);
    assert_eq!(session.command("NOOP\r", 2).await, Err(FtpError::Invalid));
    assert_in_step(&session, &mut peer).await;
    let evil = Options { password: "a\r\nb".into(), ..options(1) };
    assert_eq!(Session::open(&Network::default(), evil).await.unwrap_err(), FtpError::Invalid);
}

#[tokio::test]
async fn openings_that_fail() {
    let cases: [(&[(&str, &str)], FtpError); 6] = [
        (
            &[("", "500 go away\r\n")],
            FtpError::Greeting(Reply { code: 500, lines: vec!["500 go away".into()] }),
        ),
        (&[("", "SSH-2.0\r\n")], FtpError::Malformed("a line without a code".into())),
        (&[("", "")], FtpError::Closed),
        (
            &[("", "220 hi\r\n"), ("USER user\r\n", "331 ?\r\n"), ("PASS pass\r\n", "530 wrong\r\n")],
            FtpError::Login(Reply { code: 530, lines: vec!["530 wrong".into()] }),
        ),
        (
            &[("", "220 hi\r\n"), ("USER user\r\n", "332 account\r\n")],
            FtpError::Login(Reply { code: 332, lines: vec!["332 account".into()] }),
        ),
        (&[("", "220 hi\r\n"), ("USER user\r\n", "")], FtpError::Closed),
    ];
    for (script, error) in cases {
        let (listener, port) = listen().await;
        let server = async {
            let mut peer = Peer::accept(&listener).await;
            for (question, answer) in script {
                peer.answer(question, answer).await;
            }
            peer.close().await;
        };
        let network = Network::default();
        let (opened, ()) = tokio::join!(Session::open(&network, options(port)), server);
        assert_eq!(opened.unwrap_err(), error);
    }

    let (listener, port) = listen().await;
    let silent = Options { timeout: SHORT, ..options(port) };
    let network = Network::default();
    let (opened, _peer) = tokio::join!(Session::open(&network, silent), Peer::accept(&listener));
    assert_eq!(opened.unwrap_err(), FtpError::Timeout);

    drop(listener);
    let refused = Session::open(&network, options(port)).await;
    assert_eq!(refused.unwrap_err(), FtpError::Connect(NetError::Refused));
}

#[tokio::test]
async fn a_user_without_a_password_and_a_delayed_welcome() {
    let (listener, port) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.send("120 soon\r\n220 now\r\n").await;
        peer.answer("USER user\r\n", "230 in\r\n").await;
        peer
    };
    let network = Network::default();
    let (session, mut peer) = tokio::join!(Session::open(&network, options(port)), server);
    assert_in_step(&session.unwrap(), &mut peer).await;
}

#[tokio::test]
async fn a_download_from_an_offset() {
    let (session, mut peer) = open().await;
    let content: Vec<u8> = (0..5000_u32).map(|index| index.to_le_bytes()[0]).collect();
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("REST 100\r\n", "350 from 100\r\n").await;
        peer.answer("RETR fw.bin\r\n", "150 here it comes\r\n").await;
        let mut data = Peer::accept(&listener).await;
        data.send(&content[100..]).await;
        data.close().await;
        peer.send("226 done\r\n").await;
    };
    let client = async {
        let mut receiver = session.retrieve("fw.bin", 100).await.unwrap();
        assert_eq!(session.pwd().await, Err(FtpError::Busy));
        assert_eq!(session.list(None).await.unwrap_err(), FtpError::Busy);
        assert_eq!(whole(&mut receiver).await.unwrap(), &content[100..]);
        assert_eq!(receiver.next(1).await, Ok(None));
        assert_eq!(session.last_message().await, "226 done");
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn the_end_of_the_data_is_not_the_end_of_the_file_without_the_servers_word() {
    let (session, mut peer) = open_with(|options| options.timeout = SHORT).await;
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 x\r\n").await;
        let mut data = Peer::accept(&listener).await;
        data.send("part").await;
        data.close().await;
        peer.send("426 broken off\r\n").await;
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 x\r\n").await;
        Peer::accept(&listener).await.close().await;
    };
    let client = async {
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        assert_eq!(receiver.next(100).await, Ok(Some(Bytes::from_static(b"part"))));
        let error = receiver.next(100).await.unwrap_err();
        assert_eq!(error, refused(426, "426 broken off"));
        assert_eq!(receiver.next(100).await.unwrap_err(), error);

        let mut receiver = session.retrieve("f", 0).await.unwrap();
        assert_eq!(receiver.next(100).await, Err(FtpError::Timeout));
        assert_eq!(session.last_message().await, "150 x");
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn a_refused_restart_or_transfer_leaves_the_session_in_step() {
    let (session, mut peer) = open().await;
    let server = async {
        let _first = passive(&mut peer).await;
        peer.answer("REST 5\r\n", "502 no restart\r\n").await;
        let _second = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "550 no file\r\n").await;
        peer.answer("PASV\r\n", "502 not here\r\n").await;
        peer.answer("PASV\r\n", "227 nothing\r\n").await;
    };
    let client = async {
        assert_eq!(session.retrieve("f", 5).await.unwrap_err(), refused(502, "502 no restart"));
        assert_eq!(session.retrieve("f", 0).await.unwrap_err(), refused(550, "550 no file"));
        assert_eq!(session.store("f").await.unwrap_err(), refused(502, "502 not here"));
        assert_eq!(session.store("f").await.unwrap_err(), FtpError::Malformed("no address".into()));
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn uploads_store_and_append() {
    let (session, mut peer) = open().await;
    let server = async {
        for (command, content) in [("STOR f\r\n", "one two"), ("APPE f\r\n", "")] {
            let listener = passive(&mut peer).await;
            peer.answer(command, "125 go\r\n").await;
            let mut data = Peer::accept(&listener).await;
            assert_eq!(data.rest().await.unwrap(), content.as_bytes());
            peer.send("226 stored\r\n").await;
        }
        let listener = passive(&mut peer).await;
        peer.answer("STOR full\r\n", "150 go\r\n").await;
        assert_eq!(Peer::accept(&listener).await.rest().await.unwrap(), b"x");
        peer.send("452 full\r\n").await;
    };
    let client = async {
        let mut sender = session.store("f").await.unwrap();
        sender.send(b"one ").await.unwrap();
        sender.send(b"two").await.unwrap();
        sender.finish().await.unwrap();
        session.append("f").await.unwrap().finish().await.unwrap();
        let mut sender = session.store("full").await.unwrap();
        sender.send(b"x").await.unwrap();
        assert_eq!(sender.finish().await, Err(refused(452, "452 full")));
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn a_dropped_upload_is_not_a_file() {
    let (session, mut peer) = open().await;
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("STOR f\r\n", "150 go\r\n").await;
        let mut data = Peer::accept(&listener).await;
        let end = data.rest().await.unwrap_err().kind();
        assert_eq!(end, std::io::ErrorKind::ConnectionReset);
        peer.send("426 aborted\r\n").await;
    };
    let client = async {
        let mut sender = session.store("f").await.unwrap();
        sender.send(b"half").await.unwrap();
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn a_dropped_download_leaves_the_session_usable_once_the_server_has_acknowledged() {
    let (session, mut peer) = open_with(|options| options.timeout = SHORT).await;
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        let mut data = Peer::accept(&listener).await;
        data.send("some").await;
        data
    };
    let client = async {
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        receiver.next(1).await.unwrap();
    };
    let (mut data, ()) = tokio::join!(server, client);
    assert_eq!(data.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    // A server that says nothing yet: an error in time, nothing sent.
    assert_eq!(session.pwd().await, Err(FtpError::Timeout));
    peer.send("426 broken off\r\n").await;
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn late_replies_are_taken_up_and_not_mistaken() {
    let (session, mut peer) = open_with(|options| options.timeout = SHORT).await;
    let (late, ()) = tokio::join!(session.delete("f"), peer.expect("DELE f\r\n"));
    assert_eq!(late, Err(FtpError::Timeout));
    assert_eq!(session.last_message().await, "");
    peer.send("250 gone\r\n").await;
    assert_in_step(&session, &mut peer).await;

    // The same with a caller that went away.
    let dropped = tokio::time::timeout(Duration::ZERO, session.cwd("a"));
    assert!(dropped.await.is_err());
    peer.answer("CWD a\r\n", "250 ok\r\n").await;
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn a_late_reply_shows_as_the_last_message() {
    let (session, mut peer) = open_with(|options| options.timeout = SHORT).await;
    let (late, ()) = tokio::join!(session.delete("f"), peer.expect("DELE f\r\n"));
    assert_eq!(late, Err(FtpError::Timeout));
    peer.send("250 gone\r\n").await;
    // It comes within the limit of this test, not within that of a command.
    tokio::time::timeout(AMPLE, async {
        while session.last_message().await != "250 gone" {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_server_that_says_farewell_closes_the_session() {
    let (session, mut peer) = open().await;
    peer.send("421 idle too long\r\n").await;
    tokio::time::timeout(AMPLE, async {
        while session.last_message().await != "421 idle too long" {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(session.pwd().await, Err(FtpError::Closed));
    assert_eq!(session.last_message().await, "421 idle too long");
    assert_eq!(session.close().await, Err(FtpError::Closed));
}

#[tokio::test]
async fn a_control_connection_that_breaks_closes_the_session() {
    let (session, mut peer) = open().await;
    let server = async {
        peer.expect("PWD\r\n").await;
        peer.reset();
    };
    assert_eq!(tokio::join!(session.pwd(), server).0, Err(FtpError::Closed));
    assert_eq!(session.pwd().await, Err(FtpError::Closed));
}

#[tokio::test]
async fn closing_says_goodbye() {
    let (session, mut peer) = open().await;
    let server = async {
        peer.answer("QUIT\r\n", "221 bye\r\n").await;
        assert_eq!(peer.rest().await.unwrap(), b"");
        peer.close().await;
    };
    assert_eq!(tokio::join!(session.close(), server).0, Ok(()));
    assert_eq!(session.pwd().await, Err(FtpError::Closed));
}

#[tokio::test]
async fn closing_breaks_off_an_open_transfer() {
    let (session, mut peer) = open().await;
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        let data = Peer::accept(&listener).await;
        assert_eq!(peer.rest().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        data.close().await;
    };
    let client = async {
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        session.close().await.unwrap();
        assert_eq!(receiver.next(10).await, Err(FtpError::Closed));
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn extended_passive_mode_uses_the_servers_address() {
    let (session, mut peer) = open_with(|options| options.extended = true).await;
    let server = async {
        let (listener, port) = listen().await;
        peer.answer("EPSV\r\n", &format!("229 Extended (|||{port}|)\r\n")).await;
        peer.answer("LIST\r\n", "150 go\r\n").await;
        let mut data = Peer::accept(&listener).await;
        data.send("-rw f\r\n").await;
        data.close().await;
        peer.send("226 ok\r\n").await;
    };
    let client = async {
        let mut receiver = session.list(None).await.unwrap();
        assert_eq!(whole(&mut receiver).await.unwrap(), b"-rw f\r\n");
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn an_unreachable_passive_address_is_ignored_if_asked() {
    let (session, mut peer) = open_with(|options| options.ignore_passive_address = true).await;
    let server = async {
        let (listener, port) = listen().await;
        let [high, low] = port.to_be_bytes();
        peer.answer("PASV\r\n", &format!("227 (10,255,255,1,{high},{low})\r\n")).await;
        peer.answer("LIST d\r\n", "150 go\r\n").await;
        Peer::accept(&listener).await.close().await;
        peer.send("226 ok\r\n").await;
    };
    let client = async {
        let mut receiver = session.list(Some("d")).await.unwrap();
        assert_eq!(whole(&mut receiver).await.unwrap(), b"");
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn passive_addresses_go_through_the_name_table() {
    let (control, port) = listen().await;
    let (data, data_port) = listen().await;
    let network = Network::new(vec![
        format!("ftp.test:21=127.0.0.1:{port}").parse().unwrap(),
        format!("203.0.113.5:1025=127.0.0.1:{data_port}").parse().unwrap(),
    ]);
    let options = Options { host: "ftp.test".into(), port: 21, ..options(0) };
    let server = async {
        let mut peer = Peer::accept(&control).await;
        peer.send("220 hi\r\n").await;
        log_in(&mut peer).await;
        peer.answer("PASV\r\n", "227 (203,0,113,5,4,1)\r\n").await;
        peer.answer("LIST\r\n", "150 go\r\n").await;
        Peer::accept(&data).await.close().await;
        peer.send("226 ok\r\n").await;
    };
    let client = async {
        let session = Session::open(&network, options).await.unwrap();
        let mut receiver = session.list(None).await.unwrap();
        assert_eq!(whole(&mut receiver).await.unwrap(), b"");
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn active_mode_waits_for_the_server() {
    for extended in [false, true] {
        let (session, mut peer) = open_with(|options| {
            options.passive = false;
            options.extended = extended;
        })
        .await;
        let server = async {
            let address = active_address(&mut peer, extended).await;
            peer.answer("RETR f\r\n", "150 go\r\n").await;
            let mut data = Peer(TcpStream::connect(address).await.unwrap());
            data.send("file").await;
            data.close().await;
            peer.send("226 ok\r\n").await;
        };
        let client = async {
            let mut receiver = session.retrieve("f", 0).await.unwrap();
            assert_eq!(whole(&mut receiver).await.unwrap(), b"file");
        };
        tokio::join!(client, server);
        assert_in_step(&session, &mut peer).await;
    }
}

async fn active_address(peer: &mut Peer<TcpStream>, extended: bool) -> (&'static str, u16) {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        tokio::io::AsyncReadExt::read_exact(&mut peer.0, &mut byte).await.unwrap();
        line.push(byte[0]);
    }
    peer.send("200 ok\r\n").await;
    let line = String::from_utf8(line).unwrap();
    let port = if extended {
        line.strip_prefix("EPRT |1|127.0.0.1|").unwrap().strip_suffix("|\r\n").unwrap().parse().unwrap()
    } else {
        let numbers = line.strip_prefix("PORT 127,0,0,1,").unwrap().strip_suffix("\r\n").unwrap();
        let (high, low) = numbers.split_once(',').unwrap();
        u16::from_be_bytes([high.parse().unwrap(), low.parse().unwrap()])
    };
    ("127.0.0.1", port)
}

#[tokio::test]
async fn a_server_that_cannot_dial_back_says_so_at_once() {
    let (session, mut peer) = open_with(|options| options.passive = false).await;
    let server = async {
        let _address = active_address(&mut peer, false).await;
        peer.answer("RETR f\r\n", "150 trying\r\n").await;
        peer.send("425 cannot reach you\r\n").await;
    };
    let client = async {
        let error = session.retrieve("f", 0).await.unwrap_err();
        assert_eq!(error, refused(425, "425 cannot reach you"));
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn a_passive_port_that_is_closed_is_a_data_failure() {
    let (session, mut peer) = open().await;
    let server = async {
        drop(passive(&mut peer).await);
    };
    // The listener is gone before or after the dial; both refuse it or reset it before RETR is answered.
    let client = session.retrieve("f", 0);
    tokio::select! {
        (opened, ()) = async { tokio::join!(client, server) } => {
            assert!(matches!(opened.unwrap_err(), FtpError::Data(NetError::Refused | NetError::Reset)));
        }
        () = tokio::time::sleep(AMPLE) => panic!("no end"),
    }
}

#[tokio::test]
async fn a_file_that_is_whole_before_the_transfer_has_begun() {
    // Some servers leave out the 150.
    let (session, mut peer) = open().await;
    let server = async {
        let listener = passive(&mut peer).await;
        let mut data = Peer::accept(&listener).await;
        data.send("tiny").await;
        data.close().await;
        peer.answer("RETR f\r\n", "226 sent\r\n").await;
    };
    let client = async {
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        assert_eq!(whole(&mut receiver).await.unwrap(), b"tiny");
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn asking_for_the_last_message_does_not_take_the_word_from_the_transfer() {
    let (session, mut peer) = open().await;
    let server = async {
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        Peer::accept(&listener).await.close().await;
        peer.send("451 disk error\r\n").await;
    };
    let client = async {
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        while session.last_message().await != "451 disk error" {
            tokio::task::yield_now().await;
        }
        assert_eq!(receiver.next(1).await, Err(refused(451, "451 disk error")));
    };
    tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
}

#[tokio::test]
async fn a_lost_network_breaks_a_transfer() {
    let (listener, port) = listen().await;
    let network = Network::default();
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.send("220 hi\r\n").await;
        log_in(&mut peer).await;
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        (Peer::accept(&listener).await, peer)
    };
    let client = async {
        let session = Session::open(&network, options(port)).await.unwrap();
        let receiver = session.retrieve("f", 0).await.unwrap();
        (session, receiver)
    };
    let ((session, mut receiver), _server) = tokio::join!(client, server);
    network.set_up(false);
    assert_eq!(receiver.next(1).await, Err(FtpError::Data(NetError::NetworkDown)));
    assert_eq!(session.pwd().await, Err(FtpError::Closed));
}

// TLS

type TlsPeer = Peer<Pin<Box<SslStream<TcpStream>>>>;

struct Secure {
    authority: Authority,
    server: TlsServer,
    listener: TcpListener,
    network: Network,
}

async fn secure() -> Secure {
    let authority = Authority::new("Test CA");
    let server = TlsServer::new(&authority.issue(&LeafOptions::default()));
    let (listener, port) = listen().await;
    let network = Network::new(vec![format!("server.test:21=127.0.0.1:{port}").parse().unwrap()]);
    Secure { authority, server, listener, network }
}

impl Secure {
    fn options(&self) -> Options {
        let tls = Some(tls_settings(&self.authority));
        Options { host: "server.test".into(), port: 21, tls, ..options(0) }
    }

    async fn explicit(&self) -> TlsPeer {
        let mut peer = Peer::accept(&self.listener).await;
        peer.send("220 hi\r\n").await;
        peer.answer("AUTH TLS\r\n", "234 go\r\n").await;
        self.protected(peer).await
    }

    async fn protected(&self, peer: Peer<TcpStream>) -> TlsPeer {
        let mut peer = self.server.secure(peer).await.unwrap();
        peer.answer("PBSZ 0\r\n", "200 ok\r\n").await;
        peer.answer("PROT P\r\n", "200 ok\r\n").await;
        log_in(&mut peer).await;
        peer
    }
}

#[tokio::test]
async fn explicit_tls_protects_the_login_and_both_directions_of_data() {
    let world = secure().await;
    let content = vec![b'f'; 100_000];
    let server = async {
        let mut peer = world.explicit().await;
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        let mut data = world.server.accept(&listener).await.unwrap();
        data.send(&content).await;
        data.close().await;
        peer.send("226 ok\r\n").await;
        let listener = passive(&mut peer).await;
        peer.answer("STOR g\r\n", "150 go\r\n").await;
        let mut data = world.server.accept(&listener).await.unwrap();
        assert!(data.rest().await.unwrap() == content);
        peer.send("226 ok\r\n").await;
        peer
    };
    let client = async {
        let session = Session::open(&world.network, world.options()).await.unwrap();
        let mut receiver = session.retrieve("f", 0).await.unwrap();
        assert!(whole(&mut receiver).await.unwrap() == content);
        let mut sender = session.store("g").await.unwrap();
        sender.send(&content).await.unwrap();
        sender.finish().await.unwrap();
        session
    };
    let (session, mut peer) = tokio::join!(client, server);
    assert_in_step(&session, &mut peer).await;
    // SNI on the control and on the data connections.
    assert_eq!(world.server.names(), vec![Some("server.test".to_owned()); 3]);
}

#[tokio::test]
async fn implicit_tls_starts_with_the_handshake() {
    let world = secure().await;
    let server = async {
        let mut peer = world.server.accept(&world.listener).await.unwrap();
        peer.send("220 hi\r\n").await;
        peer.answer("PBSZ 0\r\n", "200 ok\r\n").await;
        peer.answer("PROT P\r\n", "200 ok\r\n").await;
        log_in(&mut peer).await;
        peer
    };
    let options = Options { implicit: true, ..world.options() };
    let (session, mut peer) = tokio::join!(Session::open(&world.network, options), server);
    assert_in_step(&session.unwrap(), &mut peer).await;
}

#[tokio::test]
async fn nothing_goes_in_the_clear_when_tls_is_refused() {
    let world = secure().await;
    let server = async {
        let mut peer = Peer::accept(&world.listener).await;
        peer.send("220 hi\r\n").await;
        peer.answer("AUTH TLS\r\n", "502 no TLS\r\n").await;
        assert_eq!(peer.rest().await.unwrap(), b"");
    };
    let (opened, ()) = tokio::join!(Session::open(&world.network, world.options()), server);
    let expected = FtpError::TlsRefused(Reply { code: 502, lines: vec!["502 no TLS".into()] });
    assert_eq!(opened.unwrap_err(), expected);

    let server = async {
        let mut peer = Peer::accept(&world.listener).await;
        peer.send("220 hi\r\n").await;
        peer.answer("AUTH TLS\r\n", "234 go\r\n").await;
        let mut peer = world.server.secure(peer).await.unwrap();
        peer.answer("PBSZ 0\r\n", "200 ok\r\n").await;
        peer.answer("PROT P\r\n", "536 no\r\n").await;
        // No USER follows.
        assert!(peer.rest().await.unwrap_or_default().is_empty());
    };
    let (opened, ()) = tokio::join!(Session::open(&world.network, world.options()), server);
    assert!(matches!(opened.unwrap_err(), FtpError::TlsRefused(Reply { code: 536, .. })));
}

#[tokio::test]
async fn a_reply_put_in_front_of_the_handshake_is_not_trusted() {
    let world = secure().await;
    let server = async {
        let mut peer = Peer::accept(&world.listener).await;
        peer.send("220 hi\r\n").await;
        peer.answer("AUTH TLS\r\n", "234 go\r\n200 ok\r\n").await;
        peer
    };
    let (opened, _peer) = tokio::join!(Session::open(&world.network, world.options()), server);
    assert_eq!(opened.unwrap_err(), FtpError::Malformed("a reply ahead of the handshake".into()));
}

#[tokio::test]
async fn failures_of_the_handshakes() {
    let world = secure().await;
    let stranger = Authority::new("Other CA");
    let server = async {
        let mut peer = Peer::accept(&world.listener).await;
        peer.send("220 hi\r\n").await;
        peer.answer("AUTH TLS\r\n", "234 go\r\n").await;
        assert!(world.server.secure(peer).await.is_err());
    };
    let options = Options { tls: Some(tls_settings(&stranger)), ..world.options() };
    let (opened, ()) = tokio::join!(Session::open(&world.network, options), server);
    let FtpError::Tls(error) = opened.unwrap_err() else {
        panic!("not a failure of TLS");
    };
    assert_eq!(error.tls_failure(), Some(TlsFailure::UnknownAuthority));

    let tls = Some(TlsSettings { ca_certificates: Vec::new(), ..tls_settings(&world.authority) });
    let unusable = Session::open(&world.network, Options { tls, ..world.options() }).await.unwrap_err();
    assert!(matches!(unusable, FtpError::Tls(error) if error.tls_failure() == Some(TlsFailure::Credentials)));
}

#[tokio::test]
async fn a_data_connection_that_is_not_protected_fails_with_the_servers_word() {
    let world = secure().await;
    let server = async {
        let mut peer = world.explicit().await;
        let listener = passive(&mut peer).await;
        peer.answer("RETR f\r\n", "150 go\r\n").await;
        let mut data = Peer::accept(&listener).await;
        data.send("in the clear").await;
        drop(data);
        peer
    };
    let client = async {
        let session = Session::open(&world.network, world.options()).await.unwrap();
        let opening = session.retrieve("f", 0);
        (opening.await.map(drop), session)
    };
    let answering = async {
        let mut peer = server.await;
        peer.send("522 session reuse required\r\n").await;
        peer
    };
    let ((opened, session), mut peer) = tokio::join!(client, answering);
    // Whichever comes first, the server's word stays readable.
    let error = opened.unwrap_err();
    assert!(
        matches!(error, FtpError::Data(NetError::Tls { .. } | NetError::Reset) | FtpError::Refused(_)),
        "{error}"
    );
    assert_eq!(session.last_message().await, "522 session reuse required");
    assert_in_step(&session, &mut peer).await;
}

#[test]
fn passwords_do_not_show() {
    assert!(!format!("{:?}", options(1)).contains("pass\""));
}
