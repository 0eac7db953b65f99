//! The feed around the entries: its element, its dialect, and what it says about itself.

use super::ParseContext;
use super::dates::Orders;
use super::draft::FeedDraft;
use super::entry::{guess, picture, readable, title};
use super::language::language;
use super::limits::{CANDIDATES, Limits};
use super::links::{Links, first};
use super::names::Tag;
use super::people;
use super::text::{self, Else};
use super::tree::{NodeId, TOP, Tree};
use crate::model::{DocumentFormat, Hints, address};

/// Position of the feed in a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    /// The root element of the dialect.
    pub id: NodeId,
    /// The element that describes the feed: the root or its channel.
    pub channel: NodeId,
    /// The dialect.
    pub format: DocumentFormat,
}

/// Finds the feed in a document, even inside an HTML page.
pub(super) fn find(tree: &Tree<'_>) -> Option<Root> {
    const ROOTS: [Tag; 4] = [Tag::Rss, Tag::RdfRoot, Tag::Feed, Tag::UrlSet];
    let all = tree.descend(TOP, |tag| !ROOTS.contains(&tag));
    // A page may be about feeds (`the <rss> element`); one around a feed contains a whole channel or entry.
    let is_page = tree.is_page();
    let is_whole = |tag, id| {
        matches!(tag, Tag::Channel | Tag::Item) && (tree.has_own_end(id) || tag == Tag::Item && is_list_item(tree, id))
    };
    let is_real = |tag, id| {
        let holds_whole = || tree.descend_by(id, |_, _| true).any(|(tag, id)| is_whole(tag, id));
        !is_page || if ROOTS.contains(&tag) { holds_whole() } else { is_whole(tag, id) }
    };
    let of = |wanted: &[Tag]| all.iter().copied().find(|(tag, id)| wanted.contains(tag) && is_real(*tag, *id));
    let (tag, id) = of(&ROOTS).or_else(|| of(&[Tag::Channel])).or_else(|| of(&[Tag::Item]))?;
    let channel = if tag == Tag::Channel { id } else { tree.child(id, Tag::Channel).unwrap_or(id) };
    Some(Root { id, channel, format: format(tree, tag, id) })
}

/// Returns whether an entry without an end tag, which the next one ended, has a title and an address or a text with theirs. Writers of
/// HTML leave out end tags as those of its list items.
fn is_list_item(tree: &Tree<'_>, id: NodeId) -> bool {
    let has = |wanted: &[Tag]| tree.elements(id).any(|(tag, child)| wanted.contains(&tag) && tree.has_own_end(child));
    tree.node(id).closed && has(&[Tag::Title]) && has(&[Tag::Link, Tag::Id, Tag::Description, Tag::Summary])
}

fn format(tree: &Tree<'_>, tag: Tag, id: NodeId) -> DocumentFormat {
    let version = tree.attr(id, "version").unwrap_or_default();
    let version = version.trim();
    let declares = |part: &str| tree.attrs(id).any(|(name, value)| name.starts_with("xmlns") && value.contains(part));
    match tag {
        Tag::RdfRoot if declares("rdf/simple/0.9") => DocumentFormat::Rss09,
        Tag::RdfRoot => DocumentFormat::Rss10,
        Tag::Feed if version.starts_with("0.") || declares("purl.org/atom/ns") => DocumentFormat::Atom03,
        Tag::Feed => DocumentFormat::Atom10,
        Tag::Item if tree.node(id).text.eq_ignore_ascii_case("entry") => DocumentFormat::Atom10,
        Tag::Channel => DocumentFormat::Cdf,
        Tag::UrlSet => DocumentFormat::NewsSitemap,
        _ if version.starts_with("0.9") => DocumentFormat::Rss09,
        _ => DocumentFormat::Rss20,
    }
}

/// Returns the orders of day and month in the dates of a feed and its entries, as far as the deadline allows.
pub(super) fn orders(tree: &Tree<'_>, root: Root, limits: &Limits) -> Orders {
    let inside = tree.descend_by(root.id, |_, node| node.tag != Tag::Item);
    let all = std::iter::once((Tag::Channel, root.id)).chain(inside);
    let parents = all.filter(|(tag, _)| matches!(tag, Tag::Channel | Tag::Item));
    let stated = |id| tree.elements(id).filter(|(tag, _)| tag.is_date()).take(CANDIDATES);
    let dates = parents.map(|(_, id)| stated(id).filter_map(|(_, date)| text::date(tree, date)).collect());
    Orders::of(dates.take_while(|_: &Vec<_>| limits.look().is_ok()))
}

