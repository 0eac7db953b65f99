//! JSON Feed 1.0 and 1.1 (jsonfeed.org), read leniently: a bad item is skipped, and a truncated document yields its complete
//! items.

mod mend;
mod scan;

use super::draft::{EntryDraft, FeedDraft};
use super::entry::prefer_gregorian;
use super::guess::{guessed, with_empty_pairs};
use super::identity::{About, AssignedKeys};
use super::language::language;
use super::limits::{LIST, Limits};
use super::text::without_marks;
use super::{Allowance, ParseContext, RawDocument, Repairs, bounded};
use crate::model::escape::escaped;
use crate::model::{Category, DocumentFormat, Enclosure, Fault, Markup, Person, RawHash, address};
pub(super) use mend::{Quotes, mended};
use scan::{LISTED, take_apart};
use serde_json::{Map, Value};
use url::Url;

type Object = Map<String, Value>;

/// Reads `text`, which begins with a bracket.
pub(super) fn read(
    text: &str,
    context: &ParseContext,
    known: &dyn Fn(RawHash) -> bool,
    repairs: &mut Repairs,
) -> Result<RawDocument, Fault> {
    let limits = Limits::of(context);
    let (head, items, cut_off) = take_apart(text);
    limits.look()?;
    let head = match lenient(&head, repairs) {
        Ok((Value::Object(head), whole)) => {
            if !whole {
                repairs.note("too-many-values");
            }
            head
        }
        _ if !items.is_empty() => {
            repairs.note("broken-json");
            Object::new()
        }
        Ok(_) => return Err(Fault::NotAFeed("JSON, but not an object".to_owned())),
        Err(error) => return Err(Fault::NotAFeed(format!("broken JSON: {error}"))),
    };
    let version = head.get("version").and_then(Value::as_str).unwrap_or_default();
    if items.is_empty() && !head.contains_key("items") && !version.contains("jsonfeed") {
        return Err(Fault::NotAFeed("JSON, but not a JSON Feed: it has neither version nor items".to_owned()));
    }
    let document = context.base.as_ref();
    let mut raw = RawDocument {
        format: DocumentFormat::Json,
        partial: cut_off,
        guids_void: false,
        feed: feed(&head, document),
        orders: super::dates::Orders::default(),
        listed: Vec::new(),
        entries: Vec::new(),
    };
    raw.feed.bound().note(repairs);
    let site = raw.feed.link.as_deref().and_then(|page| Url::parse(page).ok());
    let base = super::other_site(site, document);
    raw.partial |= entries(&items, base.as_ref().or(document), context, known, &mut raw, repairs)?;
    if cut_off {
        repairs.note("cut-off");
    }
    Ok(raw)
}

/// Reads the items into `raw`, up to the limits. Returns whether some were left out.
fn entries(
    items: &[&str],
    base: Option<&Url>,
    context: &ParseContext,
    known: &dyn Fn(RawHash) -> bool,
    raw: &mut RawDocument,
    repairs: &mut Repairs,
) -> Result<bool, Fault> {
    let limits = Limits::of(context);
    let mut keys = AssignedKeys::new(context.guids_void);
    let mut allowance = Allowance::new(&raw.feed, &limits);
    let mut drafts = Vec::new();
    for item in items {
        limits.look()?;
        let Ok((Value::Object(object), whole)) = lenient(item, repairs) else {
            repairs.note("bad-item");
            continue;
        };
        let mut draft = entry(&object, base);
        prefer_gregorian(&mut draft, &context.zone);
        let cuts = draft.bound();
        if !allowance.counts_one(0) || !allowance.take_draft(&draft) {
            break;
        }
        cuts.note(repairs);
        if !whole {
            repairs.note("too-many-values");
        }
        keys.announce(draft.id.as_deref(), draft.link.as_deref());
        drafts.push((RawHash::of(item.as_bytes()), draft));
    }
    // Set after the loop, because the allowance would otherwise refuse the items that were collected.
    allowance.too_many |= items.len() >= LISTED;
    for (_, draft) in &drafts {
        if keys.is_repeated(draft.id.as_deref()) {
            keys.compare(draft.id.as_deref(), draft.link.as_deref(), &About::of(draft));
        }
    }
    // Known items show the order of day and month too.
    let dates = |draft: &EntryDraft| [&draft.published, &draft.updated].into_iter().flatten().cloned().collect();
    let read = drafts.iter().take_while(|_| limits.look().is_ok());
    raw.orders = super::dates::Orders::of(read.map(|(_, draft)| dates(draft)));
    for (hash, draft) in drafts {
        let Some(key) = keys.next(draft.id.as_deref(), draft.link.as_deref(), || About::of(&draft)) else {
            repairs.note("repeated-entries");
            continue;
        };
        let is_known = known(hash);
        raw.listed.push((hash, draft.link.clone(), key, is_known));
        if !is_known {
            raw.entries.push(draft);
        }
    }
    raw.guids_void = keys.void_now;
    Ok(allowance.note(repairs))
}

