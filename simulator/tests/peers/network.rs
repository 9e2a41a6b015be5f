use std::time::{Duration, UNIX_EPOCH};

use telit_simulator::peers::{Peers, Response};

use crate::bench::{in_virtual_time, module, ready, settle};

#[test]
fn a_time_server_sets_the_clock() {
    in_virtual_time(async {
        let peers = Peers::new();
        // 2024-02-29 12:00:00
        peers.time_server("time.test", 123, UNIX_EPOCH + Duration::from_secs(1_709_208_000));
        peers.http("web.test", 80);
        let (_module, mut port) = ready(module(&peers)).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let answer = "\r\n#NTP: 24/02/29,12:00:05+00\r\n\r\nOK\r\n";
        port.ask("AT#NTP=\"time.test\",123,1,2", answer).await;
        port.ask("AT+CCLK?", "\r\n+CCLK: \"24/02/29,12:00:05+00\"\r\n\r\nOK\r\n").await;
        port.ok("AT+CMEE=1").await;
        let unknown = port.answer("AT#NTP=\"nobody.test\",123,1,2").await;
        let silent = port.answer("AT#NTP=\"web.test\",123,1,2").await;
        assert!(unknown.starts_with("\r\n+CME ERROR: ") && silent.starts_with("\r\n+CME ERROR: "));
        assert_ne!(unknown, silent);
    });
}

#[test]
fn the_network_tells_a_time_that_can_be_set() {
    in_virtual_time(async {
        let time = UNIX_EPOCH + Duration::from_secs(1_709_208_000);
        let builder = module(&Peers::new()).network_time(true).true_time(time);
        let builder = builder.registration_delay(Duration::from_secs(3));
        let (_module, mut port) = crate::port::start(builder).await;
        port.ok("AT#NITZ=15,1").await;
        port.expect("\r\n#NITZ: 24/02/29,12:00:03+00\r\n").await;
    });
}

#[test]
fn a_lost_network_ends_everything_and_all_can_come_back() {
    in_virtual_time(async {
        let peers = Peers::new();
        let broker = peers.broker("broker.test", 1883);
        let files = peers.ftp("files.test", 21);
        files.add_user("u", "p");
        let web = peers.http("web.test", 80);
        web.route("GET", "/", Response::silence());
        let (module, mut port) = ready(module(&peers)).await;
        port.ok("AT#MQEN=1,1").await;
        port.ok("AT#MQCFG=1,\"broker.test\",1883,1").await;
        port.ok("AT#HTTPCFG=0,\"web.test\",80,0,,,0,20,1").await;
        for round in 1..=2 {
            port.ok("AT#MQCONN=1,\"device\",\"\",\"\"").await;
            port.ok("AT#FTPOPEN=\"files.test\",\"u\",\"p\",1,1").await;
            port.ok("AT#HTTPQRY=0,0,\"/\"").await;
            module.set_network(false);
            port.expect("\r\n#HTTPRING: 0,0,\"\",0\r\n").await;
            port.ask("AT#MQCONN?", "\r\n#MQCONN: 1,7\r\n\r\nOK\r\n").await;
            port.ask("AT#FTPPWD", "\r\n+CME ERROR: Not connected\r\n").await;
            let contexts = port.answer("AT#SGACT?").await;
            assert!(contexts.starts_with("\r\n#SGACT: 1,0\r\n"), "{contexts}");
            assert_eq!(broker.clients(), [""; 0]);
            module.set_network(true);
            settle().await;
            port.ok("AT#MQDISC=1").await;
            port.ask("AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
            assert_eq!(broker.connects().len(), round);
        }
    });
}
