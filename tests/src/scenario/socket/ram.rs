//! A CA certificate in the module's RAM lasts for one connection, so each gets it anew.

use telit_core::Modem;
use telit_core::exclusive::Service;
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::{
    CaCertificate, CredentialArea, CredentialStore, StoredCredential, TlsOptions, inventory,
};
use telit_simulator::Platform;
use tokio::io::AsyncWriteExt;

use super::peer::{Peer, echo, on_line, read};
use crate::waived::{strongest, waived};

#[tokio::test]
async fn an_authority_in_ram_leaves_the_flash_alone() {
    for platform in [Platform::P23, Platform::P37] {
        let peer = Peer::start_with(|options, _| options.danger_accept_everything()).await;
        let (_module, modem) = on_line(platform, peer.front.addr()).await;
        let ca = CaCertificate::from_pem(peer.authority.certificate_pem().as_bytes()).expect("a CA");
        let builder = TlsOptions::builder().ca(ca).credential_store(CredentialStore::Ram);
        let builder = strongest(modem.profile(), waived(modem.profile(), builder));
        let tls = builder.build().expect("it fits");
        let connector = TlsConnector::new(&modem, tls).mode(ConnectionMode::Command);
        for _ in 0..2 {
            talk(&peer, &connector).await;
        }
        assert_eq!(stored_in_flash(&modem).await, [], "{platform}");
    }
}

async fn talk(peer: &Peer, connector: &TlsConnector) {
    let (mut socket, remote) = peer.connect_by(connector).await;
    tokio::spawn(echo(remote));
    socket.write_all(b"hello").await.expect("it is sent");
    socket.flush().await.expect("it is accepted");
    assert_eq!(read(&mut socket, 5).await, b"hello");
    socket.close().await.expect("it closes in order");
}

async fn stored_in_flash(modem: &Modem) -> Vec<StoredCredential> {
    let lease = modem.acquire_tls(Service::Socket).await.expect("TLS is free");
    let mut stored = inventory(modem, &lease).await.expect("it is listed");
    stored.retain(|stored| stored.place.area == CredentialArea::Own);
    lease.release();
    stored
}
