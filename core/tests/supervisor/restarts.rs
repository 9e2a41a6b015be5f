//! Restarts that show by a line or by lost settings, whatever else is going on.

use std::time::Duration;

use telit_core::at::{CommandLine, Effect, Exchange, Expect};
use telit_core::driver::ModuleState;
use telit_core::supervisor::{Cause, SupervisorEvent, SupervisorEvents, SupervisorOptions};
use telit_core::{CommandError, Modem};
use tokio::time::{Instant, timeout};

use super::fake::Fake;
use super::{next, options, start};

fn lost(cause: Cause) -> SupervisorEvent {
    SupervisorEvent::Lost { cause }
}

/// A module that says when it has started, and does not echo then.
fn telling() -> (Fake, SupervisorOptions) {
    let fake = Fake::new();
    {
        let mut state = fake.state();
        (state.stored_echo, state.start_up_line) = (false, Some("^BOOT"));
    }
    (fake, options().heartbeat(None).start_up_line("^BOOT"))
}

async fn recovered(events: &mut SupervisorEvents, modem: &Modem) {
    let end = next(events).await;
    assert!(matches!(end, SupervisorEvent::Recovered { restarted: true, .. }), "{end:?}");
    assert_eq!(modem.health().now().restarts, 1, "it counts once");
    let quiet = timeout(Duration::from_secs(300), events.next()).await;
    assert!(quiet.is_err(), "one loss, one recovery: {quiet:?}");
}

#[tokio::test(start_paused = true)]
async fn a_start_up_line_is_enough() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().heartbeat(None).start_up_line("^BOOT")).await;
    let mut events = supervisor.events();
    fake.restart();
    fake.unsolicited("^BOOT");
    assert_eq!(next(&mut events).await, lost(Cause::StartUpLine));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: true, .. }));
    assert_eq!(supervisor.modem().health().now().restarts, 1);
}

/// It restarts after its settings were sent, so nothing else would show it.
#[tokio::test(start_paused = true)]
async fn a_start_up_line_during_recovery_is_heard() {
    let (fake, options) = telling();
    let supervisor = start(&fake, options).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.restart_at) = (false, Some("AT+CEREG?"));
    }
    let asked = supervisor.recover();
    assert_eq!(asked.await, Ok(()));
    assert_eq!(next(&mut events).await, lost(Cause::Asked));
    recovered(&mut events, supervisor.modem()).await;
    let state = fake.state();
    assert!(state.errors == 2 && state.context_active, "it has its settings again");
}

#[tokio::test(start_paused = true)]
async fn a_start_up_line_after_a_restart_by_command_is_no_second_restart() {
    let (fake, options) = telling();
    let supervisor = start(&fake, options).await;
    let mut events = supervisor.events();
    {
        let mut state = fake.state();
        (state.context_active, state.needs_restart, state.stored_echo) = (false, true, true);
    }
    assert_eq!(supervisor.recover().await, Ok(()));
    assert_eq!(next(&mut events).await, lost(Cause::Asked));
    recovered(&mut events, supervisor.modem()).await;
    assert_eq!(fake.times("AT#ENHRST=1,0"), 1);
}

/// More commands wait than the port takes in, behind one that the module never answers.
#[tokio::test(start_paused = true)]
async fn a_start_up_line_is_heard_while_many_commands_wait_and_heartbeats_pass() {
    let (fake, options) = telling();
    let supervisor = start(&fake, options.heartbeat(Some(Duration::from_secs(5)))).await;
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    fake.state().silent = true;
    let long =
        Exchange::new(CommandLine::execute("#LONG"), Expect::result()).deadline(Duration::from_secs(90));
    let running = tokio::spawn({
        let modem = modem.clone();
        async move { modem.channel().execute(long).await }
    });
    for _ in 0..40 {
        let modem = modem.clone();
        tokio::spawn(async move { modem.registration().await });
    }
    tokio::time::sleep(Duration::from_secs(12)).await;
    fake.restart();
    fake.state().silent = false;
    let started = Instant::now();
    fake.unsolicited("^BOOT");
    assert_eq!(next(&mut events).await, lost(Cause::StartUpLine));
    assert_eq!(started.elapsed(), Duration::ZERO);
    let error = running.await.expect("it ran").expect_err("the restart swallowed it");
    let swallowed = CommandError::Restarted { command: "#LONG".to_owned(), effect: Effect::Once };
    assert_eq!((error, started.elapsed()), (swallowed, Duration::from_secs(2)));
    recovered(&mut events, &modem).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_up_line_wakes_a_supervisor_that_has_given_up() {
    let (fake, options) = telling();
    let supervisor = start(&fake, options.max_attempts(1)).await;
    let (modem, mut events) = (supervisor.modem(), supervisor.events());
    fake.state().silent = true;
    assert!(supervisor.recover().await.is_err());
    assert_eq!(next(&mut events).await, lost(Cause::Asked));
    assert!(matches!(next(&mut events).await, SupervisorEvent::GaveUp { .. }));
    assert_eq!(modem.health().now().state, ModuleState::Down);
    fake.state().silent = false;
    fake.restart();
    fake.unsolicited("^BOOT");
    assert_eq!(next(&mut events).await, lost(Cause::StartUpLine));
    recovered(&mut events, modem).await;
}

/// Its user profile keeps the echo off, and recovery begins before anybody has asked for the settings.
#[tokio::test(start_paused = true)]
async fn lost_settings_that_recovery_finds_are_a_restart() {
    let (fake, options) = telling();
    let supervisor = start(&fake, options).await;
    let mut events = supervisor.events();
    fake.restart();
    assert_eq!(supervisor.recover().await, Ok(()));
    assert_eq!(next(&mut events).await, lost(Cause::Asked));
    recovered(&mut events, supervisor.modem()).await;
    assert_eq!(fake.state().errors, 2);
}
