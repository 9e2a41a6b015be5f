//! From a port that nobody knows to an active packet data context.

use telit_core::Modem;
use telit_core::commands::Registration;
use telit_core::modem::BringUp;
use telit_simulator::Platform;

use super::bench::Bench;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, same_reading};
use super::scenario::Scenario;
use super::set_up::{BRING_UP, OPEN, open, reopen};

/// What a virtual module of platform 37 says it is, and the address that its network gives it.
const MODEL: &str = "ME310G1-WW";
const FIRMWARE: &str = "M0C.200006";
const ADDRESS: &str = "10.0.0.1";

pub(super) struct OnLine;

#[test]
fn bring_up() {
    matrix::<OnLine>(Platform::P37, SAMPLE);
}

impl Scenario for OnLine {
    const NAME: &'static str = "bring-up";

    fn new() -> Self {
        Self
    }

    async fn run(&self, bench: &Bench) -> Result<Ending, Broken> {
        bench.begin_job();
        let (modem, ending) = match bench.within(OPEN, open(bench)).await? {
            Ok(modem) => {
                let ending = first(bench, &modem).await?;
                (Some(modem), ending)
            }
            // What an open changes matters to nobody.
            Err(_) => (None, Ending::NotSent),
        };
        bench.end_job();
        bench.calm().await;
        again(bench, modem).await?;
        Ok(ending)
    }
}

/// The first attempt, and whether what it says is true.
async fn first(bench: &Bench, modem: &Modem) -> Result<Ending, Broken> {
    let identity = identity(bench, modem)?;
    match bench.within(BRING_UP, modem.bring_up()).await? {
        Ok(brought) => {
            let told = told_right(bench, &brought)?;
            let lost_since = matches!(bench.fault(), Some(Fault::Reboot | Fault::NetworkLoss));
            let online = lost_since || is_online(bench).await;
            let truth = same_reading("on line", &true, &online, bench.fault())?;
            Ok(identity.and(told).and(truth))
        }
        Err(error) => {
            let ending = Ending::from(error.outcome());
            let online = is_online(bench).await;
            match online && ending != Ending::Unknown {
                true => Err(Broken::wrong(format!("on line although: {error}"))),
                false => Ok(ending),
            }
        }
    }
}

/// The next operation works: on the same handle, unless the port went or the module was taken for another.
async fn again(bench: &Bench, modem: Option<Modem>) -> Result<(), Broken> {
    let known = modem.filter(|modem| identity(bench, modem) == Ok(Ending::Right));
    let modem = match known {
        Some(modem) if bench.fault() != Some(Fault::Unplug) => modem,
        _ => reopen(bench).await?,
    };
    let brought = bench.within(BRING_UP, modem.bring_up()).await?;
    let brought = brought.map_err(|error| Broken::wrong(format!("afterwards bring-up fails: {error}")))?;
    same_reading("afterwards the registration", &Registration::Home, &brought.registration, None)?;
    same_reading("afterwards on line", &true, &is_online(bench).await, None)?;
    Ok(())
}

fn identity(bench: &Bench, modem: &Modem) -> Result<Ending, Broken> {
    let fault = bench.fault();
    let model = same_reading("model", MODEL, modem.model(), fault)?;
    let firmware = same_reading("firmware", FIRMWARE, modem.firmware(), fault)?;
    Ok(model.and(firmware))
}

fn told_right(bench: &Bench, brought: &BringUp) -> Result<Ending, Broken> {
    let registration =
        same_reading("registration", &Registration::Home, &brought.registration, bench.fault())?;
    let address = brought.address.as_deref().unwrap_or_default();
    Ok(registration.and(same_reading("address", ADDRESS, address, bench.fault())?))
}

/// Whether the context is active, as the module tells somebody else.
async fn is_online(bench: &Bench) -> bool {
    bench.witness(&["AT#SGACT?"]).await.contains("#SGACT: 1,1")
}
