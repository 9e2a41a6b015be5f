//! MQTT on a module that somebody looks after: whatever is lost comes back by itself.

use std::time::Duration;

use telit_core::supervisor::{Supervisor, SupervisorEvent, SupervisorEvents, SupervisorOptions};
use telit_mqtt::{ClientState, MqttClient, Subscription};
use telit_simulator::{Builder, Platform};

use super::bench::{Bench, Bound};
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::mqtt::{self, CONNECT, Session, carried};
use super::outcome::{Broken, Ending, same_reading};
use super::scenario::Scenario;
use super::set_up::{BRING_UP, OPEN, builder};

/// As `Supervisor::start` says: to open and to bring up.
const START: Bound = Bound::new("supervised start", OPEN.limit.as_secs() + BRING_UP.limit.as_secs());
/// As `SupervisorOptions::attempts` says, for a module that is silent; and half of the keep-alive until the client notices.
const RETURN: Bound = Bound::new("supervised return", 15 * 60 + 30);

/// Two heartbeats: a network that was away is asked for.
const NOTICED: Duration = Duration::from_secs(60);

pub(super) struct Supervised {
    session: Session,
}

#[test]
fn supervised() {
    matrix::<Supervised>(Platform::P37, SAMPLE / 4);
}

impl Scenario for Supervised {
    const NAME: &'static str = "supervised";

    fn meets(fault: Fault) -> bool {
        matches!(fault, Fault::Reboot | Fault::NetworkLoss | Fault::Unplug)
    }

    fn new() -> Self {
        Self { session: Session::new() }
    }

    fn module(&self, module: Builder) -> Builder {
        self.session.module(module)
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        let start = Supervisor::start(builder(), bench.port(), SupervisorOptions::default());
        let supervisor = bench.within(START, start).await?;
        let supervisor = supervisor.map_err(|error| Broken::wrong(format!("start fails: {error}")))?;
        let (modem, told) = (supervisor.modem(), supervisor.events());
        bench.begin_job();
        let (client, subscription, ending) = match bench.within(CONNECT, mqtt::connect(modem)).await? {
            Ok(client) => {
                let (ending, subscription) = self.session.talk(bench, &client, carried(modem)).await?;
                (Some(client), subscription, ending)
            }
            Err(error) => (None, None, self.session.not_connected(bench, &error)?),
        };
        bench.end_job();
        bench.calm().await;
        recovered(bench, told).await?;
        let client = match client {
            Some(client) => self.comes_back(bench, client, subscription).await?,
            None => self.session.connect_again(bench, modem).await?,
        };
        self.session.works(bench, &client).await?;
        self.session.end(bench, client).await?;
        Ok(ending)
    }
}

/// Waits until the supervisor has got the module back, which it tells if it told that it was lost.
async fn recovered(bench: &Bench, mut told: SupervisorEvents) -> Result<(), Broken> {
    let back = async {
        let mut lost = false;
        loop {
            match told.next().await {
                Some(SupervisorEvent::Lost { .. }) => lost = true,
                Some(SupervisorEvent::Recovered { .. }) if lost => return Ok(()),
                Some(SupervisorEvent::Service(_) | SupervisorEvent::Trying { .. }) => {}
                other => return Err(Broken::wrong(format!("the supervisor tells {other:?}"))),
            }
        }
    };
    match bench.fault() {
        None => Ok(()),
        // It may have come back before anybody has asked.
        Some(Fault::NetworkLoss) => bench.wait(NOTICED, back).await.unwrap_or(Ok(())),
        Some(_) => bench.within(RETURN, back).await?,
    }
}

impl Supervised {
    /// The client connects again by itself, and its subscription goes on.
    async fn comes_back(
        &self,
        bench: &Bench,
        client: MqttClient,
        subscription: Option<Subscription>,
    ) -> Result<MqttClient, Broken> {
        self.session.lost_is_noticed(bench, &client).await?;
        let mut events = client.events();
        let connected = async {
            while matches!(client.state(), ClientState::Reconnecting(_)) {
                events.next().await;
            }
        };
        bench.within(RETURN, connected).await?;
        same_reading("afterwards the client", &ClientState::Connected, &client.state(), None)?;
        let Some(mut subscription) = subscription else {
            return Ok(client);
        };
        // What came before, and was told to be late or lost, may still be read.
        while subscription.try_next().is_some() {}
        let payload = "it goes on".into();
        match self.session.receive(bench, &client, &mut subscription, payload, None).await? {
            Ending::Right => Ok(client),
            other => Err(Broken::wrong(format!("afterwards the old subscription receives: {other}"))),
        }
    }
}
