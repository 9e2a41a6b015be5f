//! What the SDK has recorded of itself is enough to have the conversation again, without the module.

use std::sync::Arc;

use telit_core::driver::Recorder;
use telit_core::exclusive::Service;
use telit_core::modem::ModemBuilder;
use telit_core::{Category, Modem, tls};
use telit_simulator::{Platform, Recording, ReplayedModule};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::jobs::Job;
use super::servers::Servers;
use super::tape::Tape;

/// Comes on line and stores a certificate and a key, which no transcript shows.
async fn come_on_line_and_provision(
    builder: ModemBuilder,
    port: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    servers: &Servers,
) -> Result<(), String> {
    let modem = builder.open(port).await.map_err(|error| error.to_string())?;
    modem.bring_up().await.map_err(|error| error.to_string())?;
    let lease = modem.acquire_tls(Service::Socket).await.map_err(|error| error.to_string())?;
    let mut outcome = Err("no options".to_owned());
    for options in servers.tls(&modem, Job::Provisioning) {
        outcome = match tls::prepare(&modem, &lease, &options).await {
            Err(error) if error.category() == Category::Usage => Err(error.to_string()),
            prepared => return prepared.map(drop).map_err(|error| error.to_string()),
        };
    }
    outcome
}

async fn recorded(platform: Platform, servers: &Servers) -> String {
    let module = servers.module(platform);
    let tape = Tape::default();
    let builder = Modem::builder().apn("iot.test").recorder(Recorder::new(tape.clone()));
    let done = come_on_line_and_provision(builder, module.attach_duplex(), servers).await;
    done.unwrap_or_else(|error| panic!("{platform}: {error}"));
    tape.since(0)
}

async fn play(platform: Platform, servers: &Servers) {
    let transcript = recorded(platform, servers).await;
    let recording = Recording::parse(transcript.as_bytes()).expect("the recorder writes what can be played");
    let (host, port) = tokio::io::duplex(4096);
    let mut module = ReplayedModule::new(recording, port);
    let host = come_on_line_and_provision(Modem::builder().apn("iot.test"), host, servers);
    let done = tokio::select! {
        done = host => done,
        stopped = stops(&mut module) => Err(stopped),
    };
    done.unwrap_or_else(|error| panic!("{platform}: {error}\n{transcript}"));
    assert_eq!(module.next(), None, "{platform}: what was not played");
}

/// Why the recording was not played to its end.
async fn stops(module: &mut ReplayedModule) -> String {
    match module.play().await {
        Ok(()) => std::future::pending().await,
        Err(stopped) => stopped.to_string(),
    }
}

#[tokio::test]
async fn a_conversation_is_had_again_with_its_recording() {
    let servers = Arc::new(Servers::start().await);
    let mut playing = JoinSet::new();
    for platform in Platform::ALL {
        let servers = Arc::clone(&servers);
        playing.spawn(async move { play(platform, &servers).await });
    }
    playing.join_all().await;
}
