//! HTTP by the module on several channels, in virtual time: what is left on one of them stands in the way of the others.

use std::time::Duration;

use telit_core::Modem;
use telit_core::channels::Channels;
use telit_core::exclusive::{Holder, Service, ServiceBusy};
use telit_https::{Engine, HttpsClient, HttpsOptions, RequestError};
use telit_simulator::peers::{HttpServer, Peers, Response};
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

const HOST: &str = "api.test";
const LIMIT: usize = 1 << 20;
/// Longer than what is thrown away in any case, and than what the module keeps.
const LONG: usize = 300_000;
const SOON: Duration = Duration::from_secs(300);

struct Network {
    module: VirtualModule,
    channels: Channels,
    server: HttpServer,
}

async fn network(channels: u8) -> Network {
    let peers = Peers::new();
    let server = peers.http(HOST, 80);
    server.route("GET", "/small", Response::ok("text/plain", "small"));
    server.route("POST", "/small", Response::ok("text/plain", "taken"));
    server.serve_file("/long", "application/octet-stream", vec![b'x'; LONG]);
    server.route("GET", "/endless", Response::ok("text/plain", vec![b'y'; LONG]).until_close());
    let module = VirtualModule::builder(Platform::P37).peers(&peers).build().expect("it starts");
    let builder = Modem::builder().apn("iot.test").multiplexed().expect("the options are good");
    let channels = builder.channels(channels).open(module.attach_duplex()).await.expect("it multiplexes");
    channels.bring_up().await.expect("it comes on line");
    Network { module, channels, server }
}

impl Network {
    fn client(&self, channel: u8, profile: u8) -> HttpsClient {
        let modem = self.channels.channel(channel).expect("the module has it");
        let options = HttpsOptions::new().engine(Engine::Module).profile(profile);
        HttpsClient::danger_plain(modem).with_options(options)
    }

    /// A body that is dropped at once, and what is thrown away of it in any case has been.
    async fn drop_body(&self, channel: u8, path: &str) {
        let client = self.client(channel, 0);
        drop(client.get(format!("http://{HOST}{path}")).await.expect("it answers"));
        sleep(Duration::from_secs(15)).await;
    }

    async fn get(&self, channel: u8, profile: u8) -> Result<String, RequestError> {
        let client = self.client(channel, profile);
        let answer = timeout(SOON, client.get(format!("http://{HOST}/small"))).await.expect("it ends")?;
        Ok(answer.into_body().text(LIMIT).await.expect("it comes"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_dropped_on_one_channel_makes_way_for_another() {
    for (path, profile) in [("/long", 0), ("/long", 1), ("/endless", 0)] {
        let network = network(3).await;
        network.drop_body(1, path).await;
        let small = network.get(2, profile).await;
        assert_eq!(small.as_deref().ok(), Some("small"), "{path}: {small:?}");
        assert_eq!(network.get(1, 0).await.as_deref().ok(), Some("small"));
        assert_eq!(network.get(3, 0).await.as_deref().ok(), Some("small"));
        let paths: Vec<String> = network.server.requests().iter().map(|it| it.path().to_owned()).collect();
        assert_eq!(paths, [path, "/small", "/small", "/small"], "none is sent twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_goes_out_waits_for_the_way_too() {
    let network = network(3).await;
    network.drop_body(3, "/long").await;
    let client = network.client(1, 0);
    let answer = client.post(format!("http://{HOST}/small")).content_type("text/plain").body("a body").await;
    let text = answer.expect("it answers").into_body().text(LIMIT).await;
    assert_eq!(text.as_deref(), Ok("taken"));
    let requests = network.server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].body, "a body");
}

/// What another program reads on a port of its own is its own.
#[tokio::test(start_paused = true)]
async fn what_another_program_reads_is_left_to_it() {
    let network = network(2).await;
    let mut other = network.module.attach_duplex();
    say(&mut other, "ATE0\rAT#HTTPCFG=0,\"api.test\",80\rAT#HTTPQRY=0,0,\"/long\"\r", "#HTTPRING").await;
    let began = Instant::now();
    let error = network.get(1, 1).await.expect_err("another program has it");
    assert!(
        matches!(error, RequestError::Busy(ServiceBusy { holder: Holder::OtherPort(Service::Http) })),
        "{error:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    say(&mut other, "AT#HTTPRCV=0,64\r", &"x".repeat(64)).await;
}

async fn say(port: &mut DuplexStream, lines: &str, until: &str) {
    port.write_all(lines.as_bytes()).await.expect("it is taken");
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(until) {
        let count = timeout(SOON, port.read_buf(&mut heard)).await.expect("it answers");
        assert!(count.expect("the module is there") > 0);
    }
}
