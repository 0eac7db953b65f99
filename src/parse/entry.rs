//! Reads the element of one entry, in any XML dialect, into a draft.

mod media;

use super::ParseContext;
use super::dates;
use super::draft::EntryDraft;
use super::guess::{declared, with_empty_pairs};
use super::language::language;
use super::limits::{CANDIDATES, DATE, LIST};
use super::lines::with_lines;
use super::links::{Links, absolute_text, comments, first};
use super::names::Tag;
use super::people;
use super::players;
use super::text::{self, Else};
use super::tree::{NodeId, Tree};
use crate::model::escape::escaped;
use crate::model::{Enclosure, Markup, Person, SourceRef, address, is_credible};
use jiff::tz::TimeZone;
use media::{PictureForms, Size, media, media_text};

/// Texts and dates of one entry by their origin. The best is chosen once all are known.
#[derive(Debug, Default)]
struct Found {
    /// The last is that of a picture: often the name of its file.
    titles: [Option<Markup>; 4],
    /// Descriptions in order of appearance; by custom the second is the longer one (`itunes:summary`).
    descriptions: Vec<Markup>,
    /// Texts for an entry without a description: of files (`media:description`), what is said in them (`media:text`), and
    /// `itunes:subtitle`.
    other_texts: [Option<Markup>; 3],
    content: Option<Markup>,
    /// The full text for a service, often without pictures (`yandex:full-text`).
    full_text: Option<Markup>,
    /// The element whose base address and language apply to the entry's text.
    text_base: Option<NodeId>,
    title: Option<NodeId>,
    /// Authors of the feed that the entry was taken from.
    source_authors: Vec<Person>,
    /// Publication dates, best kind first.
    published: [Vec<String>; 4],
    updated: Vec<String>,
    images: [Option<String>; 5],
    /// Their sizes.
    sizes: [Option<Size>; 5],
    /// Whether there are more candidates of some kind than are read.
    more: bool,
    /// Files of Media RSS.
    files: Vec<Enclosure>,
    /// Which of them are pictures that may be there in other sizes too.
    forms: PictureForms,
    /// How long the sound or video takes, in seconds (`itunes:duration`).
    duration: Option<u32>,
    /// The page that plays its media (Media RSS, `media:player`).
    player: Option<String>,
}

impl Found {
    fn describe(&mut self, text: impl FnOnce() -> Option<Markup>) {
        if self.descriptions.len() < CANDIDATES {
            self.descriptions.extend(text());
        } else {
            self.more = true;
        }
    }
}

/// Reads the entry at `id`, whose addresses are `links`. `context` is needed to choose among its dates.
pub(super) fn read(tree: &Tree<'_>, id: NodeId, links: Links, context: &ParseContext) -> EntryDraft {
    let mut draft = EntryDraft { id: links.id, link: links.page, enclosures: links.files, ..EntryDraft::default() };
    let mut found = Found::default();
    for (tag, child) in tree.elements(id) {
        if !texts(tree, tag, child, &mut found) && !dates_of(tree, tag, child, &mut found) {
            others(tree, tag, child, &mut draft, &mut found);
        }
    }
    first(&mut draft.comments, || links.replies);
    if let Some(changed) = tree.attr(id, "lastmod") {
        found.updated.push(changed.into_owned());
    }
    let Found {
        titles: [own, episode, media, of_picture], descriptions, other_texts, published, updated, images, ..
    } = found;
    draft.more = found.more;
    draft.title = own.or(episode).or(media);
    let mut descriptions = descriptions.into_iter();
    draft.summary = descriptions.next();
    draft.content =
        found.content.or(found.full_text).or_else(|| descriptions.find(|d| Some(d) != draft.summary.as_ref()));
    if draft.summary.is_none() && draft.content.is_none() {
        draft.title = draft.title.or(of_picture);
        draft.summary = other_texts.into_iter().flatten().next();
    }
    draft.published = readable(published.into_iter().flatten().collect(), context);
    draft.updated = readable(updated, context);
    prefer_gregorian(&mut draft, &context.zone);
    let picture = draft.enclosures.iter().find(|e| is_picture(e.media_type.as_deref(), &e.url)).map(|e| e.url.clone());
    let [image, of_media, thumbnail, other, small] = images;
    // An attached picture is better than a mere preview.
    let is_shown = |kind: usize| picture.is_none() || !found.sizes[kind].is_some_and(Size::is_preview);
    let (of_media, thumbnail) = (of_media.filter(|_| is_shown(1)), thumbnail.filter(|_| is_shown(2)));
    draft.image = image.or(of_media).or(thumbnail).or(other).or(picture).or(small);
    for file in found.files {
        if draft.enclosures.len() <= LIST && !draft.enclosures.iter().any(|known| known.url == file.url) {
            draft.enclosures.push(file);
        }
    }
    if let Some(file) = draft.enclosures.iter_mut().find(|file| is_played(file)) {
        file.duration = file.duration.or(found.duration);
    }
    if let Some(player) = found.player {
        let has_files = draft.enclosures.iter().any(|file| !is_picture(file.media_type.as_deref(), &file.url));
        players::add(&mut draft, &player, has_files);
    }
    let text_base = found.text_base.unwrap_or(id);
    draft.base = tree.base(text_base).map(ToString::to_string);
    draft.is_base_stated = tree.has_own_base(text_base);
    // RFC 4287 4.2.1: an entry without authors takes those of its source, before those of the feed.
    if draft.authors.is_empty() {
        draft.authors = found.source_authors;
    }
    let stated = [Some(id), found.title, found.text_base].into_iter().flatten().find_map(|id| tree.lang(id));
    draft.language = draft.language.or_else(|| stated.and_then(language));
    draft
}

