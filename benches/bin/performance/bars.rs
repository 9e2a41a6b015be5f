//! A plot of shares of the line: a bar for ours, a mark for the floor.

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use telit_benches::{Report, Row};

use crate::plot::{ABOVE, Area, BELOW, GREY, LEFT, OURS, PEER, RIGHT, STEP, WIDTH, position, write};

/// The plot as SVG; the figures of its rows are percent.
pub(crate) fn draw(report: &Report) -> Result<String> {
    let mut svg = String::new();
    let height = ABOVE + STEP * u32::try_from(report.rows.len())? + BELOW;
    draw_into(&SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area(), report)
        .map_err(|error| anyhow!("the plot of {} cannot be drawn: {error}", report.bench))?;
    Ok(svg)
}

fn draw_into(area: &Area<'_>, report: &Report) -> Result<()> {
    area.fill(&WHITE)?;
    write(area, &report.title, (16, 24), 18, HPos::Left, &BLACK)?;
    write(area, "bar: ours;  orange mark: floor, of the same run", (16, 46), 13, HPos::Left, &BLACK)?;
    let bottom = position(report.rows.len());
    for mark in [0, 20, 40, 60, 80, 100] {
        let x = place(f64::from(mark));
        area.draw(&PathElement::new(vec![(x, i32::try_from(ABOVE)? - 8), (x, bottom)], GREY))?;
        write(area, &format!("{mark}"), (x, bottom + 14), 12, HPos::Center, &BLACK)?;
    }
    for (number, row) in report.rows.iter().enumerate() {
        bar(area, position(number) + 6, row)?;
    }
    area.present()?;
    Ok(())
}

fn bar(area: &Area<'_>, y: i32, row: &Row) -> Result<()> {
    write(area, &row.name, (i32::try_from(LEFT)? - 14, y), 13, HPos::Right, &BLACK)?;
    let end = place(row.ours);
    area.draw(&Rectangle::new([(place(0.0), y - 7), (end, y + 7)], OURS.filled()))?;
    write(area, &format!("{:.1}", row.ours), (end - 6, y), 12, HPos::Right, &WHITE)?;
    if let Some(floor) = &row.floor {
        let x = place(floor.value);
        area.draw(&PathElement::new(vec![(x, y - 10), (x, y + 10)], PEER.stroke_width(3)))?;
    }
    Ok(())
}

/// Where a share lies.
#[expect(clippy::cast_possible_truncation, reason = "a pixel of a plot")]
fn place(percent: f64) -> i32 {
    (f64::from(LEFT) + percent.clamp(0.0, 105.0) / 100.0 * f64::from(RIGHT - LEFT)).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_ends_at_its_share() {
        assert_eq!((place(0.0), place(50.0), place(100.0)), (560, 800, 1040));
        let mut report = Report::new("line", "The line", "");
        report.push(Row::new("half", 50.0, "% of the line").floor("bare loop", 100.0));
        let svg = draw(&report).unwrap();
        assert!(svg.contains(r#"<rect x="560" y="63" width="240" height="14""#), "{svg}");
        assert!(svg.contains("half") && svg.contains("50.0"));
    }
}
