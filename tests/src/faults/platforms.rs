//! A sample on every other platform, of what it can do.

use telit_simulator::Platform;

use super::bring_up::OnLine;
use super::ftps::{DownloadInCommandMode, DownloadOnline, Files, Upload};
use super::https::Requests;
use super::matrix::sample;
use super::mqtt::Session;
use super::provision::Provisioning;
use super::scenario::Scenario;
use super::socket::{Command, Echo, Online};

/// One case in so many, so that all platforms together take as long as one.
const SAMPLE: u64 = 200;

const ALL: [Platform; 10] = [
    Platform::P10,
    Platform::P13,
    Platform::P16,
    Platform::P12,
    Platform::P20,
    Platform::P23,
    Platform::P25Linux,
    Platform::P25ThreadX,
    Platform::P30,
    Platform::P52,
];

fn on_all<S: Scenario>(platforms: &[Platform]) {
    for platform in platforms {
        sample::<S>(*platform, SAMPLE);
    }
}

#[test]
fn bring_up_everywhere() {
    on_all::<OnLine>(&ALL);
}

#[test]
fn provision_everywhere() {
    // Platform 10 stores no key of 2048 bits: as PEM it has more than 1535 bytes.
    on_all::<Provisioning>(&ALL[1..]);
}

#[test]
fn sockets_everywhere() {
    on_all::<Echo<Command>>(&ALL);
    on_all::<Echo<Online>>(&ALL);
}

#[test]
fn files_everywhere() {
    on_all::<Files<DownloadInCommandMode>>(&ALL);
    on_all::<Files<DownloadOnline>>(&ALL);
    on_all::<Files<Upload>>(&ALL);
}

#[test]
fn https_where_the_client_has_tls() {
    let without = [Platform::P25Linux, Platform::P25ThreadX];
    let with: Vec<_> = ALL.into_iter().filter(|platform| !without.contains(platform)).collect();
    on_all::<Requests>(&with);
}

#[test]
fn mqtt_where_there_is_a_client() {
    on_all::<Session>(&[Platform::P25Linux, Platform::P25ThreadX, Platform::P30, Platform::P52]);
}
