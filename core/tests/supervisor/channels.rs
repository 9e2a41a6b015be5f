//! A module on several ports.

use std::time::Duration;

use telit_core::at::{CommandLine, Effect, Exchange, Expect};
use telit_core::commands::ReadErrorFormat;
use telit_core::supervisor::{Cause, ChannelSupervisor, PortSource, SupervisorEvent};
use telit_core::{Backoff, CommandError};

use super::fake::Fake;
use super::{next, options};
use tokio::time::Instant;

fn port(fake: &Fake) -> Box<dyn PortSource> {
    let fake = fake.clone();
    Box::new(move || fake.clone().open())
}

#[tokio::test(start_paused = true)]
async fn what_another_channel_has_seen_does_not_hasten_the_attempts() {
    let (first, second) = (Fake::new(), Fake::new());
    let years = Duration::from_secs(1 << 30);
    let options = options().backoff(Backoff::new(years, years));
    let ports = vec![port(&first), port(&second)];
    let module =
        ChannelSupervisor::start_ports(Fake::builder(), ports, options).await.expect("it is in order");
    let mut events = module.events();
    first.state().port_missing = true;
    first.unplug();
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::PortLost });
    let trying = events.next().await;
    assert!(matches!(trying, Some(SupervisorEvent::Trying { attempt: 1, .. })), "{trying:?}");
    second.restart();
    let channel = module.channel(2).expect("it has two");
    assert_eq!(channel.run(ReadErrorFormat).await, Ok(0), "it has lost its settings");
    assert_eq!(channel.health().now().restarts, 1);
    let hastened = tokio::time::timeout(Duration::from_secs(3600), events.next()).await;
    assert!(hastened.is_err(), "its wait is not over: {hastened:?}");
}

/// The second port is a serial line: nothing comes from it that tells.
#[tokio::test(start_paused = true)]
async fn a_restart_that_one_port_shows_ends_what_another_one_waits_for() {
    let (first, second) = (Fake::new(), Fake::new());
    let heartbeat = Duration::from_secs(30);
    let options = options().heartbeat(Some(heartbeat));
    let ports = vec![port(&first), port(&second)];
    let module =
        ChannelSupervisor::start_ports(Fake::builder(), ports, options).await.expect("it is in order");
    let mut events = module.events();
    let channel = module.channel(2).expect("it has two").clone();
    second.state().silent = true;
    let started = Instant::now();
    let running = tokio::spawn(async move {
        let long = Exchange::new(CommandLine::execute("#LONG"), Expect::result());
        channel.channel().execute(long.deadline(Duration::from_secs(180))).await
    });
    tokio::task::yield_now().await;
    first.restart();
    second.restart();
    second.state().silent = false;
    let error = running.await.expect("it ran").expect_err("the restart swallowed it");
    assert_eq!(error, CommandError::Restarted { command: "#LONG".to_owned(), effect: Effect::Once });
    assert!(started.elapsed() <= heartbeat + Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::Echo });
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: true, .. }));
    let channel = module.channel(2).expect("it has two");
    assert_eq!(channel.run(ReadErrorFormat).await, Ok(2), "it has its settings again");
    assert_eq!(channel.health().now().restarts, 1, "it counts once");
}
