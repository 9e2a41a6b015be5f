//! The rows of transfers in blocks.

use std::time::Duration;

use super::{Measured, Setting};
use crate::{Report, Row, Target};

/// Transfers in blocks, of the SDK and of the bare loop.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    /// What is measured, as rows name it.
    pub name: &'a str,
    /// The line.
    pub setting: Setting,
    /// Bytes of a block.
    pub block: usize,
    /// Bytes on the line for each block, its own with them.
    pub crossed: usize,
    /// How long the line rests for each block, as it was measured.
    pub rest: Duration,
    /// The SDK.
    pub ours: Measured,
    /// The bare loop.
    pub bare: Measured,
}

impl Blocks<'_> {
    /// Adds the rows: the share of the line, that share of what is possible with the rests as they should be and as they
    /// are, and CPU time.
    pub fn report(&self, report: &mut Report) {
        let setting = &self.setting;
        let name = format!("{}, blocks of {} bytes, {}", self.name, self.block, setting.name_with_pause());
        let figure = |measured: &Measured| setting.figure(measured.bytes, measured.took);
        report.push(
            Row::new(format!("{name}: rate"), figure(&self.ours), setting.unit())
                .floor("bare loop", figure(&self.bare)),
        );
        let rest = setting.turnaround + setting.pause;
        let nominal = |measured: &Measured| self.share(measured, rest);
        if let (Some(ours), Some(bare)) = (nominal(&self.ours), nominal(&self.bare)) {
            let row =
                Row::new(format!("{name}: share of what blocks, turnaround and pause allow"), ours, "%");
            report.push(with_target(row.floor("bare loop", bare), setting.blocks_target()));
        }
        let measured = |of: &Measured| self.share(of, self.rest);
        if let (Some(ours), Some(bare)) = (measured(&self.ours), measured(&self.bare)) {
            let rest = self.rest.as_secs_f64() * 1e3;
            let text = format!("{name}: share of what blocks and the measured rest allow");
            let row = Row::new(text, ours, "%").floor("bare loop", bare);
            report.push(with_target(row, setting.blocks_target()));
            let row = Row::new(format!("{name}: measured rest for each block"), rest, "ms");
            let should = setting.turnaround + setting.pause;
            report.push(match should.is_zero() {
                true => row,
                false => row.floor("turnaround and pause", should.as_secs_f64() * 1e3),
            });
        }
        report.push(
            Row::new(format!("{name}: CPU time"), self.ours.cpu_per_megabyte(), "ms/MB")
                .floor("bare loop", self.bare.cpu_per_megabyte()),
        );
    }

    /// In percent of what is possible with such a rest for each block; `None` if that takes no time.
    fn share(&self, measured: &Measured, rest: Duration) -> Option<f64> {
        let possible = self.setting.crossing(self.crossed) + rest;
        let of_a_block = measured.bytes as f64 / self.block as f64;
        (!possible.is_zero())
            .then(|| 100.0 * possible.as_secs_f64() * of_a_block / measured.took.as_secs_f64())
    }
}

/// Adds the rows of a transfer without blocks: the share of the line, and CPU time.
pub fn report_online(
    report: &mut Report,
    name: &str,
    setting: &Setting,
    ours: &Measured,
    bare: &Measured,
    target: Option<f64>,
) {
    let name = format!("{name}, {}", setting.name());
    let figure = |measured: &Measured| setting.figure(measured.bytes, measured.took);
    let row =
        Row::new(format!("{name}: rate"), figure(ours), setting.unit()).floor("bare loop", figure(bare));
    report.push(with_target(row, target));
    report.push(
        Row::new(format!("{name}: CPU time"), ours.cpu_per_megabyte(), "ms/MB")
            .floor("bare loop", bare.cpu_per_megabyte()),
    );
}

fn with_target(row: Row, target: Option<f64>) -> Row {
    match target {
        Some(target) => row.target(Target::AtLeast(target)),
        None => row,
    }
}
