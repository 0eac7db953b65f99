//! A received document: parsed and normalised on a blocking thread.

use super::{backfill, fetched::FetchedDocument, pushed};
use crate::{
    dedup::Listing,
    fetch::Body,
    model::{
        Entry, Fault, FeedInfo, FeedUrl, Language, LargerThanMaxBody, ListedEntry, Outlet, PlainText, RawHash,
        push::HubSighting,
    },
    normalise, parse,
    rules::{self, RuleSubject},
    store::Document,
};
use jiff::Timestamp;
use std::{collections::HashSet, sync::Arc};

/// A document that is not a feed.
pub(super) struct UnreadableDocument {
    pub(super) fault: Fault,
    /// The feeds that it announces.
    pub(super) announced: Vec<FeedUrl>,
    /// Where it sends its readers at once.
    pub(super) redirect: Option<FeedUrl>,
    /// The sitemaps that it lists, if it is a sitemap index.
    pub(super) sitemaps: Option<Vec<parse::SitemapRef>>,
}

impl UnreadableDocument {
    pub(super) fn of(fault: Fault) -> Self {
        Self { fault, announced: Vec::new(), redirect: None, sitemaps: None }
    }
}

/// A parsed document, and what it says about its feed.
pub(super) struct ReadDocument {
    pub(super) document: Document,
    /// Whether different articles share a guid in this feed.
    pub(super) guids_void: bool,
    /// URL of its next older page.
    pub(super) older: Option<FeedUrl>,
    pub(super) hub: HubSighting,
}

/// Parses a document as far as its bytes are needed. Also returns whether its feed's guids are void.
fn draft(
    body: &Body,
    context: &parse::ParseContext,
    listed_before: &HashSet<RawHash>,
) -> Result<(parse::DraftedFeed, bool), UnreadableDocument> {
    let draft = parse::draft(body, context, &|raw| listed_before.contains(&raw)).map_err(|fault| {
        let announced = if fault == Fault::Html { parse::announced(body, context) } else { Vec::new() };
        let redirect = announced.iter().find(|a| a.is_redirect).and_then(|a| FeedUrl::new(a.url.clone()).ok());
        UnreadableDocument {
            redirect,
            announced: announced.into_iter().filter_map(|a| FeedUrl::new(a.url).ok()).collect(),
            sitemaps: if matches!(fault, Fault::NotAFeed(_)) { parse::sitemap_index(body, context) } else { None },
            fault,
        }
    })?;
    if draft.guids_void() && !context.guids_void {
        // Applies to this document too; otherwise its first entry with the guid would count as the earlier article with that
        // guid.
        drop(draft);
        return self::draft(body, &parse::ParseContext { guids_void: true, ..context.clone() }, listed_before);
    }
    Ok((draft, context.guids_void))
}

/// Parses and normalises. This is CPU work for a blocking thread.
pub(super) fn read_document(
    found: Arc<FetchedDocument>,
    context: &parse::ParseContext,
    outlet: &Outlet,
    listed_before: Arc<HashSet<RawHash>>,
    now: Timestamp,
) -> Result<ReadDocument, UnreadableDocument> {
    let (base, is_truncated) = (found.base.clone(), found.body.is_truncated());
    let (draft, void) = draft(&found.body, context, &listed_before)?;
    // Nobody else holds a large document: its bytes are freed here.
    drop(found);
    let feed = draft.finish(context).map_err(UnreadableDocument::of)?;
    let older = backfill::older(&feed, &base);
    let hub = pushed::offer(feed.hub.as_deref(), feed.self_link.as_deref(), &base);
    let info = FeedInfo {
        title: feed.title.as_ref().and_then(normalise::plain).map(PlainText::into_string),
        link: feed.link.as_deref().map(|link| crate::model::uri::without_userinfo(link).into_owned()),
        language: feed.language.clone(),
        hints: feed.hints.clone(),
    };
    let raw = feed.listed.iter().map(|l| l.raw).collect();
    let language = outlet.language.as_ref().map(Language::as_str);
    let own = normalise::NormaliseContext { language, now, link_shared: feed.link_shared };
    let limits = normalise::TextLimits::within(&context.deadline);
    let mut repeated_links = HashSet::new();
    let mut entries = Vec::new();
    let keys: Vec<i64> = feed.listed.iter().map(|l| l.key).collect();
    for ListedEntry { raw, link_repeats, entry, .. } in feed.listed {
        let Some(parsed) = entry else { continue };
        let Some(entry) = normalise::entry_within(*parsed, raw, &own, &limits) else {
            return Err(UnreadableDocument::of(Fault::WorkLimit(parse::WORK)));
        };
        let dropped = rules::left_out(&outlet.rules, &RuleSubject::of(&entry));
        let entry = Entry { dropped, ..entry };
        repeated_links.extend(entry.link_key.filter(|_| link_repeats));
        entries.push(entry);
    }
    let mut repairs = feed.repairs;
    limits.add_cuts(&mut repairs);
    if is_truncated {
        repairs.push(LargerThanMaxBody::REPAIR);
    }
    let listing = Listing::of(keys, &entries, repeated_links, void, outlet.time_zone.clone());
    let document = Document {
        info,
        updated: feed.updated.or(feed.published),
        repairs,
        partial: feed.partial || is_truncated,
        listing: Arc::new(listing),
        raw,
        entries,
        listed_before,
        older: Vec::new(),
        gap: false,
        pages: HashSet::new(),
        rules: outlet.rules.clone(),
    };
    Ok(ReadDocument { document, guids_void: void, older, hub })
}
