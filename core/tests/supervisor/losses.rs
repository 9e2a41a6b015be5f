//! What is lost, and how it is noticed.

use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::{Loss, ModuleState};
use telit_core::modem::ServiceChange;
use telit_core::supervisor::{Cause, SupervisorEvent};
use telit_core::{CommandError, Outcome, exclusive::Service};

use super::fake::Fake;
use super::{next, options, start};

fn lost(cause: Cause) -> SupervisorEvent {
    SupervisorEvent::Lost { cause }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_was_pulled_is_opened_again_and_the_handles_stay_good() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    let before = modem.health().now();
    fake.unplug();
    assert_eq!(next(&mut events).await, lost(Cause::PortLost));
    let SupervisorEvent::Recovered { cause, restarted, attempts, .. } = next(&mut events).await else {
        panic!("it comes back")
    };
    assert_eq!((cause, restarted, attempts), (Cause::PortLost, false, 0));
    assert_eq!(fake.state().openings, 2);
    let health = modem.health().now();
    assert_eq!((health.state, before.loss_until(&health)), (ModuleState::Up, Some(Loss::PortLost)));
    assert!(modem.registration().await.expect("it answers").is_registered());
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_gone_for_long_is_waited_for_and_commands_fail_at_once() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    fake.state().port_missing = true;
    fake.unplug();
    assert_eq!(next(&mut events).await, lost(Cause::PortLost));
    let error = modem.registration().await.expect_err("there is no port");
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.is_link_lost(), "{error}");
    let trying = events.next().await.expect("the supervisor runs");
    assert!(
        matches!(&trying, SupervisorEvent::Trying { attempt: 1, because, .. } if because == "no port /dev/fake"),
        "{trying:?}"
    );
    let mut health = modem.health();
    let up = tokio::spawn(async move { health.up().await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!up.is_finished());
    fake.state().port_missing = false;
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: false, .. }));
    assert_eq!(up.await.expect("it ran").expect("it is up").port_losses, 1);
}

#[tokio::test(start_paused = true)]
async fn a_command_under_way_ends_with_the_port_and_says_that_it_was_sent() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().heartbeat(None)).await;
    let modem = supervisor.modem().clone();
    fake.state().silent = true;
    let exchange =
        Exchange::new(CommandLine::execute("#LONG"), Expect::result()).deadline(Duration::from_secs(90));
    let running = tokio::spawn(async move { modem.channel().execute(exchange).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    fake.state().silent = false;
    fake.unplug();
    let error = running.await.expect("it ran").expect_err("the port is gone");
    let expected =
        CommandError::LinkLost { command: "#LONG".into(), reason: "the port hung up".into(), sent: true };
    assert_eq!(error, expected);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_comes_back_with_a_restarted_module_tells_both() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.restart();
    fake.unplug();
    assert_eq!(next(&mut events).await, lost(Cause::PortLost));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: true, .. }));
    let health = supervisor.modem().health().now();
    assert_eq!((health.restarts, health.port_losses), (1, 1));
    let state = fake.state();
    assert!(!state.echo && state.errors == 2 && state.context_active, "it has its settings again");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_restart_is_noticed_at_the_heartbeat_by_the_echo() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.restart();
    let since = tokio::time::Instant::now();
    assert_eq!(next(&mut events).await, lost(Cause::Echo));
    assert!(since.elapsed() <= Duration::from_secs(31), "{:?}", since.elapsed());
    assert!(matches!(
        next(&mut events).await,
        SupervisorEvent::Recovered { restarted: true, attempts: 0, .. }
    ));
    let state = fake.state();
    assert!(!state.echo && state.errors == 2 && state.context_active, "it has its settings again");
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_noticed_at_the_next_command() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().heartbeat(None)).await;
    let mut events = supervisor.events();
    fake.restart();
    assert!(supervisor.modem().registration().await.expect("it answers").is_registered());
    assert_eq!(next(&mut events).await, lost(Cause::Echo));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: true, .. }));
    assert_eq!(supervisor.modem().health().now().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_module_whose_user_profile_keeps_the_echo_off_is_found_out_by_its_settings() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.state().stored_echo = false;
    fake.restart();
    assert_eq!(next(&mut events).await, lost(Cause::SettingsLost));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: true, .. }));
    assert_eq!(fake.state().errors, 2);
    assert_eq!(supervisor.modem().health().now().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_context_is_activated_again_and_is_no_restart() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.state().context_active = false;
    assert_eq!(next(&mut events).await, lost(Cause::ContextLost));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: false, .. }));
    assert!(fake.state().context_active);
}

