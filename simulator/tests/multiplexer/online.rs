//! Data mode on one channel, commands on the others.

use std::time::Duration;

use telit_simulator::peers::{Peers, SocketEnd};

use crate::host::{DISC, Host, UA, UIH, builder, frame, ours, theirs};

pub(crate) const DIAL_ONLINE: &str = "AT#SSLD=1,443,\"peer.test\",0,0";

/// Activates the context and the first secure socket, on this channel.
pub(crate) async fn prepare(host: &mut Host, dlci: u8) {
    host.ask(dlci, "AT+CMEE=2;+CGDCONT=1,\"IP\",\"a\"", "\r\nOK\r\n").await;
    host.ask(dlci, "AT#SGACT=1,1", "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n").await;
    let settings = "AT#SKIPESC=1;#SSLEN=1,1;#SSLCFG=1,1,300,90,100,1,1,2,0;#SSLSECCFG=1,0xC02F,0";
    host.ask(dlci, settings, "\r\nOK\r\n").await;
}

/// The carrier of a channel, as the module tells of it.
fn carrier(dlci: u8, on: bool) -> [u8; 4] {
    [0xE3, 0x05, ours(dlci), if on { 0x8D } else { 0x0D }]
}

#[tokio::test(start_paused = true)]
async fn data_on_one_channel_and_commands_on_another() {
    let peers = Peers::new();
    peers.echo("peer.test", 443);
    let (_module, mut host) = Host::start(builder().peers(&peers), &[1, 2]).await;
    prepare(&mut host, 1).await;
    host.ask(1, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    assert_eq!(host.told(4).await, carrier(1, true));
    host.control(&[0xE1, 0x05, ours(1), 0x8D]).await;
    host.say(1, "AT+CMEE?\r").await;
    host.ask(2, "AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    host.hear(1, "AT+CMEE?\r").await;
    // The guard is of this channel alone: the other one goes on talking.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    host.say(1, "+++").await;
    host.ask(2, "AT", "\r\nOK\r\n").await;
    host.hear(1, "\r\nOK\r\n").await;
    assert_eq!(host.told(4).await, carrier(1, false));
    host.ask(1, "AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
    host.ask(1, "AT#SSLO=1", "\r\nCONNECT\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_carrier_is_told_behind_the_data() {
    let peers = Peers::new();
    let sink = peers.sink("peer.test", 443);
    let (_module, mut host) = Host::start(builder().peers(&peers), &[2]).await;
    prepare(&mut host, 2).await;
    host.ask(2, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    assert_eq!(host.told(4).await, carrier(2, true));
    host.control(&[0xE1, 0x05, ours(2), 0x8D]).await;
    sink.send(vec![b'x'; 200]);
    sink.close();
    let frames = host.frames().await;
    let (last, data) = frames.split_last().unwrap();
    assert_eq!(*last, (theirs(0), UIH, carrier(2, false).to_vec()));
    let text: Vec<u8> = data.iter().flat_map(|(_, _, text)| text.clone()).collect();
    assert_eq!(text, [&[b'x'; 200][..], b"\r\nNO CARRIER:SSL,1,4\r\n"].concat());
}

#[tokio::test(start_paused = true)]
async fn the_host_hangs_up_with_its_signals() {
    for (setting, answer, end) in
        [(0, "", None), (1, "\r\nOK\r\n", None), (2, "\r\nNO CARRIER\r\n", Some(SocketEnd::CloseNotify))]
    {
        let peers = Peers::new();
        let sink = peers.sink("peer.test", 443);
        let (_module, mut host) = Host::start(builder().peers(&peers), &[1]).await;
        prepare(&mut host, 1).await;
        host.ask(1, &format!("AT&D{setting}"), "\r\nOK\r\n").await;
        host.ask(1, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
        host.say(1, "abc").await;
        // Too short to be seen.
        host.signals(1, 0x09).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
        host.signals(1, 0x0D).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        host.is_silent(1).await;
        host.signals(1, 0x09).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        host.hear(1, answer).await;
        host.is_silent(1).await;
        let connection = sink.connections().pop().unwrap();
        assert_eq!((connection.received, connection.end), (3, end), "&D{setting}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_closes_leaves_data_mode_and_keeps_the_connection() {
    let peers = Peers::new();
    let sink = peers.sink("peer.test", 443);
    let (_module, mut host) = Host::start(builder().peers(&peers), &[1, 2]).await;
    prepare(&mut host, 2).await;
    host.ask(2, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    host.say(2, "abc").await;
    host.write(frame(ours(2), DISC, &[])).await;
    assert!(host.frames().await.contains(&(ours(2), UA, vec![])));
    host.open(2).await;
    host.ask(2, "AT#SSLS=1", "\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n").await;
    let connection = sink.connections().pop().unwrap();
    assert_eq!((connection.received, connection.end), (3, None));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_multiplexer_leaves_data_mode_too() {
    let peers = Peers::new();
    let sink = peers.sink("peer.test", 443);
    let (_module, mut host) = Host::start(builder().peers(&peers), &[1]).await;
    prepare(&mut host, 1).await;
    host.ask(1, DIAL_ONLINE, "\r\nCONNECT\r\n").await;
    host.say(1, "abc").await;
    host.control(&[0xC3, 0x01]).await;
    host.frames().await;
    host.write("AT#SSLS=1\r").await;
    assert_eq!(host.bytes().await, b"\r\n#SSLS: 1,2,0xC02F\r\n\r\nOK\r\n");
    assert_eq!(sink.connections().pop().unwrap().received, 3);
}
