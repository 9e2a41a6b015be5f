//! A CA certificate in the module's RAM lasts for one connection, so each gets it anew.

use telit_core::exclusive::Service;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::{CaCertificate, CredentialArea, CredentialStore, TlsOptions, inventory};
use tokio::io::AsyncWriteExt;

use super::peer::{Peer, echo, read};

#[tokio::test]
async fn an_authority_in_ram_leaves_the_flash_alone() {
    let peer = Peer::start().await;
    let ca = CaCertificate::from_pem(peer.authority.certificate_pem().as_bytes()).expect("a CA");
    let tls = TlsOptions::builder().ca(ca).credential_store(CredentialStore::Ram).build().expect("it fits");
    let connector = TlsConnector::new(&peer.modem, tls).mode(ConnectionMode::Command);
    for _ in 0..2 {
        let (mut socket, remote) = peer.connect_by(&connector).await;
        tokio::spawn(echo(remote));
        socket.write_all(b"hello").await.expect("it is sent");
        socket.flush().await.expect("it is accepted");
        assert_eq!(read(&mut socket, 5).await, b"hello");
        socket.close().await.expect("it closes in order");
    }
    let lease = peer.modem.acquire_tls(Service::Socket).await.expect("TLS is free");
    let mut stored = inventory(&peer.modem, &lease).await.expect("it is listed");
    stored.retain(|stored| stored.place.area == CredentialArea::Own);
    assert_eq!(stored, [], "nothing was written to flash");
    lease.release();
}
