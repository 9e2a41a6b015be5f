//! The future of a diagnosis.

use telit_core::diagnosis::Cause;

use super::super::credentials::tls;
use super::super::outcome::same_reading;
use super::super::set_up::on_line;
use super::super::socket::{Command, Echo, HOST, PORT};
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn examining() {
    at_every_await("Examination::run", async |_: &Echo<Command>, bench, moments| {
        let modem = on_line(bench).await?;
        let examination = modem.diagnose(HOST, PORT, tls(&modem)).run();
        let completed = interrupted(bench, moments, examination).await.is_some();
        let step = in_step(bench, &modem).await?;
        tls_comes_back(bench, &modem).await?;
        let again = modem.diagnose(HOST, PORT, tls(&modem)).run().await.map_err(failed("the next one"))?;
        same_reading("what the next one finds", &Cause::None, &again.cause, None)?;
        Ok(step.completed(completed))
    });
}
