//! The hashes that earlier versions stored of what a reader sees of an entry. They took more for edits than [`super::shown`] does.

use super::volatile::{bare, formerly_serialised, formerly_steady, plain_title, steady_address, without_counters};
use crate::model::{Entry, PlainText, SafeHtml};
use std::borrow::Cow;

/// Returns the hashes that earlier versions stored for this entry.
pub fn formerly_shown(entry: &Entry) -> impl Iterator<Item = i64> {
    [in_any_serialisation, as_written].into_iter().map(|hash| hash(entry))
}

/// Took empty paragraphs, pictures of one pixel, signatures in the paths of files, and numbers in brackets for edits.
fn in_any_serialisation(entry: &Entry) -> i64 {
    let title = plain_title(entry.title.as_ref().map_or("", PlainText::as_str));
    let title = without_counters(&title);
    let [summary, content] =
        [&entry.summary, &entry.content].map(|html| formerly_serialised(html.as_ref().map_or("", SafeHtml::as_str)));
    let extras = &entry.extras;
    let link = entry.link.as_deref().map(steady_address).unwrap_or_default();
    let image = extras.image.as_deref().map(steady_address).unwrap_or_default();
    let mut names: Vec<&str> = extras.authors.iter().map(|person| person.name.as_str()).collect();
    let mut terms: Vec<&str> = extras.categories.iter().map(|category| category.term.as_str()).collect();
    names.sort_unstable();
    terms.sort_unstable();
    let files: Vec<Cow<'_, str>> = extras.enclosures.iter().map(|file| steady_address(&file.url)).collect();
    let files: Vec<&str> = files.iter().map(AsRef::as_ref).collect();
    let rights = extras.rights.as_deref().unwrap_or_default();
    let shown = [title.as_ref(), &link, &summary, &content, &image, rights];
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
