//! A small picture for each signed report: sky, sun and three ridges, drawn from a hash of the report's id, so that pages show
//! pictures without photographs.

use std::fmt::Write as _;

/// Skies: hue at the top, hue at the horizon, lightness in percent.
const SKIES: [(u16, u16, u16); 5] = [(205, 45, 80), (28, 340, 78), (220, 20, 62), (190, 55, 84), (250, 15, 55)];

/// Returns the picture of the report with this id, as SVG.
pub(super) fn picture(id: &str) -> String {
    let hash = blake3::hash(id.as_bytes());
    let dice = |n: usize, sides: u32| u32::from(hash.as_bytes()[n]) % sides;
    let (top, low, light) = SKIES[hash.as_bytes()[0] as usize % SKIES.len()];
    let (x, y, r) = (80 + dice(1, 480), 90 + dice(2, 130), 34 + dice(3, 30));
    let ground = [140, 200, 30, 215][hash.as_bytes()[4] as usize % 4];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 480\" width=\"640\" height=\"480\">\
         <linearGradient id=\"sky\" x2=\"0\" y2=\"1\"><stop stop-color=\"hsl({top},55%,{light}%)\"/>\
         <stop offset=\".8\" stop-color=\"hsl({low},80%,88%)\"/></linearGradient>\
         <path fill=\"url(#sky)\" d=\"M0 0H640V480H0Z\"/>\
         <circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"hsl(45,90%,92%)\"/>"
    );
    for ridge in 0..3_u32 {
        let dice = |n: usize, sides| dice(5 + n + 4 * ridge as usize, sides);
        let base = 270 + 70 * ridge;
        let (left, rise, fall, right) =
            (base - dice(0, 60), base - dice(1, 110), base + dice(2, 60), base - dice(3, 60));
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<path fill=\"hsl({ground},32%,{}%)\" d=\"M0 {left}C200 {rise} 420 {fall} 640 {right}V480H0Z\"/>",
            52 - 13 * ridge
        );
    }
    svg + "</svg>\n"
}
