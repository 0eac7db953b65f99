//! The hash of what a reader sees of an entry.

use super::volatile::{bare, steady_address, steady_file, steady_html, steady_title};
use crate::model::{Entry, Extras, PlainText, SafeHtml};
use std::borrow::Cow;

/// Hashes everything that a reader sees and an outlet edits. Stated dates are excluded, because many outlets state the time of
/// the poll, and so are counters in the title, clocks in the text, the queries of addresses, and differences of serialisation
/// (typographic quotes among them): see [`super::volatile`]. Also returns whether the entry has anything of that kind except the last,
/// and so may need a refresh although nothing was edited.
pub(super) fn shown(
    title: Option<&PlainText>,
    link: Option<&str>,
    texts: [Option<&SafeHtml>; 2],
    extras: &Extras,
) -> (i64, bool) {
    let (title, has_counter) = steady_title(title.map_or("", PlainText::as_str));
    let [(summary, summary_varies), (content, content_varies)] =
        texts.map(|html| steady_html(html.map_or("", SafeHtml::as_str)));
    let has_query = |address: &str| bare(address).len() < address.len();
    let image = extras.image.as_deref().map(steady_file);
    let files: Vec<Cow<'_, str>> = extras.enclosures.iter().map(|file| steady_file(&file.url)).collect();
    let varies = has_counter
        || summary_varies
        || content_varies
        || link.is_some_and(has_query)
        || extras.image.iter().zip(&image).any(|(image, steady)| steady.len() < image.len())
        || extras.enclosures.iter().zip(&files).any(|(file, steady)| steady.len() < file.url.len());
    let link = link.map(steady_address).unwrap_or_default();
    let image = image.unwrap_or_default();
    let rights = extras.rights.as_deref().unwrap_or_default();
    let mut parts = vec![title.as_ref(), &link, &summary, &content, &image, rights];
    // Content systems list both in the order of a database without ORDER BY.
    let mut names: Vec<&str> = extras.authors.iter().map(|person| person.name.as_str()).collect();
    let mut terms: Vec<&str> = extras.categories.iter().map(|category| category.term.as_str()).collect();
    names.sort_unstable();
    terms.sort_unstable();
    parts.extend(names);
    parts.push("");
    parts.extend(terms);
    parts.push("");
    parts.extend(files.iter().map(AsRef::as_ref));
    (Entry::hash_shown(&parts), varies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Category, Person};

    #[test]
    fn order_of_authors_and_spelling_of_addresses_are_no_edits() {
        let of = |names: [&str; 2], link: &str| {
            let authors = names.map(|name| Person { name: name.to_owned(), ..Person::default() }).to_vec();
            shown(None, Some(link), [None, None], &Extras { authors, ..Extras::default() }).0
        };
        let known = of(["A", "B"], "https://x.example/%d8%ae;jsessionid=A1");
        assert_eq!(known, of(["B", "A"], "https://x.example/%D8%AE;jsessionid=B2"));
        assert_ne!(known, of(["A", "C"], "https://x.example/%D8%AE"));
        assert_ne!(known, of(["A", "B"], "https://x.example/%D8%AF"));
    }

    fn of(title: &str, text: &str, terms: [&str; 2]) -> i64 {
        let categories = terms.map(|term| Category { term: term.to_owned(), scheme: None, label: None }).to_vec();
        let [title, text] = [PlainText::vouch(title.to_owned()), PlainText::vouch(text.to_owned())];
        let text = SafeHtml::vouch(text.into_string());
        shown(Some(&title), None, [Some(&text), None], &Extras { categories, ..Extras::default() }).0
    }

    #[test]
    fn quotes_non_joiners_and_the_order_of_categories_are_no_edits() {
        let known = of("L'été \"1\"", "<p title=\"a'b\">it's \"so\" می\u{200c}شود</p>", ["A", "B"]);
        for (title, text, terms) in [
            ("L’été “1”", "<p title=\"a’b\">it’s “so” میشود</p>", ["B", "A"]),
            ("L‘été „1”", "<p title=\"a'b\">it's &quot;so&quot; می\u{200c}شود</p>", ["A", "B"]),
            ("L'été\u{200c} \"1\"", "<p title=\"a'b\">it‘s „so‟ میشود</p>", ["A", "B"]),
        ] {
            assert_eq!(of(title, text, terms), known, "{title} {text}");
        }
        for (title, text, terms) in [
            ("L'été 1", "<p title=\"a'b\">it's \"so\" می\u{200c}شود</p>", ["A", "B"]),
            ("L'été \"1\"", "<p title=\"a'b\">it's so میشود</p>", ["A", "B"]),
            ("L'été \"1\"", "<p title=\"a'b\">it's \"so\" می شود</p>", ["A", "B"]),
            ("L'été \"1\"", "<p title=\"a'b\">it's \"so\" میشود</p>", ["A", "C"]),
        ] {
            assert_ne!(of(title, text, terms), known, "{title} {text}");
        }
    }
}
