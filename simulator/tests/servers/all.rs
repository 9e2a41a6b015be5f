use telit_simulator::servers::TestServers;

use super::client::{Client, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_starts_under_its_own_name() {
    within(async {
        let servers = TestServers::start().await.unwrap();
        for (name, addr) in [
            (TestServers::BROKER_NAME, servers.broker().addr()),
            (TestServers::REST_NAME, servers.rest().addr()),
            ("localhost", servers.rest().addr()),
        ] {
            let client = Client::new(servers.authority(), name).identity(servers.client());
            client.connect(addr).await.unwrap();
            let wrong = Client::new(servers.authority(), "wrong.test").identity(servers.client());
            assert!(wrong.connect(addr).await.is_err());
        }
        let handshake = servers.broker().front().wait_for_handshakes(1).await.remove(0);
        assert_eq!(handshake.server_name.as_deref(), Some("broker.test"));
        assert_eq!(handshake.client_subject.as_deref(), Some("O=Telit Simulator, CN=virtual-module"));
        servers.ftps().put_file("a", "b").unwrap();
        assert_eq!(servers.ftps().read_file("a").unwrap(), b"b");
    })
    .await;
}
