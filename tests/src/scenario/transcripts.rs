//! The conversation reads like the guide's examples, with safe settings in place of its weak ones.

use telit_core::Modem;
use telit_ftps::FtpsClient;
use telit_https::HttpsClient;
use telit_mqtt::MqttClient;

use crate::rig::{Rig, recorded, recorder};

/// The set commands of a transcript in order, without read and test forms, up to the first comma or so
/// that a test can name them.
fn commands(transcript: &[String]) -> Vec<String> {
    let sent = transcript.iter().filter_map(|line| line.strip_prefix("> AT"));
    sent.map(|line| line.trim_end_matches("\\r").to_owned()).filter(|line| !line.ends_with('?')).collect()
}

/// `expected` is a subsequence of `actual`; gives what is missing.
fn missing(actual: &[String], expected: &[&str]) -> Option<String> {
    let mut actual = actual.iter();
    expected
        .iter()
        .find(|wanted| !actual.any(|line| line.starts_with(**wanted)))
        .map(|line| (*line).to_owned())
}

#[tokio::test]
async fn mqtt_over_tls_follows_the_guide() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("transcript");
    let rig = Rig::start_with(|module| module, Modem::builder().recorder(recorder(&path))).await;
    let client = MqttClient::connect(&rig.modem, rig.mqtt("thing-1")).await.expect("it connects");
    client.disconnect().await.expect("it disconnects");
    let commands = commands(&recorded(&path));
    // SSL guide 10.1.3.
    let guide = [
        "+CMEE=2",
        "+CGDCONT=1,\"IP\",\"iot.test\"",
        "#SGACT=1,1",
        "#MQEN=1,1",
        "#MQCFG=1,\"broker.test\",8883,1,1",
        "#SSLSECCFG=1,0,2",
        "#SSLSECDATA=1,1,1,",
        "#SSLSECDATA=1,1,0,",
        "#SSLSECDATA=1,1,2,",
        "#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
        "#SSLSECCFG2=1,4,1,1,0,3",
        "#MQCFG2=1,",
        "#MQTCFG=1,",
        "#MQCONN=1,\"thing-1\",\"\",\"\"",
        "#MQDISC=1",
        "#MQEN=1,0",
    ];
    assert_eq!(missing(&commands, &guide), None, "{commands:#?}");
}

#[tokio::test]
async fn https_follows_the_guide() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("transcript");
    let rig = Rig::start_with(|module| module, Modem::builder().recorder(recorder(&path))).await;
    let client = HttpsClient::new(&rig.modem, rig.tls());
    let response = client.get("https://rest.test/health".parse().expect("a URL")).await.expect("it answers");
    response.into_body().bytes(1000).await.expect("it is read");
    let commands = commands(&recorded(&path));
    // SSL guide 8.2.
    let guide = [
        "#SGACT=1,1",
        "#SSLEN=1,1",
        "#SSLSECCFG=1,0,2",
        "#SSLSECDATA=1,1,1,",
        "#SSLCFG=1,1,300,90,100,50,0,0,0,0,0,0",
        "#SSLSECCFG2=1,4,1,1,0,3",
        "#SSLEN=1,0",
        "#HTTPCFG=0,\"rest.test\",443,0,,,1,120,1",
        "#HTTPQRY=0,0,\"/health\"",
        "#HTTPRCV=0,",
    ];
    assert_eq!(missing(&commands, &guide), None, "{commands:#?}");
}

#[tokio::test]
async fn ftps_follows_the_guide() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("transcript");
    let rig = Rig::start_with(|module| module, Modem::builder().recorder(recorder(&path))).await;
    rig.servers.ftps().put_file("file.txt", b"content").expect("it is stored");
    let mut client = FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in");
    client.download_to_file("file.txt", folder.path().join("file.txt")).await.expect("it arrives");
    client.close().await.expect("it closes");
    let commands = commands(&recorded(&path));
    // SSL guide 9.1.
    let guide = [
        "#SGACT=1,1",
        "#SSLEN=1,1",
        "#SSLSECCFG=1,0,2",
        "#SSLSECDATA=1,1,1,",
        "#SSLSECCFG2=1,4,1,1,0,3",
        "#SSLEN=1,0",
        "#FTPCFG=600,1,1",
        "#FTPOPEN=\"files.test:21\",\"device\",\"[redacted]\",1",
        "#FTPTYPE=0",
        "#FTPFSIZE=\"file.txt\"",
        "#FTPGET=\"file.txt\"",
        "#FTPCLOSE",
        "#FTPCFG=600,1,0",
    ];
    assert_eq!(missing(&commands, &guide), None, "{commands:#?}");
}
