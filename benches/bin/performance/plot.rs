//! A plot of ratios: where ours and the peer lie, as multiples of the floor.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use telit_benches::{Report, Row};

pub(crate) const WIDTH: u32 = 1100;
/// From a row to the next.
pub(crate) const STEP: u32 = 24;
/// Where the rows begin, and what the axis below them needs.
pub(crate) const ABOVE: u32 = 64;
pub(crate) const BELOW: u32 = 40;
/// Where the names end and the plot begins; and where it ends.
pub(crate) const LEFT: u32 = 560;
pub(crate) const RIGHT: u32 = WIDTH - 60;
pub(crate) const OURS: RGBColor = RGBColor(0, 98, 155);
pub(crate) const PEER: RGBColor = RGBColor(214, 110, 20);
pub(crate) const GREY: RGBColor = RGBColor(190, 190, 190);
const FONT: &str = "sans-serif";

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Whether there is something to draw.
pub(crate) fn has_ratios(report: &Report) -> bool {
    report.rows.iter().any(|row| row.floor.is_some())
}

/// The plot as SVG, if a row has a floor.
pub(crate) fn draw(report: &Report) -> Result<Option<String>> {
    let rows: Vec<&Row> = report.rows.iter().filter(|row| row.floor.is_some()).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    let height = ABOVE + STEP * u32::try_from(rows.len())? + BELOW;
    draw_into(&SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area(), report, &rows)
        .map_err(|error| anyhow!("the plot of {} cannot be drawn: {error}", report.bench))?;
    Ok(Some(svg))
}

fn draw_into(area: &Area<'_>, report: &Report, rows: &[&Row]) -> Result<()> {
    area.fill(&WHITE)?;
    write(area, &report.title, (16, 24), 18, HPos::Left, &BLACK)?;
    let legend = "multiples of the floor (1), logarithmic;  ● ours  ● peer";
    write(area, legend, (16, 46), 13, HPos::Left, &BLACK)?;
    let scale = Scale::of(rows);
    let bottom = position(rows.len());
    for mark in scale.marks() {
        let x = scale.place(mark);
        let colour = if (mark - 1.0).abs() < f64::EPSILON { BLACK } else { GREY };
        area.draw(&PathElement::new(vec![(x, i32::try_from(ABOVE)? - 8), (x, bottom)], colour))?;
        write(area, &format!("{mark}"), (x, bottom + 14), 12, HPos::Center, &BLACK)?;
    }
    for (number, row) in rows.iter().enumerate() {
        let y = position(number) + 6;
        write(area, &row.name, (i32::try_from(LEFT)? - 14, y), 13, HPos::Right, &BLACK)?;
        let peer = row.peer.as_ref().zip(row.floor.as_ref()).map(|(peer, floor)| peer.value / floor.value);
        for (ratio, colour) in [(peer, PEER), (row.ratio_to_floor(), OURS)] {
            let Some(ratio) = ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0) else { continue };
            area.draw(&Circle::new((scale.place(ratio), y), 5, colour.filled()))?;
        }
    }
    area.present()?;
    Ok(())
}

pub(crate) fn position(row: usize) -> i32 {
    i32::try_from(row).unwrap_or(i32::MAX / 64).saturating_mul(24).saturating_add(64)
}

pub(crate) fn write(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    side: HPos,
    colour: &RGBColor,
) -> Result<()> {
    let style = TextStyle::from((FONT, size)).color(colour).pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// Powers of two that hold all ratios.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    fn of(rows: &[&Row]) -> Self {
        let ratios = rows.iter().flat_map(|row| {
            let floor = row.floor.as_ref().map_or(1.0, |floor| floor.value);
            let peer = row.peer.as_ref().map(|peer| peer.value / floor);
            [row.ratio_to_floor(), peer].into_iter().flatten()
        });
        let (mut from, mut to) = (0.5_f64, 2.0_f64);
        for ratio in ratios.filter(|ratio| ratio.is_finite() && *ratio > 0.0) {
            from = from.min(ratio);
            to = to.max(ratio);
        }
        Self { from: from.log2().floor(), to: to.log2().ceil() }
    }

    /// Where a ratio lies.
    #[expect(clippy::cast_possible_truncation, reason = "a pixel of a plot")]
    fn place(&self, ratio: f64) -> i32 {
        let share = (ratio.log2() - self.from) / (self.to - self.from);
        (f64::from(LEFT) + share * f64::from(RIGHT - LEFT)).round() as i32
    }

    /// Where lines stand: at most ten.
    fn marks(&self) -> impl Iterator<Item = f64> {
        let (from, to) = (self.from, self.to);
        let step = ((to - from) / 9.0).ceil().max(1.0);
        let first = (from / step).ceil() * step;
        (0..10).map(move |n| first + f64::from(n) * step).take_while(move |power| *power <= to).map(f64::exp2)
    }
}

#[cfg(test)]
mod tests {
    use telit_benches::Target;

    use super::*;

    #[test]
    fn a_floor_is_at_one_and_everything_is_in_the_picture() {
        let rows = [
            Row::new("a", 200.0, "x").floor("f", 100.0),
            Row::new("b", 50.0, "x").floor("f", 100.0).peer("p", 1600.0).target(Target::AtMost(1.0)),
        ];
        let scale = Scale::of(&rows.iter().collect::<Vec<_>>());
        assert_eq!((scale.from, scale.to), (-1.0, 4.0));
        assert_eq!(scale.marks().collect::<Vec<_>>(), [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!((scale.place(0.5), scale.place(16.0)), (560, 1040));
        assert_eq!(scale.place(1.0), 656);
    }

    #[test]
    fn rows_without_a_floor_are_not_drawn() {
        let mut report = Report::new("b", "T", "");
        report.push(Row::new("bare", 1.0, "x"));
        assert_eq!(draw(&report).unwrap(), None);
        report.push(Row::new("with", 1.0, "x").floor("f", 2.0));
        let svg = draw(&report).unwrap().unwrap();
        assert!(svg.contains("with") && !svg.contains("bare"));
    }
}
