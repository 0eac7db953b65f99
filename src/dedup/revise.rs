//! Determines what an outlet changed in its entry.

use super::{Arrival, KnownEntry, Revision, rules};
use crate::model::PlainText;
use crate::normalise::{steady_title, without_clocks};
use std::collections::HashMap;

/// Returns the change from the stored entry to the arrival, or `None` when nothing that is kept differs or the feed may not
/// revise it.
#[must_use]
pub fn revise(known: &KnownEntry, arrival: &Arrival) -> Option<Revision> {
    if !may_revise(known, arrival) || known.shows(&arrival.entry) {
        return None;
    }
    let new_title = compared(known.title.as_ref()) != compared(arrival.entry.title.as_ref());
    let (old, new) = (without_clocks(&known.folded_body), without_clocks(&arrival.entry.folded.body));
    let changed = changed_share(&old, &new);
    Some(Revision {
        entry: known.id,
        old_title: known.title.clone(),
        material: new_title || changed > rules::MATERIAL_SHARE,
        words: in_words(new_title, changed),
        known_by: None,
    })
}

/// Returns whether an arrival may revise an entry. The entry's own feed may, except that a flash without text does not replace a
/// text under the same title. Another feed of the outlet often lists a shortened text, which is no revision, but it may add the
/// text to an entry that was a flash.
fn may_revise(known: &KnownEntry, arrival: &Arrival) -> bool {
    let is_text = |folded: &str| folded.split(' ').nth(rules::SHORT - 1).is_some();
    let (had, brings) = (is_text(&known.folded_body), is_text(&arrival.entry.folded.body));
    let takes_away = had && !brings && known.title == arrival.entry.title;
    // A feed that replaced another may revise that feed's entries.
    if known.feed == arrival.feed || known.feed_removed { !takes_away } else { brings && !had }
}

/// Returns a title without counters of comments, replies and views, which are not edits, and in one spelling.
fn compared(title: Option<&PlainText>) -> Option<std::borrow::Cow<'_, str>> {
    title.map(|title| steady_title(title.as_str()).0)
}

fn in_words(new_title: bool, changed: f64) -> String {
    let text = match (changed * 100.0).round() {
        _ if changed == 0.0 => "same words in the text".to_owned(),
        percent if percent < 1.0 => "under 1 % of the text's words changed".to_owned(),
        percent => format!("{percent:.0} % of the text's words changed"),
    };
    format!("{}, {text}", if new_title { "new title" } else { "same title" })
}

/// Returns the share of the longer text's words that are not in the other, counting repetitions.
pub fn changed_share(old: &str, new: &str) -> f64 {
    let mut count: HashMap<&str, i64> = HashMap::new();
    let (mut before, mut after) = (0_u32, 0_u32);
    for word in old.split(' ').filter(|w| !w.is_empty()) {
        *count.entry(word).or_default() += 1;
        before += 1;
    }
    for word in new.split(' ').filter(|w| !w.is_empty()) {
        *count.entry(word).or_default() -= 1;
        after += 1;
    }
    let gone: i64 = count.values().filter(|n| **n > 0).sum();
    let come: i64 = -count.values().filter(|n| **n < 0).sum::<i64>();
    let changed = u32::try_from(gone.max(come)).unwrap_or(u32::MAX);
    if changed == 0 { 0.0 } else { f64::from(changed) / f64::from(before.max(after)) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrival, known};
    use super::*;
    use crate::model::{Enclosure, Entry, Person, SafeHtml};
    use std::sync::Arc;

    #[test]
    fn a_revision_is_material_by_title_or_by_a_fifth_of_the_text() {
        let old = arrival("k", "Title", "one two three four five six seven eight nine ten");
        let cases = [
            ("Title", "one two three four five six seven eight nine zehn", Some((false, "same title, 10 % "))),
            ("Title", "one two three four five six seven eight", Some((false, "same title, 20 % "))),
            ("Title", "one two three four five six seven", Some((true, "same title, 30 % "))),
            ("Titles", "one two three four five six seven eight nine ten", Some((true, "new title, same words"))),
            ("Title", "one two three four five six seven eight nine ten", None),
        ];
        let mut again = arrival("k", "Title", "one two three four five six seven eight nine ten");
        again.entry_mut().shown += 1;
        for formerly in crate::normalise::formerly_shown(&old.entry) {
            let mut stored = known(1, &old);
            stored.shown = formerly;
            assert!(revise(&stored, &again).is_none(), "the hash of an earlier version is no edit");
        }
        for (title, body, expected) in cases {
            let revision = revise(&known(1, &old), &arrival("k", title, body));
            match (revision, expected) {
                (Some(r), Some((material, words))) => {
                    assert!(r.material == material && r.words.starts_with(words), "{r:?}");
                    assert_eq!(r.old_title.as_ref().map(crate::model::PlainText::as_str), Some("Title"));
                }
                (None, None) => {}
                (got, _) => panic!("{title} {body}: {got:?}"),
            }
        }
    }

    #[test]
    fn hashes_that_earlier_versions_stored_are_known() {
        let mut entry = Arc::unwrap_or_clone(arrival("k", "Quake (3)", "").entry);
        entry.title = Some(PlainText::vouch("Quake \u{200f}(3)".to_owned()));
        entry.link = Some("https://x.example/%d8%ae?a=1".to_owned());
        let picture = |address: &str| format!("<img height=\"1\" src=\"{address}\" width=\"1\">");
        let html = format!("<p>a</p> <p></p>{}", picture("https://i0.x.example.org/1.gif?s=1"));
        entry.content = Some(SafeHtml::vouch(html));
        entry.extras.authors = ["B", "A"].map(|name| Person { name: name.to_owned(), ..Person::default() }).to_vec();
        entry.extras.image = Some("https://i1.x.example.org/1.jpg".to_owned());
        let file = "https://x.example/token=a1/1.mp3?b=2".to_owned();
        entry.extras.enclosures =
            vec![Enclosure { url: file, media_type: None, length: None, text: None, duration: None }];
        let (image, file) = ("https://i1.x.example.org/1.jpg", "https://x.example/token=a1/1.mp3");
        let text = "<p>a</p><p></p><img src=\"https://i0.x.example.org/1.gif\">";
        let parts = ["Quake (3)", "https://x.example/%D8%AE", "", text, image, "", "A", "B", "", "", file];
        let text = "<p>a</p> <p></p><img height=\"1\" src=\"https://i0.x.example.org/1.gif\" width=\"1\">";
        let older = ["Quake \u{200f}(3)", "https://x.example/%d8%ae", "", text, image, "", "B", "A", "", "", file];
        let quoted = Entry {
            title: Some(PlainText::vouch("L’été “1”".to_owned())),
            content: Some(SafeHtml::vouch("<p>it’s “so” می\u{200c}شود</p><p></p>".to_owned())),
            ..Arc::unwrap_or_clone(arrival("k", "", "").entry)
        };
        let of_quoted = ["L’été “1”", "", "", "<p>it’s “so” می\u{200c}شود</p>", "", "", "", ""];
        assert_eq!(crate::normalise::formerly_shown(&quoted).next(), Some(Entry::hash_shown(&of_quoted)));
        let hashes: Vec<i64> = crate::normalise::formerly_shown(&entry).collect();
        assert_eq!(hashes[1..], [Entry::hash_shown(&parts), Entry::hash_shown(&older)]);
    }
}
