//! Verification really verifies, on every platform: a server that is not who it should be is refused, a client that
//! is not known is refused, and the error says what to look at.

mod bench;
mod certificates;
mod server;
mod services;

use std::time::{Duration, SystemTime};

use telit_core::Category;
use telit_core::commands::{ReadClock, SetClock};
use telit_core::modem::ClockError;
use telit_core::platform::{CipherSuite, PlatformId, SecurityLayout};
use telit_core::socket::{ConnectFailure, SocketError};
use telit_core::tls::{PolicyRefusal, TlsError, TlsFailure, TlsOptions, TlsVersion};

use self::bench::{Bench, on_every_platform};
use self::certificates::{ca, identity};
use self::server::Server;
use crate::waived::{strongest, with_server_name};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The module says no more than that the handshake failed, so the hint has to name all that can be the cause.
const HINT: &str = "the module does not say which check failed; look at: the CA certificate (is it the server's?), \
                    the host name in the server's certificate, its validity and the module's clock, the client \
                    certificate if the server asks for one, TLS version and cipher suites of both sides";

/// Servers that must be refused, and the alert by which they learn why: it tells that the module made just this check.
const WRONG_SERVERS: [(Server, &str); 4] = [
    (Server::OfStranger, "alert unknown ca"),
    (Server::SelfSigned, "alert unknown ca"),
    (Server::Expired, "alert certificate expired"),
    (Server::NotYetValid, "alert bad certificate"),
];