/// Drops a date that had to be converted from another calendar if the entry has a Gregorian one of the other kind.
pub(super) fn prefer_gregorian(draft: &mut EntryDraft, zone: &TimeZone) {
    let converted = |date: &Option<String>| date.as_deref().is_some_and(dates::is_converted);
    let stated = |date: &Option<String>| date.as_deref().is_some_and(|date| dates::instant(date, zone).is_some());
    if converted(&draft.published) && stated(&draft.updated) && !converted(&draft.updated) {
        draft.published = None;
    } else if converted(&draft.updated) && stated(&draft.published) && !converted(&draft.published) {
        draft.updated = None;
    }
}

/// Reads titles and texts. Returns whether the tag is one of them.
fn texts(tree: &Tree<'_>, tag: Tag, child: NodeId, found: &mut Found) -> bool {
    match tag {
        Tag::Title | Tag::DcTitle => first(&mut found.titles[0], || title(tree, child)),
        Tag::ItunesTitle => first(&mut found.titles[1], || title(tree, child)),
        Tag::MediaTitle => first(&mut found.titles[2], || media_text(tree, child).map(with_empty_pairs)),
        Tag::Description | Tag::DcDescription => found.describe(|| text::markup(tree, child, Else::Html)),
        Tag::ItunesSummary => found.describe(|| text::markup(tree, child, guess(tree, child)).map(with_lines)),
        Tag::Summary | Tag::Abstract => {
            found.describe(|| text::markup(tree, child, guess(tree, child)));
        }
        Tag::MediaDescription => first(&mut found.other_texts[0], || media_text(tree, child)),
        Tag::MediaText => first(&mut found.other_texts[1], || media_text(tree, child)),
        Tag::ItunesSubtitle => first(&mut found.other_texts[2], || text::markup(tree, child, guess(tree, child))),
        Tag::FullText => first(&mut found.full_text, || text::markup(tree, child, Else::Html)),
        Tag::Content => first(&mut found.content, || text::markup(tree, child, guess(tree, child))),
        Tag::Encoded => first(&mut found.content, || text::markup(tree, child, Else::Html)),
        Tag::Body => first(&mut found.content, || text::markup(tree, child, Else::Xhtml)),
        _ => return false,
    }
    let text = matches!(tag, Tag::Content | Tag::Encoded | Tag::Body);
    if text || matches!(tag, Tag::Description | Tag::Summary) && found.text_base.is_none() {
        found.text_base = Some(child);
    } else if tag == Tag::Title {
        found.title = Some(child);
    }
    true
}

/// Reads a title. A title of Atom that declares its type is taken as declared.
pub(super) fn title(tree: &Tree<'_>, child: NodeId) -> Option<Markup> {
    let title = with_empty_pairs(text::markup(tree, child, guess(tree, child))?);
    let is_declared = tree.is_atom && tree.attr(child, "type").is_some();
    Some(if is_declared { declared(title) } else { title })
}

/// Returns how to read a text that declares no type: Atom says it is plain text (RFC 4287 3.1.1), in other dialects it is
/// guessed.
pub(super) fn guess(tree: &Tree<'_>, child: NodeId) -> Else {
    if tree.is_atom && tree.attr(child, "type").is_none() { Else::Plain } else { Else::Guess }
}

fn dates_of(tree: &Tree<'_>, tag: Tag, child: NodeId, found: &mut Found) -> bool {
    let slot = match tag {
        Tag::PubDate => &mut found.published[0],
        Tag::Issued => &mut found.published[1],
        Tag::DcDate => &mut found.published[2],
        Tag::Created | Tag::PrismDate => &mut found.published[3],
        Tag::Updated => &mut found.updated,
        _ => return false,
    };
    if slot.len() < CANDIDATES {
        let date = text::date(tree, child).filter(|text| text.len() <= DATE);
        slot.extend(date.map(std::borrow::Cow::into_owned));
    } else {
        found.more = true;
    }
    true
}

/// Returns the first credible date, else the first readable one, else the first. Programs write 1970 for a date that they do not know,
/// and a year ahead for one that never comes. A single date is not checked here.
pub(super) fn readable(mut dates: Vec<String>, context: &ParseContext) -> Option<String> {
    if dates.len() > 1 {
        let read = |text: &String| dates::instant(text, &context.zone).map(|at| is_credible(at, context.now));
        // Nearly always this is the one.
        if read(&dates[0]) == Some(true) && !dates::is_converted(&dates[0]) {
            dates.truncate(1);
            return dates.pop();
        }
        let read: Vec<_> = dates.iter().map(read).collect();
        // A date that had to be converted is the last resort.
        let first = |credible: bool| {
            let mut found = (0..dates.len()).filter(|at| read[*at] == Some(true) || !credible && read[*at].is_some());
            found.clone().find(|at| !dates::is_converted(&dates[*at])).or_else(|| found.next())
        };
        if let Some(at) = first(true).or_else(|| first(false)) {
            return Some(dates.swap_remove(at));
        }
    }
    dates.into_iter().next()
}

