//! Players of Media RSS: pages that play the sound or video of an entry.

use super::draft::EntryDraft;
use crate::model::Markup;
use crate::model::escape::{escaped, push_escaped};

/// Length from which a part of an address is taken for the id of a video, in bytes.
const ID: usize = 6;

/// Adds the player at `url` to the text of an entry whose media nothing else leads to, as the frame that a page would show.
/// `has_files` says whether it has sound or video as a file.
pub(super) fn add(draft: &mut EntryDraft, url: &str, has_files: bool) {
    let texts = [&draft.summary, &draft.content].into_iter().flatten();
    let id = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/').rsplit(['/', '=']).next().unwrap_or(url);
    let is_linked = |text: &str| text.contains(url) || id.len() >= ID && text.contains(id);
    if has_files || draft.link.as_deref().is_some_and(is_linked) || texts.map(Markup::as_str).any(is_linked) {
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
            (
                "<link>https://v.example/123456</link><media:player url='https://p.example/video/123456?x=1'/>"
                    .to_owned(),
                None,
                None,
            ),
        ] {
            let found = entry(&inside);
            let text = |markup: Option<crate::model::Markup>| markup.map(|markup| markup.as_str().to_owned());
            assert_eq!((text(found.summary), text(found.content)), (summary, content), "{inside}");
        }
    }
}
