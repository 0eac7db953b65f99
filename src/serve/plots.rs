//! Plots as SVG, with their own labels. The style sheet sets colours and the size of letters, which grows on narrow screens, where
//! the whole plot shrinks.

use crate::model::escape::escaped;
use std::fmt::Write as _;

/// Size of a plot in SVG units; the page scales it.
const WIDTH: usize = 600;
/// Where the columns begin and end, from the top. Labels are above and below.
const TOP: usize = 30;
const FLOOR: usize = 150;
const HEIGHT: usize = 180;
/// Widest column.
const COLUMN_MAX: usize = 44;
/// Room for the names of weekdays in a heat map, and size of an hour.
const NAMES: usize = 96;
const CELL: usize = 21;

/// The labels of a plot.
pub(super) struct PlotLabels<'a> {
    /// What the plot shows, for screen readers.
    pub(super) name: &'a str,
    /// What each column is, in full: the text of its tooltip.
    pub(super) columns: &'a [String],
    /// The first, the middle and the last column, in short.
    pub(super) ends: &'a [String],
    /// The comma and the colon of the language.
    pub(super) comma: &'a str,
    pub(super) colon: &'a str,
}

/// Draws a stacked bar chart. `classes` are the CSS classes of the parts, from the bottom up, `parts` their names for tooltips;
/// `say` formats a count.
pub(super) fn bars(
    labels: &PlotLabels<'_>,
    (classes, parts): (&[&str], &[&str]),
    columns: &[Vec<u32>],
    say: impl Fn(u32) -> String,
) -> String {
    let sum = |column: &Vec<u32>| column.iter().fold(0_u32, |sum, n| sum.saturating_add(*n));
    let most = round_up(columns.iter().map(sum).max().unwrap_or(0));
    let mut svg = open(labels.name, HEIGHT);
    grid(&mut svg, most);
    for (at, (label, column)) in labels.columns.iter().zip(columns).enumerate() {
        let values: Vec<String> = match parts {
            [] => column.iter().map(|n| say(*n)).collect(),
            _ => parts.iter().zip(column).map(|(part, n)| format!("{part} {}", say(*n))).collect(),
        };
        let title = format!("{label}{} {}", labels.colon, values.join(labels.comma));
        let (x, width) = column_place(at, columns.len());
        let (start, slot) = (at * WIDTH / columns.len(), WIDTH / columns.len());
        let _ = write!(
            svg,
            "<g><title>{}</title><rect class=\"slot\" x=\"{start}\" y=\"{TOP}\" width=\"{slot}\" height=\"{}\"/>",
            escaped(&title),
            FLOOR - TOP
        );
        let mut floor = FLOOR;
        for (class, &value) in classes.iter().zip(column) {
            let height = scale(value, most).min(floor - TOP);
            floor -= height;
            if value > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{floor}\" width=\"{width}\" height=\"{height}\"/>"
                );
            }
        }
        svg.push_str("</g>");
    }
    ticks(&mut svg, most, &say);
    close(svg, labels)
}

/// Draws a line chart with dots, and with gaps where a value is `None`; `say` formats a value.
pub(super) fn dots(labels: &PlotLabels<'_>, values: &[Option<u32>], say: impl Fn(u32) -> String) -> String {
    let most = round_up(values.iter().flatten().copied().max().unwrap_or(0));
    let mut svg = open(labels.name, HEIGHT);
    grid(&mut svg, most);
    let mut last: Option<(usize, usize)> = None;
    for (at, (label, value)) in labels.columns.iter().zip(values).enumerate() {
        let (x, width) = column_place(at, values.len());
        let here = value.map(|v| (x + width / 2, FLOOR - scale(v, most)));
        if let (Some((x1, y1)), Some((x2, y2))) = (last, here) {
            let _ = write!(svg, "<line class=\"line\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
        }
        if let (Some((x, y)), Some(value)) = (here, value) {
            let title = format!("{label}{} {}", labels.colon, say(*value));
            let _ = write!(
                svg,
                "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"5\"><title>{}</title></circle>",
                escaped(&title)
            );
        }
        last = here;
    }
    ticks(&mut svg, most, &say);
    close(svg, labels)
}

/// Draws a small bar chart that stands beside a name.
pub(super) fn spark(name: &str, values: &[u32]) -> String {
    let most = u64::from(values.iter().copied().max().unwrap_or(0).max(1));
    let mut svg =
        format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} 24\">", escaped(name), values.len().max(1) * 6);
    // One path for all columns, because a page has many of these plots.
    svg.push_str("<path class=\"bar\" d=\"");
    for (at, &value) in values.iter().enumerate() {
        let height = (u64::from(value) * 22).div_ceil(most).max(1);
        let _ = write!(svg, "M{} 24v-{height}h5v{height}z", at * 6);
    }
    svg.push_str("\"/></svg>");
    svg
}

