//! What the readers of all dialects hand over: an entry and a feed as found, before the typed model has seen them.

use super::links::file_weight;
use super::{Repairs, limits};
use crate::model::{Category, Enclosure, Hints, Markup, Person, SourceRef};

/// One entry as found. Addresses are absolute, dates are still text.
#[derive(Debug, Default)]
pub(super) struct EntryDraft {
    /// As in the document.
    pub id: Option<String>,
    /// The article's page.
    pub link: Option<String>,
    /// Title.
    pub title: Option<Markup>,
    /// Description or summary.
    pub summary: Option<Markup>,
    /// Full text.
    pub content: Option<Markup>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Its own authors.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Files.
    pub enclosures: Vec<Enclosure>,
    /// First publication.
    pub published: Option<String>,
    /// Last change.
    pub updated: Option<String>,
    /// What addresses inside its texts are relative to.
    pub base: Option<String>,
    /// Its own language.
    pub language: Option<String>,
    /// Picture.
    pub image: Option<String>,
    /// Comments page.
    pub comments: Option<String>,
    /// Where it was taken from.
    pub source: Option<SourceRef>,
    /// There was more of something than is looked at.
    pub more: bool,
}

impl EntryDraft {
    /// Cuts texts and lists to what is kept of each; answers the names of what was cut.
    pub fn bound(&mut self) -> Cuts {
        let mut cuts = Cuts { lists: self.more, ..Cuts::default() };
        for text in [&mut self.title, &mut self.summary, &mut self.content, &mut self.rights] {
            cuts.text(text);
        }
        cuts.list(&mut self.authors);
        cuts.list(&mut self.contributors);
        cuts.list(&mut self.categories);
        cuts.list(&mut self.enclosures);
        cuts
    }

    /// Bytes that it takes.
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

/// Bytes that persons take.
pub(super) fn people_weight(people: &[Person]) -> usize {
    let texts = |p: &Person| p.name.len() + [&p.email, &p.uri].into_iter().flatten().map(String::len).sum::<usize>();
    people.iter().map(|person| size_of::<Person>() + texts(person)).sum()
}

fn category_weight(category: &Category) -> usize {
    let Category { term, scheme, label } = category;
    size_of::<Category>() + term.len() + [scheme, label].into_iter().flatten().map(String::len).sum::<usize>()
}

/// What had to be cut of a draft.
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

    fn list<T>(&mut self, list: &mut Vec<T>) {
        if list.len() > limits::LIST {
            list.truncate(limits::LIST);
            self.lists = true;
        }
    }

    /// Names them among the repairs.
    pub fn note(self, repairs: &mut Repairs) {
        if self.texts {
            repairs.note("long-texts");
        }
        if self.lists {
            repairs.note("long-lists");
        }
    }
}

/// A feed as found, without its entries.
#[derive(Debug, Default)]
pub(super) struct FeedDraft {
    /// Title.
    pub title: Option<Markup>,
    /// Subtitle or description.
    pub description: Option<Markup>,
    /// Its page.
    pub link: Option<String>,
    /// Its own address.
    pub self_link: Option<String>,
    /// WebSub hub.
    pub hub: Option<String>,
    /// Its next older page.
    pub older: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Authors.
    pub authors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Picture.
    pub image: Option<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// Publication.
    pub published: Option<String>,
    /// Last change.
    pub updated: Option<String>,
    /// What it asks of pollers.
    pub hints: Hints,
}

impl FeedDraft {
    /// Cuts texts and lists to what is kept of each; answers the names of what was cut.
    pub fn bound(&mut self) -> Cuts {
        let mut cuts = Cuts::default();
        for text in [&mut self.title, &mut self.description, &mut self.rights] {
            cuts.text(text);
        }
        cuts.list(&mut self.authors);
        cuts.list(&mut self.categories);
        cuts
    }
}
