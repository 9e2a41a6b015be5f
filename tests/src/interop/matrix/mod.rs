//! Every platform's virtual module against foreign servers, suite by suite.
//!
//! What was used is what the server told, never what we believe. The table that comes of it is compared with
//! `expected.txt`, so that a cell which silently became impossible, or possible, fails. The test prints the table; after
//! a change that is meant, that is what `expected.txt` has to say.

mod demand;
mod gnutls;
mod module_suites;
mod mosquitto;
mod nginx;
mod outcome;
mod peer;
mod socket;
mod suite_names;
mod table;

use telit_core::platform::CipherSuite;
use telit_core::tls::{PolicyRefusal, TlsOptions};
use telit_simulator::Platform;

use self::demand::{Demand, demands};
use self::gnutls::Gnutls;
use self::module_suites::{ModuleSuites, is_not_in_the_openssl_of_a_module};
use self::mosquitto::Mosquitto;
use self::nginx::Nginx;
use self::outcome::Outcome;
use self::peer::{HOST, Peer, Visit};
use self::table::{Column, Table};
use super::credentials::Credentials;
use super::device::Device;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_that_was_asked_for_is_the_one_that_the_server_tells() {
    let credentials = Credentials::new(HOST);
    let columns = tokio::join!(
        column::<Gnutls>(&credentials),
        column::<Nginx>(&credentials),
        column::<Mosquitto>(&credentials)
    );
    let (Some(gnutls), Some(nginx), Some(mosquitto)) = columns else { return };
    let table = Table::new(&[gnutls, nginx, mosquitto]);
    println!("{table}");
    let differences = table.differences(include_str!("expected.txt"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn a_suite_that_the_server_lacks_is_told_from_one_that_the_module_lacks() {
    let credentials = Credentials::new(HOST);
    tokio::join!(
        lacks_a_suite::<Gnutls>(&credentials),
        lacks_a_suite::<Nginx>(&credentials),
        lacks_a_suite::<Mosquitto>(&credentials)
    );
}

async fn lacks_a_suite<P: Peer>(credentials: &Credentials) {
    let Some(peer) = P::start(credentials).await else { return };
    let module_suites = ModuleSuites::start(credentials).await;
    let device = online(Platform::P37, &peer, &module_suites).await;
    let only = |number| {
        let demand = Demand::Only(CipherSuite::new(number));
        demand.options(device.modem.profile(), credentials)
    };
    let visit = Visit { number: 1, suite: CipherSuite::new(0x0035), alone: true };
    let outcome = connected(&peer, &module_suites, &device, only(0x002F), &[visit.suite], &visit).await;
    assert!(matches!(outcome, Outcome::AbsentInServer), "{}: {outcome:?}", P::NAME);
    let visit = Visit { number: 2, suite: CipherSuite::new(0xC005), alone: false };
    let outcome = connected(&peer, &module_suites, &device, only(0xC005), &[visit.suite], &visit).await;
    assert!(matches!(outcome, Outcome::AbsentInModule), "{}: {outcome:?}", P::NAME);
}

/// All platforms and suites with one server, one after the other, so that what it logs belongs to one connection.
async fn column<P: Peer>(credentials: &Credentials) -> Option<Column> {
    let peer = P::start(credentials).await?;
    let module_suites = ModuleSuites::start(credentials).await;
    let mut column = Column::new(P::NAME);
    let mut number = 0;
    for platform in Platform::ALL {
        let device = online(platform, &peer, &module_suites).await;
        column.add(platform, "by".to_owned(), peer.way(&device).to_string());
        for demand in demands(device.modem.profile()) {
            number += 1;
            let tls = demand.options(device.modem.profile(), credentials);
            let outcome = match demand.resolved(&device.modem, &tls).await {
                Ok(offer) => {
                    let visit = Visit { number, suite: offer[0], alone: demand.is_up_to_server() };
                    connected(&peer, &module_suites, &device, tls, &offer, &visit).await
                }
                Err(refusal) => refused(&peer, &device, tls, refusal).await,
            };
            column.add(platform, demand.to_string(), outcome.shown(demand));
        }
    }
    Some(column)
}

async fn online<P: Peer>(platform: Platform, peer: &P, module_suites: &ModuleSuites) -> Device {
    let ports = peer.ports().into_iter().chain(module_suites.ports());
    let servers: Vec<_> = ports.map(|(port, real)| (HOST, port, real)).collect();
    Device::online_in_haste(platform, &servers).await
}

async fn connected<P: Peer>(
    peer: &P,
    module_suites: &ModuleSuites,
    device: &Device,
    tls: TlsOptions,
    offer: &[CipherSuite],
    visit: &Visit,
) -> Outcome {
    let mark = peer.mark(visit);
    match peer.visit(device, tls.clone(), visit).await {
        Ok(used) if offer.contains(&used.suite) => Outcome::Used(used),
        Ok(used) => Outcome::Unexpected(format!("{used:?}, which was not asked for")),
        Err(failure) if failure.refused => Outcome::Unexpected(failure.text),
        Err(failure) if !module_suites.have(device, tls, visit.suite).await => {
            if is_not_in_the_openssl_of_a_module(visit.suite) {
                Outcome::AbsentInModule
            } else {
                Outcome::Unexpected(failure.text)
            }
        }
        Err(_) if peer.has_nothing_in_common(visit, mark).await => Outcome::AbsentInServer,
        Err(failure) => Outcome::Unexpected(failure.text),
    }
}

/// What cannot be resolved is refused by the clients, too, and in the same words.
async fn refused<P: Peer>(peer: &P, device: &Device, tls: TlsOptions, refusal: PolicyRefusal) -> Outcome {
    let visit = Visit { number: 0, suite: CipherSuite::new(0x002F), alone: false };
    let failure = peer.visit(device, tls, &visit).await.expect_err("it is refused");
    assert!(failure.refused && failure.text.contains(&refusal.to_string()), "{failure:?}, not {refusal}");
    Outcome::Refused(refusal)
}
