//! From a port that nobody knows to an active packet data context.

use telit_core::Modem;
use telit_core::commands::Registration;
use telit_core::modem::{BringUp, OpenError};
use telit_core::platform::PlatformId;
use telit_simulator::Platform;

use super::bench::Bench;
use super::fault::Fault;
use super::matrix::{SAMPLE, matrix};
use super::outcome::{Broken, Ending, held_against, same_reading};
use super::scenario::Scenario;
use super::set_up::{BRING_UP, OPEN, open, reopen};

/// What a virtual network gives a module. The Internet is context 3 on the virtual module of platform 23, a LE866-SV1.
fn address(modem: &Modem) -> &'static str {
    if modem.profile().id == PlatformId::P23 { "10.0.0.3" } else { "10.0.0.1" }
}

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
            Err(error) => (None, not_opened(bench, &error).await?),
        };
        bench.end_job();
        bench.calm().await;
        let known = match &modem {
            Some(modem) => identity(bench, modem).await?,
            None => Ending::Right,
        };
        again(bench, modem.filter(|_| known == Ending::Right)).await?;
        Ok(ending.and(known))
    }
}

/// To open a port brings nobody on line.
async fn not_opened(bench: &Bench, error: &OpenError) -> Result<Ending, Broken> {
    let told = match error {
        OpenError::Command(error) => error.outcome().into(),
        _ => Ending::NotSent,
    };
    let online = is_online(bench).await.into();
    held_against("going on line", told, online, bench.fault(), error)
}

/// The first attempt, and whether what it says is true.
async fn first(bench: &Bench, modem: &Modem) -> Result<Ending, Broken> {
    match bench.within(BRING_UP, modem.bring_up()).await? {
        Ok(brought) => {
            let told = told_right(bench, modem, &brought)?;
            let lost_since = matches!(bench.fault(), Some(Fault::Reboot | Fault::NetworkLoss));
            // Where the state was misread nothing was done about it.
            let misread = bench.strike().is_some_and(|strike| strike.hits_line("#SGACT: 1,0"));
            match lost_since || is_online(bench).await {
                true => Ok(told),
                false if misread => Ok(Ending::Damaged),
                false => Err(Broken::wrong("brought up, and the context is not active")),
            }
        }
        Err(error) => {
            let online = is_online(bench).await.into();
            held_against("going on line", error.outcome().into(), online, bench.fault(), &error)
        }
    }
}

/// The next operation works: on the same handle, unless the port went or the module was taken for another.
async fn again(bench: &Bench, modem: Option<Modem>) -> Result<(), Broken> {
    let modem = match modem {
        Some(modem) if bench.fault() != Some(Fault::Unplug) => modem,
        _ => reopen(bench).await?,
    };
    let brought = bench.within(BRING_UP, modem.bring_up()).await?;
    let brought = brought.map_err(|error| Broken::wrong(format!("afterwards bring-up fails: {error}")))?;
    same_reading("afterwards the registration", &Registration::Home, &brought.registration, None)?;
    same_reading("afterwards on line", &true, &is_online(bench).await, None)?;
    Ok(())
}

/// Whether the module was taken for what it says it is.
async fn identity(bench: &Bench, modem: &Modem) -> Result<Ending, Broken> {
    let names = bench.witness(&["AT+CGMM", "AT+CGMR"]).await;
    let names: Vec<_> = names.lines().filter(|line| !line.is_empty() && *line != "OK").collect();
    let [model, firmware] = names.as_slice() else {
        return Err(Broken::wrong(format!("the module does not name itself: {names:?}")));
    };
    let model = same_reading("model", *model, modem.model(), bench.strike())?;
    let firmware = same_reading("firmware", *firmware, modem.firmware(), bench.strike())?;
    Ok(model.and(firmware))
}

fn told_right(bench: &Bench, modem: &Modem, brought: &BringUp) -> Result<Ending, Broken> {
    let registration =
        same_reading("registration", &Registration::Home, &brought.registration, bench.strike())?;
    let address = brought.address.as_deref().unwrap_or_default();
    Ok(registration.and(same_reading("address", self::address(modem), address, bench.strike())?))
}

/// Whether the context is active, as the module tells somebody else.
async fn is_online(bench: &Bench) -> bool {
    bench.witness(&["AT#SGACT?"]).await.contains(",1\r")
}
