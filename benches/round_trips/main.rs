//! How often the module is asked, and how many bytes cross the line, until the first message is acknowledged and for each
//! one after it: nothing is timed.

mod manual;
mod tap;
mod way;

use std::time::Duration;

use telit_benches::{Report, Row, Target};
use telit_core::modem::ModemBuilder;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_core::{Backoff, Modem};
use telit_mqtt::{Engine, Event, MqttClient, MqttOptions, MqttSecurity, QoS, Reconnect};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};
use tokio::time::timeout;

use manual::Typist;
use tap::{Crossed, Meter, Tap};
use way::Way;

const TOPIC: &str = "telemetry/device-1/temperature";
const CLIENT_ID: &str = "device-1";
const PAYLOAD: [u8; 100] = [b'x'; 100];
/// How many messages are published to count what one of them takes.
const MESSAGES: u32 = 10;
/// How long the module is silent after power-on: it does not matter here.
const START_UP: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(60);
const METHOD: &str = "A virtual module of platform 37 (ME310G1) in memory, real TLS with a client certificate to a broker \
    in the same process. A round trip is one command line and everything up to its final result; a turn is one answer \
    that the host has to wait for, so that a command with a prompt takes two. Bytes are those of both directions. Power-on \
    begins with opening the port of a module that has just started and ends with the acknowledgement of the first \
    message (QoS 1, 100 bytes, topic of 30). The network tells the time. Cold: the module is new, certificates and settings have to be stored. Warm: \
    the module has restarted, and nothing has changed; the host has \
    switched the module on (`powered_on`) and allows several commands on a line (`chains`), unless a row says otherwise. Reconnect (`keep_module`): from the first command after the loss is known to the \
    login being confirmed. The manual's way is the sequence of the TLS guide 10.1.3 and of the AT manual, typed in the \
    same run on a module of its own.";

/// Why a publish takes more bytes than wanted.
const PUBLISH: &str = "158 bytes: 130 are the user's (topic 30, payload 100), 22 are the rest of \
    `AT#MQPUBS=1,\"topic\",0,1,\"payload\"` and 6 are `OK` between its line ends. This is the shortest command that there is: a \
    text of up to 140 characters goes without a prompt; all else takes `#MQPUBSEXT`, 9 bytes and a turn more. What would \
    save the last 8: strings without quotes (4), which would split or end at a comma, blank or semicolon of the user; and \
    numeric result codes, `ATV0` (4), by which a lost byte makes a digit of an answer look like its end. Neither is worth \
    that to a user. A topic of 22 bytes meets the target.";

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    let way = Way::to(servers.broker().addr()).await?;
    let manual = by_hand(&servers, &way).await?;
    let module = with_sdk(&servers, &way, Engine::Module).await?;
    let host = with_sdk(&servers, &way, Engine::Host).await?;
    let mut report = Report::new("round_trips", "AT round trips and bytes on the line", METHOD);
    add(&mut report, "module's MQTT client", &module, &manual, true);
    add(&mut report, "host MQTT engine on a TLS socket", &host, &manual, false);
    Ok(report.finish()?)
}

/// What one way of doing it has taken.
struct Taken {
    cold: Crossed,
    warm: Crossed,
    /// The same, with a profile of an earlier start.
    stored: Crossed,
    /// The same as warm, with all defaults: one command a line, on a line in any state.
    single: Crossed,
    publishes: [Crossed; 2],
    reconnect: Crossed,
}

const MANUAL: &str = "manual's way";

