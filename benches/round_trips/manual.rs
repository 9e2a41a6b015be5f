//! The manual's way: the commands of the guide, one after the other. Source: SSL guide 10.1.3; M37 p1034.

use telit_simulator::servers::TestServers;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::tap::Tap;
use crate::{CLIENT_ID, Error, PAYLOAD, TOPIC};

/// A host that types what the guide prints.
pub(crate) struct Typist {
    line: Tap,
}

impl Typist {
    pub(crate) const fn new(line: Tap) -> Self {
        Self { line }
    }

    /// From power-on to the login; `provisioning`: the certificates have to be stored.
    pub(crate) async fn connect(&mut self, servers: &TestServers, provisioning: bool) -> Result<(), Error> {
        self.command("ATE0").await?;
        self.command("AT+CMEE=2").await?;
        self.command("AT+CGDCONT?").await?;
        self.command("AT+CGDCONT=1,\"IP\",\"iot.test\"").await?;
        self.command("AT+CGDCONT?").await?;
        self.command("AT#SGACT=1,1").await?;
        self.command("AT#MQEN=1,1").await?;
        self.command(&format!("AT#MQCFG=1,\"{}\",8883,1,1", TestServers::BROKER_NAME)).await?;
        self.command("AT#SSLSECCFG=1,0,2").await?;
        if provisioning {
            let client = servers.client();
            self.store(1, &servers.authority().certificate_pem()).await?;
            self.store(0, client.certificate_pem()).await?;
            self.store(2, client.key_pem()).await?;
        }
        self.command("AT#SSLCFG=1,1,300,90,100,50,0,0,1,0,0,0").await?;
        self.command("AT#SSLSECCFG2=1,3,1,1,0").await?;
        self.command("AT#MQCFG2=1,60,1").await?;
        self.command("AT#MQTCFG=1,30").await?;
        self.log_in().await
    }

    /// After a loss: the client is reset and logs in. Source: M37 p1016.
    pub(crate) async fn reconnect(&mut self) -> Result<(), Error> {
        self.command("AT#MQDISC=1").await?;
        self.log_in().await
    }

    pub(crate) async fn publish(&mut self, qos: u8) -> Result<(), Error> {
        let command = format!("AT#MQPUBSEXT=1,\"{TOPIC}\",0,{qos},{}", PAYLOAD.len());
        self.ask(command.as_bytes(), b">>>").await?;
        self.answer(&PAYLOAD, b"\r\nOK\r\n").await
    }

    async fn log_in(&mut self) -> Result<(), Error> {
        self.command(&format!("AT#MQCONN=1,\"{CLIENT_ID}\",\"\",\"\"")).await?;
        self.command("AT#MQCONN?").await
    }

    async fn store(&mut self, kind: u8, pem: &str) -> Result<(), Error> {
        self.ask(format!("AT#SSLSECDATA=1,1,{kind},{}", pem.len()).as_bytes(), b"> ").await?;
        let mut entry = pem.as_bytes().to_vec();
        entry.push(0x1a);
        self.answer(&entry, b"\r\nOK\r\n").await
    }

    async fn command(&mut self, line: &str) -> Result<(), Error> {
        self.ask(line.as_bytes(), b"\r\nOK\r\n").await
    }

    async fn ask(&mut self, line: &[u8], end: &[u8]) -> Result<(), Error> {
        let mut text = line.to_vec();
        text.push(b'\r');
        self.answer(&text, end).await
    }

    async fn answer(&mut self, bytes: &[u8], end: &[u8]) -> Result<(), Error> {
        self.line.write_all(bytes).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(end) {
            if answer.windows(5).any(|part| part == b"ERROR") {
                let (asked, answer) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&answer));
                return Err(format!("{asked}: {answer}").into());
            }
            if self.line.read_buf(&mut answer).await? == 0 {
                return Err("the line has ended".into());
            }
        }
        Ok(())
    }
}
