//! What an entry is known by: the same over any number of parses, unmoved by a corrected headline.
//!
//! guid, `atom:id` or `rdf:about`; else the canonical link; else a hash of what it says. In one document the first holder
//! of a guid keeps it, and later ones add what sets them apart (their link, else what they say): so a cut document or a
//! window that moved changes nothing. A link that several entries without an id have (a front page, a list of news) names
//! none of them: each adds what it says, or the newest would pass for a revision of the one that was on top before.

use super::draft::EntryDraft;
use crate::model::{Key, link};
use std::collections::HashMap;

/// Longest id that is used as it is, in bytes; longer ones are known by their hash.
const LONGEST: usize = 1_024;

/// Hands out the keys of one document.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Keys given, with what sets their holder apart from others that would have the same.
    given: HashMap<String, String>,
    /// How often an entry was listed that is the same in every respect.
    copies: HashMap<String, usize>,
    /// Entries without an id, by the page they have.
    pages: HashMap<String, usize>,
    /// The feed's guids are not to be trusted, by its history.
    void: bool,
    /// Some guid of this document has two holders.
    pub void_now: bool,
}

impl Keys {
    /// For a feed whose guids were seen to be void, or not.
    pub fn new(void: bool) -> Self {
        Self { void, ..Self::default() }
    }

    /// Takes note of an entry, before any key is given.
    pub fn announce(&mut self, id: Option<&str>, page: Option<&str>) {
        if let (None, Some(page)) = (id, page) {
            *self.pages.entry(canonical(page)).or_default() += 1;
        }
    }

    /// The key of the next entry. `said` is asked for what the entry says, and only where id and link do not suffice.
    pub fn next(&mut self, id: Option<&str>, page: Option<&str>, said: impl Fn() -> String) -> Key {
        let id = id.map(|id| if id.len() > LONGEST { digest(&[id]) } else { id.to_owned() });
        let by_id = id.is_some();
        let (key, apart) = match (id, page) {
            (Some(id), Some(page)) if self.void => (format!("{id} {}", canonical(page)), String::new()),
            (Some(id), page) => (id, page.unwrap_or_default().to_owned()),
            (None, Some(page)) => {
                let page = canonical(page);
                let is_shared = self.pages.get(&page).is_some_and(|entries| *entries > 1);
                (if is_shared { format!("{page} {}", said()) } else { page }, String::new())
            }
            (None, None) => (said(), String::new()),
        };
        let Some(holder) = self.given.get(&key) else {
            self.given.insert(key.clone(), apart);
            return Key(key);
        };
        // Links are brought to one form only where they have to be compared.
        let apart = canonical(&apart);
        if canonical(holder) != apart {
            self.void_now |= by_id;
            let longer = format!("{key} {apart}");
            if self.given.insert(longer.clone(), String::new()).is_none() {
                return Key(longer);
            }
        }
        // The same id and link again: an older state of the entry, or the front page as every link.
        let longest = format!("{key} {}", said());
        if self.given.insert(longest.clone(), String::new()).is_none() {
            return Key(longest);
        }
        // A copy in every respect: listed all the same, since what is one is not decided here.
        let copies = self.copies.entry(longest.clone()).or_insert(1);
        *copies += 1;
        Key(format!("{longest} #{copies}"))
    }
}

fn canonical(page: &str) -> String {
    link::canonical(page).unwrap_or_else(|| page.to_owned())
}

/// What an entry says, for entries that have neither id nor link.
pub(super) fn said(draft: &EntryDraft) -> String {
    let text = |m: &Option<crate::model::Markup>| m.as_ref().map_or(String::new(), |m| m.as_str().to_owned());
    let date = draft.published.clone().or_else(|| draft.updated.clone()).unwrap_or_default();
    digest(&[&text(&draft.title), &date, &text(&draft.summary), &text(&draft.content)])
}

fn digest(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("hash:{}", &hasher.finalize().to_hex()[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(void: bool, entries: &[(Option<&str>, Option<&str>, &str)]) -> (Vec<String>, bool) {
        let mut keys = Keys::new(void);
        for (id, page, _) in entries {
            keys.announce(*id, *page);
        }
        let given = entries.iter().map(|(id, page, said)| keys.next(*id, *page, || (*said).to_owned()).0);
        (given.collect(), keys.void_now)
    }

    #[test]
    fn the_first_holder_keeps_its_key() {
        let (a, b) = ("https://x.example/a", "https://x.example/b");
        let (given, void) =
            keys(false, &[(Some("1"), Some(a), "A"), (Some("1"), Some(b), "B"), (Some("2"), Some(b), "B")]);
        assert_eq!(given, ["1".to_owned(), format!("1 {b}"), "2".to_owned()]);
        assert!(void);
        let (given, void) = keys(true, &[(Some("1"), Some(a), "A")]);
        assert_eq!((given, void), (vec![format!("1 {a}")], false));
    }

    #[test]
    fn every_entry_of_a_document_has_a_key_of_its_own() {
        let a = "https://x.example/a";
        let same = (Some("1"), Some(a), "B");
        let (given, void) = keys(false, &[(Some("1"), Some(a), "A"), same, same, same]);
        assert_eq!(given, ["1", "1 B", "1 B #2", "1 B #3"]);
        assert!(!void);
        let (given, _) =
            keys(false, &[(None, Some(a), "A"), (None, Some(a), "B"), (None, None, "C"), (None, None, "C")]);
        assert_eq!(given, [format!("{a} A"), format!("{a} B"), "C".to_owned(), "C C".to_owned()]);
    }

    #[test]
    fn a_link_names_an_entry_only_where_no_other_has_it() {
        let (home, a) = ("https://x.example/", "https://x.example/a");
        let listed =
            [(None, Some(home), "New"), (None, Some(a), "A"), (None, Some(home), "Old"), (None, Some(home), "Old")];
        let (given, _) = keys(false, &listed);
        let old = format!("{home} Old");
        assert_eq!(given, [format!("{home} New"), a.to_owned(), old.clone(), format!("{old} Old")]);
        // The next window begins with another one, and the old ones are who they were.
        assert_eq!(keys(false, &listed[1..]).0[1], old);
    }
}
