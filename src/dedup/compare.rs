//! Decides whether two texts are the same report: the measurements, the vetoes, and the rule that applies.

use super::features::{TextFeatures, common, set};
use super::rules;
use super::words::{WordId, WordTable};
use crate::model::Rule;
use jiff::SignedDuration;

/// Measurements of two texts, as shares between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// The smaller of the shares of each lead found in the other text.
    pub lmin: f64,
    /// Share of the shorter body's shingles found in the longer body.
    pub containment: f64,
    /// The smaller of the shares of each start found in the other text.
    pub start: f64,
}

impl Overlap {
    /// Returns whether start, lead and text agree so well that the titles may differ a lot.
    fn is_strong(&self) -> bool {
        self.start >= rules::STRONG_START
            && self.lmin >= rules::STRONG_LEAD
            && self.containment >= rules::STRONG_CONTAINMENT
    }

    /// Returns how well the texts agree, to choose among candidates.
    pub fn strength(&self) -> f64 {
        self.lmin + self.containment
    }
}

fn share(part: usize, whole: usize) -> f64 {
    // These are word counts of one entry, far below 2^32.
    let exact = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { exact(part) / exact(whole) }
}

/// Returns the share of `part` that is found in `within`.
fn found(part: &[u32], within: &[u32]) -> f64 {
    share(common(part, within), part.len())
}

