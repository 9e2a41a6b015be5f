//! The module restarts, or its port is lost, under a connection.

use std::io::ErrorKind;
use std::time::Duration;

use telit_core::Category;
use telit_core::platform::PlatformId;
use telit_core::socket::{Arrival, ConnectionMode, SocketError, TlsSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::module::{Answer, DEAD, Module, PULL, RESTART, socket_error, watched, watched_of};

/// Nothing that fails because of a known loss takes longer.
const PROMPT: Duration = Duration::from_millis(100);

async fn online(module: &Module) -> TlsSocket {
    module.connector().mode(ConnectionMode::Online).connect("peer.example", 7).await.unwrap()
}

fn is_link_lost(error: &SocketError) -> bool {
    matches!(error, SocketError::Command(error) if error.is_link_lost())
}

/// Everything that can be done with a socket fails in the same way.
async fn assert_gone(socket: &mut TlsSocket, expected: fn(&SocketError) -> bool) {
    let started = Instant::now();
    let errors = [
        socket.read(&mut [0; 8]).await.unwrap_err(),
        socket.read(&mut [0; 8]).await.unwrap_err(),
        socket.write(b"x").await.unwrap_err(),
    ];
    for error in errors.map(socket_error) {
        assert!(expected(&error), "{error:?}");
        assert_eq!(error.category(), Category::Link);
    }
    for error in [socket.status().await.unwrap_err(), socket.counters().await.unwrap_err()] {
        assert!(expected(&error), "{error:?}");
    }
    assert_eq!(socket.ending(), None, "it is no end of the connection");
    assert!(started.elapsed() < PROMPT, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_hears_of_a_restart_at_once_and_the_next_connection_works() {
    for arrival in [Arrival::Announced, Arrival::Delivered, Arrival::Polled(Duration::from_secs(60))] {
        let module = watched(|_| None).await;
        let connector = module.connector().arrival(arrival);
        let mut socket = connector.connect("peer.example", 7).await.unwrap();
        let enabled = module.count("AT#SSLEN=1,1");
        let reading = tokio::spawn(async move {
            let read = socket.read(&mut [0; 8]).await;
            (socket, read, Instant::now())
        });
        tokio::task::yield_now().await;
        module.restart_and_tell().await;
        let told = Instant::now();
        let (mut socket, read, heard) = reading.await.unwrap();
        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(socket_error(error), SocketError::ModuleRestarted, "{arrival:?}");
        assert!(heard < told + PROMPT, "{arrival:?}: {:?}", heard - told);
        assert_gone(&mut socket, |error| *error == SocketError::ModuleRestarted).await;
        socket.close().await.unwrap();
        assert_eq!(module.modem.tls_holder(), None);
        let mut next = connector.connect("peer.example", 7).await.unwrap();
        assert_eq!(module.count("AT#SSLEN=1,1"), enabled + 1, "TLS is set up anew");
        next.write_all(b"hello").await.unwrap();
        next.flush().await.unwrap();
        next.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_had_come_are_read_first() {
    let module = watched(|line| {
        line.starts_with("AT#SSLRECV=1").then_some(&b"\r\n#SSLRECV: 3\r\nabc\r\n\r\nOK\r\n"[..])
    });
    let module = module.await;
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let mut one = [0; 1];
    socket.read_exact(&mut one).await.unwrap();
    module.restart_and_tell().await;
    let mut rest = Vec::new();
    let error = socket.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!((one, &rest[..]), (*b"a", &b"bc"[..]));
    assert_eq!(socket_error(error), SocketError::ModuleRestarted);
}

/// Its own next command shows it: a read that was announced, or a write.
#[tokio::test(start_paused = true)]
async fn the_command_that_shows_the_restart_is_not_taken_for_an_end() {
    let module = watched(|_| None).await;
    let mut socket = module.connect().await;
    module.urc.send(RESTART).unwrap();
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    let error = socket.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(socket_error(error), SocketError::ModuleRestarted);

    let module = watched(|_| None).await;
    let mut socket = module.connect().await;
    module.urc.send(RESTART).unwrap();
    tokio::task::yield_now().await;
    socket.write_all(b"hello").await.unwrap();
    let error = socket_error(socket.flush().await.unwrap_err());
    assert_eq!(error, SocketError::ModuleRestarted, "it says that nobody knows what has gone");
    assert_eq!(socket_error(socket.shutdown().await.unwrap_err()), SocketError::ModuleRestarted);
    assert_gone(&mut socket, |error| *error == SocketError::ModuleRestarted).await;
    assert_eq!(socket.close().await, Err(SocketError::ModuleRestarted), "what was written did not go");
}

/// Until then it is only silent.
#[tokio::test(start_paused = true)]
async fn a_read_that_the_restart_swallowed_names_it() {
    let module = watched(|line| line.starts_with("AT#SSLRECV=1").then_some(&b""[..])).await;
    let mut socket = module.connect().await;
    module.urc.send(b"\r\nSSLSRING: 1,3\r\n").unwrap();
    while !module.sent("AT#SSLRECV=1") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    module.urc.send(RESTART).unwrap();
    let read = timeout(Duration::from_secs(60), socket.read(&mut [0; 8])).await.unwrap();
    assert_eq!(socket_error(read.unwrap_err()), SocketError::ModuleRestarted);
}

#[tokio::test(start_paused = true)]
async fn a_lost_port_is_heard_of_at_once_and_is_no_end() {
    for mode in [ConnectionMode::Command, ConnectionMode::Online] {
        let module = watched(dials_online).await;
        let mut socket = module.connector().mode(mode).connect("peer.example", 7).await.unwrap();
        let reading = tokio::spawn(async move {
            let read = socket.read(&mut [0; 8]).await;
            (socket, read)
        });
        tokio::task::yield_now().await;
        module.urc.send(PULL).unwrap();
        let pulled = Instant::now();
        let (mut socket, read) = reading.await.unwrap();
        let error = socket_error(read.unwrap_err());
        assert!(is_link_lost(&error), "{mode:?}: {error:?}");
        assert!(pulled.elapsed() < PROMPT, "{mode:?}: {:?}", pulled.elapsed());
        if mode == ConnectionMode::Command {
            assert_gone(&mut socket, is_link_lost).await;
        }
        let error = module.connector().connect("peer.example", 7).await.unwrap_err();
        assert!(error.category() == Category::Link, "{mode:?}: {error:?}");
    }
}

fn dials_online(line: &str) -> Option<&'static [u8]> {
    let online = line.starts_with("AT#SSLD=1") && line.split(',').nth(4) == Some("0");
    online.then_some(&b"\r\nCONNECT\r\n"[..])
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_being_made_names_the_restart() {
    let swallowed: Answer = |line| line.starts_with("AT#SSLD=1").then_some(&b""[..]);
    let module = watched(swallowed).await;
    let connector = module.connector();
    let (connected, ()) = tokio::join!(connector.connect("peer.example", 7), async {
        while !module.sent("AT#SSLD=1") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        module.urc.send(RESTART).unwrap();
    });
    assert_eq!(connected.unwrap_err(), SocketError::ModuleRestarted);
    assert_eq!(module.modem.tls_holder(), None);
}

/// What was set up before the restart is not what a later command relies on.
#[tokio::test(start_paused = true)]
async fn a_restart_during_the_set_up_never_leads_to_a_connection() {
    let module = watched(|_| None).await;
    let connector = module.connector();
    let (connected, ()) = tokio::join!(connector.connect("peer.example", 7), async {
        while !module.sent("AT#SSLSECCFG") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        module.urc.send(RESTART).unwrap();
    });
    assert_eq!(connected.unwrap_err(), SocketError::ModuleRestarted);
    assert!(!module.sent("AT#SSLD=1"));
    connector.connect("peer.example", 7).await.unwrap().close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_suspended_connection_is_gone_too() {
    let module = watched(dials_online).await;
    let suspended = online(&module).await.suspend().await.unwrap();
    module.restart_and_tell().await;
    let error = suspended.status().await.unwrap_err();
    assert_eq!(error, SocketError::ModuleRestarted);
    assert_eq!(suspended.resume().await.unwrap_err(), SocketError::ModuleRestarted);

    let module = watched(dials_online).await;
    let suspended = online(&module).await.suspend().await.unwrap();
    module.urc.send(RESTART).unwrap();
    assert_eq!(
        suspended.resume().await.unwrap_err(),
        SocketError::ModuleRestarted,
        "its own command shows it"
    );
    let next = timeout(Duration::from_secs(60), module.connect()).await.expect("the number is free");
    next.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_online_mode_hears_of_it_when_it_is_suspended() {
    let module = watched(dials_online).await;
    let socket = online(&module).await;
    module.urc.send(RESTART).unwrap();
    let suspended = timeout(Duration::from_secs(60), socket.suspend()).await.unwrap();
    assert_eq!(suspended.unwrap_err(), SocketError::ModuleRestarted);
}

/// A module whose escape sequence would reach the peer is never asked, so that nothing else tells.
fn shows_escape(line: &str) -> Option<&'static [u8]> {
    if line.starts_with("AT#SKIPESC") { Some(b"\r\nERROR\r\n") } else { dials_online(line) }
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_online_mode_hears_of_it_when_it_is_closed() {
    let module = watched(shows_escape).await;
    let mut socket = online(&module).await;
    module.urc.send(RESTART).unwrap();
    tokio::task::yield_now().await;
    socket.write_all(b"line\r").await.unwrap();
    socket.flush().await.unwrap();
    let closed = timeout(Duration::from_secs(60), socket.close()).await.unwrap();
    assert_eq!(closed, Err(SocketError::ModuleRestarted));
    module.connect().await.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_online_mode_whose_module_answers_nothing_hears_of_it_when_it_is_closed() {
    let module = watched(shows_escape).await;
    let mut socket = online(&module).await;
    module.urc.send(DEAD).unwrap();
    tokio::task::yield_now().await;
    socket.write_all(b"line\r").await.unwrap();
    socket.flush().await.unwrap();
    let closed = timeout(Duration::from_secs(75), socket.close()).await.unwrap();
    assert_eq!(closed, Err(SocketError::Stuck));
}

/// What was flushed may not have reached the peer.
#[tokio::test(start_paused = true)]
async fn whoever_has_not_heard_of_a_restart_hears_of_it_when_closing() {
    let module = watched(|_| None).await;
    let mut socket = module.connect().await;
    socket.write_all(b"hello").await.unwrap();
    socket.flush().await.unwrap();
    module.restart_and_tell().await;
    assert_eq!(socket.close().await, Err(SocketError::ModuleRestarted));

    let module = watched(|_| None).await;
    let socket = module.connect().await;
    module.urc.send(RESTART).unwrap();
    tokio::task::yield_now().await;
    assert_eq!(socket.close().await, Err(SocketError::ModuleRestarted), "its own command shows it");
    module.connect().await.close().await.unwrap();

    let module = watched(dials_online).await;
    let suspended = online(&module).await.suspend().await.unwrap();
    module.urc.send(RESTART).unwrap();
    assert_eq!(suspended.close().await, Err(SocketError::ModuleRestarted));
}

/// The set-up of a session that was kept is gone with the module, so it must not be dialled with.
#[tokio::test(start_paused = true)]
async fn a_kept_session_ends_with_the_module() {
    let module = watched_of(PlatformId::P10, |_| None).await;
    let connector = module.connector_2g().keep_session(true);
    connector.connect("peer.example", 7).await.unwrap().close().await.unwrap();
    let enabled = module.count("AT#SSLEN=1,1");
    module.restart_and_tell().await;
    connector.connect("peer.example", 7).await.unwrap().close().await.unwrap();
    assert_eq!(module.count("AT#SSLEN=1,1"), enabled + 1);
    assert!(!module.sent("AT#SSLFASTD"));
}
