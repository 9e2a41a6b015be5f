//! What the SDK costs to build and to ship: crates, a build from nothing, and the size of a program.
//!
//! The same kind of program three times (`benches/build_cost/`): on the SDK with its default features and all its
//! protocols, on `atat`, and on a data connection of the computer. `--quick` counts the crates only.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use telit_benches::{Report, Row, Target};

const METHOD: &str = "Three programs in `benches/build_cost/`, each with the newest versions of what it depends on. Crates: \
    packages in `Cargo.lock` without the program, on every platform. Time: `cargo build --release` from nothing, \
    downloads excluded. Size: stripped, with Cargo's release profile, and with `opt-level = \"z\"`, `lto`, \
    `codegen-units = 1` and `panic = \"abort\"`.";

fn main() -> Result<(), Box<dyn Error>> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let names = ["telit", "atat", "host_stack"];
    let [ours, atat, host] = names.map(Program::new);
    let programs = [&ours, &atat, &host];
    let mut report = Report::new("build_cost", "Building and shipping", METHOD);
    let crates = measure(programs, Program::crates)?;
    report.push(row("crates in the lock file", crates, "crates").target(Target::AtMost(60.0)));
    if quick {
        println!("{report}");
        return Ok(());
    }
    report.push(row("build from nothing", measure(programs, |one| one.build("release"))?, "s"));
    let size = measure(programs, |one| one.size("release"))?;
    report.push(row("stripped program, release profile", size, "kB").target(Target::AtMost(900.0)));
    measure(programs, |one| one.build("small"))?;
    let size = measure(programs, |one| one.size("small"))?;
    report.push(row("stripped program, built for size", size, "kB"));
    Ok(report.finish()?)
}

/// Ours, that of `atat` and that of the host stack, in this order.
type Figures = [f64; 3];

fn measure(
    programs: [&Program; 3],
    mut of: impl FnMut(&Program) -> Result<f64, Box<dyn Error>>,
) -> Result<Figures, Box<dyn Error>> {
    let [ours, atat, host] = programs;
    Ok([of(ours)?, of(atat)?, of(host)?])
}

fn row(name: &str, [ours, atat, host]: Figures, unit: &str) -> Row {
    Row::new(name, ours, unit)
        .floor("atat 0.25, which has no protocols", atat)
        .peer("rumqttc, reqwest and suppaftp with rustls", host)
}

/// One of the programs.
struct Program {
    name: &'static str,
    source: PathBuf,
    target: PathBuf,
}

impl Program {
    fn new(name: &'static str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build_cost").join(name);
        Self { name, source, target: Report::folder().join("build").join(name) }
    }

    fn crates(&self) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["generate-lockfile"])?;
        let lock = fs::read_to_string(self.source.join("Cargo.lock"))?;
        let packages = lock.lines().filter(|line| *line == "[[package]]").count();
        Ok(f64::from(u32::try_from(packages)?) - 1.0)
    }

    /// Seconds of a build from nothing.
    fn build(&self, profile: &str) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["fetch"])?;
        let folder = self.target.join(profile);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let began = Instant::now();
        self.cargo(&["build", "--profile", profile])?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// Kilobytes of the program as it was built last.
    fn size(&self, profile: &str) -> Result<f64, Box<dyn Error>> {
        let program = format!("publish-{}", self.name.replace('_', "-"));
        let bytes = fs::metadata(self.target.join(profile).join(program))?.len();
        Ok(f64::from(u32::try_from(bytes)?) / 1000.0)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(&self.source)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "cargo {} of {} failed: {}",
            arguments.join(" "),
            self.name,
            String::from_utf8_lossy(&output.stderr)
        )
        .into())
    }
}
