//! The lease on the module's TLS against a scripted module: order, cancellation, and what is switched off.
#![cfg(feature = "mock")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use telit_core::at::{ModuleError, Reply};
use telit_core::driver::MockAtChannel;
use telit_core::exclusive::{Holder, LeaseError, Service};
use telit_core::platform::{PlatformId, profile};
use telit_core::{Category, CommandError, Modem};

type Log = Arc<Mutex<Vec<String>>>;

/// A module that answers the given lines, refuses the given others, and takes everything else.
fn modem(answers: &[(&'static str, &'static str)], refused: &[(&'static str, &'static str)]) -> (Modem, Log) {
    let answers: HashMap<_, _> = answers.iter().copied().collect();
    let refused: HashMap<_, _> = refused.iter().copied().collect();
    let log = Log::default();
    let seen = Arc::clone(&log);
    let mut channel = MockAtChannel::new();
    channel.expect_execute().returning(move |exchange| {
        let line = String::from_utf8_lossy(exchange.line().as_bytes()).into_owned();
        let command = exchange.line().name().to_owned();
        seen.lock().expect("no panic").push(line.clone());
        match (answers.get(line.as_str()), refused.get(line.as_str())) {
            (_, Some(text)) => Err(CommandError::Refused { command, error: ModuleError::equipment(text) }),
            (Some(text), None) => Ok(Reply::new([*text], "")),
            (None, None) => Ok(Reply::default()),
        }
    });
    let profile = profile(PlatformId::P37);
    (Modem::from_channel(Arc::new(channel), profile), log)
}

fn sent(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().expect("no panic"))
}

const QUESTIONS: [&str; 4] = ["AT#MQEN?", "AT#HTTPCFG?", "AT#FTPCFG?", "AT#SSLEN?"];

#[tokio::test]
async fn nothing_is_switched_off_on_a_module_that_has_nothing_on() {
    let (modem, log) = modem(&[("AT#SSLEN?", "#SSLEN: 1,0")], &[]);
    modem.acquire_tls(Service::Http).await.expect("it is free").release();
    assert_eq!(sent(&log), QUESTIONS);
    modem.acquire_tls(Service::Ftp).await.expect("it is free").release();
    assert_eq!(sent(&log), [""; 0], "a lease that was released leaves nothing");
}

#[tokio::test]
async fn each_service_is_ended_before_its_flag_is_cleared() {
    for (answers, expected) in [
        (
            vec![("AT#MQEN?", "#MQEN: 1,1"), ("AT#MQCFG?", "#MQCFG: 1,\"b.test\",8883,1,1")],
            vec![
                "AT#MQEN?",
                "AT#MQCFG?",
                "AT#MQDISC=1",
                "AT#MQEN=1,0",
                "AT#HTTPCFG?",
                "AT#FTPCFG?",
                "AT#SSLEN?",
            ],
        ),
        (
            vec![("AT#HTTPCFG?", "#HTTPCFG: 2,\"h.test\",443,0,\"\",\"\",1,120,1")],
            vec!["AT#MQEN?", "AT#HTTPCFG?", "AT#HTTPCFG=2,\"h.test\",443,,,,0", "AT#FTPCFG?", "AT#SSLEN?"],
        ),
        (
            vec![("AT#FTPCFG?", "#FTPCFG: 500,1,1,0")],
            vec!["AT#MQEN?", "AT#HTTPCFG?", "AT#FTPCFG?", "AT#FTPCLOSE", "AT#FTPCFG=500,1,0", "AT#SSLEN?"],
        ),
        (
            vec![("AT#SSLEN?", "#SSLEN: 3,1")],
            vec!["AT#MQEN?", "AT#HTTPCFG?", "AT#FTPCFG?", "AT#SSLEN?", "AT#SSLH=3", "AT#SSLEN=3,0"],
        ),
    ] {
        let (modem, log) = modem(&answers, &[]);
        modem.acquire_tls(Service::Socket).await.expect("it is cleaned").release();
        assert_eq!(sent(&log), expected);
    }
}

#[tokio::test]
async fn mqtt_without_tls_is_left_alone() {
    let answers = [("AT#MQEN?", "#MQEN: 1,1"), ("AT#MQCFG?", "#MQCFG: 1,\"b.test\",1883,1,0")];
    let (modem, log) = modem(&answers, &[]);
    modem.acquire_tls(Service::Http).await.expect("TLS is free").release();
    assert!(!sent(&log).iter().any(|line| line.starts_with("AT#MQEN=")));
}

#[tokio::test]
async fn what_another_port_owns_is_left_and_named() {
    let refused = [("AT#SSLEN=1,0", "Resource used by another instance")];
    let (modem, log) = modem(&[("AT#SSLEN?", "#SSLEN: 1,1")], &refused);
    let error = modem.acquire_tls(Service::Http).await.expect_err("it belongs to another port");
    assert_eq!(
        error.to_string(),
        "the module's TLS is held by the socket service on another port of the module"
    );
    assert_eq!(error.category(), Category::Busy);
    assert_eq!(modem.tls_holder(), None, "the place is given up");
    sent(&log);
    modem.acquire_tls(Service::Http).await.expect_err("it still does");
    assert_eq!(sent(&log).first().map(String::as_str), Some("AT#MQEN?"), "the module is asked again");
}

#[tokio::test]
async fn a_lease_that_was_dropped_is_cleaned_up_after() {
    let (modem, log) = modem(&[], &[]);
    drop(modem.acquire_tls(Service::Mqtt).await.expect("it is free"));
    sent(&log);
    modem.acquire_tls(Service::Http).await.expect("it is free").release();
    assert_eq!(sent(&log), QUESTIONS);
}

#[tokio::test]
async fn the_queue_keeps_its_order_and_forgets_who_left() {
    let (modem, _) = modem(&[], &[]);
    let first = modem.acquire_tls(Service::Http).await.expect("it is free");
    let (order, mut served) = tokio::sync::mpsc::unbounded_channel();
    let mut waiting = Vec::new();
    for service in [Service::Ftp, Service::Mqtt, Service::Socket] {
        let (modem, order) = (modem.clone(), order.clone());
        waiting.push(tokio::spawn(async move {
            let lease = modem.acquire_tls(service).await.expect("its turn comes");
            order.send(service).expect("the test listens");
            lease.release();
        }));
        tokio::task::yield_now().await;
    }
    let refused = modem.try_acquire_tls(Service::Ftp).await.expect_err("it is held");
    assert!(matches!(refused, LeaseError::Busy(busy) if busy.holder == Holder::Here(Service::Http)));
    waiting[1].abort();
    tokio::task::yield_now().await;
    first.release();
    assert_eq!(served.recv().await, Some(Service::Ftp));
    assert_eq!(served.recv().await, Some(Service::Socket));
    assert_eq!(modem.tls_holder(), None);
}

#[tokio::test]
async fn a_wait_that_is_given_up_at_the_last_moment_passes_the_turn_on() {
    let (modem, _) = modem(&[], &[]);
    for service in Service::ALL {
        let first = modem.acquire_tls(Service::Http).await.expect("it is free");
        let mut second = Box::pin(modem.acquire_tls(service));
        assert!(poll_once(second.as_mut()).is_none(), "it waits");
        first.release();
        // Granted, but nobody has looked yet.
        drop(second);
        modem.try_acquire_tls(Service::Ftp).await.expect("it is free again").release();
    }
}

/// Polls once.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
