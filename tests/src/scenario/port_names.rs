//! A port that comes back under another name, as a USB port does that is enumerated anew.

use std::time::Duration;

use telit_core::supervisor::{Cause, Supervisor, SupervisorEvent, SupervisorEvents, SupervisorOptions};
use telit_core::transport::SerialPort;
use telit_core::{Backoff, CommandError, Modem};
use telit_simulator::{Platform, VirtualModule};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_port_wherever_it_is() {
    let module = VirtualModule::builder(Platform::P37).build().expect("it starts");
    let folder = tempfile::tempdir().expect("a temporary folder");
    // As /dev/serial/by-id has them.
    let link = folder.path().join("usb-Telit_ME310G1-if02-port0");
    let mut pty = module.attach_pty(Some(&link)).expect("a pseudo-terminal");
    let port = SerialPort::new(link.to_str().expect("it is text"));
    let options = SupervisorOptions::default()
        .backoff(Backoff::new(Duration::from_millis(5), Duration::from_millis(50)))
        .max_attempts(1_000_000);
    let builder = Modem::builder().apn("iot.test");
    let supervisor = Supervisor::start(builder, port, options).await.expect("it comes on line");
    let (modem, mut events) = (supervisor.modem().clone(), supervisor.events());
    for _ in 0..3 {
        let before = link.read_link().expect("it is a link");
        module.unplug();
        let lost = events.next().await;
        assert_eq!(lost, Some(SupervisorEvent::Lost { cause: Cause::PortLost }));
        let error = modem.registration().await.expect_err("there is no port");
        assert!(matches!(error, CommandError::LinkLost { .. }), "{error:?}");
        let missing = format!("no port {}", link.display());
        assert_eq!(next_reason(&mut events).await, missing);
        module.plug_in_again(&mut pty).expect("another pseudo-terminal");
        assert_ne!(link.read_link().expect("it is a link"), before);
        assert!(!recovered_after_restart(&mut events).await);
        assert!(modem.registration().await.expect("the port is back").is_registered());
    }
}

/// Why the first remedy is tried.
async fn next_reason(events: &mut SupervisorEvents) -> String {
    match events.next().await {
        Some(SupervisorEvent::Trying { because, .. }) => because,
        other => panic!("{other:?}"),
    }
}

/// Whether the module is said to have restarted, when it is back.
async fn recovered_after_restart(events: &mut SupervisorEvents) -> bool {
    loop {
        match events.next().await {
            Some(SupervisorEvent::Recovered { cause: Cause::PortLost, restarted, .. }) => return restarted,
            Some(SupervisorEvent::Trying { .. } | SupervisorEvent::Missed(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
