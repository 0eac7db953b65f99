//! Whether an entry's text is so short that its page should be fetched.

use crate::{
    model::{Entry, SafeHtml},
    normalise::text_of,
};

/// Minimum number of words of a complete text. A longer text can still be cut: see [`GOES_ON`].
const WHOLE: usize = 150;

/// Number of characters at the end of a text that are searched for [`GOES_ON`].
const TAIL: usize = 60;

/// Words that invite readers to read on, in lower case.
const GOES_ON: [&str; 14] = [
    "read more",
    "continue reading",
    "read the full",
    "read full",
    "lire la suite",
    "lire l'article",
    "lire l’article",
    "en savoir plus",
    "اقرأ المزيد",
    "إقرأ المزيد",
    "اقرأ أيضا",
    "للمزيد",
    "تابع القراءة",
    "المزيد",
];

/// Returns whether the page of an entry should be fetched: the entry has a link, and its text is missing, short or cut.
#[must_use]
pub fn wants_page(entry: &Entry) -> bool {
    let texts = [&entry.content, &entry.summary].into_iter().flatten();
    let longest = texts.max_by_key(|text| text.as_str().len());
    entry.link.is_some() && longest.is_none_or(|text| super::words(&entry.folded.body) < WHOLE || is_cut(text))
}

/// Returns whether a text ends with an ellipsis or an invitation to read on.
fn is_cut(text: &SafeHtml) -> bool {
    let text = text_of(text);
    let text = text.trim_end();
    let end = text.trim_end_matches([']', ')', '»', '"', ' ']);
    if end.ends_with('…') || end.ends_with("...") {
        return true;
    }
    let start = text.char_indices().rev().nth(TAIL).map_or(0, |(at, _)| at);
    let tail = text[start..].to_lowercase();
    GOES_ON.iter().any(|words| tail.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{EntryKey, Extras, FoldedText, RawHash},
        normalise::folded,
    };

    fn entry(link: Option<&str>, content: Option<&str>) -> Entry {
        let content = content.map(|text| SafeHtml::vouch(text.to_owned()));
        Entry {
            key: EntryKey("k".to_owned()),
            raw: RawHash(1),
            source_id: None,
            title: None,
            excerpt: None,
            link: link.map(str::to_owned),
            link_key: None,
            summary: None,
            folded: FoldedText { title: String::new(), body: content.as_ref().map_or_else(String::new, folded) },
            content,
            language: None,
            published: None,
            updated: None,
            believed: None,
            extras: Extras::default(),
            shown: 0,
            volatile: false,
            dropped: None,
        }
    }

    #[test]
    fn entries_without_text_and_with_a_cut_one_want_their_page() {
        let long = "<p>word</p>".repeat(WHOLE);
        let link = Some("https://a.example/1");
        assert!(wants_page(&entry(link, None)) && wants_page(&entry(link, Some("<p>short</p>"))));
        assert!(!wants_page(&entry(None, None)), "no page is known");
        assert!(!wants_page(&entry(link, Some(&long))));
        for end in
            [" […]", "…", " ...", " [...]", "<a href=\"x\">Read more »</a>", "<p>Lire la suite</p>", " اقرأ المزيد"]
        {
            assert!(wants_page(&entry(link, Some(&format!("{long}{end}")))), "{end}");
        }
        assert!(!wants_page(&entry(link, Some(&format!("Read more books! {long}")))));
    }
}
