//! `tests/feeds`: hand-written documents, each with its expected reading, whole, twice and truncated.

use proptest::prelude::*;
use serde_json::Value;
use std::{collections::HashMap, fs, path::PathBuf};
use warraq::{
    cli::inspect,
    model::{Fault, PlainText, RawHash, SafeHtml},
    normalise, parse,
};

/// Returns the documents with their names and expected readings.
fn documents() -> Vec<(String, Vec<u8>, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "expected") {
            let expected = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let document = path.with_extension("");
            let name = document.file_name().unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read(&document).unwrap(), expected));
        }
    }
    assert!(found.len() > 20, "the folder is there");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn context() -> parse::ParseContext {
    parse::ParseContext { base: "https://outlet.example/feed.xml".parse().ok(), ..parse::ParseContext::default() }
}

/// Returns what `warraq inspect --json` prints for these bytes.
fn reading(bytes: &[u8]) -> Value {
    match parse::read(bytes, &context(), &|_| false) {
        Ok(feed) => inspect::inspect_json(&feed),
        Err(fault) => inspect::fault_json(&fault, None),
    }
}

/// Collects where `got` differs from `want`; members that `want` leaves out may have any value.
fn differences(at: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            for (name, want) in want {
                differences(&format!("{at}.{name}"), want, got.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
            for (n, (want, got)) in want.iter().zip(got).enumerate() {
                differences(&format!("{at}[{n}]"), want, got, found);
            }
        }
        _ if want == got => {}
        _ => found.push(format!("{at}: {got} where {want} is right")),
    }
}

