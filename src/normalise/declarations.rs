//! Texts with `<!` that is no mark-up.

use memchr::{memchr, memmem};
use std::borrow::Cow;

/// Escapes `<!` where it begins neither a comment nor a document type: its writer meant text, but HTML would read a comment and
/// lose it. The marks of CDATA sections and the conditions of Word (`<![if !supportLists]>`) are removed. A comment without an end
/// ends at the first `>`, as in old browsers; HTML would lose all that follows.
pub(super) fn declarations(html: &str) -> Cow<'_, str> {
    // Most texts have none, and searching backwards takes long.
    let Some(first) = memmem::find(html.as_bytes(), b"<!") else { return Cow::Borrowed(html) };
    let (mut out, mut copied, mut at) = (String::new(), 0, first);
    let ends = Ends {
        comment: memmem::rfind(html.as_bytes(), b"-->"),
        section: memmem::rfind(html.as_bytes(), b"]]>"),
        mark: memchr::memrchr(b'>', html.as_bytes()),
    };
    while let Some(found) = memmem::find(&html.as_bytes()[at..], b"<!") {
        let mark = at + found;
        let (kind, end) = declaration(html, mark, &ends);
        at = end;
        let instead = match kind {
            Kind::Kept => continue,
            Kind::Dropped => "",
            Kind::Text => "&lt;!",
        };
        out.push_str(&html[copied..mark]);
        out.push_str(instead);
        copied = at;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    // The ends of the sections whose beginnings were removed.
    Cow::Owned(if ends.section.is_some() { out.replace("]]>", "") } else { out })
}

/// The last ends of a text: behind them nothing needs to be searched.
struct Ends {
    /// The last `-->`.
    comment: Option<usize>,
    /// The last `]]>`.
    section: Option<usize>,
    /// The last `>`.
    mark: Option<usize>,
}

/// What happens to a `<!`.
enum Kind {
    Kept,
    Dropped,
    /// It is escaped.
    Text,
}

/// Returns what happens to the `<!` at `at`, and where what it happens to ends.
fn declaration(html: &str, at: usize, ends: &Ends) -> (Kind, usize) {
    const CDATA: &str = "[CDATA[";
    let inside = &html[at + 2..];
    let starts = |text: &str, word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    let follows = |end: Option<usize>| end.is_some_and(|end| end >= at + 2);
    let after_mark = || {
        let end = if follows(ends.mark) { memchr(b'>', inside.as_bytes()) } else { None };
        end.map(|end| at + 2 + end + 1)
    };
    if inside.starts_with("--") {
        if follows(ends.comment) {
            let end = memmem::find(inside.as_bytes(), b"-->");
            return (Kind::Kept, end.map_or(html.len(), |end| at + 2 + end + 3));
        }
        return after_mark().map_or((Kind::Kept, html.len()), |end| (Kind::Dropped, end));
    }
    if starts(inside, "doctype") {
        return (Kind::Kept, at + 2);
    }
    if starts(inside, CDATA) && (at == 0 || follows(ends.section)) {
        return (Kind::Dropped, at + 2 + CDATA.len());
    }
    let condition = inside.trim_start_matches(['[', ' ']);
    let is_condition =
        inside.starts_with('[') && ["if ", "if(", "endif", "else"].iter().any(|word| starts(condition, word));
    match is_condition.then(after_mark).flatten() {
        Some(end) => (Kind::Dropped, end),
        None => (Kind::Text, at + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_read_once() {
        // Each would take minutes if what follows were searched again for each mark.
        for part in ["<!a", "<!--", "<!-- a>", "<![if a", "<![if a>", "<![CDATA[", "<![          "] {
            let text = part.repeat(1_000_000 / part.len());
            for end in ["", ">", "-->", "]]>"] {
                assert!(declarations(&format!("{text}{end}")).len() <= 3 * text.len(), "{part}");
            }
        }
    }
}
