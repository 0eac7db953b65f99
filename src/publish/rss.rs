//! RSS 2.0, following the RSS Advisory Board's profile.

use super::body;
use super::clean::{clean, is_blank};
use super::values::{is_enclosure_url, language, media_type_or_guess, plausible_date, rfc822};
use super::xml::Xml;
use super::{ChannelView, DocumentLinks, Format, History};
use crate::model::uri::{as_uri, is_http};
use crate::model::{Category, ReportView, StoryView};
use std::borrow::Cow;

/// Renders the document.
pub(super) fn render(view: &ChannelView, place: &DocumentLinks) -> Vec<u8> {
    let mut xml = Xml::new(super::capacity(view));
    xml.open(
        "rss",
        &[
            ("version", Some("2.0")),
            ("xmlns:atom", Some("http://www.w3.org/2005/Atom")),
            ("xmlns:content", Some("http://purl.org/rss/1.0/modules/content/")),
            ("xmlns:dc", Some("http://purl.org/dc/elements/1.1/")),
            ("xmlns:media", Some("http://search.yahoo.com/mrss/")),
        ],
    );
    xml.open("channel", &[]);
    xml.text("title", &[], &plain(&view.title));
    xml.text("link", &[], place.page.as_str());
    xml.text("description", &[], &plain(body::subtitle(view)));
    if let Some(tag) = language(view.language.as_deref()) {
        xml.text("language", &[], tag);
    }
    if let Some(updated) = view.updated.and_then(plausible_date) {
        xml.text("lastBuildDate", &[], &rfc822(updated));
    }
    xml.text("generator", &[], "Warraq");
    xml.text("docs", &[], "https://www.rssboard.org/rss-specification");
    links(&mut xml, place);
    image(&mut xml, view, place);
    for story in &view.stories {
        item(&mut xml, story, view);
    }
    xml.close("channel");
    xml.close("rss");
    xml.into_bytes()
}

/// Writes `atom:link` elements. The profile asks for the feed's own address, for which RSS has no element.
fn links(xml: &mut Xml, place: &DocumentLinks) {
    let media_type = Some(Format::Rss.bare_media_type());
    xml.empty("atom:link", &[("rel", Some("self")), ("type", media_type), ("href", Some(place.this.as_str()))]);
    if let Some(hub) = &place.hub {
        xml.empty("atom:link", &[("rel", Some("hub")), ("href", Some(hub.as_str()))]);
    }
    if let History::Before(newest) = &place.history {
        // The archive exists only in Atom; RFC 5005 4 allows RSS to link to it.
        let media_type = Some(Format::Atom.bare_media_type());
        let href = Some(newest.as_str());
        xml.empty("atom:link", &[("rel", Some("prev-archive")), ("type", media_type), ("href", href)]);
    }
}

/// The channel's picture; its title and link are the channel's, as the profile wants.
fn image(xml: &mut Xml, view: &ChannelView, place: &DocumentLinks) {
    xml.open("image", &[]);
    xml.text("url", &[], &body::icon(view));
    xml.text("title", &[], &plain(&view.title));
    xml.text("link", &[], place.page.as_str());
    xml.close("image");
}

fn item(xml: &mut Xml, story: &StoryView, view: &ChannelView) {
    let lead = &story.lead;
    let link = as_uri(&lead.link);
    xml.open("item", &[]);
    xml.text("title", &[], &plain(&body::title(view, lead)));
    xml.text("link", &[], &link);
    // An id that is the article's address is its permalink; any other id is only a name.
    let permalink = if is_http(&story.iri) && story.iri == link { "true" } else { "false" };
    xml.text("guid", &[("isPermaLink", Some(permalink))], &story.iri);
    if let Some(published) = plausible_date(lead.published) {
        xml.text("pubDate", &[], &rfc822(published));
    }
    creators(xml, lead);
    let own = language(lead.language.as_deref()).filter(|&tag| Some(tag) != language(view.language.as_deref()));
    if let Some(tag) = own {
        xml.text("dc:language", &[], tag);
    }
    for category in &lead.categories {
        self::category(xml, category);
    }
    if let Some(rights) = lead.rights.as_deref().filter(|r| !is_blank(r)) {
        xml.text("dc:rights", &[], &plain(rights));
    }
    if let Some(comments) = lead.comments.as_deref().map(as_uri).filter(|url| is_http(url)) {
        xml.text("comments", &[], &comments);
    }
    if let Some(page) = body::story_page(story, &view.public_url) {
        xml.empty("atom:link", &[("rel", Some("collection")), ("type", Some("text/html")), ("href", Some(&page))]);
    }
    enclosure(xml, lead);
    if let Some(image) = lead.image.as_deref().map(as_uri).filter(|url| is_http(url)) {
        xml.empty("media:thumbnail", &[("url", Some(&image))]);
    }
    xml.text("source", &[("url", Some(&as_uri(&lead.feed_url)))], &plain(&lead.outlet_name));
    // The profile wants the description before the full text.
    xml.text("description", &[], &body::description(story));
    xml.html("content:encoded", &[], &body::html(story, &view.public_url));
    xml.close("item");
}

