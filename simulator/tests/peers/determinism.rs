use std::time::Duration;

use telit_simulator::Split;
use telit_simulator::peers::{Peers, Response, pattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::bench::{in_virtual_time, module};

/// Bring-up and every service at once, over a paced line that is cut at random, with peers that take their time.
/// Everything that the host gets, and when.
fn transcript() -> Vec<(Duration, Vec<u8>)> {
    in_virtual_time(async {
        let peers = Peers::new();
        peers.set_latency(Duration::from_millis(30));
        let broker = peers.broker("broker.test", 8883);
        peers.http("web.test", 80).route("GET", "/", Response::ok("a/b", pattern(5000)));
        let files = peers.ftp("files.test", 21);
        files.add_user("u", "p");
        files.put("/file", pattern(3000));
        peers.source("peer.test", 443, 2000);
        let module = module(&peers)
            .baud(Some(115_200))
            .split(Split::Random { seed: 5, most: 40 })
            .registration_delay(Duration::from_secs(3))
            .fault("garbage:bytes=5,seed=3,command=+CSQ".parse().unwrap())
            .build()
            .unwrap();
        let mut port = module.attach_duplex();
        let start = Instant::now();
        let mut got = Vec::new();
        for command in [
            "ATE0;+CREG=1",
            "AT+CSQ",
            "AT+CGDCONT=1,\"IP\",\"a\"",
            "AT#SGACT=1,1",
            "AT#MQEN=1,1;#MQCFG=1,\"broker.test\",8883,1",
            "AT#MQCONN=1,\"device\",\"\",\"\"",
            "AT#MQSUB=1,\"a/#\",2",
            "AT#MQPUBS=1,\"a/b\",0,2,\"text\"",
            "AT#HTTPCFG=0,\"web.test\",80",
            "AT#HTTPQRY=0,0,\"/\"",
            "AT#FTPOPEN=\"files.test\",\"u\",\"p\",1,1",
            "AT#HTTPRCV=0",
            "AT#FTPGET=\"file\"",
            "AT#SSLEN=1,1;#SSLSECCFG=1,0,0;#SSLCFG=1,1,300,90,100,50,2,2",
            "AT#SSLD=1,443,\"peer.test\",0,1",
        ] {
            port.write_all(format!("{command}\r").as_bytes()).await.unwrap();
            broker.publish("a/c", command, 1);
            let until = Instant::now() + Duration::from_secs(2);
            let mut bytes = Vec::new();
            while let Ok(Ok(_)) = tokio::time::timeout_at(until, port.read_buf(&mut bytes)).await {
                got.push((start.elapsed(), std::mem::take(&mut bytes)));
            }
        }
        got
    })
}

#[test]
fn two_runs_are_the_same_to_the_byte_and_the_moment() {
    let first = transcript();
    let text: Vec<u8> = first.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let text = String::from_utf8_lossy(&text);
    for expected in ["+CREG: 1", "#SGACT: 10.0.0.1", "#MQRING: 1,", "#HTTPRING: 0,200,\"a/b\",5000"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(text.contains("\r\nNO CARRIER\r\n") && text.contains("NO CARRIER:SSL,1,4\r\n"), "{text}");
    for _ in 0..3 {
        assert!(transcript() == first);
    }
}
