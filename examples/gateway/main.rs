//! A gateway: MQTT for many modules in one process. Modules come and go, each is looked after, and what happens to one
//! does not touch the others.
//!
//! `cargo run -p telit-examples --example gateway [sim:COUNT | CONFIG.json]`
//!
//! Without an argument there are three virtual modules, and the plug of one is pulled and put back meanwhile. With a
//! configuration (see `config.rs`) it runs until Ctrl-C.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod config;

use std::sync::Arc;
use std::time::Duration;

use telit_core::Modem;
use telit_core::commands::SignalQuality;
use telit_core::pool::{
    ModuleChange, ModuleName, ModulePool, PoolEvent, PoolEvents, PoolOptions, PooledModule, UsbPorts,
    WorkError,
};
use telit_core::transport::SerialPort;
use telit_examples::{Figures, Fleet};
use telit_mqtt::{ClientState, MqttClient, MqttOptions, QoS};
use tokio::time::{MissedTickBehavior, interval};

use config::{Broker, Config};

/// Of each virtual module, after the trouble.
const MESSAGES: usize = 3;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Before the pool, which hands its figures to it.
    let figures = Figures::install()?;
    match std::env::args().nth(1) {
        None => simulate(3).await?,
        Some(argument) => match argument.strip_prefix("sim:") {
            Some(count) => simulate(count.parse()?).await?,
            None => run(Config::read(&argument)?).await?,
        },
    }
    print!("{figures}");
    Ok(())
}

/// Until Ctrl-C.
async fn run(config: Config) -> anyhow::Result<()> {
    let pool = pool(config.apn.clone(), Broker::real(&config)?);
    tokio::spawn(print(pool.events()));
    for (name, port) in &config.ports {
        pool.add(name, SerialPort::new(port))?;
    }
    if let Some(usb) = &config.usb {
        let ports = UsbPorts::telit(usb.interface);
        pool.follow(if usb.by_place { ports.known_by_place() } else { ports });
    }
    tokio::signal::ctrl_c().await?;
    shut_down(&pool).await;
    Ok(())
}

/// Until every module has published its messages, or Ctrl-C.
async fn simulate(count: usize) -> anyhow::Result<()> {
    let (fleet, ports) = Fleet::start(count).await?;
    let pool = pool(Some("iot.test".to_owned()), Broker::simulated(Fleet::BROKER, fleet.tls()?));
    tokio::spawn(print(pool.events()));
    pool.follow(ports);
    let published = async {
        fleet.each_publishes(1).await;
        fleet.make_trouble().await?;
        fleet.each_publishes(MESSAGES).await;
        anyhow::Ok(())
    };
    tokio::select! {
        done = published => done?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    shut_down(&pool).await;
    Ok(())
}

fn pool(apn: Option<String>, broker: Broker) -> ModulePool {
    let broker = Arc::new(broker);
    let describe = move |_: &ModuleName| match &apn {
        Some(apn) => Modem::builder().apn(apn),
        None => Modem::builder(),
    };
    ModulePool::new(PoolOptions::default(), describe, move |module| publish(module, Arc::clone(&broker)))
}

/// The work of a module: from when it is on line until it has to leave. An error makes it begin again later.
async fn publish(module: PooledModule, broker: Arc<Broker>) -> Result<(), WorkError> {
    let options = MqttOptions::new(&broker.host, module.name().as_str(), broker.security(module.name())?);
    // Work that has failed may have left its client behind, which says goodbye first.
    let options = options.tls_wait(Duration::from_secs(30));
    let connected = MqttClient::connect(module.modem(), options).await;
    let client = connected.inspect_err(|error| module.record_error(error.category()))?;
    let mut ticks = interval(broker.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = module.leaving() => break,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            biased;
            () = module.leaving() => break,
            reported = report(&module, &client) => reported?,
        }
    }
    Ok(client.disconnect().await?)
}

/// What goes wrong is counted; the client comes back by itself, unless it has given up.
async fn report(module: &PooledModule, client: &MqttClient) -> Result<(), WorkError> {
    let signal = module.modem().run(SignalQuality).await.ok().flatten();
    let payload = serde_json::json!({ "model": module.modem().model(), "dbm": signal }).to_string();
    let published = client.publish(format!("gateway/{}", module.name()), payload, QoS::AtLeastOnce).await;
    if let Err(error) = published {
        module.record_error(error.category());
        if matches!(client.state(), ClientState::Lost(_) | ClientState::Closed) {
            return Err(error.into());
        }
    }
    Ok(())
}

async fn print(mut events: PoolEvents) {
    while let Some(event) = events.next().await {
        match event {
            PoolEvent::Module { change: ModuleChange::Supervisor(_), .. } => {}
            PoolEvent::Module { name, change } => println!("{name}: {change:?}"),
            other => println!("{other:?}"),
        }
    }
}

async fn shut_down(pool: &ModulePool) {
    for name in pool.shutdown().await {
        println!("{name} did not say goodbye");
    }
}
