//! A chart of who reports first, as SVG: a lane for each other outlet, with a dot for each shared story. The middle is the outlet
//! itself; the distance from it is the time between the two reports, on a logarithmic scale.

use crate::model::escape::escaped;
use std::fmt::Write as _;

/// Size in SVG units; the page scales it.
const WIDTH: u32 = 600;
const MIDDLE: u32 = WIDTH / 2;
/// Height of the head with its labels, and of a lane.
const HEAD: u32 = 64;
const LANE: u32 = 56;
/// Room at both edges.
const EDGE: u32 = 12;
/// Most dots on one side of a lane.
const DOTS: usize = 60;
/// The times that have a line, in seconds: 10 minutes, an hour, 6 hours, a day. The last is the end of the scale: 3 days.
const TICKS: [u64; 4] = [600, 3_600, 21_600, 86_400];
const LONGEST: u64 = 3 * 86_400;

/// Another outlet.
pub(super) struct Lane {
    pub(super) name: String,
    /// Seconds by which its report was earlier, each with the text of its tooltip.
    pub(super) before: Vec<(u64, String)>,
    /// Seconds by which its report was later, each with the text of its tooltip.
    pub(super) after: Vec<(u64, String)>,
}

/// Draws the picture. `sides` are the labels of the left and the right half, `say` formats a time in few letters. Names are at
/// the right edge if `is_rtl`. `colon` is that of the language.
pub(super) fn lanes(
    name: &str,
    sides: [&str; 2],
    others: &[Lane],
    is_rtl: bool,
    colon: &str,
    say: impl Fn(u64) -> String,
) -> String {
    let height = HEAD + LANE * u32::try_from(others.len()).unwrap_or(0) + 8;
    let mut svg = format!("<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {WIDTH} {height}\">", escaped(name));
    for (x, side) in [(MIDDLE / 2, sides[0]), (MIDDLE + MIDDLE / 2, sides[1])] {
        let _ = write!(
            svg,
            "<text class=\"tick strong\" text-anchor=\"middle\" x=\"{x}\" y=\"20\">{}</text>",
            escaped(side)
        );
    }
    for seconds in TICKS {
        for x in [MIDDLE - distance(seconds), MIDDLE + distance(seconds)] {
            let _ = write!(
                svg,
                "<line class=\"rule\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{height}\"/>\
                 <text class=\"tick small\" text-anchor=\"middle\" x=\"{x}\" y=\"46\">{}</text>",
                HEAD - 10,
                escaped(&say(seconds))
            );
        }
    }
    let _ = write!(svg, "<line class=\"floor\" x1=\"{MIDDLE}\" y1=\"30\" x2=\"{MIDDLE}\" y2=\"{height}\"/>");
    for (row, other) in (0..).zip(others) {
        draw(&mut svg, other, HEAD + row * LANE, is_rtl, colon);
    }
    svg.push_str("</svg>");
    svg
}

fn draw(svg: &mut String, other: &Lane, top: u32, is_rtl: bool, colon: &str) {
    let (x, anchor) = if is_rtl { (WIDTH, "end") } else { (0, "start") };
    let y = top + 38;
    let _ = write!(
        svg,
        "<line class=\"rule\" x1=\"0\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>\
         <text class=\"tick\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{}\">\u{2068}{}\u{2069}</text>",
        top + 18,
        escaped(&other.name)
    );
    let sides = [(&other.before, "before"), (&other.after, "after")];
    for (delays, class) in sides {
        for (seconds, words) in delays.iter().take(DOTS) {
            let x = if class == "before" { MIDDLE - distance(*seconds) } else { MIDDLE + distance(*seconds) };
            let _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"7\"><title>\u{2068}{}\u{2069}{colon} {}</title></circle>",
                escaped(&other.name),
                escaped(words)
            );
        }
    }
}

/// Returns the distance from the middle for a time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the width")]
fn distance(seconds: u64) -> u32 {
    let minutes = |seconds: u64| f64::from(u32::try_from(seconds.min(LONGEST) / 60).unwrap_or(0));
    let share = (1.0 + minutes(seconds)).ln() / (1.0 + minutes(LONGEST)).ln();
    (share * f64::from(MIDDLE - EDGE)).round().clamp(0.0, f64::from(MIDDLE - EDGE)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_reports_are_farther_from_the_middle() {
        let at: Vec<u32> = [0, 60, 600, 3_600, 86_400, LONGEST, u64::MAX].map(distance).to_vec();
        assert!(at.is_sorted() && at[0] == 0 && at[5] == MIDDLE - EDGE && at[6] == at[5], "{at:?}");
        let lane = Lane {
            name: "<Al & Alam>".to_owned(),
            before: vec![(60, "1 minute".to_owned())],
            after: vec![(600, "10 minutes".to_owned()); 99],
        };
        let svg = lanes("a \"name\"", ["<left>", "right"], &[lane], true, ":", |seconds| format!("{seconds} <s>"));
        assert_eq!((svg.matches("class=\"before\"").count(), svg.matches("class=\"after\"").count()), (1, DOTS));
        let mut reader = quick_xml::Reader::from_str(&svg);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}
