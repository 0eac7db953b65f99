//! Lists of stories (front page, channels, outlets, tags, languages, days): their addresses, contents and leads. Pure.

mod address;
mod leads;

pub(super) use address::{COUNT, ListQuery, ListSubject, with_query};
pub(super) use leads::{Leads, RECENT, choose};

use super::channel_page::{LocalisedText, StoryItem};
use super::links::{Chip, FeedLink, format_name};
use crate::model::browse::{OutletSummary, PlaceKey, Position};
use crate::model::{Channel, Language, Slug};
use crate::publish::Format;
use std::collections::{BTreeMap, BTreeSet};

/// The contents of a page of a list.
pub(super) struct ListContents {
    pub(super) stories: Vec<StoryItem>,
    pub(super) leads: Option<Leads>,
    pub(super) outlets: Vec<OutletSummary>,
    /// The outlet, if the list is that of an outlet.
    pub(super) outlet: Option<OutletSummary>,
    pub(super) newer: Option<PlaceKey>,
    pub(super) older: Option<PlaceKey>,
}

/// A list and its contents.
pub(super) struct List {
    pub(super) subject: ListSubject,
    pub(super) asked: ListQuery,
    pub(super) name: LocalisedText,
    pub(super) found: ListContents,
}

impl List {
    /// Returns the address of the list without the filter by author.
    pub(super) fn without_author(&self) -> String {
        let asked = ListQuery { author: None, position: Position::Newest, ..self.asked.clone() };
        with_query(&self.subject.path(), &asked.filters())
    }

    /// Returns the address of the list in all languages.
    pub(super) fn in_every_language(&self) -> String {
        let asked = ListQuery { languages: BTreeSet::new(), position: Position::Newest, ..self.asked.clone() };
        let path = match &self.subject {
            ListSubject::Language(_) => "/".to_owned(),
            subject => subject.path(),
        };
        with_query(&path, &asked.filters())
    }

    /// Returns the address of the next newer page.
    pub(super) fn newer(&self) -> Option<String> {
        let at = |key: &PlaceKey| ListQuery { position: Position::After(key.clone()), ..self.asked.clone() };
        self.found.newer.as_ref().map(|key| with_query(&self.subject.path(), &at(key).canonical()))
    }

    /// Returns the address of the next older page.
    pub(super) fn older(&self) -> Option<String> {
        let at = |key: &PlaceKey| ListQuery { position: Position::Before(key.clone()), ..self.asked.clone() };
        self.found.older.as_ref().map(|key| with_query(&self.subject.path(), &at(key).canonical()))
    }

    /// Returns the feeds of the list. Authors have none: theirs are those of the outlet.
    pub(super) fn feeds(&self) -> Vec<FeedLink> {
        let filters = ListQuery { author: None, position: Position::Newest, ..self.asked.clone() }.filters();
        let link = |format: Format| FeedLink {
            name: format_name(format),
            media_type: format.bare_media_type(),
            path: with_query(&format!("{}.{}", self.subject.feed_path(), format.extension()), &filters),
        };
        Format::ALL.map(link).to_vec()
    }

    /// Returns the links to all stories and to those of several outlets.
    pub(super) fn company(&self, everything: &str, several: &str) -> Vec<Chip> {
        let chip = |min_outlets: u32, words: &str| {
            let asked = ListQuery { min_outlets, position: Position::Newest, ..self.asked.clone() };
            Chip {
                href: with_query(&self.subject.path(), &asked.filters()),
                text: LocalisedText::new(words, None),
                count: None,
                is_current: (self.asked.min_outlets > 1) == (min_outlets > 1),
            }
        };
        vec![chip(1, everything), chip(2, several)]
    }

    /// Returns the languages of the listed stories and of the outlets, as primary subtags.
    pub(super) fn languages(&self) -> BTreeSet<String> {
        let of_stories = self.found.stories.iter().filter_map(|story| story.title.lang.as_deref());
        let of_outlets = self.found.outlets.iter().filter_map(|outlet| outlet.language.as_deref());
        of_stories.chain(of_outlets).filter_map(|tag| tag.split('-').next()).map(str::to_owned).collect()
    }

    /// Returns the address of the list in one language.
    pub(super) fn in_language(&self, language: &str) -> String {
        let subject = match (&self.subject, Slug::parse(Channel::ALL)) {
            (ListSubject::Language(_), Ok(all)) => &ListSubject::Channel(all),
            (subject, _) => subject,
        };
        let languages = Language::parse(language).into_iter().collect();
        let asked = ListQuery { languages, position: Position::Newest, ..self.asked.clone() };
        match subject.of_question(&asked) {
            Some((narrower, rest)) => with_query(&narrower.path(), &rest.filters()),
            None => with_query(&subject.path(), &asked.filters()),
        }
    }

    /// Returns the tags of the outlets with their numbers of recent entries, the largest first.
    pub(super) fn tags(&self) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for outlet in &self.found.outlets {
            for tag in &outlet.tags {
                *counts.entry(tag).or_default() += outlet.entries;
            }
        }
        let mut tags: Vec<(String, u64)> = counts.into_iter().map(|(tag, count)| (tag.to_owned(), count)).collect();
        tags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        tags
    }
}

/// Returns the path of a tag's page.
pub(super) fn tag_path(tag: &str) -> String {
    ListSubject::Tag(tag.to_owned()).path()
}