#[tokio::test(start_paused = true)]
async fn a_command_without_an_answer_makes_it_look_at_once() {
    let fake = Fake::new();
    let supervisor = start(&fake, options().heartbeat(None)).await;
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    fake.state().silent = true;
    let error = modem.registration().await.expect_err("it is silent");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(next(&mut events).await, lost(Cause::Silence));
    fake.state().silent = false;
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: false, .. }));
}

#[tokio::test(start_paused = true)]
async fn a_module_in_order_is_left_in_peace() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.state().log.clear();
    let hour = tokio::time::timeout(Duration::from_secs(3_610), events.next()).await;
    assert!(hour.is_err(), "{hour:?}");
    assert_eq!((fake.times("AT+CMEE?"), fake.times("AT#SGACT?"), fake.state().log.len()), (120, 120, 240));
}

#[tokio::test(start_paused = true)]
async fn what_services_tell_is_among_the_events_and_a_slow_reader_is_told_what_it_missed() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    let back = |seconds| ServiceChange::Resumed { took: Duration::from_secs(seconds) };
    for seconds in 0..70 {
        supervisor.modem().report(Service::Mqtt, back(seconds));
        tokio::task::yield_now().await;
    }
    assert_eq!(events.next().await, Some(SupervisorEvent::Missed(6)));
    let Some(SupervisorEvent::Service(event)) = events.next().await else { panic!("it was told") };
    assert_eq!((event.service, event.change), (Service::Mqtt, back(6)));
}

#[tokio::test(start_paused = true)]
async fn without_the_supervisor_a_lost_port_is_lost_for_good() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    drop(supervisor);
    assert_eq!(events.next().await, None);
    assert!(modem.registration().await.expect("the port is open").is_registered());
    fake.unplug();
    let mut health = modem.health();
    assert_eq!(health.lost(health.now()).await, Loss::PortLost);
    assert!(health.up().await.is_err());
    assert!(modem.registration().await.expect_err("it is gone").is_link_lost());
}

/// The port is open and the module silent, so nothing but the end of the supervisor ends the waiting.
#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_module_is_told_when_nobody_looks_after_it_any_more() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut health = supervisor.modem().health();
    let _modem = supervisor.modem().clone();
    let mut events = supervisor.events();
    fake.state().silent = true;
    assert_eq!(next(&mut events).await, lost(Cause::Silence));
    assert_eq!(health.now().state, ModuleState::Recovering);
    drop(supervisor);
    let waited = tokio::time::timeout(Duration::from_secs(60), health.up()).await;
    assert_eq!(waited.expect("nobody waits for ever"), Err(telit_core::driver::ModuleDown));
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_between_two_questions_is_noticed() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.state().unplug_at = Some("AT#SGACT?");
    assert_eq!(next(&mut events).await, lost(Cause::PortLost));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { restarted: false, .. }));
    let quiet = tokio::time::timeout(Duration::from_secs(300), events.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_shows_while_the_module_is_asked_is_noticed() {
    let fake = Fake::new();
    let supervisor = start(&fake, options()).await;
    let mut events = supervisor.events();
    fake.state().unplug_at = Some("AT+CMEE?");
    assert_eq!(next(&mut events).await, lost(Cause::PortLost));
    fake.restart();
    assert!(matches!(next(&mut events).await, SupervisorEvent::Recovered { .. }));
    assert!(supervisor.modem().registration().await.expect("it answers").is_registered());
    assert_eq!(supervisor.modem().health().now().state, ModuleState::Up);
}
