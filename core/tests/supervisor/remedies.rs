//! What is done about a module that cannot be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect, StreamEnd, StreamEnding};
use telit_core::driver::ModuleState;
use telit_core::supervisor::{Cause, Remedy, SupervisorEvent, SupervisorEvents, SupervisorOptions};

use super::fake::Fake;
use super::{next, options, start};

/// The remedies until recovery ends, and the event that ends it.
async fn until_the_end(events: &mut SupervisorEvents) -> (Vec<Remedy>, SupervisorEvent) {
    let mut remedies = Vec::new();
    loop {
        match events.next().await.expect("the supervisor runs") {
            SupervisorEvent::Trying { remedy, attempt, .. } => {
                remedies.push(remedy);
                assert_eq!(usize::try_from(attempt), Ok(remedies.len()));
            }
            event => return (remedies, event),
        }
    }
}

/// A hook that restarts the module and makes it talk again.
fn with_hook(options: SupervisorOptions, fake: &Fake) -> (SupervisorOptions, Arc<AtomicU32>) {
    let (fake, resets) = (fake.clone(), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&resets);
    let hook = move || {
        count.fetch_add(1, Ordering::Relaxed);
        fake.restart();
        fake.state().silent = false;
        std::future::ready(Ok(()))
    };
    (options.hardware_reset(hook), resets)
}

#[tokio::test(start_paused = true)]
async fn a_dead_module_is_reset_by_hardware_in_the_end() {
    let fake = Fake::new();
    let (options, resets) = with_hook(options(), &fake);
    let supervisor = start(&fake, options).await;
    let mut events = supervisor.events();
    fake.state().silent = true;
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::Silence });
    let (remedies, end) = until_the_end(&mut events).await;
    assert_eq!(remedies, [Remedy::TryAgain, Remedy::ReopenPort, Remedy::ResetHardware]);
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: true, attempts: 3, .. }), "{end:?}");
    assert_eq!((resets.load(Ordering::Relaxed), fake.state().openings), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_radio_that_hangs_is_switched_off_and_on() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.needs_radio_cycle) = (false, true);
    }
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::ContextLost });
    let (remedies, end) = until_the_end(&mut events).await;
    assert_eq!(remedies, [Remedy::TryAgain, Remedy::CycleRadio]);
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: false, .. }), "{end:?}");
    let log = fake.state().log.clone();
    let radio: Vec<_> = log.iter().filter(|line| line.starts_with("AT+CFUN")).collect();
    assert_eq!(radio, ["AT+CFUN=4", "AT+CFUN=1"]);
}

#[tokio::test(start_paused = true)]
async fn a_module_that_no_radio_helps_is_restarted_by_command() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.needs_restart) = (false, true);
    }
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::ContextLost });
    let (remedies, end) = until_the_end(&mut events).await;
    assert_eq!(remedies, [Remedy::TryAgain, Remedy::CycleRadio, Remedy::RestartModule]);
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: true, .. }), "{end:?}");
    assert_eq!(supervisor.modem().health().now().restarts, 1, "its echo is no second restart");
}

#[tokio::test(start_paused = true)]
async fn what_nothing_helps_is_given_up_and_can_be_asked_for_again() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().max_attempts(4)).await;
    let mut events = supervisor.events();
    fake.state().silent = true;
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::Silence });
    let (remedies, end) = until_the_end(&mut events).await;
    assert_eq!(remedies, [Remedy::TryAgain, Remedy::ReopenPort, Remedy::TryAgain, Remedy::ReopenPort]);
    let SupervisorEvent::GaveUp { cause, reason, took } = end else { panic!("nothing helps: {end:?}") };
    assert_eq!(cause, Cause::Silence);
    assert_eq!(reason, "the module does not answer, +CMEE was not sent");
    assert!(took < Duration::from_secs(240), "{took:?}");
    let mut health = supervisor.modem().health();
    assert_eq!(health.now().state, ModuleState::Down);
    assert!(health.up().await.is_err());
    fake.state().silent = false;
    supervisor.recover().await.expect("it answers again");
    assert_eq!(health.now().state, ModuleState::Up);
    assert!(matches!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::Asked }));
}

#[tokio::test(start_paused = true)]
async fn another_model_in_the_same_socket_is_not_used() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().max_attempts(2)).await;
    let mut events = supervisor.events();
    fake.state().model = "LE910C4-WWXD";
    fake.unplug();
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::PortLost });
    let (_, end) = until_the_end(&mut events).await;
    let SupervisorEvent::GaveUp { reason, .. } = end else { panic!("it is another module: {end:?}") };
    assert_eq!(reason, "the module is a LE910C4-WWXD now, it was a ME310G1-WW");
    assert_eq!(fake.times("AT+CPIN?"), 1, "nothing was done to it");
}

#[tokio::test(start_paused = true)]
async fn a_module_that_restarts_during_recovery_is_recovered_once() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.refused_activations) = (false, 1);
    }
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::ContextLost });
    let trying = events.next().await;
    assert!(matches!(trying, Some(SupervisorEvent::Trying { remedy: Remedy::TryAgain, .. })), "{trying:?}");
    fake.restart();
    let (_, end) = until_the_end(&mut events).await;
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: true, .. }), "{end:?}");
    let quiet = tokio::time::timeout(Duration::from_secs(300), events.next()).await;
    assert!(quiet.is_err(), "one loss, one recovery: {quiet:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_takes_the_port_with_it_counts_once() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.needs_restart, state.unplug_at) = (false, true, Some("AT#ENHRST=1,0"));
    }
    assert_eq!(next(&mut events).await, SupervisorEvent::Lost { cause: Cause::ContextLost });
    let (_, end) = until_the_end(&mut events).await;
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: true, .. }), "{end:?}");
    let health = supervisor.modem().health().now();
    assert_eq!((health.restarts, health.port_losses), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn recovery_can_be_asked_for_while_a_stream_is_open_and_ends_it_in_the_end() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let exchange =
        Exchange::new(CommandLine::execute("#STREAM"), Expect::stream(StreamEnding::MarkAndSilence));
    let stream = supervisor.modem().channel().open_stream(exchange).await.expect("it opens");
    // The heartbeat waits behind the stream by now.
    tokio::time::sleep(Duration::from_secs(100)).await;
    let started = tokio::time::Instant::now();
    supervisor.recover().await.expect("the port is opened again");
    assert!(started.elapsed() < Duration::from_secs(600), "{:?}", started.elapsed());
    assert_eq!(stream.end().await, StreamEnd::LinkLost { reason: "the port is opened again".into() });
    assert_eq!(fake.state().openings, 2);
}
