//! What an entry is known by: the same over any number of parses, unmoved by a corrected headline.
//!
//! guid, `atom:id` or `rdf:about`; else the canonical link; else a hash of what it says. A guid that several different
//! entries of a document have is void for the feed from then on: the key is guid and link, and, where the link is shared
//! too or missing, title and date. The poll that finds this reads the document again. Copies (equal in guid, link, title and date) are one entry and void nothing. A link
//! that several entries without an id have (a front page, a list of news) names none of them: each adds what it says, or
//! the newest would pass for a revision of the one that was on top before.

use super::draft::EntryDraft;
use crate::model::{EntryKey, Markup, link};
use std::collections::{HashMap, HashSet};

/// Longest id that is used as it is, in bytes; longer ones are known by their hash.
const LONGEST: usize = 1_024;

/// What an entry says about itself beside guid and link, for entries that those two do not tell apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct About {
    title: String,
    date: String,
    text: String,
    files: String,
}

impl About {
    /// Of a draft.
    pub fn of(draft: &EntryDraft) -> Self {
        let text = |m: &Option<Markup>| m.as_ref().map_or("", Markup::as_str).to_owned();
        Self {
            title: text(&draft.title),
            date: draft.published.clone().or_else(|| draft.updated.clone()).unwrap_or_default(),
            text: said(draft),
            files: draft.enclosures.iter().map(|file| file.url.as_str()).collect::<Vec<_>>().join(" "),
        }
    }

    /// Equal for copies of one entry: title and date; text and files too where one of those two is missing.
    fn alike(&self, page: &str) -> String {
        let is_stamped = !self.title.is_empty() && !self.date.is_empty();
        let rest = if is_stamped { ["", ""] } else { [self.text.as_str(), self.files.as_str()] };
        digest(&[page, &self.title, &self.date, rest[0], rest[1]])
    }

    /// What names an entry whose guid is void: title and date; what it says where it states no date.
    fn stamp(&self) -> String {
        if self.date.is_empty() { self.text.clone() } else { digest(&[&self.title, &self.date]) }
    }
}

/// Hands out the keys of one document: first [`AssignedKeys::announce`] for every entry, then [`AssignedKeys::compare`] for those that
/// [`AssignedKeys::is_repeated`], then [`AssignedKeys::next`] for every entry.
#[derive(Debug, Default)]
pub(super) struct AssignedKeys {
    /// Keys given.
    given: HashSet<String>,
    /// How often each guid occurs.
    ids: HashMap<String, usize>,
    /// What its holders are, copies counted once.
    holders: HashMap<String, HashSet<String>>,
    /// Entries that were listed under a repeated guid.
    listed: HashSet<String>,
    /// Entries by the page they have, with and without an id.
    pages: HashMap<String, [usize; 2]>,
    /// The feed's guids are not to be trusted, by its history.
    void: bool,
    /// Some guid of this document has two holders.
    pub void_now: bool,
}

impl AssignedKeys {
    /// For a feed whose guids were seen to be void, or not.
    pub fn new(void: bool) -> Self {
        Self { void, ..Self::default() }
    }

    /// Takes note of an entry, before any key is given.
    pub fn announce(&mut self, id: Option<&str>, page: Option<&str>) {
        if let Some(id) = id {
            *self.ids.entry(id.to_owned()).or_default() += 1;
        }
        if let Some(page) = page {
            self.pages.entry(canonical(page)).or_default()[usize::from(id.is_some())] += 1;
        }
    }

    /// Whether several entries of the document have this guid.
    pub fn is_repeated(&self, id: Option<&str>) -> bool {
        id.and_then(|id| self.ids.get(id)).is_some_and(|entries| *entries > 1)
    }

    /// Takes note of what an entry with a repeated guid is. Copies, equal in guid, link, title and date, void nothing.
    pub fn compare(&mut self, id: Option<&str>, page: Option<&str>, about: &About) {
        let Some(id) = id else { return };
        let holders = self.holders.entry(id.to_owned()).or_default();
        holders.insert(about.alike(page.unwrap_or_default()));
        self.void_now |= holders.len() > 1;
    }

    /// The key of the next entry; `None` for a copy of one that has a key already. `about` is asked for what the entry
    /// says, and only where id and link do not suffice.
    pub fn next(&mut self, id: Option<&str>, page: Option<&str>, about: impl Fn() -> About) -> Option<EntryKey> {
        if let Some(id) = id.filter(|id| self.is_repeated(Some(id))) {
            let alike = about().alike(page.unwrap_or_default());
            if !self.listed.insert(digest(&[id, &alike])) {
                return None;
            }
        }
        let key = self.key(id, page, &about);
        if self.given.insert(key.clone()) {
            return Some(EntryKey(key));
        }
        // Equal in all that names it. Another file is another entry, the same file a copy.
        let About { text, files, .. } = about();
        let longer = format!("{key} {}", digest(&[&text, &files]));
        let is_copy = files.is_empty() && id.is_none();
        (!is_copy && self.given.insert(longer.clone())).then_some(EntryKey(longer))
    }