/// Draws a heat map of hours (24 columns) and weekdays (7 rows). `days` are the names of the rows, `title` gives the tooltip of a
/// cell. The names are on the right if `is_rtl`.
pub(super) fn heat(
    name: &str,
    days: &[&str],
    is_rtl: bool,
    counts: &[u32],
    title: impl Fn(usize, usize) -> String,
) -> String {
    let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let mut svg = open(name, TOP + 7 * CELL + 4);
    let left = if is_rtl { 0 } else { NAMES };
    for hour in (0..24).step_by(6) {
        let _ =
            write!(svg, "<text class=\"tick small\" x=\"{}\" y=\"{}\">{hour}:00</text>", left + hour * CELL, TOP - 9);
    }
    for (row, day) in days.iter().enumerate() {
        let (x, anchor) = if is_rtl { (WIDTH, "end") } else { (0, "start") };
        let y = TOP + row * CELL + CELL * 3 / 4;
        let _ = write!(
            svg,
            "<text class=\"tick small\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(day)
        );
        for (hour, count) in counts.iter().skip(row * 24).take(24).enumerate() {
            let (x, y, size) = (left + hour * CELL, TOP + row * CELL, CELL - 2);
            let shade = if *count == 0 {
                "class=\"none\"".to_owned()
            } else {
                format!("class=\"bar\" fill-opacity=\"{:.2}\"", 0.15 + 0.85 * (f64::from(*count) / most).sqrt())
            };
            let _ = write!(
                svg,
                "<rect {shade} x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\" rx=\"2\"><title>{}</title></rect>",
                escaped(&title(row, hour))
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn open(name: &str, height: usize) -> String {
    format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {WIDTH} {height}\">", escaped(name))
}

/// Returns the values that have a line: the highest, and its half if that is a whole number.
fn ruled(most: u32) -> Vec<u32> {
    if most.is_multiple_of(2) { vec![most, most / 2] } else { vec![most] }
}

/// Draws the lines of the ruled values, and the floor.
fn grid(svg: &mut String, most: u32) {
    for value in ruled(most) {
        let y = FLOOR - scale(value, most);
        let _ = write!(svg, "<line class=\"rule\" x1=\"0\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>");
    }
    let _ = write!(svg, "<line class=\"floor\" x1=\"0\" y1=\"{FLOOR}\" x2=\"{WIDTH}\" y2=\"{FLOOR}\"/>");
}

/// Writes the ruled values, over whatever is drawn there.
fn ticks(svg: &mut String, most: u32, say: &impl Fn(u32) -> String) {
    for value in ruled(most) {
        let y = FLOOR - scale(value, most) - 5;
        let _ = write!(svg, "<text class=\"tick\" x=\"0\" y=\"{y}\">{}</text>", escaped(&say(value)));
    }
}

/// Writes the labels of the first, the middle and the last column.
fn close(mut svg: String, labels: &PlotLabels<'_>) -> String {
    let last = labels.ends.len().saturating_sub(1);
    for (at, end) in labels.ends.iter().enumerate() {
        let (x, anchor) = match at {
            0 => (0, "start"),
            _ if at == last => (WIDTH, "end"),
            _ => (at * WIDTH / last, "middle"),
        };
        let _ = write!(
            svg,
            "<text class=\"tick\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{}\">{}</text>",
            HEIGHT - 6,
            escaped(end)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Returns where a column begins, and its width.
fn column_place(at: usize, columns: usize) -> (usize, usize) {
    let slot = WIDTH / columns.max(1);
    let width = (slot * 4 / 5).clamp(1, COLUMN_MAX);
    (at * WIDTH / columns.max(1) + (slot - width) / 2, width)
}

fn scale(value: u32, most: u32) -> usize {
    let height = (u64::from(value) * (FLOOR - TOP) as u64).div_ceil(u64::from(most.max(1)));
    usize::try_from(height).unwrap_or(FLOOR - TOP).min(FLOOR - TOP)
}

/// Rounds up to a round number for an axis: 1, 2, 3, 4, 5, 6, 8, 10, 20, …
fn round_up(value: u32) -> u32 {
    let mut power = 1_u32;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            let round = power.saturating_mul(step);
            if round >= value || round == u32::MAX {
                return round;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_fits_its_frame_and_is_well_formed() {
        let labels: Vec<String> = (1..=30).map(|d| format!("<{d}>")).collect();
        let columns: Vec<Vec<u32>> = (0..30).map(|n| vec![n, u32::MAX / 4, n * 7]).collect();
        let values: Vec<Option<u32>> = (0..30).map(|n| (n % 3 > 0).then_some(n * 1000)).collect();
        let counts: Vec<u32> = (0..168).map(|n| n % 50).collect();
        let of = |columns| PlotLabels { name: "a & \"b\"", columns, ends: &labels[..3], comma: ", ", colon: ":" };
        let classes: (&[&str], &[&str]) = (&["x", "y", "z"], &["x", "y", "<z>"]);
        for svg in [
            bars(&of(&labels), classes, &columns, |n| n.to_string()),
            bars(&of(&[]), (&[], &[]), &[], |n| n.to_string()),
            dots(&of(&labels), &values, |n| format!("<{n}>")),
            spark("s", &[0, 1, u32::MAX]),
            heat("h", &["<Monday>"; 7], true, &counts, |day, hour| format!("<{day} {hour}>")),
        ] {
            let mut reader = quick_xml::Reader::from_str(&svg);
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Empty(e) | quick_xml::events::Event::Start(e) => {
                        let number = |name: &str| {
                            let value = e.attributes().map(|a| a.unwrap()).find(|a| a.key.0 == name)?;
                            Some(value.value.parse::<usize>().unwrap())
                        };
                        let bottom = number("y").unwrap_or(0) + number("height").unwrap_or(0);
                        let right = number("x").unwrap_or(0) + number("width").unwrap_or(0);
                        assert!(bottom <= HEIGHT && right <= WIDTH && number("cy").unwrap_or(0) <= FLOOR, "{svg}");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let rounded = [0, 1, 3, 7, 9, 11, 58, 401, u32::MAX].map(round_up);
        assert_eq!(rounded, [1, 1, 3, 8, 10, 20, 60, 500, u32::MAX]);
    }
}
