//! The README's table of what works on which platform, made from the platform data of the SDK.

use std::fmt::Write as _;
use std::path::Path;

use telit_core::platform::{Availability, Capability, PlatformId, Profile, Support, TlsProfile, profile};
use telit_core::tls::{PolicyRefusal, Probed, TlsOptions, resolve};

const START: &str = "<!-- support matrix -->\n";
const END: &str = "<!-- end of support matrix -->\n";

/// Set to anything, it makes the test write the section instead of comparing it.
const WRITE: &str = "TELIT_WRITE_SUPPORT_MATRIX";

#[test]
fn the_readme_shows_what_the_profiles_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).expect("it is readable");
    let (before, rest) = readme.split_once(START).expect("the section begins");
    let (section, after) = rest.split_once(END).expect("the section ends");
    let generated = matrix();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, [before, START, &generated, END, after].concat()).expect("it is writable");
    } else {
        assert_eq!(section, generated, "run this test with {WRITE}=1 to write the section");
    }
}

#[test]
fn every_platform_has_a_column_and_every_capability_a_row() {
    let generated = matrix();
    let names: Vec<_> = columns().iter().flatten().map(|profile| profile.id).collect();
    assert_eq!(names, PlatformId::ALL);
    for capability in Capability::ALL {
        assert!(generated.contains(&format!("| {capability} |")), "{capability}");
    }
}

fn matrix() -> String {
    let columns = columns();
    let mut notes = Notes::default();
    let mut text = format!("\n{}\n", products());
    row(&mut text, "", columns.iter().map(|profiles| heading(profiles)));
    row(&mut text, "---", columns.iter().map(|_| "---".to_owned()));
    for capability in Capability::ALL {
        let cells = columns.iter().map(|profiles| cell(profiles[0].support(capability), &mut notes));
        row(&mut text, &capability.to_string(), cells);
    }
    row(&mut text, "cipher suites", columns.iter().map(|profiles| suites(&profiles[0].tls).to_string()));
    let chosen = columns.iter().map(|profiles| selectable(&profiles[0].tls).to_string());
    row(&mut text, "cipher suites that can be chosen alone", chosen);
    let recommended = columns.iter().map(|profiles| recommended(profiles[0], &mut notes));
    row(&mut text, "a recommended suite (ECDHE or DHE with AES-GCM)", recommended);
    text.push('\n');
    text + &notes.list() + "\n"
}

/// Platforms that are told apart by their names only share a column.
fn columns() -> Vec<Vec<&'static Profile>> {
    let mut columns: Vec<Vec<&'static Profile>> = Vec::new();
    for profile in PlatformId::ALL.map(profile) {
        match columns.last_mut() {
            Some(column) if looks_like(column[0], profile) => column.push(profile),
            _ => columns.push(vec![profile]),
        }
    }
    columns
}

fn looks_like(one: &Profile, other: &Profile) -> bool {
    Capability::ALL.iter().all(|capability| one.support(*capability) == other.support(*capability))
        && one.tls.suites == other.tls.suites
}

/// Which modules belong to which platform.
fn products() -> String {
    let line = |profile: &Profile| format!("- **{}**: {}\n", name(profile.id), profile.products.join(", "));
    PlatformId::ALL.map(|id| line(profile(id))).concat()
}

fn heading(profiles: &[&Profile]) -> String {
    profiles.iter().map(|profile| name(profile.id)).collect::<Vec<_>>().join(", ")
}

fn name(id: PlatformId) -> String {
    match id {
        PlatformId::P25Linux => "25 Linux".to_owned(),
        PlatformId::P25ThreadX => "25 ThreadX".to_owned(),
        other => other.to_string(),
    }
}

fn cell(support: Support, notes: &mut Notes) -> String {
    let word = match support.availability {
        Availability::Yes => "yes",
        Availability::No => "no",
        Availability::Probe => "depends",
    };
    let number = support.remark.map(|remark| format!(" <sup>{}</sup>", notes.number(remark)));
    format!("{word}{}", number.unwrap_or_default())
}

/// Whether the default policy finds a suite without a list, and otherwise what there is.
fn recommended(profile: &'static Profile, notes: &mut Notes) -> String {
    let options = TlsOptions::builder().danger_skip_verification().without_server_name().build();
    match resolve(profile, &options.expect("nothing contradicts"), &Probed::default()) {
        Ok(_) => "yes".to_owned(),
        Err(PolicyRefusal::Suites { alternatives, .. }) => {
            let strongest = alternatives.suite.expect("every platform has AES");
            let better = alternatives.in_default_list.first();
            let better =
                better.map(|suite| format!(", and {suite} is offered only together with all others"));
            let remark = format!(
                "the strongest that can be chosen is {strongest}{} (SSL guide 12.1)",
                better.unwrap_or_default()
            );
            format!("no <sup>{}</sup>", notes.number(&remark))
        }
        Err(refusal) => panic!("{refusal}"),
    }
}

/// Signals are no suites.
fn suites(tls: &TlsProfile) -> usize {
    tls.suites.iter().filter(|row| !row.suite.is_signal()).count()
}

fn selectable(tls: &TlsProfile) -> usize {
    tls.suites.iter().filter(|row| tls.suite_value(row.suite).is_some()).count()
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    writeln!(text, "| {name} | {} |", cells.join(" | ")).expect("a String takes everything");
}

/// Remarks in the order in which they are met, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn number(&mut self, remark: &str) -> usize {
        let known = self.0.iter().position(|known| known == remark);
        1 + known.unwrap_or_else(|| {
            self.0.push(remark.to_owned());
            self.0.len() - 1
        })
    }

    fn list(&self) -> String {
        let escape = |remark: &str| remark.replace('<', "\\<");
        self.0.iter().enumerate().fold(String::new(), |text, (index, remark)| {
            text + &format!("{}. {}\n", index + 1, escape(remark))
        })
    }
}
