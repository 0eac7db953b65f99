//! Tests of editions with awkward input: every parser must be able to read them, and they must contain what the view contains.

mod conformance;
mod sample;

use super::*;
use crate::model::uri::as_uri;
use sample::{awkward, plain, view};

fn document(view: &ChannelView, format: Format) -> String {
    String::from_utf8(render(view, &DocumentLinks::of_channel(view, format, None, None).unwrap(), format)).unwrap()
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(edition(&awkward(), format).unwrap(), edition(&awkward(), format).unwrap());
    }
}

#[test]
fn editions_of_awkward_stories_stay_as_they_are() {
    for format in Format::ALL {
        insta::assert_snapshot!(format!("awkward.{}", format.extension()), document(&awkward(), format));
    }
}

#[test]
fn an_empty_channel_is_a_valid_feed() {
    let empty = view(Vec::new());
    for format in Format::ALL {
        let text = document(&empty, format);
        conformance::check(format, &text);
    }
}

#[test]
fn editions_conform_to_their_specifications() {
    for format in Format::ALL {
        conformance::check(format, &document(&awkward(), format));
        conformance::check(format, &document(&plain(), format));
    }
}

#[test]
fn title_link_and_id_are_the_same_in_all_formats() {
    let view = awkward();
    let expected: Vec<_> = view
        .stories
        .iter()
        .map(|s| (s.iri.clone(), clean::clean(s.lead.title.as_str()).into_owned(), as_uri(&s.lead.link).into_owned()))
        .collect();
    for format in Format::ALL {
        assert_eq!(conformance::identities(format, &document(&view, format)), expected, "{format:?}");
    }
}

#[test]
fn feed_rs_reads_every_edition_whole() {
    let view = awkward();
    for format in Format::ALL {
        let text = document(&view, format);
        let feed = feed_rs::parser::Builder::new().build().parse(text.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), view.stories.len(), "{format:?}");
        for (entry, story) in feed.entries.iter().zip(&view.stories) {
            assert_eq!(entry.id, story.iri, "{format:?}");
            assert!(
                entry.content.as_ref().is_some_and(|c| c.body.as_ref().is_some_and(|b| !b.is_empty())),
                "{format:?}"
            );
        }
    }
}

#[test]
fn other_outlets_are_named_in_the_language_of_the_lead() {
    let text = document(&plain(), Format::Atom);
    assert!(
        text.contains("نشره أيضًا: <bdi><a href=\"https://fr.example/a?b=1&amp;c=2\" title=\"Pluie &quot;forte&quot;\"")
    );
    assert!(text.contains("<div dir=\"rtl\" lang=\"ar\">"));
    assert!(text.contains("Also reported by: <bdi>"));
    assert!(text.contains("Également publié par\u{a0}: <bdi>"));
    assert!(text.contains("<link rel=\"related\" hreflang=\"fr\" title=\"Le Journal: Pluie &#x22;forte&#x22;\""));
}

#[test]
fn a_title_that_looks_like_markup_is_sent_as_text() {
    let view = sample::markup_title();
    for format in Format::ALL {
        conformance::check(format, &document(&view, format));
    }
    // Atom declares the title as HTML, RSS escapes it for readers that expect HTML, and JSON needs neither.
    assert!(document(&view, Format::Atom).contains("<title type=\"html\">How to use &#x26;lt;/b&#x26;gt; &#x26;amp; "));
    assert!(
        document(&view, Format::Rss)
            .contains("<title>How to use &#x26;lt;/b&#x26;gt; &#x26;amp; &#x26;lt;br&#x26;gt;<")
    );
    assert!(document(&view, Format::Json).contains("\"title\":\"How to use </b> & <br>\""));
}

#[test]
fn a_channel_s_history_is_linked_both_ways() {
    let view = plain();
    let place = DocumentLinks::of_channel(&view, Format::Rss, Some(7), None).unwrap();
    let rss = String::from_utf8(render(&view, &place, Format::Rss)).unwrap();
    conformance::check(Format::Rss, &rss);
    assert!(rss.contains(
        "rel=\"prev-archive\" type=\"application/atom+xml\" href=\"http://127.0.0.1:8080/archive/all/7.atom\""
    ));
    for number in [1, 2] {
        let page = String::from_utf8(archive::render(&view, number).unwrap()).unwrap();
        conformance::check(Format::Atom, &page);
        conformance::check_archive(&page);
        let at = |n: u32| format!("http://127.0.0.1:8080/archive/all/{n}.atom");
        assert_eq!(page.contains("rel=\"prev-archive\""), number > 1);
        assert!(page.contains(&at(number)) && page.contains(&at(number + 1)));
    }
}

proptest::proptest! {
    #![proptest_config(crate::model::testing::cases())]

    /// Whatever the texts are, every format is valid, and a parser finds all entries.
    #[test]
    fn no_text_makes_an_edition_invalid(texts in proptest::collection::vec("\\PC{0,30}|[\\x00-\\x{ffff}]{0,12}|[</>b&#x;\\]\"'@ ]{0,20}", 12)) {
        let view = sample::made_of(&texts);
        for format in Format::ALL {
            let text = document(&view, format);
            conformance::check(format, &text);
            let feed = feed_rs::parser::Builder::new().build().parse(text.as_bytes()).unwrap();
            proptest::prop_assert_eq!(feed.entries.len(), view.stories.len());
        }
    }
}
