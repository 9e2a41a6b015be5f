//! The futures of AWS IoT: what is built on a client out of the client's own futures has promises of its own.

mod jobs;
mod provisioning;
mod shadow;

use std::sync::OnceLock;

use telit_core::Modem;
use telit_core::tls::Identity;
use telit_mqtt::MqttClient;
use telit_mqtt::aws::AwsIot;
use telit_simulator::Builder;
use telit_simulator::peers::Peers;

use super::super::bench::{Bench, Bound};
use super::super::mqtt::CONNECT;
use super::super::outcome::{Broken, Ending};
use super::super::scenario::Scenario;
use super::super::set_up::on_line;
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};
use crate::aws::cloud::Cloud;
use crate::aws::{ENDPOINT, THING, identity};

/// Two subscriptions at most, a request and its answer, each behind what a future that was dropped left under way.
const ASK: Bound = Bound::new("ask a service", 3 * 100 + 30);
const DISCONNECT: Bound = Bound::new("mqtt disconnect", 60);

/// AWS in memory.
struct Services {
    peers: Peers,
    cloud: Cloud,
}

impl Scenario for Services {
    const NAME: &'static str = "aws";

    fn new() -> Self {
        let peers = Peers::new();
        let cloud = Cloud::start(peers.broker(ENDPOINT, 8883));
        Self { peers, cloud }
    }

    fn module(&self, module: Builder) -> Builder {
        module.peers(&self.peers)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let (modem, client) = connected(bench).await?;
        goes_on(bench, &modem, client).await.map(|()| Ending::Right)
    }
}

#[test]
fn connecting() {
    at_every_await("AwsIot::connect", async |_: &Services, bench, moments| {
        let modem = on_line(bench).await?;
        let completed = interrupted(bench, moments, aws().connect(&modem)).await.is_some();
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        let client = connect(bench, &modem).await?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(completed))
    });
}

/// Making a key takes long, and nothing here depends on which.
fn aws() -> AwsIot {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    let identity = IDENTITY.get_or_init(|| identity("thing")).clone();
    AwsIot::new(ENDPOINT, THING, identity).expect("it is an endpoint")
}

async fn connect(bench: &Bench, modem: &Modem) -> Result<MqttClient, Broken> {
    bench.within(CONNECT, aws().connect(modem)).await?.map_err(failed("connect"))
}

async fn connected(bench: &Bench) -> Result<(Modem, MqttClient), Broken> {
    let modem = on_line(bench).await?;
    let client = connect(bench, &modem).await?;
    Ok((modem, client))
}

/// A question to a service, or what it brings, ends in time and in order.
async fn asked<T, E: std::fmt::Display>(
    bench: &Bench,
    what: &str,
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, Broken> {
    bench.within(ASK, question).await?.map_err(failed(what))
}

/// The client talks to a service that nobody has asked before, and ends in order.
async fn goes_on(bench: &Bench, modem: &Modem, client: MqttClient) -> Result<(), Broken> {
    shadow::works(bench, &client).await?;
    let ended = bench.within(DISCONNECT, client.disconnect()).await?;
    ended.map_err(failed("disconnect"))?;
    tls_comes_back(bench, modem).await
}
