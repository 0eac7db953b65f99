//! The hashes that earlier versions stored of what a reader sees of an entry. They took more for edits than [`super::shown`] does.

use super::volatile::{
    bare, formerly_quoted, formerly_serialised, formerly_steady, formerly_steady_title, plain_title, steady_address,
    steady_file, without_counters,
};
use crate::model::{Entry, PlainText, SafeHtml};
use std::borrow::Cow;

/// Returns the hashes that earlier versions stored for this entry.
pub fn formerly_shown(entry: &Entry) -> impl Iterator<Item = i64> {
    [with_quotes, in_any_serialisation, as_written].into_iter().map(|hash| hash(entry))
}

/// Took typographic quotes in place of others, and non-joiners, for edits.
fn with_quotes(entry: &Entry) -> i64 {
    let (title, _) = formerly_steady_title(entry.title.as_ref().map_or("", PlainText::as_str));
    in_any_order(entry, &title, formerly_quoted, steady_file)
}

/// Took empty paragraphs, pictures of one pixel, signatures in the paths of files, and numbers in brackets for edits, too.
fn in_any_serialisation(entry: &Entry) -> i64 {
    let title = plain_title(entry.title.as_ref().map_or("", PlainText::as_str));
    in_any_order(entry, &without_counters(&title), formerly_serialised, steady_address)
}

/// Returns the hash of an entry with this title, its texts and the addresses of its files in these forms.
fn in_any_order(entry: &Entry, title: &str, text: fn(&str) -> String, file: fn(&str) -> Cow<'_, str>) -> i64 {
    let [summary, content] =
        [&entry.summary, &entry.content].map(|html| text(html.as_ref().map_or("", SafeHtml::as_str)));
    let extras = &entry.extras;
    let link = entry.link.as_deref().map(steady_address).unwrap_or_default();
    let image = extras.image.as_deref().map(file).unwrap_or_default();
    let mut names: Vec<&str> = extras.authors.iter().map(|person| person.name.as_str()).collect();
    let mut terms: Vec<&str> = extras.categories.iter().map(|category| category.term.as_str()).collect();
    names.sort_unstable();
    terms.sort_unstable();
    let files: Vec<Cow<'_, str>> = extras.enclosures.iter().map(|stated| file(&stated.url)).collect();
    let files: Vec<&str> = files.iter().map(AsRef::as_ref).collect();
    let rights = extras.rights.as_deref().unwrap_or_default();
    let shown = [title, &link, &summary, &content, &image, rights];
    Entry::hash_shown(&[&shown[..], &names, &[""], &terms, &[""], &files].concat())
}

/// Took other serialisations and another order of persons and categories for edits, too.
fn as_written(entry: &Entry) -> i64 {
    let title = without_counters(entry.title.as_ref().map_or("", PlainText::as_str));
    let [summary, content] =
        [&entry.summary, &entry.content].map(|html| formerly_steady(html.as_ref().map_or("", SafeHtml::as_str)));
    let extras = &entry.extras;
    let link = entry.link.as_deref().map(bare).unwrap_or_default();
    let image = extras.image.as_deref().map(bare).unwrap_or_default();
    let mut parts = vec![title.as_ref(), link, &summary, &content, image, extras.rights.as_deref().unwrap_or_default()];
    parts.extend(extras.authors.iter().map(|person| person.name.as_str()));
    parts.push("");
    parts.extend(extras.categories.iter().map(|category| category.term.as_str()));
    parts.push("");
    parts.extend(extras.enclosures.iter().map(|file| bare(&file.url)));
    Entry::hash_shown(&parts)
}
