//! What publishing costs on a serial line: messages a second, bytes on the line for each, and how near that is to what
//! the line carries.
//!
//! The limit is what the line carries in the direction that has more to carry: a tenth of its rate in bytes a second
//! (8N1), as if question and answer could overlap. They cannot: a message is one round trip. Between two commands the SDK
//! leaves the pause that the manual asks for; without it the line alone decides.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::{Duration, Instant};

use telit_core::Modem;
use telit_core::at::Settings;
use telit_core::tls::{CaCertificate, Identity, TlsOptions};
use telit_mqtt::{MqttClient, MqttOptions, MqttSecurity, QoS};
use telit_simulator::servers::TestServers;
use telit_simulator::{Platform, VirtualModule};

const TOPIC: &str = "telemetry/device-1/temperature";
const PAYLOAD: [u8; 100] = [b'x'; 100];
/// How long each measurement takes at the least.
const LENGTH: Duration = Duration::from_secs(4);

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let servers = TestServers::start().await?;
    println!("publishing {} bytes to {TOPIC}, one after the other", PAYLOAD.len());
    println!(
        "{:>11} {:>4} {:>6} {:>9} {:>11} {:>11} {:>13} {:>7}",
        "baud", "QoS", "pause", "messages", "exchanges/m", "bytes/m", "messages/s", "limit"
    );
    for baud in [Some(115_200), Some(921_600), None] {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            for pause in [Settings::default().pause, Duration::ZERO] {
                let run = publish(&servers, baud, pause, qos).await?;
                let rate = baud.map_or_else(|| "unthrottled".to_owned(), |baud| baud.to_string());
                let limit = baud.map_or_else(|| "-".to_owned(), |baud| format!("{:.0}", run.limit(baud)));
                println!(
                    "{rate:>11} {:>4} {:>4}ms {:>9} {:>11.2} {:>5.0}+{:<5.0} {:>13.1} {limit:>7}",
                    qos.number(),
                    pause.as_millis(),
                    run.messages,
                    run.each(run.exchanges),
                    run.each(run.written),
                    run.each(run.read),
                    run.each_second(),
                );
            }
        }
    }
    Ok(())
}

struct Run {
    messages: u32,
    took: Duration,
    exchanges: u64,
    written: u64,
    read: u64,
}

impl Run {
    #[expect(clippy::cast_precision_loss, reason = "it is printed with few digits")]
    fn each(&self, all: u64) -> f64 {
        all as f64 / f64::from(self.messages)
    }

    fn each_second(&self) -> f64 {
        f64::from(self.messages) / self.took.as_secs_f64()
    }

    /// Messages a second if the line were busy all the time in one direction.
    fn limit(&self, baud: u32) -> f64 {
        f64::from(baud) / 10.0 / self.each(self.written.max(self.read))
    }
}

async fn publish(servers: &TestServers, baud: Option<u32>, pause: Duration, qos: QoS) -> Result<Run, Error> {
    let module = VirtualModule::builder(Platform::P37)
        .resolve(TestServers::BROKER_NAME, 8883, servers.broker().addr())
        .baud(baud)
        .build()?;
    let mut settings = Settings::default();
    settings.pause = pause;
    let modem = Modem::builder().apn("iot.test").settings(settings).open(module.attach_duplex()).await?;
    modem.bring_up().await?;
    let ca = CaCertificate::from_pem(servers.authority().certificate_pem().as_bytes())?;
    let client = servers.client();
    let identity = Identity::from_pem(client.certificate_pem().as_bytes(), client.key_pem().as_bytes())?;
    let tls = TlsOptions::builder().ca(ca).identity(identity).build()?;
    let options = MqttOptions::new(TestServers::BROKER_NAME, "bench", MqttSecurity::Tls(tls));
    let client = MqttClient::connect(&modem, options).await?;
    let before = modem.statistics();
    let begin = Instant::now();
    let mut messages = 0;
    while begin.elapsed() < LENGTH {
        client.publish(TOPIC, PAYLOAD.to_vec(), qos).await?;
        messages += 1;
    }
    let (took, after) = (begin.elapsed(), modem.statistics());
    client.disconnect().await?;
    module.shutdown().await;
    Ok(Run {
        messages,
        took,
        exchanges: after.exchanges - before.exchanges,
        written: after.bytes_written - before.bytes_written,
        read: after.bytes_read - before.bytes_read,
    })
}
