//! Players of Media RSS: pages that play the sound or video of an entry.

use super::draft::EntryDraft;
use crate::model::escape::{escaped, push_escaped};
use crate::model::{Markup, link};
use std::ops::RangeInclusive;

/// Lengths that ids of videos have, in bytes.
const ID: RangeInclusive<usize> = 6..=64;

/// Maximum number of parts of an address that are taken for ids.
const IDS: usize = 4;

/// Adds the player at `url` to the text of an entry whose media nothing else leads to, as the frame that a page would show.
/// `has_files` says whether it has sound or video as a file.
pub(super) fn add(draft: &mut EntryDraft, url: &str, has_files: bool) {
    if has_files || is_linked(draft, url) {
        return;
    }
    let slot = if draft.content.is_some() || draft.summary.is_none() { &mut draft.content } else { &mut draft.summary };
    let mut html = match slot.take() {
        Some(Markup::Html(html)) => html,
        // As a text without mark-up is shown.
        Some(Markup::Text(text)) => escaped(text.trim()).replace('\n', "<br>\n"),
        None => String::new(),
    };
    html.push_str("<p><iframe src=\"");
    push_escaped(&mut html, url);
    html.push_str("\"></iframe></p>");
    *slot = Some(Markup::Html(html));
}

/// Returns whether the page or the text of an entry leads to the media of the player at `url`.
fn is_linked(draft: &EntryDraft, url: &str) -> bool {
    let page = draft.link.as_deref();
    if page.is_some_and(|page| is_page_of(page, url)) {
        return true;
    }
    let texts = [&draft.summary, &draft.content].into_iter().flatten().map(Markup::as_str);
    let ids: Vec<&str> = ids(url).collect();
    texts.chain(page).any(|text| text.contains(url) || ids.iter().any(|id| text.contains(id)))
}

/// Returns whether a page is that of a player, whose address may have more parameters.
fn is_page_of(page: &str, player: &str) -> bool {
    let (Some(page), Some(player)) = (link::canonical(page), link::canonical(player)) else { return false };
    player.strip_prefix(&page).is_some_and(|rest| rest.is_empty() || page.contains('?') && rest.starts_with('&'))
}

/// Returns the parts of an address that may be the id of its video: values of its query, else names in its path, the last first. A word
/// without digits or capitals is none.
fn ids(url: &str) -> impl Iterator<Item = &str> {
    let (path, query) = url.split('#').next().unwrap_or(url).split_once('?').unwrap_or((url, ""));
    let values = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let names = path.rsplit('/').filter_map(|name| name.split('.').next());
    let is_id = |part: &&str| {
        let has = |is: fn(&char) -> bool| part.chars().any(|c| is(&c));
        ID.contains(&part.len())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && (has(char::is_ascii_digit) || has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase))
    };
    values.chain(names).filter(is_id).take(IDS)
}

#[cfg(test)]
mod tests {
    use crate::model::ParsedEntry;
    use crate::parse::{ParseContext, read};

    fn entry(inside: &str) -> ParsedEntry {
        let text = format!("<rss><channel><item><title>T</title>{inside}</item></channel></rss>");
        let mut feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        *feed.listed.remove(0).entry.unwrap()
    }

    #[test]
    fn a_player_that_nothing_else_leads_to_is_part_of_the_text() {
        let frame = "<p><iframe src=\"https://v.example/watch/9\"></iframe></p>";
        let player = "<media:player url='https://v.example/watch/9'/>";
        let link = "<link>https://n.example/1</link>";
        let inside_file = format!("<media:content medium='video'>{player}</media:content>");
        for (inside, summary, content) in [
            (format!("{link}{player}"), None, Some(frame.to_owned())),
            (format!("{link}{inside_file}"), None, Some(frame.to_owned())),
            (
                format!("{link}{player}<description>a &lt;b>b&lt;/b></description>"),
                Some(format!("a <b>b</b>{frame}")),
                None,
            ),
            (format!("{player}<link>https://v.example/watch/9</link>"), None, None),
            (player.to_owned(), None, None),
            (format!("{link}{player}<enclosure url='https://v.example/9.mp4' type='video/mp4'/>"), None, None),
            (format!("{link}{player}<media:content url='https://v.example/9.mp4' medium='video'/>"), None, None),
        ] {
            let found = entry(&inside);
            let text = |markup: Option<crate::model::Markup>| markup.map(|markup| markup.as_str().to_owned());
            assert_eq!((text(found.summary), text(found.content)), (summary, content), "{inside}");
        }
    }

    #[test]
    fn a_page_of_the_same_video_is_enough() {
        for (link, player, is_shown) in [
            ("https://v.example/123456", "https://p.example/video/123456?x=1", false),
            ("http://www.v.example/watch/9/", "https://v.example/watch/9?utm_source=rss", false),
            ("https://v.example/watch?v=abcdefghijk", "https://www.v.example/watch?v=abcdefghijk&amp;feature=f", false),
            ("https://v.example/watch?v=aBcdefghijk", "https://www.v.example/v/aBcdefghijk?f=videos", false),
            ("https://v.example/123456789", "https://v.example/moogaloop.swf?clip_id=123456789", false),
            ("https://v.example/", "https://v.example/watch/9", true),
            ("https://v.example/watch?v=abcdefghijk", "https://v.example/watch?v=abcdefghijl", true),
            // What is the same in both names no video.
            ("https://n.example/player.php?p=1", "https://v.example/player.php?v=1", true),
            ("https://n.example/a/embedded", "https://v.example/embedded/9", true),
        ] {
            let found = entry(&format!("<link>{}</link><media:player url='{player}'/>", link.replace('&', "&amp;")));
            assert_eq!(found.content.is_some(), is_shown, "{link} {player}");
        }
    }
}
