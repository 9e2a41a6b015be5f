//! The module restarts while a message is being published: who publishes hears of it as soon as it can be known.

use std::sync::Arc;
use std::time::Duration;

use telit_core::driver::BoxedStream;
use telit_core::supervisor::{ChannelSupervisor, PortSource, Supervisor, SupervisorOptions};
use telit_core::{Category, Modem};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, PublishError, QoS};
use telit_simulator::peers::{Broker, Peers};
use telit_simulator::{Builder, Platform, VirtualModule};
use tokio::time::{Instant, sleep};

const HOST: &str = "broker.test";
const BOOT: &str = "^BOOT";
/// How long the module takes to start.
const START_UP: Duration = Duration::from_secs(2);
/// How long the command is waited for behind the start-up line.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the module thinks about a command.
const TURNAROUND: Duration = Duration::from_millis(100);

/// Long enough that the module asks for it with a prompt.
const LONG: &str = "a message that \\ needs a prompt";
/// Short enough for the command line.
const SHORT: &str = "short";

/// When the module restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// When it gets the command.
    AtCommand,
    /// While the broker is slow to acknowledge.
    BehindPayload,
}

impl When {
    fn after_the_command(self) -> Duration {
        match self {
            Self::AtCommand => TURNAROUND / 2,
            Self::BehindPayload => 10 * TURNAROUND,
        }
    }
}

fn module(peers: &Peers, says_so: bool) -> Builder {
    let module = VirtualModule::builder(Platform::P37).peers(peers).start_up(START_UP);
    let module = module.latency(TURNAROUND);
    if says_so { module.start_up_line(BOOT) } else { module }
}

fn plug(module: &Arc<VirtualModule>) -> impl PortSource + 'static {
    let module = Arc::clone(module);
    move || {
        let stream: BoxedStream = Box::pin(module.attach_duplex());
        async { Ok(stream) }
    }
}

fn options() -> SupervisorOptions {
    SupervisorOptions::default().start_up_line(BOOT)
}

/// How it fails, and how long after the restart.
async fn publish(
    modem: &Modem,
    module: &VirtualModule,
    broker: &Broker,
    payload: &str,
    when: When,
) -> (PublishError, Duration) {
    let options = MqttOptions::new(HOST, "thing", MqttSecurity::DangerPlain);
    let client = MqttClient::connect(modem, options.port(1883)).await.expect("it connects");
    broker.set_unresponsive(true);
    let mut restarted = Instant::now();
    let (published, ()) = tokio::join!(client.publish("t", payload.to_owned(), QoS::AtLeastOnce), async {
        sleep(when.after_the_command()).await;
        module.reboot();
        restarted = Instant::now();
    });
    let took = restarted.elapsed();
    (published.expect_err("nobody acknowledges it"), took)
}

async fn on_one_port(says_so: bool, payload: &str, when: When) -> (PublishError, Duration) {
    let peers = Peers::new();
    let broker = peers.broker(HOST, 1883);
    let module = Arc::new(module(&peers, says_so).build().expect("the module starts"));
    let builder = Modem::builder().apn("iot.test");
    let supervisor = Supervisor::start(builder, plug(&module), options()).await.expect("it is in order");
    publish(supervisor.modem(), &module, &broker, payload, when).await
}

async fn on_a_channel(payload: &str, when: When) -> (PublishError, Duration) {
    let peers = Peers::new();
    let broker = peers.broker(HOST, 1883);
    let module = Arc::new(module(&peers, false).build().expect("the module starts"));
    let builder = Modem::builder().apn("iot.test").multiplexed().expect("the options are good");
    let channels = ChannelSupervisor::start_multiplexed(builder, plug(&module), options());
    let channels = channels.await.expect("it is in order");
    publish(channels.channel(2).expect("it has two"), &module, &broker, payload, when).await
}

const ALL: [(&str, When); 4] = [
    (SHORT, When::AtCommand),
    (LONG, When::AtCommand),
    (SHORT, When::BehindPayload),
    (LONG, When::BehindPayload),
];

fn in_doubt(error: &PublishError) -> bool {
    matches!(error, PublishError::ModuleRestarted { in_doubt: true, .. })
}

#[tokio::test(start_paused = true)]
async fn a_module_that_says_so_ends_it_as_soon_as_it_has_started() {
    for (payload, when) in ALL {
        let (error, took) = on_one_port(true, payload, when).await;
        assert!(in_doubt(&error), "{error:?}");
        assert_eq!(took, START_UP + PATIENCE, "{payload} {when:?}");
    }
}

/// On a serial line nothing tells. What the module would do by itself is not waited for long, and what the broker would
/// do as long as the broker may take; then the line is found again.
#[tokio::test(start_paused = true)]
async fn one_that_says_nothing_ends_it_by_the_deadline_of_the_command() {
    let (prompt, acknowledgement) = (Duration::from_secs(10), Duration::from_secs(40));
    let finding_the_line = Duration::from_secs(12);
    for (payload, when) in ALL {
        let deadline = if payload == LONG && when == When::AtCommand { prompt } else { acknowledgement };
        let (error, took) = on_one_port(false, payload, when).await;
        assert!(in_doubt(&error), "{error:?}");
        let bound = deadline - Duration::from_secs(1)..=deadline + finding_the_line;
        assert!(bound.contains(&took), "{payload} {when:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_multiplexer_tells_that_the_module_is_gone() {
    let bound = Duration::from_secs(10 + 8);
    for (payload, when) in ALL {
        let (error, took) = on_a_channel(payload, when).await;
        assert!(error.may_have_been_published() && error.category() == Category::Link, "{error:?}");
        assert!(took <= bound, "{payload} {when:?}: {took:?}");
    }
}
