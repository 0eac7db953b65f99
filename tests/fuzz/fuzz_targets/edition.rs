//! A document to an edition and back: whatever an outlet writes, each format that Warraq publishes is a whole feed without
//! repairs, with one entry for each story.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use warraq::{
    model::{ChannelView, EntryId, ParsedFeed, PlainText, ReportView, StoryId, StoryView},
    normalise,
    parse::{ParseContext, read},
    publish::{DocumentLinks, Format, render},
};

const BASE: &str = "https://ville.example.ma/feed";

fn view(feed: ParsedFeed, at: Timestamp) -> ChannelView {
    let stated = feed.listed.into_iter().filter_map(|listed| listed.entry).take(50);
    let stories = stated.zip(1..).map(|(entry, n)| {
        let title = entry.title.as_ref().and_then(normalise::plain);
        let page = entry.link.as_deref();
        let content = entry.content.as_ref().and_then(|text| normalise::html(text, Some(BASE), page));
        let lead = ReportView {
            entry: EntryId(n),
            title: title.unwrap_or_else(|| PlainText::vouch("ville".to_owned())),
            link: format!("https://ville.example.ma/{n}"),
            source_id: None,
            published: at,
            language: None,
            title_language: None,
            text_language: None,
            summary: entry.summary.as_ref().and_then(|text| normalise::html(text, Some(BASE), page)),
            content,
            authors: entry.authors,
            contributors: Vec::new(),
            categories: entry.categories,
            enclosures: entry.enclosures,
            rights: None,
            image: None,
            comments: None,
            outlet: "ville".to_owned(),
            outlet_name: "La Ville".to_owned(),
            feed_url: BASE.to_owned(),
            feed_link: None,
            feed_updated: at,
        };
        StoryView { id: StoryId(n), iri: format!("tag:ville.example.ma,2026:{n}"), order_at: at, updated: at, lead, also: Vec::new() }
    });
    ChannelView {
        slug: "all".to_owned(),
        title: "Warraq".to_owned(),
        subtitle: None,
        outlet_in_title: false,
        public_url: "https://news.example.org/".parse().expect("an address"),
        language: None,
        updated: Some(at),
        stories: stories.collect(),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let context = ParseContext { base: BASE.parse().ok(), ..ParseContext::default() };
    let Ok(feed) = read(bytes, &context, &|_| false) else { return };
    let view = view(feed, Timestamp::from_second(1_793_611_800).expect("in range"));
    for format in [Format::Atom, Format::Rss, Format::Json] {
        let links = DocumentLinks::of_channel(&view, format, None, None).expect("the base is an address");
        let published = render(&view, &links, format);
        let again = read(&published, &ParseContext::default(), &|_| false);
        let again = again.unwrap_or_else(|fault| panic!("{format:?}: {fault}: {}", String::from_utf8_lossy(&published)));
        // A text that looks as if it had been encoded twice is published as it was read.
        let repairs: Vec<_> = again.repairs.iter().filter(|name| **name != "encoded-twice").collect();
        assert!(repairs.is_empty() && !again.partial, "{format:?}: {repairs:?}");
        assert_eq!(again.listed.len(), view.stories.len(), "{format:?}");
    }
});