/// Reads what the feed says about itself.
pub(super) fn read(tree: &Tree<'_>, root: Root, context: &ParseContext) -> FeedDraft {
    let mut feed = FeedDraft::default();
    if root.channel == root.id && tree.node(root.id).tag == Tag::Item {
        return feed;
    }
    let links = Links::read(tree, root.channel);
    feed.link = links.page;
    feed.self_link = links.own;
    feed.hub = links.hub;
    feed.older = links.archive.or(links.next);
    let (mut published, mut updated, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let mut others = [const { None }; 2];
    let mut images = [const { None }; 2];
    // RSS 0.90 and 1.0 put the picture next to the channel.
    let beside = tree.elements(root.id).filter(|(tag, _)| root.id != root.channel && *tag == Tag::Image);
    for (tag, child) in tree.elements(root.channel).chain(beside) {
        let stated = match tag {
            Tag::PubDate => &mut published,
            Tag::Updated => &mut updated,
            Tag::DcDate | Tag::Issued | Tag::Created => &mut other,
            Tag::Image | Tag::Logo => {
                first(&mut images[0], || picture(tree, child));
                continue;
            }
            Tag::ItunesImage | Tag::Icon => {
                first(&mut images[1], || picture(tree, child));
                continue;
            }
            Tag::ItunesSummary => {
                first(&mut others[0], || text::markup(tree, child, Else::Guess));
                continue;
            }
            Tag::ItunesSubtitle => {
                first(&mut others[1], || text::markup(tree, child, Else::Guess));
                continue;
            }
            _ => {
                describe(tree, tag, child, &mut feed);
                continue;
            }
        };
        if stated.len() < CANDIDATES {
            stated.extend(text::date(tree, child).map(std::borrow::Cow::into_owned));
        }
    }
    updated.extend(tree.attr(root.channel, "lastmod").map(std::borrow::Cow::into_owned));
    updated.append(&mut other);
    let [summary, subtitle] = others;
    feed.description = feed.description.or(summary).or(subtitle);
    feed.published = readable(published, context);
    // A channel that states only a publication date was last changed then.
    feed.updated = readable(updated, context).or_else(|| feed.published.clone());
    let [image, icon] = images;
    feed.image = image.or(icon);
    feed.language = feed.language.or_else(|| tree.lang(root.channel).and_then(language));
    if let Some(times) =
        tree.child(root.channel, Tag::UpdateFrequency).and_then(|id| text::plain(tree, id)?.parse().ok())
    {
        feed.hints.update_period_s = feed.hints.update_period_s.map(|period: u64| (period / u64::max(times, 1)).max(1));
    }
    feed.hints.skip_hours.sort_unstable();
    feed.hints.skip_hours.dedup();
    feed
}

fn describe(tree: &Tree<'_>, tag: Tag, child: NodeId, feed: &mut FeedDraft) {
    match tag {
        Tag::Title | Tag::DcTitle => first(&mut feed.title, || title(tree, child)),
        Tag::Description | Tag::DcDescription => first(&mut feed.description, || text::markup(tree, child, Else::Html)),
        Tag::Subtitle | Tag::Abstract | Tag::Summary => {
            first(&mut feed.description, || text::markup(tree, child, guess(tree, child)));
        }
        Tag::Language => first(&mut feed.language, || text::plain(tree, child).and_then(|text| language(&text))),
        Tag::Rights => first(&mut feed.rights, || text::markup(tree, child, Else::Guess)),
        Tag::Author | Tag::Editor | Tag::Creator => people::add_stated(&mut feed.authors, tree, child),
        Tag::ItunesAuthor if feed.authors.is_empty() => people::add_stated(&mut feed.authors, tree, child),
        Tag::Category | Tag::Subject | Tag::ItunesCategory | Tag::ItunesKeywords | Tag::Tags | Tag::MediaCategory => {
            people::categories(tree, tag, child, &mut feed.categories);
        }
        Tag::Generator => first(&mut feed.generator, || text::plain(tree, child).map(std::borrow::Cow::into_owned)),
        Tag::GeneratorAgent => first(&mut feed.generator, || {
            tree.attr(child, "resource").and_then(|url| address::absolute(tree.base(child), &url))
        }),
        _ => hint(tree, tag, child, &mut feed.hints),
    }
}

/// Reads the hints to pollers: `ttl`, `skipHours` and `skipDays` of RSS 2.0, and the period of the syndication module.
fn hint(tree: &Tree<'_>, tag: Tag, child: NodeId, hints: &mut Hints) {
    let number = || text::plain(tree, child).and_then(|text| text.parse::<u64>().ok());
    match tag {
        Tag::Ttl => hints.ttl_s = number().filter(|minutes| *minutes > 0).and_then(|minutes| minutes.checked_mul(60)),
        Tag::SkipHours => {
            let hours = tree.elements(child).filter(|(tag, _)| *tag == Tag::Hour);
            let hours = hours.filter_map(|(_, hour)| text::plain(tree, hour)?.parse::<u8>().ok());
            // 24 is midnight in RSS 0.91.
            hours.filter(|hour| *hour <= 24).map(|hour| hour % 24).for_each(|hour| {
                if !hints.skip_hours.contains(&hour) {
                    hints.skip_hours.push(hour);
                }
            });
        }
        Tag::SkipDays => {
            let days = tree.elements(child).filter(|(tag, _)| *tag == Tag::Day);
            let days = days.filter_map(|(_, day)| weekday(&text::plain(tree, day)?));
            days.for_each(|day| {
                if !hints.skip_days.iter().any(|known| known == day) {
                    hints.skip_days.push(day.to_owned());
                }
            });
        }
        Tag::UpdatePeriod => {
            let period = text::plain(tree, child).and_then(|text| match text.to_ascii_lowercase().as_str() {
                "hourly" => Some(3_600),
                "daily" => Some(86_400),
                "weekly" => Some(604_800),
                "monthly" => Some(2_592_000),
                "yearly" => Some(31_536_000),
                _ => None,
            });
            hints.update_period_s = period;
        }
        _ => {}
    }
}

fn weekday(text: &str) -> Option<&'static str> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    DAYS.into_iter().find(|day| day.eq_ignore_ascii_case(text.trim()))
}
