//! Plots for the status page, as SVG. The style sheet sets the colours.

use crate::model::escape::escaped;
use std::fmt::Write as _;

/// Size of a plot in SVG units; the page scales it.
const WIDTH: usize = 600;
const HEIGHT: usize = 120;

/// Draws a stacked bar chart with one column per label. `classes` are the CSS classes of the parts, from the bottom up; `name`
/// is the text for screen readers.
pub(super) fn bars(name: &str, labels: &[String], classes: &[&str], columns: &[Vec<u32>]) -> String {
    let most = columns.iter().map(|c| c.iter().map(|&n| u64::from(n)).sum::<u64>()).max().unwrap_or(0).max(1);
    let slot = WIDTH / columns.len().max(1);
    let mut svg = open(name, WIDTH, HEIGHT);
    for (at, (label, column)) in labels.iter().zip(columns).enumerate() {
        let mut floor = HEIGHT;
        let _ = write!(svg, "<g><title>{}: {}</title>", escaped(label), sums(column));
        for (class, &value) in classes.iter().zip(column) {
            let height = scale(value, most).min(floor);
            floor -= height;
            if value > 0 {
                let (x, width) = (at * slot + 1, slot.saturating_sub(2).max(1));
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{floor}\" width=\"{width}\" height=\"{height}\"/>"
                );
            }
        }
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    svg
}

/// Draws a line chart with dots, and with gaps where a value is `None`.
pub(super) fn dots(name: &str, labels: &[String], values: &[Option<u32>], say: impl Fn(u32) -> String) -> String {
    let most = values.iter().flatten().copied().max().unwrap_or(0).max(1);
    let slot = WIDTH / values.len().max(1);
    let mut svg = open(name, WIDTH, HEIGHT);
    let mut last: Option<(usize, usize)> = None;
    for (at, (label, value)) in labels.iter().zip(values).enumerate() {
        let here = value.map(|v| (at * slot + slot / 2, HEIGHT - 4 - scale(v, u64::from(most)).min(HEIGHT - 8)));
        if let (Some((x1, y1)), Some((x2, y2))) = (last, here) {
            let _ = write!(svg, "<line class=\"line\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
        }
        if let (Some((x, y)), Some(value)) = (here, value) {
            let _ = write!(
                svg,
                "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"4\"><title>{}: {}</title></circle>",
                escaped(label),
                escaped(&say(*value))
            );
        }
        last = here;
    }
    svg.push_str("</svg>");
    svg
}

/// Draws a small bar chart that stands beside a name.
pub(super) fn spark(name: &str, values: &[u32]) -> String {
    let most = u64::from(values.iter().copied().max().unwrap_or(0).max(1));
    let mut svg = open(name, values.len().max(1) * 4, 24);
    for (at, &value) in values.iter().enumerate() {
        let height = (u64::from(value) * 24).div_ceil(most);
        let _ =
            write!(svg, "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"3\" height=\"{height}\"/>", at * 4, 24 - height);
    }
    svg.push_str("</svg>");
    svg
}

fn open(name: &str, width: usize, height: usize) -> String {
    format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\">", escaped(name))
}

fn scale(value: u32, most: u64) -> usize {
    let height = (u64::from(value) * HEIGHT as u64).div_ceil(most);
    usize::try_from(height).unwrap_or(HEIGHT)
}

fn sums(column: &[u32]) -> String {
    column.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_fits_its_frame_and_is_well_formed() {
        let labels: Vec<String> = (1..=30).map(|d| format!("<{d}>")).collect();
        let columns: Vec<Vec<u32>> = (0..30).map(|n| vec![n, u32::MAX / 4, n * 7]).collect();
        let values: Vec<Option<u32>> = (0..30).map(|n| (n % 3 > 0).then_some(n * 1000)).collect();
        for svg in [
            bars("a & \"b\"", &labels, &["x", "y", "z"], &columns),
            bars("empty", &[], &[], &[]),
            dots("d", &labels, &values, |v| v.to_string()),
            spark("s", &[0, 1, u32::MAX]),
        ] {
            let mut reader = quick_xml::Reader::from_str(&svg);
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Empty(e) => {
                        for a in e.attributes().map(|a| a.unwrap()).filter(|a| matches!(a.key.0, "y" | "height" | "cy"))
                        {
                            assert!(a.value.parse::<usize>().unwrap() <= HEIGHT, "{svg}");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
