//! A module on several ports.

use std::time::Duration;

use telit_core::Backoff;
use telit_core::commands::ReadErrorFormat;
use telit_core::supervisor::{Cause, ChannelSupervisor, PortSource, SupervisorEvent};

use super::fake::Fake;
use super::{next, options};

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