/// Returns the smaller of the shares of each lead found in the other text.
fn lmin(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> f64 {
    found(a.lead(), b.head()).min(found(b.lead(), a.head()))
}

/// Measures two texts.
pub fn measure(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> Overlap {
    let (x, y) = (a.shingles(), b.shingles());
    Overlap { lmin: lmin(a, b), containment: share(common(x, y), x.len().min(y.len())), start: start(a, b) }
}

/// Returns the smaller of the shares of each start found in the other text.
fn start(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> f64 {
    let start = |from: &TextFeatures<'_>, other: &TextFeatures<'_>| {
        found(&from.pairs(rules::START), &other.pairs(rules::START_WITHIN))
    };
    start(a, b).min(start(b, a))
}

/// Returns whether a text that begins with `b` may be the same report as `a`: the conditions of [`same_report`] on the first
/// words.
pub fn may_be_same_report(a: &TextFeatures<'_>, b: &TextFeatures<'_>, apart: SignedDuration) -> bool {
    let titled = apart <= rules::TITLED_WITHIN && have_equal_titles(a, b);
    if a.is_short() || b.is_short() {
        return titled;
    }
    let lmin = lmin(a, b);
    lmin >= least_lead(titled) && start(a, b) >= least_start(lmin)
}

/// Returns whether a text that begins with `b` may be the same article as `a`: the conditions of [`same_article`] on the first
/// words.
pub fn may_be_same_article(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> bool {
    !a.is_short() && !b.is_short() && lmin(a, b) >= rules::NEAR_LEAD
}

fn least_lead(titled: bool) -> f64 {
    if titled { rules::LEAD_SHARE_TITLED } else { rules::LEAD_SHARE }
}

/// Returns the required share of the starts, which is higher when the leads agree only weakly.
fn least_start(lmin: f64) -> f64 {
    if lmin < rules::WEAK_LEAD { rules::WEAK_LEAD_START } else { rules::START_SHARE }
}

/// Level C: returns the rule by which entries of two outlets, published `apart` from each other, are the same report. Cheap tests
/// come first.
pub fn same_report(a: &TextFeatures<'_>, b: &TextFeatures<'_>, apart: SignedDuration) -> Option<(Rule, Overlap)> {
    let titled = apart <= rules::TITLED_WITHIN && have_equal_titles(a, b);
    if a.is_short() || b.is_short() {
        let measured = measure(a, b);
        return (titled && !differ(a, b, measured)).then_some((Rule::TitleOnly, measured));
    }
    if lmin(a, b) < least_lead(titled) {
        return None;
    }
    let measured = measure(a, b);
    let by_text = measured.lmin >= rules::LEAD_SHARE
        && measured.containment >= rules::CONTAINMENT
        && measured.strength() >= rules::LEAD_AND_CONTAINMENT;
    let wanted = if measured.is_strong() { rules::TITLE_COUNTERPARTS_STRONG } else { rules::TITLE_COUNTERPARTS };
    let holds = (by_text || titled)
        && measured.start >= least_start(measured.lmin)
        && title_counterparts(a, b) >= wanted
        && !differ(a, b, measured);
    holds.then_some((if by_text { Rule::Text } else { Rule::Title }, measured))
}

/// Level B: measures two entries of one outlet if they are the same article.
pub fn same_article(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> Option<Overlap> {
    let jaccard = |a: &[u32], b: &[u32]| {
        let both = common(a, b);
        share(both, a.len() + b.len() - both)
    };
    let near = || lmin(a, b) >= rules::NEAR_LEAD && jaccard(a.shingles(), b.shingles()) >= rules::NEAR_TEXT;
    if a.is_short() || b.is_short() || !near() {
        return None;
    }
    let measured = measure(a, b);
    let titles = jaccard(&set(a.title.iter().copied()), &set(b.title.iter().copied()));
    (titles >= rules::NEAR_TITLE && !differ(a, b, measured)).then_some(measured)
}

/// Returns whether a veto applies: each text states something that the other lacks.
///
/// The first veto concerns numbers in title and lead, and days of the week: weather, rates, results and prayer times repeat one
/// text with other numbers on another day. The second concerns the names in the title: obituaries and appointments repeat one
/// text with other names. If the leads are nearly equal, any word of the title that recurs in the opening counts as a name;
/// otherwise it must be rare, because reports get reworded.
fn differ(a: &TextFeatures<'_>, b: &TextFeatures<'_>, measured: Overlap) -> bool {
    let rare_only = measured.lmin < rules::NEAR_LEAD;
    (has_other_numbers(a, b) && has_other_numbers(b, a))
        || (has_other_day(a, b) && has_other_day(b, a))
        || (has_other_names(a, b, rare_only) && has_other_names(b, a, rare_only))
}

fn has_other_numbers(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> bool {
    a.numbers().any(|number| b.words().binary_search(&number).is_err())
}

fn has_other_day(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> bool {
    a.weekdays().any(|day| b.words().binary_search(&day).is_err())
}

fn has_other_names(a: &TextFeatures<'_>, b: &TextFeatures<'_>, rare_only: bool) -> bool {
    a.names(rare_only).any(|name| !b.has_counterpart(name))
}

/// Returns whether neither text has a number or a name that the other lacks. Copies of a template must agree in these.
pub fn same_particulars(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> bool {
    let more = |a: &TextFeatures<'_>, b: &TextFeatures<'_>| has_other_numbers(a, b) || has_other_names(a, b, true);
    !more(a, b) && !more(b, a)
}

/// Returns the smaller of the shares of each title's words that have a counterpart in the other text.
fn title_counterparts(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> f64 {
    let met = |from: &TextFeatures<'_>, other: &TextFeatures<'_>| {
        share(from.title.iter().filter(|id| other.has_counterpart(**id)).count(), from.title.len())
    };
    met(a, b).min(met(b, a))
}

/// Returns whether any present or former title of one equals one of the other.
fn have_equal_titles(a: &TextFeatures<'_>, b: &TextFeatures<'_>) -> bool {
    a.titles().any(|x| b.titles().any(|y| titles_are_equal(x, y, a.table())))
}

/// Returns whether titles are equal, apart from an outlet's name at one end and from slips or other spellings within words.
fn titles_are_equal(a: &[WordId], b: &[WordId], words: &WordTable) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let over = long.len() - short.len();
    let equal = |part: &[WordId]| short.iter().zip(part).all(|(x, y)| words.get(*x).is_spelling_of(words.get(*y)));
    short.len() >= rules::TITLE_WORDS && over <= rules::TITLE_SUFFIX && (equal(long) || equal(&long[over..]))
}
