//! What publishing costs on a serial line: messages a second of 100 bytes and of 1 kB, one after the other, beside a bare
//! loop on the same line and beside what line, turnaround and pause allow.
//!
//! A message is one exchange: the command with the payload, or the command, the prompt and the payload of more than 140
//! bytes, and the broker's acknowledgement behind `OK`.

use std::time::Duration;

use telit_benches::line::{Error, Measured, Meter, Rig, Setting, SharedLine, is_quick, run_alone};
use telit_benches::{Report, Row, Target};
use telit_core::Modem;
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::servers::TestServers;
use tokio::time::sleep;

const TOPIC: &str = "telemetry/device-1/temperature";
/// Text of so many bytes needs no prompt.
const ON_THE_LINE: usize = 140;
const TASKS: &str = "Missed where nothing else takes time: a publish of 100 bytes takes 26,000 instructions from its call to its end \
    (callgrind, in memory, 4 to 6 µs): the caller 2,700, the client's task 14,000, the task of the port 8,000, the runtime \
    the rest. The SDK sleeps once a message as the bare loop does, and makes two system calls more (`strace`): it sets a timer \
    for the deadline of the command, for which the runtime writes to its own eventfd and asks for events once more. \
    All this is a quarter of the time by which a message takes longer; most likely the rest is that the module's and the \
    broker's thread has gone to sleep when the next command comes that much later, and is woken first. With the manual's \
    pause, or on a line of 115200 baud, none of it counts.";

const METHOD: &str = "QoS 1 messages to a broker on loopback by a virtual module of platform 37, over a paced line in \
    memory. The SDK is alone on its thread; the module and the broker are on others. The bare loop sends the same \
    commands on the same line, and waits for the pause with tokio's sleep, which takes a millisecond longer than it is \
    told; the SDK's pause ends in time. What is allowed: the bytes that the bare loop moved, one after the other, the \
    turnaround and the pause.";

fn main() -> Result<(), Error> {
    let rig = Rig::start()?;
    let mut report = Report::new("mqtt_messages", "MQTT messages a second", METHOD);
    run_alone(async {
        for setting in Setting::all_with_pauses() {
            measure(&rig, setting, &mut report).await?;
        }
        Ok(())
    })?;
    Ok(report.finish()?)
}

async fn measure(rig: &Rig, setting: Setting, report: &mut Report) -> Result<(), Error> {
    let (module, line, modem) = rig.modem(&setting).await?;
    let security = MqttSecurity::Tls(rig.mutual_tls()?);
    let client =
        MqttClient::connect(&modem, MqttOptions::new(TestServers::BROKER_NAME, "bench", security)).await?;
    for size in [100, 1000] {
        let payload = vec![b'x'; size];
        let count = setting.exchanges(size + 100, is_quick());
        let (bare, crossed) = as_task(bare(line.clone(), setting, payload.clone(), count)).await?;
        let before = modem.statistics();
        let ours = as_task(publish(modem.clone(), client.clone(), payload, count)).await?;
        if modem.statistics().exchanges - before.exchanges != count as u64 {
            return Err("a message is not one exchange".into());
        }
        push(report, &setting, size, &ours, &bare, crossed);
    }
    client.disconnect().await?;
    module.shutdown().await;
    Ok(())
}

fn push(
    report: &mut Report,
    setting: &Setting,
    size: usize,
    ours: &Measured,
    bare: &Measured,
    crossed: usize,
) {
    let name = format!("MQTT publish, {size} bytes, QoS 1, {}", setting.name_with_pause());
    let each_second = |measured: &Measured| 1.0 / measured.each().as_secs_f64();
    let row = Row::new(format!("{name}: rate"), each_second(ours), "messages/s");
    report.push(
        row.floor("bare loop", each_second(bare))
            .target(Target::AtLeastPercentOfFloor(97.0))
            .why_missed(TASKS),
    );
    let allowed = setting.crossing(crossed) + setting.turnaround + setting.pause;
    if allowed > Duration::ZERO {
        let share = |measured: &Measured| 100.0 * allowed.as_secs_f64() / measured.each().as_secs_f64();
        let text = format!("{name}: share of what line, turnaround and pause allow");
        report.push(Row::new(text, share(ours), "%").floor("bare loop", share(bare)));
    }
    report.push(
        Row::new(format!("{name}: CPU time"), ours.cpu_per_megabyte(), "ms/MB")
            .floor("bare loop", bare.cpu_per_megabyte()),
    );
}

/// Whoever asks is a task, as in a service: with a future of `block_on` that a task has woken the runtime goes on only when it
/// has asked the operating system for events, and the bare loop has no task that wakes it.
async fn as_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    Ok(tokio::spawn(async { work.await.map_err(|error| error.to_string()) }).await??)
}

/// Also checks that every message was acknowledged: `publish` fails otherwise.
async fn publish(
    modem: Modem,
    client: MqttClient,
    payload: Vec<u8>,
    count: usize,
) -> Result<Measured, Error> {
    let written = modem.statistics().bytes_written;
    let mut meter = Meter::default();
    for _ in 0..count {
        client.publish(TOPIC, payload.clone(), QoS::AtLeastOnce).await?;
        meter.piece(payload.len());
    }
    if modem.statistics().bytes_written - written < (count * payload.len()) as u64 {
        return Err("payloads are missing".into());
    }
    Ok(meter.finish(|_, _| Duration::ZERO))
}

/// Also tells how many bytes cross the line for a message.
async fn bare(
    line: SharedLine,
    setting: Setting,
    payload: Vec<u8>,
    count: usize,
) -> Result<(Measured, usize), Error> {
    let (mut bare, mut meter) = (line.borrow(), Meter::default());
    let on_the_line = (payload.len() <= ON_THE_LINE).then(|| String::from_utf8_lossy(&payload));
    let command = match &on_the_line {
        Some(text) => format!("AT#MQPUBS=1,\"{TOPIC}\",0,1,\"{text}\"\r"),
        None => format!("AT#MQPUBSEXT=1,\"{TOPIC}\",0,1,{}\r", payload.len()),
    };
    for _ in 0..count {
        bare.write(command.as_bytes()).await?;
        if on_the_line.is_none() {
            bare.until(b">>>").await?;
            bare.write(&payload).await?;
        }
        bare.until(b"\r\nOK\r\n").await?;
        meter.piece(payload.len());
        if setting.has_pause() {
            sleep(setting.pause).await;
        }
    }
    Ok((meter.finish(|_, _| Duration::ZERO), bare.crossed() / count))
}