    fn key(&self, id: Option<&str>, page: Option<&str>, about: &impl Fn() -> About) -> String {
        let is_void = self.void || self.void_now;
        let uses = |page: &str| self.pages.get(page).copied().unwrap_or_default();
        let id = id.map(|id| if id.len() > LONGEST { digest(&[id]) } else { id.to_owned() });
        match (id, page.map(canonical)) {
            // In one document the first holder keeps a guid that its history does not call void: a cut document changes
            // nothing.
            (Some(id), _) if !self.void && !self.given.contains(&id) => id,
            (Some(id), Some(page)) if is_void && uses(&page).iter().sum::<usize>() > 1 => {
                format!("{id} {page} {}", about().stamp())
            }
            (Some(id), Some(page)) if is_void => format!("{id} {page}"),
            (Some(id), None) if is_void => format!("{id} {}", about().stamp()),
            (Some(id), _) => id,
            (None, Some(page)) if uses(&page)[0] > 1 => format!("{page} {}", about().text),
            (None, Some(page)) => page,
            (None, None) => about().text,
        }
    }
}

fn canonical(page: &str) -> String {
    link::canonical(page).unwrap_or_else(|| page.to_owned())
}

/// What an entry says, for entries that have neither id nor link.
fn said(draft: &EntryDraft) -> String {
    let text = |m: &Option<Markup>| m.as_ref().map_or(String::new(), |m| m.as_str().to_owned());
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

    type Item<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

    fn about(said: &str) -> About {
        About { title: said.to_owned(), date: format!("date of {said}"), text: said.to_owned(), files: String::new() }
    }

    fn keys(void: bool, entries: &[Item<'_>]) -> (Vec<Option<String>>, bool) {
        let mut keys = AssignedKeys::new(void);
        for (id, page, _) in entries {
            keys.announce(*id, *page);
        }
        for (id, page, said) in entries.iter().filter(|(id, ..)| id.is_some()) {
            if keys.is_repeated(*id) {
                keys.compare(*id, *page, &about(said));
            }
        }
        let given = entries.iter().map(|(id, page, said)| keys.next(*id, *page, || about(said)).map(|key| key.0));
        (given.collect(), keys.void_now)
    }

    const A: Option<&str> = Some("https://x.example/a");
    const B: Option<&str> = Some("https://x.example/b");

    #[test]
    fn a_guid_of_several_entries_is_void_from_the_first_document_on() {
        let first = keys(false, &[(Some("1"), A, "A"), (Some("1"), B, "B"), (Some("2"), None, "C")]);
        assert!(first.1);
        let later = keys(true, &[(Some("1"), A, "A edited"), (Some("1"), B, "B"), (Some("2"), None, "C")]);
        assert_eq!(first.0[0].as_deref(), Some("1"), "the first holder keeps it in its first document");
        assert_eq!(first.0[1], later.0[1]);
        assert_eq!(later.0[0].as_deref(), Some("1 https://x.example/a"));
        assert_eq!(
            keys(false, &[(Some("1"), A, "A"), (Some("2"), B, "B")]),
            (vec![Some("1".into()), Some("2".into())], false)
        );
    }

    #[test]
    fn one_page_and_one_guid_for_all_leave_title_and_date() {
        let thread = [(Some("t"), A, "Reply 3"), (Some("t"), A, "Reply 2"), (Some("t"), A, "Reply 1")];
        let (given, void) = keys(false, &thread[1..]);
        assert!(void && given.iter().all(Option::is_some));
        let (more, _) = keys(true, &thread);
        assert_eq!(more[2..], given[1..]);
        assert_ne!(more[0], more[1]);
    }

    #[test]
    fn copies_are_one_entry_and_void_nothing() {
        let same = (Some("1"), A, "A");
        assert_eq!(
            keys(false, &[same, same, (Some("2"), B, "B")]),
            (vec![Some("1".into()), None, Some("2".into())], false)
        );
        // The same link with another fragment, title or date is another entry.
        let other = Some("https://x.example/a#2");
        assert!(keys(false, &[same, (Some("1"), other, "A")]).1);
        assert!(keys(false, &[same, (Some("1"), A, "B")]).1);
        let (given, _) = keys(false, &[(None, A, "A"), (None, A, "B"), (None, None, "C"), (None, None, "C")]);
        let page = A.unwrap_or_default();
        assert_eq!(given, [Some(format!("{page} A")), Some(format!("{page} B")), Some("C".into()), None]);
    }

    #[test]
    fn another_file_is_another_entry() {
        let mut keys = AssignedKeys::new(false);
        let with = |file: &str| About { files: file.to_owned(), ..about("Bulletin") };
        let first = keys.next(None, None, || with("1.mp3"));
        let second = keys.next(None, None, || with("2.mp3"));
        assert!(second.is_some() && first != second);
        assert_eq!(keys.next(None, None, || with("2.mp3")), None);
    }

    #[test]
    fn a_link_names_an_entry_only_where_no_other_has_it() {
        let home = Some("https://x.example/");
        let listed = [(None, home, "New"), (None, A, "A"), (None, home, "Old"), (None, home, "Older")];
        let (given, _) = keys(false, &listed);
        assert_eq!(given[1].as_deref(), A);
        // The next window begins with another one, and the old ones are who they were.
        assert_eq!(keys(false, &listed[1..]).0[1..], given[2..]);
    }
}
