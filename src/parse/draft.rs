//! The common output of the readers of all dialects: an entry or a feed as found, before feed-rs reads it.

use super::links::file_weight;
use super::{Repairs, limits};
use crate::model::{Category, Enclosure, Hints, Markup, Person, SourceRef};
use indexmap::IndexSet;

/// One entry as found in the document. Addresses are absolute; dates are still text.
#[derive(Debug, Default)]
pub(super) struct EntryDraft {
    /// The id or guid, as in the document.
    pub id: Option<String>,
    /// Address of the article's page.
    pub link: Option<String>,
    /// Title.
    pub title: Option<Markup>,
    /// Description or summary.
    pub summary: Option<Markup>,
    /// Full text.
    pub content: Option<Markup>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Authors stated by the entry itself.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories, each once: comparing each with all others takes half a second for a document of 10 MB.
    pub categories: IndexSet<Category>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// Date of first publication, unparsed.
    pub published: Option<String>,
    /// Date of the last change, unparsed.
    pub updated: Option<String>,
    /// Address that relative addresses inside its texts are resolved against.
    pub base: Option<String>,
    /// Whether the document states it (`xml:base`).
    pub is_base_stated: bool,
    /// Language stated by the entry itself.
    pub language: Option<String>,
    /// Address of its picture.
    pub image: Option<String>,
    /// Address of its comments page.
    pub comments: Option<String>,
    /// The feed that it was taken from.
    pub source: Option<SourceRef>,
    /// Whether the document had more candidates of some kind than are read.
    pub more: bool,
}

impl EntryDraft {
    /// Truncates texts and lists to their limits. Returns which kinds were truncated.
    pub fn bound(&mut self) -> Cuts {
        let mut cuts = Cuts { lists: self.more, ..Cuts::default() };
        for text in [&mut self.title, &mut self.summary, &mut self.content, &mut self.rights] {
            cuts.text(text);
        }
        cuts.list(&mut self.authors);
        cuts.list(&mut self.contributors);
        cuts.set(&mut self.categories);
        cuts.list(&mut self.enclosures);
        cuts
    }

    /// Returns the bytes that the draft takes in memory.
    pub fn weight(&self) -> usize {
        let texts = [&self.title, &self.summary, &self.content, &self.rights].into_iter().flatten();
        let texts = texts.map(|text| text.as_str().len()).sum::<usize>();
        let strings = [&self.id, &self.link, &self.published, &self.updated, &self.base, &self.language];
        let strings = strings.into_iter().chain([&self.image, &self.comments]).flatten().map(String::len);
        let people = people_weight(&self.authors) + people_weight(&self.contributors);
        let categories = self.categories.iter().map(category_weight).sum::<usize>();
        let files = self.enclosures.iter().map(file_weight).sum::<usize>();
        let source = self.source.iter().flat_map(|s| [&s.title, &s.link]).flatten().map(String::len).sum::<usize>();
        size_of::<Self>() + texts + strings.sum::<usize>() + people + categories + files + source
    }
}

/// Returns the bytes that these persons take in memory.
pub(super) fn people_weight(people: &[Person]) -> usize {
    let texts = |p: &Person| p.name.len() + [&p.email, &p.uri].into_iter().flatten().map(String::len).sum::<usize>();
    people.iter().map(|person| size_of::<Person>() + texts(person)).sum()
}

fn category_weight(category: &Category) -> usize {
    let Category { term, scheme, label } = category;
    size_of::<Category>() + term.len() + [scheme, label].into_iter().flatten().map(String::len).sum::<usize>()
}

/// Which kinds of values of a draft were truncated.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cuts {
    texts: bool,
    lists: bool,
}

impl Cuts {
    fn text(&mut self, text: &mut Option<Markup>) {
        if let Some(Markup::Text(text) | Markup::Html(text)) = text
            && text.len() > limits::TEXT
        {
            text.truncate(text.floor_char_boundary(limits::TEXT));
            text.shrink_to_fit();
            self.texts = true;
        }
    }

    fn set<T>(&mut self, set: &mut IndexSet<T>) {
        if set.len() > limits::LIST {
            set.truncate(limits::LIST);
            self.lists = true;
        }
    }

    fn list<T>(&mut self, list: &mut Vec<T>) {
        if list.len() > limits::LIST {
            list.truncate(limits::LIST);
            self.lists = true;
        }
    }

    /// Adds them to the repairs.
    pub fn note(self, repairs: &mut Repairs) {
        if self.texts {
            repairs.note("long-texts");
        }
        if self.lists {
            repairs.note("long-lists");
        }
    }
}

/// A feed as found in the document, without its entries.
#[derive(Debug, Default)]
pub(super) struct FeedDraft {
    /// Title.
    pub title: Option<Markup>,
    /// Subtitle or description.
    pub description: Option<Markup>,
    /// Address of its site.
    pub link: Option<String>,
    /// Its own address.
    pub self_link: Option<String>,
    /// Address of its WebSub hub.
    pub hub: Option<String>,
    /// Address of the next older page of the feed.
    pub older: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Authors.
    pub authors: Vec<Person>,
    /// Categories, each once: comparing each with all others takes half a second for a document of 10 MB.
    pub categories: IndexSet<Category>,
    /// Address of its picture.
    pub image: Option<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// Publication date, unparsed.
    pub published: Option<String>,
    /// Date of the last change, unparsed.
    pub updated: Option<String>,
    /// What it asks of pollers.
    pub hints: Hints,
}

impl FeedDraft {
    /// Truncates texts and lists to their limits. Returns which kinds were truncated.
    pub fn bound(&mut self) -> Cuts {
        let mut cuts = Cuts::default();
        for text in [&mut self.title, &mut self.description, &mut self.rights] {
            cuts.text(text);
        }
        cuts.list(&mut self.authors);
        cuts.set(&mut self.categories);
        cuts
    }
}