#[test]
fn every_document_reads_as_it_should() {
    let mut wrong = Vec::new();
    for (name, bytes, expected) in documents() {
        differences(&name, &expected, &reading(&bytes), &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_cut_document_invents_and_alters_nothing() {
    for (name, bytes, _) in documents() {
        let whole = reading(&bytes);
        let entries: HashMap<&str, &Value> = keyed(&whole);
        for cut in 1..=20 {
            let part = &bytes[..bytes.len() * cut / 21];
            let read = reading(part);
            for (key, entry) in keyed(&read) {
                let original = entries.get(key).unwrap_or_else(|| panic!("{name}, cut {cut}: {key} is invented"));
                for member in ["id", "link", "title", "summary", "content", "published", "updated"] {
                    assert_eq!(entry[member], original[member], "{name}, cut {cut}: {member} of {key}");
                }
            }
        }
    }
}

fn keyed(reading: &Value) -> HashMap<&str, &Value> {
    let entries = reading["entries"].as_array().into_iter().flatten();
    entries.map(|entry| (entry["key"].as_str().unwrap(), entry)).collect()
}

#[test]
fn closed_entries_of_a_cut_document_are_kept() {
    let (_, bytes, _) = documents().into_iter().find(|(name, _, _)| name == "rss20.xml").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let end_of_first = text.find("</item>").unwrap() + "</item>".len();
    for end in [end_of_first, end_of_first + 30, text.rfind("</channel>").unwrap()] {
        let part = &text[..end];
        let read = reading(part.as_bytes());
        assert_eq!(read["entries"].as_array().unwrap().len(), part.matches("</item>").count());
        assert_eq!(read["partial"], true);
    }
}

#[test]
fn an_entry_whose_bytes_are_known_is_listed_and_not_read() {
    let (_, bytes, _) = documents().into_iter().find(|(name, _, _)| name == "rss20.xml").unwrap();
    let first = parse::read(&bytes, &context(), &|_| false).unwrap();
    let known = first.listed[0].raw;
    let again = parse::read(&bytes, &context(), &|raw: RawHash| raw == known).unwrap();
    assert_eq!(again.listed.len(), first.listed.len());
    assert_eq!((again.listed[0].raw, again.listed[0].entry.is_none()), (known, true));
    assert_eq!(again.listed[1], first.listed[1]);
    assert_eq!(again.title, first.title);
}

#[test]
fn a_corrected_headline_moves_no_key() {
    let document = |title: &str| {
        format!(
            "<rss version='2.0'><channel><item><title>{title}</title><link>https://x.example/1</link></item></channel></rss>"
        )
    };
    let key = |text: String| reading(text.as_bytes())["entries"][0]["key"].clone();
    assert_eq!(key(document("Hevy rain")), key(document("Heavy rain")));
}

#[test]
fn a_link_that_every_entry_shares_is_no_identity() {
    let item = |n: u32| format!("<item><title>{n}</title><link>https://x.example/</link></item>");
    let document = format!("<rss version='2.0'><channel>{}{}</channel></rss>", item(1), item(2));
    let feed = parse::read(document.as_bytes(), &context(), &|_| false).unwrap();
    assert!(feed.link_shared && feed.listed.iter().all(|listed| listed.link_repeats));
    let own = normalise::NormaliseContext {
        language: Some("ar"),
        now: jiff::Timestamp::UNIX_EPOCH,
        link_shared: feed.link_shared,
    };
    let entries: Vec<_> =
        feed.listed.into_iter().map(|listed| normalise::entry(*listed.entry.unwrap(), listed.raw, &own)).collect();
    assert_ne!(entries[0].key, entries[1].key);
    assert!(entries.iter().all(|entry| entry.link_key.is_none() && entry.language.as_deref() == Some("ar")));
}

#[test]
fn an_outlets_zone_is_for_dates_without_one() {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get("Africa/Casablanca").unwrap();
    let document =
        "<rss version='2.0'><channel><item><guid>1</guid><pubDate>2026-07-03 18:40</pubDate></item></channel></rss>";
    let feed = parse::read(document.as_bytes(), &parse::ParseContext { zone, ..context() }, &|_| false).unwrap();
    let published = feed.listed[0].entry.as_ref().unwrap().published.unwrap();
    assert_eq!(published.to_string(), "2026-07-03T17:40:00Z");
}

#[test]
fn people_are_told_what_was_wrong() {
    let (_, bytes, _) = documents().into_iter().find(|(name, _, _)| name == "broken-xml.xml").unwrap();
    let text = inspect::inspect_text(&parse::read(&bytes, &context(), &|_| false).unwrap());
    for words in
        ["RSS 2.0", "there is other text before the feed", "characters that XML forbids", "one < two", "entries      2"]
    {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
}

/// Generates text from pieces that feeds consist of, and pieces that break them.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<rss version='2.0'>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>",
        "<rdf:RDF>",
        "<channel>",
        "<item>",
        "<entry>",
        "<title>",
        "<link>",
        "<link href='http://x.example/1'/>",
        "<guid>",
        "<description>",
        "<content type='xhtml'>",
        "<div>",
        "</div>",
        "</content>",
        "</description>",
        "</guid>",
        "</link>",
        "</title>",
        "</entry>",
        "</item>",
        "</channel>",
        "</rdf:RDF>",
        "</feed>",
        "</rss>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE x [",
        "<!ENTITY a '&a;'>",
        "]>",
        "<?",
        "?>",
        "&",
        "&amp;",
        "&#0;",
        "&#x1F600;",
        "&nbsp;",
        "<",
        ">",
        "'",
        "\"",
        "=",
        "xmlns=",
        " ",
        "خبر",
        "é",
        "\u{200F}",
        "\u{FFFE}",
        "2026-11-02",
        "{\"items\":[",
        "{\"id\":1}",
        "]}",
        ",",
        "<author>a@b.example",
        "</author>",
        "<pubDate>٢",
        "</pubDate>",
        "<media:content url='a.jpg'>",
        "<category>",
        "</category>",
        "<source>",
        "</source>",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

/// Checks what must hold for any bytes: there is a result, and it contains nothing that could not be published.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let feed = match parse::read(bytes, &context(), &|_| false) {
        Ok(feed) => feed,
        Err(fault) => {
            prop_assert!(!matches!(fault, Fault::Parser(_)), "{fault}");
            return Ok(());
        }
    };
    let again = parse::read(bytes, &context(), &|_| false);
    prop_assert_eq!(again.as_ref(), Ok(&feed), "the same bytes read the same");
    let own =
        normalise::NormaliseContext { language: None, now: jiff::Timestamp::UNIX_EPOCH, link_shared: feed.link_shared };
    let mut keys = std::collections::HashSet::new();
    for listed in feed.listed {
        let Some(parsed) = listed.entry else { continue };
        prop_assert!(keys.insert(parsed.key.clone()), "{:?} twice", parsed.key);
        let entry = normalise::entry(*parsed, listed.raw, &own);
        prop_assert!(entry.link.as_deref().is_none_or(|link| link.starts_with("http")));
        let texts = [entry.summary.as_ref().map(SafeHtml::as_str), entry.content.as_ref().map(SafeHtml::as_str)];
        let title = entry.title.as_ref().map(PlainText::as_str);
        for text in texts.into_iter().chain([title]).flatten() {
            let forbidden =
                |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{FFFE}' | '\u{FFFF}');
            prop_assert!(!text.contains(forbidden), "{text:?}");
        }
        prop_assert!(title.is_none_or(|title| !title.contains('\n') && !title.is_empty()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        holds(&bytes)?;
    }

    #[test]
    fn any_mark_up_is_answered(soup in soup()) {
        holds(soup.as_bytes())?;
        holds(format!("<rss version='2.0'><channel><item>{soup}</item></channel></rss>").as_bytes())?;
    }

    #[test]
    fn any_damage_to_a_document_is_answered(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        damage in prop::collection::vec(any::<u8>(), 0..6),
        removed in 0_usize..12,
    ) {
        let documents = documents();
        let mut bytes = which.get(&documents).1.clone();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + removed);
        bytes.splice(at..end, damage);
        holds(&bytes)?;
    }
}
