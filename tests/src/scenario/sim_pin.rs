//! A wrong PIN never blocks a SIM, however often the program is started.

use telit_core::Modem;
use telit_core::modem::BringUpError;
use telit_simulator::{Platform, VirtualModule};

const PIN: &str = "1234";

/// Each is a program of its own to the module, which runs on.
async fn start_with(module: &VirtualModule, pin: &str, last: bool) -> Result<(), BringUpError> {
    let builder = Modem::builder().apn("iot.test").pin(pin);
    let builder = if last { builder.danger_last_pin_attempt() } else { builder };
    let modem = builder.open(module.attach_duplex()).await.expect("it opens");
    modem.bring_up().await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_leaves_one_attempt_and_the_right_one_is_told_how_to_take_it() {
    for platform in Platform::ALL {
        let module = VirtualModule::builder(platform).sim_pin(PIN).build().expect("it starts");
        for _ in 0..2 {
            let refused = start_with(&module, "0000", false).await.expect_err("it is wrong");
            let expected = "the SIM cannot be used: the PIN was refused (+CME ERROR: incorrect password)";
            assert_eq!(refused.to_string(), expected, "{}", platform.id());
        }
        for pin in ["0000", PIN] {
            assert_eq!(
                start_with(&module, pin, false).await,
                Err(BringUpError::LastPinAttempt),
                "{}",
                platform.id()
            );
        }
        assert_eq!(start_with(&module, PIN, true).await, Ok(()), "{}", platform.id());
    }
}
