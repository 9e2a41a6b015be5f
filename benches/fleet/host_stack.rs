//! A peer: MQTT and TLS on this computer, by rumqttc, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use rumqttc::tokio_native_tls::native_tls::{Certificate, Identity, TlsConnector};
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS, TlsConfiguration, Transport};
use telit_simulator::servers::TestServers;

use crate::Error;
use crate::session::MESSAGE;
use crate::usage;
use crate::world::to_f64;

/// The argument that makes this program the peer.
pub(crate) const ROLE: &str = "--host-stack";
/// Messages of each connection.
const MESSAGES: usize = 20;

/// What a connection costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostStack {
    /// Bytes of resident memory.
    pub(crate) memory: f64,
    /// CPU time of a message, in µs.
    pub(crate) cpu: f64,
}

/// Starts the servers and the other process, and gives what it has measured.
pub(crate) async fn measure(connections: usize) -> Result<HostStack, Error> {
    let servers = TestServers::start().await.map_err(|error| error.to_string())?;
    let folder = servers_files(&servers)?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg(ROLE)
        .args([servers.broker().addr().port().to_string(), connections.to_string()])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("it has no output")?;
    let line = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next()).await?;
    let line = line.ok_or("it has said nothing")??;
    child.wait()?;
    let mut figures = line.split(' ').map(str::parse::<f64>);
    let mut next = || figures.next().ok_or("too few figures");
    Ok(HostStack { memory: next()??, cpu: next()?? })
}

fn servers_files(servers: &TestServers) -> Result<tempfile::TempDir, Error> {
    let folder = tempfile::tempdir()?;
    let client = servers.client();
    for (name, text) in [
        ("authority.pem", servers.authority().certificate_pem().as_str()),
        ("client.pem", client.certificate_pem()),
        ("client_key.pem", client.key_pkcs8_pem()),
    ] {
        std::fs::write(folder.path().join(name), text)?;
    }
    Ok(folder)
}

/// The other process: connects, looks at its memory, publishes, and tells.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [port, connections, folder] = arguments else { return Err("three arguments".into()) };
    let (port, connections): (u16, usize) = (port.parse()?, connections.parse()?);
    let read = |name: &str| std::fs::read(std::path::Path::new(folder).join(name));
    let connector = TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(Certificate::from_pem(&read("authority.pem")?)?)
        .identity(Identity::from_pkcs8(&read("client.pem")?, &read("client_key.pem")?)?)
        .build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let figures = runtime.block_on(async {
        // What is allocated once for all of them.
        let (first, mut events) = client(&connector, port, 0);
        connected(&mut events).await?;
        let before = resident()?;
        let mut clients = Vec::with_capacity(connections);
        let mut tasks = Vec::with_capacity(connections);
        for number in 1..=connections {
            let (client, mut events) = client(&connector, port, number);
            connected(&mut events).await?;
            clients.push(client);
            let (acknowledged, all) = tokio::sync::oneshot::channel();
            tasks.push(all);
            tokio::spawn(follow(events, acknowledged));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let memory = (resident()? - before) / to_f64(connections);
        let cpu = usage::process_cpu();
        for _ in 0..MESSAGES {
            for client in &clients {
                client.publish("things/device/state", QoS::AtLeastOnce, false, &MESSAGE[..]).await?;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for all in tasks {
            all.await?;
        }
        let cpu = usage::process_cpu().saturating_sub(cpu);
        drop(first);
        Ok::<_, Error>((memory, cpu.as_secs_f64() * 1e6 / to_f64(MESSAGES * connections)))
    })?;
    writeln!(std::io::stdout(), "{} {}", figures.0, figures.1)?;
    Ok(())
}

fn client(connector: &TlsConnector, port: u16, number: usize) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(format!("device-{number}"), "localhost", port);
    options.set_keep_alive(Duration::from_secs(600));
    options.set_transport(Transport::tls_with_config(TlsConfiguration::NativeConnector(connector.clone())));
    AsyncClient::new(options, 10)
}

async fn connected(events: &mut EventLoop) -> Result<(), Error> {
    loop {
        if let Event::Incoming(Incoming::ConnAck(_)) = events.poll().await? {
            return Ok(());
        }
    }
}

/// Keeps a connection going, and tells when all its messages are acknowledged.
async fn follow(mut events: EventLoop, all: tokio::sync::oneshot::Sender<()>) {
    let (mut count, mut all) = (0, Some(all));
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(Incoming::PubAck(_)) = event {
            count += 1;
        }
        if count == MESSAGES
            && let Some(all) = all.take()
        {
            // Nobody else waits.
            let _told = all.send(());
        }
    }
}

/// Private resident memory of this process, in bytes.
fn resident() -> Result<f64, Error> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let of = |name: &str| -> Result<f64, Error> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    };
    Ok(1024.0 * (of("Private_Dirty:")? + of("Private_Clean:")?))
}
