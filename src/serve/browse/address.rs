//! Addresses of lists: `/`, `/channels/SLUG`, `/outlets/SLUG`, `/tags/TAG`, `/languages/LANG`, `/days/2026-11-25`, each with
//! filters and a start position. Pure.

use crate::model::browse::{Browse, PlaceKey, Position, Scope};
use crate::model::pages::Filter;
use crate::model::{Channel, Language, STORY_MEMBERS_MAX, Slug};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use url::form_urlencoded::{Serializer, parse};

/// Number of stories on a page.
pub(in super::super) const COUNT: u32 = 60;
/// Maximum number of values of a parameter.
const VALUES: usize = 16;
/// Maximum length of a tag or an author, in characters.
const LENGTH: usize = 200;

/// The subject of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum ListSubject {
    Channel(Slug),
    Outlet(Slug),
    Tag(String),
    Language(Language),
    Day(Date),
}

/// A request for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ListQuery {
    pub(in super::super) outlets: BTreeSet<Slug>,
    pub(in super::super) tags: BTreeSet<String>,
    pub(in super::super) languages: BTreeSet<Language>,
    pub(in super::super) author: Option<String>,
    pub(in super::super) min_outlets: u32,
    pub(in super::super) position: Position,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            outlets: BTreeSet::new(),
            tags: BTreeSet::new(),
            languages: BTreeSet::new(),
            author: None,
            min_outlets: 1,
            position: Position::Newest,
        }
    }
}

impl ListQuery {
    /// Parses a query string.
    ///
    /// # Errors
    /// Returns a sentence that explains the fault to the reader.
    pub(in super::super) fn read(query: &str) -> Result<Self, String> {
        let mut asked = Self::default();
        for (key, value) in parse(query.as_bytes()) {
            let value = value.replace(char::is_control, " ");
            let value = value.trim();
            if value.chars().count() > LENGTH {
                return Err(format!("{}: at most {LENGTH} characters", key.replace(char::is_control, " ")));
            }
            asked.take(&key, value)?;
            if asked.outlets.len().max(asked.tags.len()).max(asked.languages.len()) > VALUES {
                return Err(format!("{key}: at most {VALUES} values"));
            }
        }
        Ok(asked)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let place = || PlaceKey::parse(value).ok_or_else(|| format!("{key}: “{value}” is not a place in a list"));
        match key {
            "outlet" => {
                self.outlets
                    .insert(Slug::parse(value).map_err(|_| format!("outlet: “{value}” is not an outlet's slug"))?);
            }
            "tag" if value.is_empty() => return Err("tag: at least one character".to_owned()),
            "tag" => {
                self.tags.insert(value.to_owned());
            }
            "lang" => {
                self.languages.insert(
                    primary(value).ok_or_else(|| format!("lang: “{value}” is not a language; use ar, fr or en"))?,
                );
            }
            "author" => self.author = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "min_outlets" => {
                let number = value.parse().ok().filter(|n| (1..=STORY_MEMBERS_MAX).contains(n));
                self.min_outlets =
                    number.ok_or_else(|| format!("min_outlets: a number from 1 to {STORY_MEMBERS_MAX}"))?;
            }
            "before" => self.position = Position::Before(place()?),
            "after" => self.position = Position::After(place()?),
            other => {
                let other = other.replace(char::is_control, " ");
                return Err(format!(
                    "“{other}” is not a parameter of this page; allowed: outlet, tag, lang, author, min_outlets, before, after, hl"
                ));
            }
        }
        Ok(())
    }

    /// Returns whether there is no filter.
    pub(in super::super) fn is_unfiltered(&self) -> bool {
        *self == Self { position: self.position.clone(), ..Self::default() }
    }

    /// Returns the canonical query string of the filters, without a question mark.
    pub(in super::super) fn filters(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.outlets.iter().map(|o| ("outlet", o.as_str())));
        query.extend_pairs(self.tags.iter().map(|t| ("tag", t.as_str())));
        query.extend_pairs(self.languages.iter().map(|l| ("lang", l.as_str())));
        query.extend_pairs(self.author.iter().map(|name| ("author", name.as_str())));
        if self.min_outlets > 1 {
            query.append_pair("min_outlets", &self.min_outlets.to_string());
        }
        query.finish()
    }

    /// Returns the whole query string: filters and position.
    pub(in super::super) fn canonical(&self) -> String {
        let place = match &self.position {
            Position::Newest => String::new(),
            Position::Before(key) => format!("before={key}"),
            Position::After(key) => format!("after={key}"),
        };
        [self.filters(), place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&")
    }
}

/// Returns a path with its query string, if there is one.
pub(in super::super) fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn primary(tag: &str) -> Option<Language> {
    Language::parse(Language::parse(tag).ok()?.primary()).ok()
}

