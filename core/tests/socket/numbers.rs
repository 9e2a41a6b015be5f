//! Numbers of sockets, and TLS for them: taken, shared, given back.

use std::time::Duration;

use telit_core::platform::PlatformId;
use telit_core::socket::{Arrival, ConnectFailure, SocketEnding, SocketError};
use tokio::io::AsyncReadExt;

use super::module::{ONE_SOCKET, module, module_of};

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
async fn tls_that_is_on_for_somebody_else_is_busy() {
    let module =
        module(|line| (line == "AT#SSLEN=1,1").then_some(&b"\r\n+CME ERROR: SSL already activated\r\n"[..]));
    let error = module.connector().connect("peer.example", 7).await.unwrap_err();
    assert_eq!(error.category(), telit_core::Category::Busy, "{error:?}");
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
