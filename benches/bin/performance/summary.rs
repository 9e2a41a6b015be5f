//! The two plots that matter: how full the line is, and what the SDK adds.

use anyhow::{Context, Result};
use telit_benches::{Report, Row};

/// A row of a bench, and what it is called in a plot of few rows.
type Choice = (&'static str, &'static str, &'static str);

const LINE: [Choice; 8] = [
    (
        "line_share",
        "FTPS download, mode and block size not told, 3000000 baud, turnaround 0 ms: rate",
        "FTPS download, mode not told, 3 Mbaud",
    ),
    (
        "line_share",
        "FTPS download, mode and block size not told, 921600 baud, turnaround 0 ms: rate",
        "FTPS download, mode not told, 921600 baud",
    ),
    (
        "line_share",
        "FTPS download, mode and block size not told, 921600 baud, turnaround 20 ms: rate",
        "the same, a module that takes 20 ms a command",
    ),
    (
        "multiplexed_share",
        "FTPS download, online mode, frames of 512 octets, 921600 baud, turnaround 0 ms, beside polls: rate",
        "on one channel of several, while another one polls",
    ),
    (
        "line_share",
        "FTPS download, command mode, blocks of 3000 bytes, 921600 baud, turnaround 0 ms, pause 0 ms: rate",
        "in blocks of 3000 bytes, no pause between commands",
    ),
    (
        "line_share",
        "FTPS download, command mode, blocks of 3000 bytes, 921600 baud, turnaround 0 ms, pause 20 ms: rate",
        "in blocks of 3000 bytes, the manual's pause of 20 ms",
    ),
    (
        "tls_socket_share",
        "TLS socket download, online mode, 921600 baud, turnaround 0 ms: rate",
        "TLS socket in online mode, 921600 baud",
    ),
    (
        "https_transfers",
        "HTTPS download, to a file with its hash, engine, mode and block size not told, 921600 baud, turnaround 0 ms: rate",
        "HTTPS download of a file with a known hash, 921600 baud",
    ),
];

const COST: [Choice; 7] = [
    (
        "engine_cost",
        "a text line, typed, delivered to waiting tasks, 512-byte reads",
        "instructions: a text line, delivered",
    ),
    ("engine_cost", "a byte of a body in mixed traffic, 512-byte reads", "instructions: a byte of a body"),
    ("command_latency", "command on a pseudo-terminal, median", "time: a command on a terminal, median"),
    ("command_latency", "command on a pseudo-terminal, p99", "time: a command on a terminal, p99"),
    (
        "online_cpu",
        "online download at 921600 baud, announced length, 1 module, processor time",
        "CPU time: a megabyte, online, 921600 baud",
    ),
    (
        "online_cpu",
        "online downloads at 921600 baud, 16 modules in one thread, processor",
        "CPU time: 16 downloads in one thread",
    ),
    ("fleet", "heap of an idle module session", "heap: an idle module"),
];

/// What stands in the plot of the line.
pub(crate) fn line(reports: &[Report]) -> Result<Report> {
    choose(reports, "line", "Share of the serial line that carries data, in percent", &LINE)
}

/// What stands in the plot of costs.
pub(crate) fn cost(reports: &[Report]) -> Result<Report> {
    choose(reports, "cost", "What the SDK costs beside a bare loop and beside atat", &COST)
}

fn choose(reports: &[Report], name: &str, title: &str, choices: &[Choice]) -> Result<Report> {
    let mut chosen = Report::new(name, title, "");
    for (bench, row, label) in choices {
        // What was not measured yet is left out; a row that has another name now would be forgotten silently.
        let Some(report) = reports.iter().find(|report| report.bench == *bench) else { continue };
        let row = report.rows.iter().find(|one| one.name == *row);
        let row = row.with_context(|| format!("{bench} has no row for \"{label}\""))?;
        chosen.push(Row { name: (*label).to_owned(), ..row.clone() });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_row_keeps_its_figures_and_gets_its_label() {
        let (bench, name, label) = COST[6];
        let mut report = Report::new(bench, "T", "");
        report.push(Row::new(name, 4000.0, "B").floor("bare", 1000.0));
        let chosen = cost(&[report]).unwrap();
        assert_eq!(chosen.rows.len(), 1);
        assert_eq!((chosen.rows[0].name.as_str(), chosen.rows[0].ratio_to_floor()), (label, Some(4.0)));
    }

    #[test]
    fn a_row_that_is_not_there_is_an_error() {
        let report = Report::new("fleet", "T", "");
        let error = cost(&[report]).unwrap_err();
        assert_eq!(error.to_string(), "fleet has no row for \"heap: an idle module\"");
    }
}
