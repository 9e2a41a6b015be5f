//! What the SDK costs to build and to ship: crates, a build from nothing, and the size of a program.
//!
//! The same kind of program three times (`benches/build_cost/`): on the SDK with its default features and all its
//! protocols, on `atat`, and on a data connection of the computer; and the first one without what runs on this computer.
//! `--quick` counts the crates only.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use telit_benches::{Report, Row, Target};

const METHOD: &str = "Programs in `benches/build_cost/`, each with the newest versions of what it depends on. Crates: \
    packages in `Cargo.lock` without the program, on every platform, and those that Cargo builds on x86-64 Linux. \
    Time: what `cargo build --release` from nothing takes \
    on all processors together, downloads excluded. Size: stripped, with Cargo's release profile, and with `opt-level = \"z\"`, `lto`, \
    `codegen-units = 1` and `panic = \"abort\"`.";

const LOCK_MISSED: &str = "The packages that the SDK is to be made of (tokio, tokio-serial, async-trait, url, http, bytes) \
    have 79 with what they depend on; `url` with the ICU4X tables for international host names has 32 of them, and 17 are \
    for other systems and are not built on Linux. On top come 9 for SHA-256 and MD5, 8 for HTTP over a TLS socket \
    (hyper), 7 for MQTT on this computer (mqtt-proto), 4 for the free space of disks on Windows, 3 for certificates \
    (der), 3 for JSON of AWS IoT, 2 for tracing, and the 4 of the SDK. Verified signatures, which were 13 more, are a \
    feature. What helps further is for the application to choose: it can leave out MQTT and HTTP on this computer, which \
    are features that are on by default, and `cargo update -p idna_adapter --precise 1.0.0` takes off 21 (the rows below, and \
    docs/size.md).";
const SIZE_MISSED: &str = "Of 3.34 MB, 2.35 MB are code and 0.59 MB tables for unwinding. Code by owner: the standard library \
    and what is made of it 0.66 MB, of which 0.18 MB print a backtrace (an empty program has 0.34 MB in all), the MQTT client \
    0.42 MB, MQTT on this computer and TLS sockets 0.25 MB (the choice falls when it runs), TLS set-up and credentials \
    0.23 MB, tokio 0.20 MB, the engine 0.17 MB, bring-up and the rest of the core 0.17 MB, the tasks 0.09 MB, the driver \
    0.08 MB, and what differs between 67 commands 0.06 MB. Of all that 0.47 MB are what drops values, and 0.7 MB copies: an \
    async function and the code that drops it are generated once more in every unit that awaits it. It was 4.2 MB before \
    the large ones were boxed. `codegen-units = 1` and `lto` remove the copies, `panic = \"abort\"` most of the tables: the \
    row below. Who knows the modules leaves MQTT and HTTP on this computer out: 0.67 MB less. Further on helps a standard \
    library that is built with the program.";

fn main() -> Result<(), Box<dyn Error>> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let names = ["telit", "atat", "host_stack"];
    let [ours, atat, host] = names.map(Program::new);
    let programs = [&ours, &atat, &host];
    let alone = ours.beside("telit_module_alone");
    let mut report = Report::new("build_cost", "Building and shipping", METHOD);
    let crates = measure(programs, Program::crates)?;
    report.push(
        row("crates in the lock file", crates, "crates").target(Target::AtMost(60.0)).why_missed(LOCK_MISSED),
    );
    report.push(row("crates built on x86-64 Linux", measure(programs, Program::built)?, "crates"));
    report.push(Row::new(
        "crates in the lock file without international host names",
        ours.crates_without_idna()?,
        "crates",
    ));
    report.push(Row::new(
        "crates in the lock file without MQTT and HTTP on this computer",
        alone.crates()?,
        "crates",
    ));
    if quick {
        println!("{report}");
        return Ok(());
    }
    report.push(row(
        "build from nothing, processor time",
        measure(programs, |one| one.build("release"))?,
        "s",
    ));
    let size = measure(programs, |one| one.size("release"))?;
    report.push(
        row("stripped program, release profile", size, "kB")
            .target(Target::AtMost(900.0))
            .why_missed(SIZE_MISSED),
    );
    report.push(Row::new(
        "stripped program without MQTT and HTTP on this computer, release profile",
        alone.built_size("release")?,
        "kB",
    ));
    measure(programs, |one| one.build("small"))?;
    let size = measure(programs, |one| one.size("small"))?;
    report.push(row("stripped program, built for size", size, "kB"));
    report.push(Row::new(
        "stripped program without MQTT and HTTP on this computer, built for size",
        alone.built_size("small")?,
        "kB",
    ));
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

/// In seconds; of those that have ended.
fn processor_time_of_children() -> Result<f64, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let milliseconds = usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds();
    Ok(milliseconds as f64 / 1000.0)
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

    /// One that is built in the same place, where its dependencies are already.
    fn beside(&self, name: &'static str) -> Self {
        Self { target: self.target.clone(), ..Self::new(name) }
    }

    /// All that may be built on any platform.
    fn crates(&self) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["generate-lockfile"])?;
        self.locked()
    }

    /// The same once the application has chosen the back end of `idna` that has no tables.
    fn crates_without_idna(&self) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["update", "-p", "idna_adapter", "--precise", "1.0.0"])?;
        let crates = self.locked();
        self.cargo(&["generate-lockfile"])?;
        crates
    }

    /// Those that one platform builds.
    fn built(&self) -> Result<f64, Box<dyn Error>> {
        let platform = "x86_64-unknown-linux-gnu";
        let tree = ["tree", "-e", "normal,build", "--prefix", "none", "--no-dedupe", "--format", "{p}"];
        let listed = self.cargo(&[&tree[..], &["--target", platform]].concat())?;
        let packages: BTreeSet<&str> =
            listed.lines().map(|line| line.trim_end_matches(" (proc-macro)")).collect();
        Ok(f64::from(u32::try_from(packages.len())?) - 1.0)
    }

    fn locked(&self) -> Result<f64, Box<dyn Error>> {
        let lock = fs::read_to_string(self.source.join("Cargo.lock"))?;
        let packages = lock.lines().filter(|line| *line == "[[package]]").count();
        Ok(f64::from(u32::try_from(packages)?) - 1.0)
    }

    /// Seconds of processor time of a build from nothing.
    fn build(&self, profile: &str) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["fetch"])?;
        let folder = self.target.join(profile);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let before = processor_time_of_children()?;
        self.cargo(&["build", "--profile", profile])?;
        Ok(processor_time_of_children()? - before)
    }

    fn built_size(&self, profile: &str) -> Result<f64, Box<dyn Error>> {
        self.cargo(&["build", "--profile", profile])?;
        self.size(profile)
    }

    /// Kilobytes of the program as it was built last.
    fn size(&self, profile: &str) -> Result<f64, Box<dyn Error>> {
        let program = format!("publish-{}", self.name.replace('_', "-"));
        let bytes = fs::metadata(self.target.join(profile).join(program))?.len();
        Ok(f64::from(u32::try_from(bytes)?) / 1000.0)
    }

    /// Gives what it prints.
    fn cargo(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(&self.source)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
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
