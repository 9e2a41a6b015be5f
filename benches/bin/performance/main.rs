//! Measures everything and writes `docs/performance/`: a table of all results, and plots.
//!
//! `cargo run --release -p telit-benches --bin performance` runs every bench, one after the other, on a computer that has
//! nothing else to do. `--render` writes the files from the results that are there.

mod bars;
mod document;
mod machine;
mod plot;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use telit_benches::Report;

/// The benches, in the order of the document.
const BENCHES: [&str; 10] = [
    "engine_cost",
    "command_latency",
    "line_share",
    "multiplexed_share",
    "tls_socket_share",
    "https_transfers",
    "mqtt_messages",
    "online_cpu",
    "round_trips",
    "fleet",
];
/// What needs no quiet line, and takes long.
const LAST: &str = "build_cost";

/// Measures everything and writes docs/performance.
#[derive(Parser)]
struct Arguments {
    /// Measure these only, and render what is there of the others.
    benches: Vec<String>,
    /// Measure nothing: render the results that are there.
    #[arg(long)]
    render: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let all: Vec<&str> = BENCHES.into_iter().chain([LAST]).collect();
    for name in &arguments.benches {
        ensure!(all.contains(&name.as_str()), "there is no bench `{name}`; there are {}", all.join(", "));
    }
    let wanted = |name: &str| arguments.benches.is_empty() || arguments.benches.iter().any(|one| one == name);
    for name in all.iter().filter(|name| !arguments.render && wanted(name)) {
        measure(name)?;
    }
    let reports = all.iter().map(|name| read(name)).collect::<Result<Vec<_>>>()?;
    write(&reports.into_iter().flatten().collect::<Vec<_>>())
}

fn measure(bench: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["bench", "-p", "telit-benches", "--bench", bench])
        .current_dir(top())
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "the bench `{bench}` failed");
    Ok(())
}

/// What a bench left, if it ever ran.
fn read(bench: &str) -> Result<Option<Report>> {
    let path = Report::folder().join(format!("{bench}.json"));
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(serde_json::from_str(&text).with_context(|| format!("{} is no report", path.display()))?))
}

fn write(reports: &[Report]) -> Result<()> {
    ensure!(!reports.is_empty(), "nothing was measured yet");
    let folder = top().join("docs/performance");
    fs::create_dir_all(&folder)?;
    for report in reports {
        if let Some(plot) = plot::draw(report)? {
            fs::write(folder.join(format!("{}.svg", report.bench)), plot)?;
        }
    }
    fs::write(folder.join("line.svg"), bars::draw(&summary::line(reports)?)?)?;
    if let Some(plot) = plot::draw(&summary::cost(reports)?)? {
        fs::write(folder.join("cost.svg"), plot)?;
    }
    fs::write(folder.join("README.md"), document::write(reports, &machine::describe()))?;
    Ok(())
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
