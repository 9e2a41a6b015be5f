//! What the task of a connection does is done in the span of whoever has connected.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use telit_core::at::{Exchange, Reply};
use telit_core::driver::{AtChannel, AtPort, DataStream, DriverOptions, Unsolicited};
use telit_core::platform::{PlatformId, profile};
use telit_core::socket::{ConnectionMode, TlsConnector};
use telit_core::tls::TlsOptions;
use telit_core::{CommandError, Modem};
use tracing::{Instrument, Span, info_span};
use tracing_subscriber::registry::Registry;

use super::module::{Answer, play};

/// A command, and the name of the span in which it was given.
type Given = (String, Option<&'static str>);

/// Notes the commands.
#[derive(Debug)]
struct Witness {
    port: AtPort,
    given: Arc<Mutex<Vec<Given>>>,
}

impl Witness {
    fn note(&self, exchange: &Exchange) {
        let span = Span::current().metadata().map(|metadata| metadata.name());
        self.given.lock().unwrap().push((exchange.line().name().to_owned(), span));
    }
}

#[async_trait]
impl AtChannel for Witness {
    async fn execute(&self, exchange: Exchange) -> Result<Reply, CommandError> {
        self.note(&exchange);
        self.port.execute(exchange).await
    }

    async fn open_stream(&self, exchange: Exchange) -> Result<DataStream, CommandError> {
        self.note(&exchange);
        self.port.open_stream(exchange).await
    }

    fn unsolicited(&self) -> Unsolicited {
        self.port.unsolicited()
    }
}

/// The commands that the task of a connection gives.
async fn given_by_task(mode: ConnectionMode, answer: Answer) -> Vec<Given> {
    let (host, port) = tokio::io::duplex(1 << 16);
    let (_urc, urcs) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(play(port, answer, Arc::default(), urcs));
    let given = Arc::<Mutex<Vec<Given>>>::default();
    let port = AtPort::start(host, DriverOptions::default());
    let witness = Arc::new(Witness { port, given: Arc::clone(&given) });
    let modem = Modem::from_channel(witness, profile(PlatformId::P37));
    let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
    let connector = TlsConnector::new(&modem, tls).mode(mode);
    let socket = connector.connect("peer.example", 7).instrument(info_span!("connecting")).await.unwrap();
    given.lock().unwrap().clear();
    socket.close().await.unwrap();
    std::mem::take(&mut given.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_connection_lives_in_the_span_of_whoever_has_connected() {
    let _listening = tracing::subscriber::set_default(Registry::default());
    let online: Answer = |line| line.starts_with("AT#SSLD=1").then_some(&b"\r\nCONNECT\r\n"[..]);
    let plain: Answer = |_| None;
    for (mode, answer) in [(ConnectionMode::Command, plain), (ConnectionMode::Online, online)] {
        let given = given_by_task(mode, answer).await;
        assert!(given.iter().any(|(command, _)| command == "#SSLH"), "{given:?}");
        assert!(given.iter().all(|(_, span)| *span == Some("connecting")), "{given:?}");
    }
}
