//! Whether two texts are one report: what is measured, what vetoes, and the rule that holds.

use super::rules;
use super::shape::{Shape, common};
use super::words::{WordId, Words};
use crate::model::Rule;
use jiff::SignedDuration;

/// What was measured of two texts; shares are between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The smaller share of the two leads found in the other text.
    pub lmin: f64,
    /// Share of the shorter body's shingles found in the longer.
    pub containment: f64,
    /// The smaller share of the two starts found in the other.
    pub start: f64,
}

impl Measured {
    /// Whether start, lead and text all agree so well that the titles may be worded quite differently.
    fn is_strong(&self) -> bool {
        self.start >= rules::STRONG_START
            && self.lmin >= rules::STRONG_LEAD
            && self.containment >= rules::STRONG_CONTAINMENT
    }

    /// How well the texts agree, to choose among candidates.
    pub fn strength(&self) -> f64 {
        self.lmin + self.containment
    }
}

fn share(part: usize, whole: usize) -> f64 {
    // Counts of words of one entry: far below 2^32.
    let exact = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { exact(part) / exact(whole) }
}

/// Measures two texts.
pub fn measure(a: &Shape<'_>, b: &Shape<'_>) -> Measured {
    let found = |part: &[u32], within: &[u32]| share(common(part, within), part.len());
    Measured {
        lmin: found(&a.lead, &b.head).min(found(&b.lead, &a.head)),
        containment: share(common(&a.shingles, &b.shingles), a.shingles.len().min(b.shingles.len())),
        start: found(&a.start, &b.start_within).min(found(&b.start, &a.start_within)),
    }
}

/// Level C: the rule by which two outlets' entries, this far apart, are one report.
pub fn same_report(a: &Shape<'_>, b: &Shape<'_>, apart: SignedDuration, words: &Words) -> Option<(Rule, Measured)> {
    if numbers_differ(a, b) || names_differ(a, b, words) {
        return None;
    }
    let titled = apart <= rules::TITLED_WITHIN && have_equal_titles(a, b, words);
    let measured = measure(a, b);
    if a.is_short() || b.is_short() {
        return titled.then_some((Rule::TitleOnly, measured));
    }
    let wanted = if measured.is_strong() { rules::TITLE_COUNTERPARTS_STRONG } else { rules::TITLE_COUNTERPARTS };
    if measured.start < rules::START_SHARE || title_counterparts(a, b, words) < wanted {
        return None;
    }
    let by_text = measured.lmin >= rules::LEAD_SHARE
        && measured.containment >= rules::CONTAINMENT
        && measured.strength() >= rules::LEAD_AND_CONTAINMENT;
    match (by_text, titled && measured.lmin >= rules::LEAD_SHARE_TITLED) {
        (true, _) => Some((Rule::Text, measured)),
        (false, true) => Some((Rule::Title, measured)),
        (false, false) => None,
    }
}

/// Level B: whether two entries of one outlet are one article.
pub fn same_article(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> Option<Measured> {
    let jaccard = |a: &[u32], b: &[u32]| {
        let both = common(a, b);
        share(both, a.len() + b.len() - both)
    };
    if a.is_short() || b.is_short() || jaccard(&a.shingles, &b.shingles) < rules::NEAR_TEXT {
        return None;
    }
    let measured = measure(a, b);
    let titles = jaccard(&super::shape::set(a.title.iter().copied()), &super::shape::set(b.title.iter().copied()));
    let near = measured.lmin >= rules::NEAR_LEAD && titles >= rules::NEAR_TITLE;
    (near && !numbers_differ(a, b) && !names_differ(a, b, words)).then_some(measured)
}

/// First veto: numbers of title and lead that the other's whole text lacks, on both sides. Weather, rates, results and
/// prayer times are one text with other numbers.
fn numbers_differ(a: &Shape<'_>, b: &Shape<'_>) -> bool {
    has_other_numbers(a, b) && has_other_numbers(b, a)
}

fn has_other_numbers(a: &Shape<'_>, b: &Shape<'_>) -> bool {
    a.numbers.iter().any(|number| b.words.binary_search(number).is_err())
}

/// Second veto: what the one is about has no counterpart in the other, on both sides. Obituaries and appointments are one
/// text with other names.
fn names_differ(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> bool {
    has_other_names(a, b, words) && has_other_names(b, a, words)
}

fn has_other_names(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> bool {
    a.names.iter().any(|id| !b.has_counterpart(*id, words))
}

/// Whether neither text has a number or a name that the other lacks: what a template's copies must agree in.
pub fn same_particulars(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> bool {
    let more = |a: &Shape<'_>, b: &Shape<'_>| has_other_numbers(a, b) || has_other_names(a, b, words);
    !more(a, b) && !more(b, a)
}

/// The smaller share of the two titles' words that have a counterpart in the other text.
fn title_counterparts(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> f64 {
    let met = |from: &Shape<'_>, other: &Shape<'_>| {
        share(from.title.iter().filter(|id| other.has_counterpart(**id, words)).count(), from.title.len())
    };
    met(a, b).min(met(b, a))
}

/// Whether any title that the one ever had is one that the other ever had.
fn have_equal_titles(a: &Shape<'_>, b: &Shape<'_>, words: &Words) -> bool {
    a.titles().any(|x| b.titles().any(|y| titles_are_equal(x, y, words)))
}

/// Equal, or equal but for an outlet's name at one end; a slip or another spelling within a word is no difference.
fn titles_are_equal(a: &[WordId], b: &[WordId], words: &Words) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let over = long.len() - short.len();
    let equal = |part: &[WordId]| short.iter().zip(part).all(|(x, y)| words.get(*x).is_spelling_of(words.get(*y)));
    short.len() >= rules::TITLE_WORDS && over <= rules::TITLE_SUFFIX && (equal(long) || equal(&long[over..]))
}
