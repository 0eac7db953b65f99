//! Runs of words with which an outlet begins many of its entries: bylines, introductions of a series, templates. They do not
//! count as evidence.

use super::compare::{self, Overlap};
use super::features::ComparedText;
use super::features::{TextFeatures, run_hash};
use super::rules;
use super::window::Window;
use super::words::WordId;
use crate::model::{OutletId, Rule, StoryId};
use std::collections::HashSet;

/// Returns the agreement of two texts without what their outlets' other entries show to be boilerplate, or `None` if they no
/// longer agree.
///
/// If hardly any text remains (a template: results, rates), both must have the same numbers and names.
pub(super) fn agrees_beyond(
    window: &Window,
    draft: &ComparedText,
    (story, held): (StoryId, &ComparedText),
    agreed: (Rule, Overlap),
    compare: impl Fn(&TextFeatures<'_>, &TextFeatures<'_>) -> Option<(Rule, Overlap)>,
) -> Option<(Rule, Overlap)> {
    let mut learned = HashSet::new();
    for text in [draft, held] {
        for outlet in [draft.outlet, held.outlet] {
            learn(window, text, outlet, story, &mut learned);
        }
    }
    if learned.is_empty() {
        return Some(agreed);
    }
    let (a, b) = (without(window, draft, &learned), without(window, held, &learned));
    let (a, b) = (window.shape(&a), window.shape(&b));
    if a.is_short() || b.is_short() {
        let (a, b) = (window.shape(draft), window.shape(held));
        return compare::same_particulars(&a, &b).then_some(agreed);
    }
    compare(&a, &b)
}

/// Adds the three-word runs of the text's lead that also occur in the leads of the outlet's entries in enough other stories.
fn learn(window: &Window, text: &ComparedText, outlet: OutletId, story: StoryId, learned: &mut HashSet<u32>) {
    let lead = &text.body[..text.body.len().min(rules::LEAD)];
    // For each word pair of the lead, the outlet's other stories that contain it.
    let having = |pair: &[WordId]| -> Vec<(u32, StoryId)> {
        let slots = window.slots(run_hash(pair, window.words()));
        let of_outlet = slots.filter_map(|slot| Some((slot, window.get(slot)?)));
        of_outlet.filter(|(_, h)| h.outlet == outlet && h.story != story).map(|(slot, h)| (slot, h.story)).collect()
    };
    let pairs: Vec<_> = lead.windows(2).map(having).collect();
    for (run, pair) in lead.windows(3).zip(pairs.windows(2)) {
        let both = pair[0].iter().filter(|first| pair[1].contains(first)).map(|(_, story)| story);
        // The text itself is one more entry that has the run.
        if both.collect::<HashSet<_>>().len() + 1 >= rules::LEARNED {
            learned.insert(run_hash(run, window.words()));
        }
    }
}

/// Returns the text without the learned runs among its first words.
fn without(window: &Window, draft: &ComparedText, learned: &HashSet<u32>) -> ComparedText {
    let mut keep = vec![true; draft.body.len()];
    for (at, run) in draft.body.windows(3).take(rules::HEAD).enumerate() {
        if learned.contains(&run_hash(run, window.words())) {
            keep[at..at + 3].fill(false);
        }
    }
    let body = draft.body.iter().zip(keep).filter(|(_, keep)| *keep).map(|(word, _)| *word).collect();
    ComparedText { body, title: draft.title.clone(), former: draft.former.clone(), language: None, ..*draft }
}
