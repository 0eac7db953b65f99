//! Turns the drafts of a document into entries: what feed-rs reads of them, and the fields that it does not keep.

use super::draft::EntryDraft;
use super::limits::Limits;
use super::lines::with_paragraphs;
use super::slashes::without_slashes;
use super::{ParseContext, RawDocument, dates, typed};
use crate::model::{EncodingFrom, EntryKey, Fault, ListedEntry, ParsedEntry, ParsedFeed, Person, link};
use std::collections::HashMap;

/// Lets feed-rs read the drafts and adds the fields that it does not keep.
pub(super) fn finish(raw: RawDocument, context: &ParseContext) -> Result<ParsedFeed, Fault> {
    let (zone, limits) = (&context.zone, Limits::of(context));
    let typed = typed::read(&raw.feed, &[], zone, raw.orders)?;
    // Compared as for identity: the paragraphs of a page, each with its own fragment, share that page.
    let pages: Vec<Option<String>> =
        raw.listed.iter().map(|(_, page, ..)| page.as_deref().and_then(link::canonical)).collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    pages.iter().flatten().for_each(|page| *uses.entry(page).or_default() += 1);
    let link_shared = raw.listed.len() > 1 && uses.values().any(|n| *n == raw.listed.len());
    let repeats: Vec<bool> =
        pages.iter().map(|page| page.as_deref().is_some_and(|page| uses.get(page).is_some_and(|n| *n > 1))).collect();
    let authors = typed::people(typed.authors);
    let mut read = typed::Batches::new(raw.entries, zone, raw.orders);
    let mut listed = Vec::with_capacity(raw.listed.len());
    for ((raw_hash, _, key, is_known), link_repeats) in raw.listed.into_iter().zip(repeats) {
        let (key_hash, mut entry) = (key.hash(), None);
        if !is_known && let Some((draft, read)) = read.next(&limits)? {
            entry = Some(Box::new(merge(key, draft, read, &authors, raw.feed.language.as_deref())));
        }
        listed.push(ListedEntry { raw: raw_hash, key: key_hash, link_repeats, entry });
    }
    Ok(ParsedFeed {
        format: raw.format,
        encoding: "UTF-8",
        encoding_from: EncodingFrom::Utf8,
        repairs: Vec::new(),
        partial: raw.partial,
        title: typed::long(raw.feed.title).or_else(|| typed.title.and_then(typed::markup)),
        description: typed::long(raw.feed.description).or_else(|| typed.description.and_then(typed::markup)),
        link: raw.feed.link,
        self_link: raw.feed.self_link,
        hub: raw.feed.hub,
        older: raw.feed.older,
        language: raw.feed.language,
        rights: typed::long(raw.feed.rights).or_else(|| typed.rights.and_then(typed::markup)),
        authors,
        categories: typed::categories(typed.categories),
        image: raw.feed.image,
        generator: typed.generator.map(|g| g.content),
        published: raw.feed.published.and_then(|text| dates::instant_in(&text, zone, raw.orders)),
        updated: typed::instant(typed.updated),
        hints: raw.feed.hints,
        guids_void: raw.guids_void,
        link_shared,
        listed,
    })
}

fn merge(
    key: EntryKey,
    draft: EntryDraft,
    entry: feed_rs::model::Entry,
    feed_authors: &[Person],
    feed_language: Option<&str>,
) -> ParsedEntry {
    let mut authors = typed::people(entry.authors);
    if authors.is_empty() {
        authors = feed_authors.to_vec();
    }
    ParsedEntry {
        id: draft.id,
        key,
        title: typed::long(draft.title).or_else(|| entry.title.and_then(typed::markup)),
        link: draft.link,
        base: draft.base,
        is_base_stated: draft.is_base_stated,
        // Not before, because keys are made of the texts as stated.
        summary: typed::long(draft.summary)
            .or_else(|| entry.summary.and_then(typed::markup))
            .map(without_slashes)
            .map(with_paragraphs),
        content: typed::long(draft.content)
            .or_else(|| entry.content.and_then(typed::content))
            .map(without_slashes)
            .map(with_paragraphs),
        authors,
        contributors: typed::people(entry.contributors),
        categories: typed::categories(entry.categories),
        rights: typed::long(draft.rights).or_else(|| entry.rights.and_then(typed::markup)),
        image: draft.image,
        published: typed::instant(entry.published),
        updated: typed::instant(entry.updated),
        enclosures: typed::enclosures(entry.links, &draft.enclosures),
        language: draft.language.or_else(|| feed_language.map(str::to_owned)),
        comments: draft.comments,
        source: draft.source,
    }
}