fn add(report: &mut Report, who: &str, ours: &Taken, manual: &Taken, targets: bool) {
    let mut row = |name: &str, ours: Crossed, manual: Crossed, each: u32, commands, bytes| {
        let name = format!("{name}, {who}");
        let rows = [
            (" AT round trips", ours.commands, manual.commands, commands),
            (" turns", ours.turns, manual.turns, None),
            (" bytes on the line", ours.bytes, manual.bytes, bytes),
        ];
        for (unit, ours, manual, target) in rows {
            let unit = unit.trim_start();
            let row = Row::new(format!("{name}: {unit}"), average(ours, each), unit);
            let row = row.peer(MANUAL, average(manual, each));
            let row = match target {
                Some(most) if targets => row.target(Target::AtMost(most)),
                _ => row,
            };
            report.push(match name.starts_with("publish of 100 B, QoS 1") && target.is_some() {
                true => row.why_missed(PUBLISH),
                false => row,
            });
        }
    };
    row("power-on to first acknowledged publish over TLS, cold", ours.cold, manual.cold, 1, None, None);
    row("power-on to first acknowledged publish over TLS, warm", ours.warm, manual.warm, 1, Some(8.0), None);
    let stored = "power-on to first acknowledged publish over TLS, warm, with a stored profile";
    row(stored, ours.stored, manual.stored, 1, Some(5.0), None);
    let single = "power-on to first acknowledged publish over TLS, warm, one command a line";
    row(single, ours.single, manual.single, 1, None, None);
    let [ours_0, ours_1] = ours.publishes;
    let [manual_0, manual_1] = manual.publishes;
    row("publish of 100 B, QoS 0, topic of 30 B", ours_0, manual_0, MESSAGES, None, None);
    row("publish of 100 B, QoS 1, topic of 30 B", ours_1, manual_1, MESSAGES, None, Some(150.0));
    row("reconnect after a loss", ours.reconnect, manual.reconnect, 1, None, Some(140.0));
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn average(all: u64, count: u32) -> f64 {
    all as f64 / f64::from(count)
}

fn new_module(way: &Way) -> Result<VirtualModule, Error> {
    let builder = VirtualModule::builder(Platform::P37).start_up(START_UP).network_time(true);
    Ok(builder.resolve(TestServers::BROKER_NAME, 8883, way.address()).build()?)
}

/// A line to a module that has started.
async fn power_on(module: &VirtualModule, meter: &Meter) -> Tap {
    module.reboot();
    tokio::time::sleep(50 * START_UP).await;
    Tap::new(module.attach_duplex(), meter)
}

async fn by_hand(servers: &TestServers, way: &Way) -> Result<Taken, Error> {
    let module = new_module(way)?;
    let mut starts = Vec::new();
    for provisioning in [true, false] {
        let meter = Meter::default();
        let mut typist = Typist::new(power_on(&module, &meter).await);
        typist.connect(servers, provisioning).await?;
        typist.publish(1).await?;
        starts.push((meter, typist));
    }
    let (cold, (meter, mut typist)) = match (starts.pop(), starts.pop()) {
        (Some(warm), Some((cold, _))) => (cold.now(), warm),
        _ => return Err("two starts".into()),
    };
    let warm = meter.now();
    let mut publishes = [Crossed::default(); 2];
    for (qos, taken) in (0..).zip(&mut publishes) {
        let before = meter.now();
        for _ in 0..MESSAGES {
            typist.publish(qos).await?;
        }
        *taken = meter.now().since(before);
    }
    let before = meter.now();
    typist.reconnect().await?;
    let reconnect = meter.now().since(before);
    module.shutdown().await;
    Ok(Taken { cold, warm, stored: warm, single: warm, publishes, reconnect })
}

fn options(servers: &TestServers, engine: Engine) -> Result<MqttOptions, Error> {
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let client = servers.client();
    let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).identity(identity).build()?;
    let at_once = Reconnect::default().backoff(Backoff::new(START_UP, START_UP)).keep_module(true);
    let options = MqttOptions::new(TestServers::BROKER_NAME, CLIENT_ID, MqttSecurity::Tls(tls));
    Ok(options.engine(engine).reconnect(at_once))
}

async fn start(
    servers: &TestServers,
    builder: ModemBuilder,
    line: Tap,
    options: MqttOptions,
) -> Result<(Modem, MqttClient), Error> {
    let modem = builder.apn("iot.test").open(line).await?;
    modem.bring_up().await?;
    let client = MqttClient::connect(&modem, options).await?;
    let published = servers.broker().messages().len();
    client.publish(TOPIC, PAYLOAD.to_vec(), QoS::AtLeastOnce).await?;
    servers.broker().wait_for_messages(published + 1).await;
    Ok((modem, client))
}

async fn with_sdk(servers: &TestServers, way: &Way, engine: Engine) -> Result<Taken, Error> {
    let module = new_module(way)?;
    let options = options(servers, engine)?;
    let begin = async |builder: ModemBuilder, what: &str| {
        let meter = Meter::default();
        let line = power_on(&module, &meter).await;
        let (modem, client) = start(servers, builder, line, options.clone()).await?;
        let taken = meter.now();
        show(&meter, what, Crossed::default());
        Ok::<_, Error>((taken, meter, modem, client))
    };
    let quick = || Modem::builder().chains(true).powered_on();
    let cold = begin(quick(), "cold start").await?.0;
    let single = begin(Modem::builder(), "warm start, one command a line").await?.0;
    let (warm, _, modem, client) = begin(quick(), "warm start").await?;
    let profile = modem.stored_profile().await?;
    drop((modem, client));
    let builder = quick().stored_profile(profile);
    let (stored, meter, modem, client) = begin(builder, "warm start with a stored profile").await?;
    let mut publishes = [Crossed::default(); 2];
    for (qos, taken) in [QoS::AtMostOnce, QoS::AtLeastOnce].into_iter().zip(&mut publishes) {
        let before = meter.now();
        for _ in 0..MESSAGES {
            client.publish(TOPIC, PAYLOAD.to_vec(), qos).await?;
        }
        *taken = meter.now().since(before);
    }
    let reconnect = lose(way, &client, &meter, engine).await?;
    drop((modem, client));
    module.shutdown().await;
    Ok(Taken { cold, warm, stored, single, publishes, reconnect })
}

/// The broker hangs up, and the client comes back.
async fn lose(way: &Way, client: &MqttClient, meter: &Meter, engine: Engine) -> Result<Crossed, Error> {
    let mut events = client.events();
    let before = meter.now();
    way.cut();
    if engine == Engine::Module {
        // The module tells nothing by itself: a message that fails shows it.
        drop(client.publish(TOPIC, PAYLOAD.to_vec(), QoS::AtLeastOnce).await);
    }
    let back = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::Resumed { .. }) {
                return Ok::<_, Error>(());
            }
        }
        Err("the client has ended".into())
    };
    timeout(PATIENCE, back).await??;
    let after = meter.now();
    let known = meter.before_last("#MQDISC").unwrap_or(before);
    show(meter, "reconnect", known);
    Ok(after.since(known))
}

/// With `TELIT_SHOW_LINES` in the environment the command lines are shown.
#[expect(clippy::print_stdout, reason = "a benchmark prints its result")]
fn show(meter: &Meter, what: &str, since: Crossed) {
    if std::env::var_os("TELIT_SHOW_LINES").is_some() {
        println!("{what}:");
        meter.lines_since(since).iter().for_each(|line| println!("  {line}"));
    }
}
