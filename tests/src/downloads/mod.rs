//! Large files that arrive whole, whatever happens on the way: the network goes, the module restarts, its port is pulled,
//! the server hangs up, and the process is killed, again and again at random moments.
//!
//! The process is a real one, with a supervised module on a pseudo-terminal; it starts anew after each kill, and goes on.
//! What it downloads again is told by the server, not by itself.
//!
//! | variable | meaning |
//! |---|---|
//! | `TELIT_DOWNLOADS` | `whole`: 32 MiB and 50 cuts over FTPS; 100 MB and 10 MB and 20 cuts by HTTPS. Default: small files |
//! | `TELIT_DOWNLOAD_SEED` | the seed of an earlier run; default a new one |

mod bench;
mod cut;
mod process;
mod relay;

use std::env;

use bench::Bench;
use cut::Cut;
use process::Way;

/// The small size for every run, or the large one when it is asked for.
fn extent(small: (usize, usize), whole: (usize, usize)) -> (usize, usize) {
    match env::var("TELIT_DOWNLOADS").as_deref() {
        Ok("whole") => whole,
        Ok(other) => panic!("TELIT_DOWNLOADS is whole or nothing, not {other}"),
        Err(_) => small,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firmware_over_ftps() {
    let (size, cuts) = extent((1024 * 1024, 12), (32 * 1024 * 1024, 50));
    let kinds = [Cut::Network, Cut::Reboot, Cut::Unplug, Cut::Kill];
    Bench::start(Way::Ftps, size).await.download(cuts, &kinds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_by_https_from_this_computer() {
    let (size, cuts) = extent((1_000_000, 6), (100_000_000, 20));
    Bench::start(Way::HttpsSocket, size).await.download(cuts, &Cut::ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_by_https_online() {
    let (size, cuts) = extent((1_000_000, 6), (100_000_000, 20));
    Bench::start(Way::HttpsOnline, size).await.download(cuts, &Cut::ALL).await;
}

/// A restart that swallows a command is noticed after that command's minute, so it is only in the large one.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_by_https_from_the_module() {
    let (size, cuts) = extent((600_000, 6), (10_000_000, 20));
    let quick = [Cut::Unplug, Cut::Kill, Cut::Server, Cut::Network];
    let kinds: &[Cut] = if cuts > 6 { &Cut::ALL } else { &quick };
    Bench::start(Way::HttpsModule, size).await.download(cuts, kinds).await;
}
