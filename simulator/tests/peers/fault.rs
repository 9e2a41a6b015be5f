use std::time::Duration;

use telit_simulator::peers::{Peers, SocketEnd};

use crate::bench::{in_virtual_time, module, ready, settle};

#[test]
fn a_cut_breaks_connections_at_the_byte_and_leaves_the_context() {
    in_virtual_time(async {
        let peers = Peers::new();
        let sink = peers.sink("peer.test", 443);
        let (_module, mut port) = ready(module(&peers).fault("net-cut:after=100".parse().unwrap())).await;
        port.ok("AT#SSLEN=1,1;#SSLSECCFG=1,0,0;#SSLCFG=1,1,300,90,100,50,1,2").await;
        port.ok("AT#SSLD=1,443,\"peer.test\",0,1").await;
        sink.send(vec![b'x'; 150]);
        port.expect("\r\nSSLSRING: 1,100\r\n").await;
        let rest = "x".repeat(100);
        let answer = format!("\r\n#SSLRECV: 100\r\n{rest}\r\n\r\nOK\r\n\r\nNO CARRIER:SSL,1,3\r\n");
        port.ask("AT#SSLRECV=1,1000", &answer).await;
        assert_eq!(sink.connections()[0].end, Some(SocketEnd::Reset));
        port.ok("AT#SSLD=1,443,\"peer.test\",0,1").await;
    });
}

#[test]
fn a_network_that_is_lost_at_a_command_takes_the_transfer_with_it() {
    in_virtual_time(async {
        let peers = Peers::new();
        let files = peers.ftp("files.test", 21);
        files.add_user("u", "p");
        let fault = "net-loss:command=#FTPAPPEXT,nth=2,ms=5000";
        let (_module, mut port) = ready(module(&peers).fault(fault.parse().unwrap())).await;
        port.ok("AT#FTPOPEN=\"files.test\",\"u\",\"p\",1,1").await;
        port.ok("AT#FTPPUT=\"up\",1").await;
        port.ask("AT#FTPAPPEXT=4", "\r\n> ").await;
        port.write("kept").await;
        port.expect("\r\n#FTPAPPEXT: 4\r\n\r\nOK\r\n").await;
        port.ask("AT#FTPAPPEXT=4,1", "\r\n+CME ERROR: Not connected\r\n").await;
        settle().await;
        let [transfer] = files.transfers().try_into().unwrap();
        assert_eq!((transfer.bytes, transfer.complete), (4, false));
        assert_eq!(files.get("/up").unwrap(), "kept");
        let refused = port.answer("AT#SGACT=1,1").await;
        assert!(refused.starts_with("\r\n+CME ERROR: "), "{refused}");
        tokio::time::sleep(Duration::from_secs(5)).await;
        port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    });
}

/// The AT side is dead; what the network does by itself goes on until the reset.
#[test]
fn a_module_that_hangs_keeps_its_sessions_until_it_is_reset() {
    in_virtual_time(async {
        let peers = Peers::new();
        let broker = peers.broker("broker.test", 1883);
        let (module, mut port) = ready(module(&peers).fault("hang:command=+CSQ".parse().unwrap())).await;
        port.ok("AT#MQEN=1,1;#MQCFG=1,\"broker.test\",1883,1").await;
        port.ok("AT#MQCONN=1,\"device\",\"\",\"\"").await;
        port.ok("AT#MQSUB=1,\"#\"").await;
        port.write("AT+CSQ\r").await;
        broker.publish("a", "b", 1);
        port.silent(Duration::from_secs(600)).await;
        assert_eq!(broker.clients(), ["device"]);
        module.reboot();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(broker.clients(), [""; 0]);
        port.quiet().await;
        port.ask("AT#MQEN?", "\r\n#MQEN: 1,0\r\n#MQEN: 2,0\r\n\r\nOK\r\n").await;
    });
}