/// Reads a value and returns whether all of it was built. What is not valid but clear is corrected.
fn lenient(text: &str, repairs: &mut Repairs) -> serde_json::Result<(Value, bool)> {
    let error = match bounded::read(text) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    // First the writer is believed to have escaped its quotes. Otherwise only what follows a quote tells whether it ends a string, and
    // where that was wrong, two values are joined, mostly with a key of both.
    let with_its_quotes = || bounded::read(&mended(text, Quotes::End)?).ok();
    let with_other_quotes = || bounded::read_unique(&mended(text, Quotes::EndBefore)?).ok();
    let found = with_its_quotes().or_else(with_other_quotes).ok_or(error)?;
    repairs.note("mended-json");
    Ok(found)
}

fn feed(head: &Object, base: Option<&Url>) -> FeedDraft {
    FeedDraft {
        title: string(head, "title").map(guessed).map(with_empty_pairs),
        description: string(head, "description").map(guessed),
        link: link(head, "home_page_url", base),
        self_link: link(head, "feed_url", base),
        hub: objects(head, "hubs").find_map(|hub| link(hub, "url", base)),
        older: link(head, "next_url", base),
        language: string(head, "language").and_then(|l| language(&l)),
        authors: authors(head, base),
        image: link(head, "icon", base).or_else(|| link(head, "favicon", base)),
        ..FeedDraft::default()
    }
}

/// Reads an item. Some writers take the names of RSS or Atom for members of a JSON Feed, so these are read where JSON Feed's own
/// member is missing.
fn entry(item: &Object, base: Option<&Url>) -> EntryDraft {
    let html = string(item, "content_html").map(|html| Markup::Html(super::entities::joined(html)));
    let plain = || string(item, "content_text").map(Markup::Text);
    let content = html.or_else(plain).or_else(|| first(item, &["content", "content:encoded"]).map(guessed));
    let summary = first(item, &["summary", "description", "excerpt"]).map(guessed);
    // One text with commas is a list, too.
    let mut lists = ["tags", "categories", "category"].iter().filter_map(|name| item.get(*name)).map(listed);
    let tags = lists.find(|tags| !tags.is_empty()).unwrap_or_default();
    let id = first(item, &["id", "guid"]);
    let page = ["url", "external_url", "link"].iter().find_map(|name| link(item, name, base));
    // JSON Feed 1.1: ideally, the id is the address of the page.
    let of_id = || id.as_deref().filter(|id| address::is_absolute(id)).and_then(|id| address::absolute(None, id));
    let link_of = |name: &&str| link(item, name, base).or_else(|| link(item.get(*name)?.as_object()?, "url", base));
    EntryDraft {
        link: page.or_else(of_id),
        id,
        title: string(item, "title").map(guessed).map(with_empty_pairs),
        content,
        summary,
        authors: authors(item, base),
        categories: tags.into_iter().take(LIST + 1).map(|term| Category { term, scheme: None, label: None }).collect(),
        enclosures: objects(item, "attachments")
            .filter_map(|file| {
                Some(Enclosure {
                    url: link(file, "url", base)?,
                    media_type: string(file, "mime_type"),
                    length: file
                        .get("size_in_bytes")
                        .and_then(|size| size.as_u64().or_else(|| size.as_str()?.trim().parse().ok())),
                    text: string(file, "title").map(|title| escaped(&title)),
                    duration: file.get("duration_in_seconds").and_then(Value::as_f64).and_then(super::duration::whole),
                })
            })
            .take(LIST + 1)
            .collect(),
        published: first(item, &["date_published", "published", "pubDate", "date"]),
        updated: first(item, &["date_modified", "updated", "modified"]),
        base: base.map(ToString::to_string),
        language: string(item, "language").and_then(|l| language(&l)),
        image: ["image", "banner_image", "thumbnail"].iter().find_map(link_of),
        ..EntryDraft::default()
    }
}

/// Returns the persons of `authors` and `author`. Both may be a list, one object, or a name alone, although version 1.1 wants a list
/// of objects.
fn authors(object: &Object, base: Option<&Url>) -> Vec<Person> {
    let mut people = Vec::new();
    for stated in ["authors", "author"].iter().filter_map(|name| object.get(*name)) {
        for author in stated.as_array().map_or(std::slice::from_ref(stated), Vec::as_slice) {
            let person = match author {
                Value::Object(author) => {
                    let name = string(author, "name").unwrap_or_default();
                    Person { name, email: None, uri: link(author, "url", base) }
                }
                author => Person { name: scalar(author).unwrap_or_default(), ..Person::default() },
            };
            super::people::add(&mut people, Some(person).filter(|p| *p != Person::default()));
        }
    }
    people
}

/// Returns the objects of a list. One object that stands alone counts as a list.
fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
    let list = object.get(name).map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// Returns the texts of a list, or of one text with commas.
fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().take(LIST + 1).filter_map(scalar).collect(),
        Value::String(text) => {
            text.split([',', '،']).map(|word| word.trim().to_owned()).filter(|w| !w.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

fn link(object: &Object, name: &str, base: Option<&Url>) -> Option<String> {
    address::absolute(base, &string(object, name)?)
}

/// Returns a member as text. Numbers are accepted too, because many feeds use them as ids.
fn string(object: &Object, name: &str) -> Option<String> {
    scalar(object.get(name)?)
}

/// Returns the first of several members that is there.
fn first(object: &Object, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| string(object, name))
}

fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => {
            let text: String = text.trim().chars().filter(|c| super::charset::allowed(*c)).collect();
            without_marks(text.into()).into_owned()
        }
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