/// Writes the authors as `dc:creator`, which takes a name, one element per author. RSS's `author` would need an e-mail address.
fn creators(xml: &mut Xml, lead: &ReportView) {
    let names: Vec<String> = lead.authors.iter().filter_map(|author| body::byline(author, lead)).collect();
    if names.is_empty() {
        xml.text("dc:creator", &[], &plain(&lead.outlet_name));
    }
    for name in names {
        xml.text("dc:creator", &[], &name);
    }
    for name in lead.contributors.iter().filter_map(body::signature) {
        xml.text("dc:contributor", &[], &name);
    }
}

fn category(xml: &mut Xml, category: &Category) {
    let shown = category.label.as_deref().unwrap_or(&category.term).trim();
    if !is_blank(shown) {
        xml.text("category", &[("domain", category.scheme.as_deref())], &plain(shown));
    }
}

/// Writes the enclosure. The profile allows at most one, with address, type and length (0 if unknown).
fn enclosure(xml: &mut Xml, lead: &ReportView) {
    let Some((file, url)) = lead.enclosures.iter().map(|f| (f, as_uri(&f.url))).find(|(_, u)| is_enclosure_url(u))
    else {
        return;
    };
    let length = file.length.unwrap_or(0).to_string();
    let media_type = media_type_or_guess(file.media_type.as_deref(), &url);
    xml.empty("enclosure", &[("url", Some(&url)), ("length", Some(&length)), ("type", Some(media_type))]);
}

/// Returns plain text for an element that some readers take for text and others for HTML. If the text contains what an HTML
/// parser would take for a tag, all of it is escaped as HTML. Readers that expect text then show the references, readers that
/// expect HTML show the text, and none runs it.
fn plain(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !looks_like_markup(&text) {
        return text;
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// Returns whether an HTML tokeniser would find markup in the text (HTML 13.2.5.6, tag open state).
fn looks_like_markup(text: &str) -> bool {
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'<' && bytes.peek().is_some_and(|next| next.is_ascii_alphabetic() || b"/!?".contains(next)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
    use proptest::prelude::*;
    use std::cell::RefCell;

    /// What an HTML parser reads from a text: its characters, and whether there was anything else.
    #[derive(Default)]
    struct Seen(RefCell<(String, bool)>);

    impl TokenSink for Seen {
        type Handle = ();

        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            let mut seen = self.0.borrow_mut();
            match token {
                Token::CharacterTokens(text) => seen.0.push_str(&text),
                Token::TagToken(_) | Token::CommentToken(_) | Token::DoctypeToken(_) => seen.1 = true,
                _ => {}
            }
            TokenSinkResult::Continue
        }
    }

    fn as_html(text: &str) -> (String, bool) {
        let input = BufferQueue::default();
        input.push_back(text.into());
        let tokenizer = Tokenizer::new(Seen::default(), TokenizerOpts::default());
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        tokenizer.sink.0.into_inner()
    }

    #[test]
    fn what_looks_like_a_tag_is_escaped_whole() {
        assert_eq!(plain("<img src=x onerror=alert(1)> & <3"), "&lt;img src=x onerror=alert(1)&gt; &amp; &lt;3");
        assert_eq!(plain("a </x"), "a &lt;/x");
        assert_eq!(plain("1 < 2 && I <3 you -> x"), "1 < 2 && I <3 you -> x");
        assert_eq!(plain("<\u{1b}b>"), "&lt;b&gt;", "as it is after cleaning");
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn no_title_holds_a_tag_and_decoding_gives_it_back(title in "[<>/!?&;a-z#0-9 \"'=\u{0}\u{1b}\u{fffd}خ-]{0,40}|\\PC{0,40}") {
            let title = clean(&title).into_owned();
            let (text, has_markup) = as_html(&plain(&title));
            prop_assert!(!has_markup, "{title}");
            if looks_like_markup(&title) {
                prop_assert_eq!(text, title);
            } else {
                prop_assert_eq!(plain(&title), title.as_str());
            }
        }
    }
}
