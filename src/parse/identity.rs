//! The key of an entry: the same in every parse, and not changed by a corrected headline.
//!
//! The key is the guid, `atom:id` or `rdf:about`; else the canonical link; else a hash of the entry's text. If several different
//! entries of a document have the same guid, guids are no longer trusted in this feed: the key becomes guid and link and, if the
//! link is shared or missing too, also title and date. The poll that finds this reads the document again. Copies (equal in guid,
//! link, title and date) are one entry and do not count. A link that several entries without an id share (a front page, a list of
//! news) identifies none of them, so a hash of the text is added; otherwise the newest entry would pass for a revision of the one
//! before it.

use super::draft::EntryDraft;
use crate::model::{EntryKey, Markup, link};
use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
};

/// Maximum length of an id that is used as it is, in bytes. Longer ones are replaced by their hash.
const LONGEST: usize = 1_024;

/// The content of an entry, for entries that guid and link do not tell apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct About {
    title: String,
    date: String,
    text: String,
    files: String,
}

impl About {
    /// Takes the content of a draft. Its title may have megabytes.
    pub fn taken_from(draft: EntryDraft) -> Self {
        let (text, files) = (said(&draft), files(&draft));
        let title = draft.title.map_or_else(String::new, |(Markup::Text(title) | Markup::Html(title))| title);
        Self { title, date: draft.published.or(draft.updated).unwrap_or_default(), text, files }
    }

    /// Copies the content of a draft.
    pub fn of(draft: &EntryDraft) -> Self {
        let (title, date) = (text(draft.title.as_ref()).to_owned(), date(draft).to_owned());
        Self { title, date, text: said(draft), files: files(draft) }
    }

    /// Returns a hash that is equal for copies of one entry: page, title and date; text and files too if title or date is
    /// missing.
    fn alike(&self, page: &str) -> String {
        let is_stamped = !self.title.is_empty() && !self.date.is_empty();
        let rest = if is_stamped { ["", ""] } else { [self.text.as_str(), self.files.as_str()] };
        digest(&[page, &self.title, &self.date, rest[0], rest[1]])
    }

    /// Returns what identifies an entry whose guid is not trusted: title and date, or the hash of its text if it states no date.
    fn stamp(&self) -> String {
        if self.date.is_empty() { self.text.clone() } else { digest(&[&self.title, &self.date]) }
    }
}

/// Assigns the keys of one document. Call [`AssignedKeys::announce`] for every entry, then [`AssignedKeys::compare`] for those
/// that [`AssignedKeys::is_repeated`], then [`AssignedKeys::next`] for every entry.
#[derive(Debug, Default)]
pub(super) struct AssignedKeys {
    /// Keys assigned so far.
    given: HashSet<String>,
    /// Number of entries with each guid.
    ids: HashMap<String, usize>,
    /// The different entries that have each guid; copies count once.
    holders: HashMap<String, HashSet<String>>,
    /// Entries with a repeated guid that already have a key.
    listed: HashSet<String>,
    /// The pages of the entries, and whether each has an id.
    pages: Vec<(String, bool)>,
    /// Number of entries without and with an id, by the canonical address of their page. Most documents never need it.
    uses: OnceCell<HashMap<String, [usize; 2]>>,
    /// Whether the feed's guids are not trusted because of its history.
    void: bool,
    /// Whether different entries of this document have the same guid.
    pub void_now: bool,
}

impl AssignedKeys {
    /// Creates the state for a feed. `void` says whether its guids were found untrustworthy before.
    pub fn new(void: bool) -> Self {
        Self { void, ..Self::default() }
    }

    /// Registers an entry before any key is assigned.
    pub fn announce(&mut self, id: Option<&str>, page: Option<&str>) {
        if let Some(id) = id {
            *self.ids.entry(id.to_owned()).or_default() += 1;
        }
        if let Some(page) = page {
            self.pages.push((page.to_owned(), id.is_some()));
        }
    }

    /// Returns whether several entries of the document have this guid.
    pub fn is_repeated(&self, id: Option<&str>) -> bool {
        id.and_then(|id| self.ids.get(id)).is_some_and(|entries| *entries > 1)
    }

    /// Registers the content of an entry with a repeated guid. Copies, equal in guid, link, title and date, do not make the guid
    /// untrustworthy.
    pub fn compare(&mut self, id: Option<&str>, page: Option<&str>, about: &About) {
        let Some(id) = id else { return };
        let holders = self.holders.entry(id.to_owned()).or_default();
        holders.insert(about.alike(page.unwrap_or_default()));
        self.void_now |= holders.len() > 1;
    }

    /// Returns the key of the next entry, or `None` for a copy of an entry that has a key already. `about` returns the content
    /// and is called only if id and link do not suffice.
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
        // Everything that identifies the entry is equal. With a different file it is another entry, with the same file a copy.
        let About { text, files, .. } = about();
        let longer = format!("{key} {}", digest(&[&text, &files]));
        let is_copy = files.is_empty() && id.is_none();
        (!is_copy && self.given.insert(longer.clone())).then_some(EntryKey(longer))
    }

    fn key(&self, id: Option<&str>, page: Option<&str>, about: &impl Fn() -> About) -> String {
        let is_void = self.void || self.void_now;
        let uses = |page: &str| self.uses().get(page).copied().unwrap_or_default();
        let id = id.map(|id| if id.len() > LONGEST { digest(&[id]) } else { id.to_owned() });
        let id = match id {
            // Within one document the first entry keeps a guid that the history does not distrust, so a truncated document
            // changes no keys.
            Some(id) if !self.void && !self.given.contains(&id) => return id,
            id => id,
        };
        match (id, page.map(canonical)) {
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

    /// Returns how many entries use each page.
    fn uses(&self) -> &HashMap<String, [usize; 2]> {
        self.uses.get_or_init(|| {
            let mut uses: HashMap<String, [usize; 2]> = HashMap::new();
            for (page, has_id) in &self.pages {
                uses.entry(canonical(page)).or_default()[usize::from(*has_id)] += 1;
            }
            uses
        })
    }
}

fn canonical(page: &str) -> String {
    link::canonical(page).unwrap_or_else(|| page.to_owned())
}

/// Returns a hash of the content, for entries that have neither id nor link.
fn said(draft: &EntryDraft) -> String {
    let [title, summary, content] = [&draft.title, &draft.summary, &draft.content].map(|m| text(m.as_ref()));
    digest(&[title, date(draft), summary, content])
}

fn text(markup: Option<&Markup>) -> &str {
    markup.map_or("", Markup::as_str)
}

fn date(draft: &EntryDraft) -> &str {
    draft.published.as_deref().or(draft.updated.as_deref()).unwrap_or_default()
}

fn files(draft: &EntryDraft) -> String {
    draft.enclosures.iter().map(|file| file.url.as_str()).collect::<Vec<_>>().join(" ")
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
        // The next document lacks the first entry; the others keep their keys.
        assert_eq!(keys(false, &listed[1..]).0[1..], given[2..]);
    }
}