fn others(tree: &Tree<'_>, tag: Tag, child: NodeId, draft: &mut EntryDraft, found: &mut Found) {
    match tag {
        Tag::Author | Tag::Creator | Tag::Editor => people::add_stated(&mut draft.authors, tree, child),
        Tag::ItunesAuthor if draft.authors.is_empty() => people::add_stated(&mut draft.authors, tree, child),
        Tag::Contributor | Tag::DcContributor => people::add_stated(&mut draft.contributors, tree, child),
        Tag::Category
        | Tag::Subject
        | Tag::ItunesCategory
        | Tag::ItunesKeywords
        | Tag::Tags
        | Tag::MediaCategory
        | Tag::MediaKeywords => people::categories(tree, tag, child, &mut draft.categories),
        Tag::Rights => first(&mut draft.rights, || text::markup(tree, child, Else::Guess)),
        Tag::Comments => first(&mut draft.comments, || comments(tree, child)),
        // One more than is kept, so that a longer list is noticed.
        Tag::Enclosure if draft.enclosures.len() > LIST => {}
        Tag::Enclosure => draft.enclosures.extend(enclosure(tree, child)),
        Tag::Source => source(tree, child, draft, found),
        Tag::Language => first(&mut draft.language, || text::plain(tree, child).and_then(|text| language(&text))),
        Tag::Image | Tag::ItunesImage | Tag::NewsImage => first(&mut found.images[3], || picture(tree, child)),
        Tag::PlainThumbnail => first(&mut found.images[4], || picture(tree, child)),
        Tag::ItunesDuration => first(&mut found.duration, || super::duration::seconds(&text::plain(tree, child)?)),
        Tag::MediaGroup | Tag::MediaContent | Tag::Thumbnail | Tag::MediaPlayer => {
            media(tree, tag, child, draft, found);
        }
        _ => {}
    }
}

/// Reads an `enclosure` (RSS 2.0).
fn enclosure(tree: &Tree<'_>, id: NodeId) -> Option<Enclosure> {
    let attr = |name| tree.attr(id, name).filter(|v| !v.trim().is_empty());
    let url = attr("url").or_else(|| attr("href")).or_else(|| attr("uri")).or_else(|| text::plain(tree, id))?;
    Some(Enclosure {
        url: address::absolute(tree.base(id), &url)?,
        media_type: attr("type").map(|t| t.trim().to_ascii_lowercase()),
        length: attr("length").and_then(|length| length.trim().parse().ok()),
        text: attr("title").map(|title| escaped(&title)),
        duration: None,
    })
}

/// Returns whether a file is sound or video.
fn is_played(file: &Enclosure) -> bool {
    file.media_type.as_deref().is_some_and(|kind| kind.starts_with("audio/") || kind.starts_with("video/"))
}

/// Reads a `source`: an attribute and a text in RSS, a small feed in Atom (RFC 4287 4.2.11) whose authors count for the entry.
fn source(tree: &Tree<'_>, id: NodeId, draft: &mut EntryDraft, found: &mut Found) {
    let plain = |markup: Markup| match markup {
        Markup::Text(text) | Markup::Html(text) => text,
    };
    let inner = Links::read(tree, id);
    for (_, author) in tree.elements(id).filter(|(tag, _)| *tag == Tag::Author) {
        people::add_stated(&mut found.source_authors, tree, author);
    }
    let title = match tree.child(id, Tag::Title) {
        Some(title) => text::markup(tree, title, Else::Guess).map(plain),
        None => text::plain(tree, id).map(std::borrow::Cow::into_owned),
    };
    let link = tree.attr(id, "url").and_then(|url| address::absolute(tree.base(id), &url));
    let link = link.or(inner.page).or(inner.own);
    if title.is_some() || link.is_some() {
        draft.source = Some(SourceRef { title, link });
    }
}

/// Returns the address of a picture element: `href` or `url` as an attribute, as a child, or as text.
pub(super) fn picture(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    let attr = |name| tree.attr(id, name).and_then(|url| address::absolute(tree.base(id), &url));
    attr("href")
        .or_else(|| attr("url"))
        .or_else(|| absolute_text(tree, tree.child(id, Tag::Url)?))
        .or_else(|| absolute_text(tree, id))
        .or_else(|| attr("resource"))
}

fn is_picture(media_type: Option<&str>, url: &str) -> bool {
    if let Some(media_type) = media_type.map(str::trim).filter(|t| !t.is_empty()) {
        return media_type.get(..6).is_some_and(|t| t.eq_ignore_ascii_case("image/"));
    }
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"].iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests;