#[tokio::test]
async fn the_right_server_is_taken() {
    on_every_platform(|bench| async move {
        bench.connect(Server::Right, bench.tls().build().expect("it fits")).await.expect("it is taken");
        assert!(bench.seen_by(Server::Right)[0].is_established());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_cannot_prove_who_it_is_is_refused() {
    on_every_platform(|bench| async move {
        for (server, alert) in WRONG_SERVERS {
            is_refused(&bench, server, bench.tls().build().expect("it fits")).await;
            let seen = bench.failure_seen_by(server).await;
            assert!(seen.contains(alert), "{server:?}: {seen}");
        }
        bench.connect(Server::Right, bench.tls().build().expect("it fits")).await.expect("TLS goes on");
    })
    .await;
}

#[tokio::test]
async fn the_danger_has_to_be_named_to_connect_to_such_a_server() {
    on_every_platform(|bench| async move {
        for (server, _) in WRONG_SERVERS {
            let tls = bench.tls().danger_skip_verification().build().expect("it fits");
            bench.connect(server, tls).await.expect("the danger was named");
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_with_the_certificate_of_another_host_is_refused_where_names_are_checked() {
    on_every_platform(|bench| async move {
        let server = Server::OfAnotherHost;
        if bench.modem.profile().tls.checks_host_name() {
            is_refused(&bench, server, bench.tls().build().expect("it fits")).await;
            let seen = bench.failure_seen_by(server).await;
            assert!(seen.contains("alert bad certificate"), "{seen}");
        }
        let tls = bench.tls().danger_skip_host_check().build().expect("it fits");
        bench.connect(server, tls).await.expect("the danger was named");
    })
    .await;
}

#[tokio::test]
async fn where_names_are_not_checked_nothing_is_sent_unless_the_danger_is_named() {
    on_every_platform(|bench| async move {
        let profile = bench.modem.profile();
        if profile.tls.checks_host_name() {
            return;
        }
        let builder = TlsOptions::builder().ca(ca(&bench.certificates.authority));
        let tls = strongest(profile, with_server_name(profile, builder)).build().expect("it fits");
        let error = bench.connect(Server::Right, tls).await.expect_err("it cannot be checked");
        let platform = profile.id;
        assert_eq!(error, SocketError::Tls(TlsError::Policy(PolicyRefusal::HostCheck { platform })));
        assert_eq!(error.category(), Category::Usage);
        let text = format!(
            "platform {platform} does not check host names, so any server with a certificate of a trusted CA is \
             taken; trust a CA of your own that signs this server only, and accept it by danger_skip_host_check() \
             (--danger-skip-host-check)"
        );
        assert_eq!(error.to_string(), text);
        assert_eq!(bench.seen_by(Server::Right), []);
    })
    .await;
}

#[tokio::test]
async fn a_server_with_old_versions_alone_is_refused() {
    on_every_platform(|bench| async move {
        is_refused(&bench, Server::Old, bench.tls().build().expect("it fits")).await;
    })
    .await;
}

#[tokio::test]
async fn a_suite_that_old_versions_have_too_opens_no_way_to_them() {
    on_every_platform(|bench| async move {
        let suite = CipherSuite::new(0x0035);
        let tls = bench.tls().cipher_suites([suite]).build().expect("it fits");
        if bench.modem.profile().tls.security == SecurityLayout::Absent {
            let error = bench.connect(Server::Old, tls).await.expect_err("it cannot be kept to TLS 1.2");
            let platform = bench.modem.profile().id;
            let text = format!(
                "platform {platform} cannot be kept to TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA, which older versions \
                 have too; the strongest that it can be pinned to is TLS_RSA_WITH_AES_128_GCM_SHA256: choose \
                 CipherPolicy::Compatible (--cipher compatible)"
            );
            assert_eq!(error.to_string(), text);
            assert_eq!(bench.seen_by(Server::Old), []);
            return;
        }
        is_refused(&bench, Server::Old, tls).await;
        let seen = bench.failure_seen_by(Server::Old).await;
        let words = ["unsupported protocol", "wrong version number"];
        assert!(words.iter().any(|words| seen.contains(words)), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_server_with_other_suites_alone_is_refused() {
    on_every_platform(|bench| async move {
        let server = Server::WithoutCommonSuite;
        is_refused(&bench, server, bench.tls().build().expect("it fits")).await;
        let seen = bench.failure_seen_by(server).await;
        assert!(seen.contains("no shared cipher"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_client_without_a_certificate_or_with_a_strangers_is_refused() {
    on_every_platform(|bench| async move {
        let server = Server::WantsCertificate;
        is_refused(&bench, server, bench.tls().build().expect("it fits")).await;
        let strange = bench.tls().identity(identity(&bench.certificates.strange_device));
        is_refused(&bench, server, strange.build().expect("it fits")).await;
        let [missing, strange] = &bench.seen_by(server)[..] else { panic!("two handshakes") };
        let why = |it: &Option<String>| it.clone().expect("it failed");
        assert!(why(&missing.error).contains("peer did not return a certificate"), "{missing:?}");
        assert!(why(&strange.error).contains("certificate verify failed"), "{strange:?}");
        let known = bench.tls().identity(identity(&bench.certificates.device));
        bench.connect(server, known.build().expect("it fits")).await.expect("it is let in");
    })
    .await;
}

/// In TLS 1.3 the client is done before the server has judged its certificate, so it learns the verdict later.
#[tokio::test]
async fn with_tls_1_3_a_client_that_is_refused_is_told_when_it_reads() {
    on_every_platform(|bench| async move {
        let tls = || bench.tls().minimum_version(TlsVersion::Tls13);
        let server = Server::WantsCertificateIn13;
        let anonymous = tls().build().expect("it fits");
        let error = bench.connect(server, anonymous).await.expect_err("it is refused");
        let platform = bench.modem.profile().id;
        if !matches!(platform, PlatformId::P25ThreadX | PlatformId::P37) {
            let refusal = PolicyRefusal::Version { platform, version: TlsVersion::Tls13 };
            assert_eq!(error, SocketError::Tls(TlsError::Policy(refusal)));
            return;
        }
        let text = "the peer ended the connection with a TLS alert, before its first byte; with TLS 1.3 that is what a \
                    server does which does not accept the client certificate, or misses one";
        assert_eq!(error.to_string(), text);
        let strange = tls().identity(identity(&bench.certificates.strange_device)).build().expect("it fits");
        let error = bench.connect(server, strange).await.expect_err("it is refused");
        assert_eq!(error.hint(), Some("check the client certificate, and what the server's log says"));
        let known = tls().identity(identity(&bench.certificates.device)).build().expect("it fits");
        bench.connect(server, known).await.expect("it is let in");
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_behind_is_set_before_a_certificate_is_judged() {
    on_every_platform(|bench| async move {
        let now = SystemTime::now();
        bench.modem.run(SetClock(now - 10 * YEAR)).await.expect("it is set");
        // By that clock it would not be valid yet.
        bench.connect(Server::Right, bench.tls().build().expect("it fits")).await.expect("it is taken");
        let shown = bench.modem.run(ReadClock).await.expect("it answers").expect("it is set");
        let apart = shown.duration_since(now).unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_secs(120), "{apart:?}");
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_reported_before_anything_is_sent() {
    on_every_platform(|bench| async move {
        bench.modem.run(SetClock(SystemTime::now() + 10 * YEAR)).await.expect("it is set");
        let tls = bench.tls().build().expect("it fits");
        let error = bench.connect(Server::Right, tls).await.expect_err("it is refused");
        assert!(matches!(error, SocketError::Tls(TlsError::Clock(ClockError::Disagreement { .. }))), "{error:?}");
        assert!(error.to_string().starts_with("the module's clock says 36/"), "{error}");
        let hint = "certificates are checked against the module's clock: set this computer's clock, set the module's \
                    with AT+CCLK, or name a time server";
        assert_eq!(error.hint(), Some(hint));
        assert_eq!(bench.seen_by(Server::Right), []);
    })
    .await;
}

/// Refused by the handshake, in words that say what to look at, and TLS is free again.
async fn is_refused(bench: &Bench, server: Server, tls: TlsOptions) {
    let error = bench.connect(server, tls).await.expect_err("it must be refused");
    let handshake = ConnectFailure::Tls(TlsFailure::Handshake);
    assert!(matches!(&error, SocketError::Connect { failure, .. } if *failure == handshake), "{error:?}");
    let text = format!("no connection to server.test:{}: SSL error during handshake", server.port());
    assert_eq!(error.to_string(), text);
    assert_eq!(error.hint(), Some(HINT));
    assert_eq!(error.category(), Category::Network);
    assert_eq!(bench.modem.tls_holder(), None);
}
