//! The table of all results, as Markdown.

use std::fmt::{self, Write};

use telit_benches::{Reference, Report, Row, Target};

use crate::plot;

const HEAD: &str = "# What it costs, and how near to the limit it is\n\n\
    Every figure stands beside a floor that cannot be beaten (a bare loop, a memory copy, the line itself) and, where there is \
    one, a peer; all of a row were measured in the same run, and data were compared byte by byte. Written by\n\n    \
    cargo run --release -p telit-benches --bin performance\n\n";

/// The whole document.
pub(crate) fn write(reports: &[Report], machine: &str) -> String {
    let mut text = format!("{HEAD}on {machine}.\n");
    // Writing to a string does not fail.
    let _written =
        targets(&mut text, reports).and_then(|()| reports.iter().try_for_each(|one| section(&mut text, one)));
    text
}

/// What was to be met, with what a slower or faster computer changes little: the ratios.
fn targets(text: &mut String, reports: &[Report]) -> fmt::Result {
    let rows: Vec<&Row> =
        reports.iter().flat_map(|report| &report.rows).filter(|row| row.target.is_some()).collect();
    let met = rows.iter().filter(|row| row.is_met()).count();
    writeln!(text, "\n## Targets: {met} of {} met\n", rows.len())?;
    writeln!(
        text,
        "| metric | of the floor | of the peer | ours | to meet | |\n|---|---:|---:|---:|---:|---|"
    )?;
    for row in rows {
        let verdict = if row.is_met() { "met" } else { "**missed**" };
        writeln!(
            text,
            "| {} | {} | {} | {} {} | {} | {verdict} |",
            row.name,
            ratio(row.ratio_to_floor()),
            ratio(row.ratio_to_peer()),
            figure(row.ours),
            row.unit,
            row.target.map(|target| bound(target, &row.unit)).unwrap_or_default(),
        )?;
    }
    misses(text, reports)
}

/// Why a target is missed, each reason once.
fn misses(text: &mut String, reports: &[Report]) -> fmt::Result {
    let mut told: Vec<&str> = Vec::new();
    for row in reports.iter().flat_map(|report| &report.rows).filter(|row| !row.is_met()) {
        let Some(why) = row.why_missed.as_deref().filter(|why| !told.contains(why)) else { continue };
        if told.is_empty() {
            writeln!(text, "\n### Where a target is missed, and why\n")?;
        }
        told.push(why);
        writeln!(text, "- *{}*: {why}", row.name)?;
    }
    Ok(())
}

fn section(text: &mut String, report: &Report) -> fmt::Result {
    writeln!(text, "\n## {}\n\n{}\n", report.title, report.method)?;
    if plot::has_ratios(report) {
        writeln!(text, "![{}]({}.svg)\n", report.title, report.bench)?;
    }
    writeln!(text, "| | ours | unit | floor | peer |\n|---|---:|---|---|---|")?;
    for row in &report.rows {
        let (floor, peer) = (reference(row.floor.as_ref()), reference(row.peer.as_ref()));
        writeln!(text, "| {} | {} | {} | {floor} | {peer} |", row.name, figure(row.ours), row.unit)?;
    }
    Ok(())
}

fn reference(reference: Option<&Reference>) -> String {
    reference.map(|one| format!("{} ({})", figure(one.value), one.name)).unwrap_or_default()
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{} x", figure(ratio))).unwrap_or_default()
}

fn bound(target: Target, unit: &str) -> String {
    match target {
        Target::AtMost(most) => format!("≤ {} {unit}", figure(most)),
        Target::AtLeast(least) => format!("≥ {} {unit}", figure(least)),
        Target::AtMostTimesFloor(most) => format!("≤ {} x the floor", figure(most)),
        Target::AtLeastPercentOfFloor(least) => format!("≥ {} % of the floor", figure(least)),
    }
}

/// Three digits that count, or the whole number.
fn figure(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:.2}"),
        middle if middle < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_holds_every_row_and_every_target() {
        let mut report = Report::new("line", "The line", "How.");
        report.push(
            Row::new("fast", 1500.0, "B/s")
                .floor("bare", 1600.0)
                .target(Target::AtLeastPercentOfFloor(99.5))
                .why_missed("Timers."),
        );
        report.push(Row::new("met", 1.0, "s").target(Target::AtMost(1.0)).why_missed("Not told."));
        report.push(Row::new("plain", 0.5, "s").peer("other", 2.0));
        let text = write(&[report], "a computer");
        let targets = "## Targets: 1 of 2 met\n\n\
            | metric | of the floor | of the peer | ours | to meet | |\n|---|---:|---:|---:|---:|---|\n\
            | fast | 0.94 x |  | 1500 B/s | ≥ 99.5 % of the floor | **missed** |\n\
            | met |  |  | 1.00 s | ≤ 1.00 s | met |\n\n\
            ### Where a target is missed, and why\n\n- *fast*: Timers.\n\n## The line";
        assert!(text.contains(targets), "{text}");
        let section = "## The line\n\nHow.\n\n![The line](line.svg)\n\n\
            | | ours | unit | floor | peer |\n|---|---:|---|---|---|\n\
            | fast | 1500 | B/s | 1600 (bare) |  |\n| met | 1.00 | s |  |  |\n| plain | 0.50 | s |  | 2.00 (other) |\n";
        assert!(text.ends_with(section), "{text}");
    }
}