/// Percent-encodes a segment of a path.
fn segment(text: &str) -> String {
    // In a form, "+" means a space; in a path it is a plus sign.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl ListSubject {
    /// Returns the list for a kind (`outlets`, `tags`, …) and a name in the address.
    pub(in super::super) fn read(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "outlets" => Slug::parse(name).ok().map(Self::Outlet),
            "tags" => (1..=LENGTH).contains(&name.chars().count()).then(|| Self::Tag(name.to_owned())),
            "languages" => primary(name).map(Self::Language),
            "days" => name.parse().ok().filter(|date: &Date| date.to_string() == name).map(Self::Day),
            _ => None,
        }
    }

    /// Returns the path of the list.
    pub(in super::super) fn path(&self) -> String {
        match self {
            Self::Channel(slug) => crate::publish::page_path(slug.as_str()),
            Self::Outlet(slug) => format!("/outlets/{slug}"),
            Self::Tag(tag) => format!("/tags/{}", segment(tag)),
            Self::Language(language) => format!("/languages/{}", language.as_str()),
            Self::Day(date) => format!("/days/{date}"),
        }
    }

    /// Returns the path of the list's feed, without the extension.
    pub(in super::super) fn feed_path(&self) -> String {
        match self {
            Self::Channel(slug) if slug.as_str() == Channel::ALL => "/feed".to_owned(),
            other => other.path(),
        }
    }

    /// Returns the list's feed as a filter of channel `all`.
    pub(in super::super) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        match self {
            Self::Channel(slug) => filter.channel = Some(slug.clone()).filter(|slug| slug.as_str() != Channel::ALL),
            Self::Outlet(slug) => drop(filter.outlets.insert(slug.clone())),
            Self::Tag(tag) => drop(filter.tags.insert(tag.clone())),
            Self::Language(language) => drop(filter.languages.insert(language.clone())),
            Self::Day(_) => {}
        }
        filter
    }

    /// Returns the list that a request to channel `all` is equal to: `/?tag=x` is `/tags/x`.
    pub(in super::super) fn of_question(&self, asked: &ListQuery) -> Option<(Self, ListQuery)> {
        if !matches!(self, Self::Channel(slug) if slug.as_str() == Channel::ALL) {
            return None;
        }
        let mut rest = asked.clone();
        let subject = match (asked.outlets.len(), asked.tags.len(), asked.languages.len()) {
            (1, 0, _) => rest.outlets.pop_first().map(Self::Outlet),
            (0, 1, _) => rest.tags.pop_first().map(Self::Tag),
            (0, 0, 1) => rest.languages.pop_first().map(Self::Language),
            _ => None,
        };
        subject.map(|subject| (subject, rest))
    }

    /// Returns the request without filters that the list implies; `None` if there are none.
    pub(in super::super) fn without_repetition(&self, asked: &ListQuery) -> Option<ListQuery> {
        let Self::Language(own) = self else { return None };
        let mut rest = asked.clone();
        rest.languages.remove(own).then_some(rest)
    }

    /// Returns the name of a filter that this list does not support.
    pub(in super::super) fn refuses(&self, asked: &ListQuery) -> Option<String> {
        let is_along_outlets = matches!(self, Self::Outlet(_) | Self::Tag(_));
        if is_along_outlets && !(asked.outlets.is_empty() && asked.tags.is_empty()) {
            return Some("outlet and tag are filters of / and of channels; here: lang, author, min_outlets".to_owned());
        }
        if matches!(self, Self::Language(own) if asked.languages.iter().any(|asked| asked != own)) {
            return Some(format!(
                "lang: {} already selects one language; leave lang out, or use /?lang=…",
                self.path()
            ));
        }
        (asked.author.is_some() && !matches!(self, Self::Outlet(_)))
            .then(|| "author is a filter of one outlet: /outlets/SLUG?author=…".to_owned())
    }

    /// Returns the query for the store. Days begin and end in this time zone.
    pub(in super::super) fn browse(&self, asked: &ListQuery, zone: &TimeZone) -> Option<Browse> {
        let mut languages: Vec<Language> = asked.languages.iter().cloned().collect();
        let scope = match self {
            Self::Channel(slug) => Scope::Channel(slug.to_string()),
            Self::Outlet(slug) => Scope::Outlet(slug.clone()),
            Self::Tag(tag) => Scope::Tag(tag.clone()),
            Self::Language(language) => {
                languages.push(language.clone());
                Scope::Channel(Channel::ALL.to_owned())
            }
            Self::Day(date) => {
                let start = |date: Date| {
                    let midnight = zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
                    Some(format!("{midnight:.0}"))
                };
                Scope::Between(start(*date)?, start(date.tomorrow().ok()?)?)
            }
        };
        Some(Browse {
            scope,
            outlets: asked.outlets.iter().cloned().collect(),
            tags: asked.tags.iter().cloned().collect(),
            languages,
            author: asked.author.clone(),
            min_outlets: asked.min_outlets,
            position: asked.position.clone(),
            count: COUNT,
            whole_texts: false,
        })
    }
}

#[cfg(test)]
mod tests;
