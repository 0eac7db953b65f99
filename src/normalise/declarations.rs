//! Texts with `<!` that is no mark-up.

use std::borrow::Cow;

/// Escapes `<!` where it begins neither a comment nor a document type: its writer meant text, but HTML would read a comment and
/// lose it. The marks of CDATA sections are removed.
pub(super) fn declarations(html: &str) -> Cow<'_, str> {
    let stray = |at: usize| {
        let rest = &html.as_bytes()[at + 2..];
        !rest.starts_with(b"--") && !rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"))
    };
    if !memchr::memmem::find_iter(html.as_bytes(), "<!").any(stray) {
        return Cow::Borrowed(html);
    }
    let html = html.replace("<![CDATA[", "").replace("]]>", "");
    let mut out = String::with_capacity(html.len() + 16);
    let mut rest = html.as_str();
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"<!") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let kept =
            after.starts_with("<!--") || after.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case("doctype"));
        out.push_str(if kept { "<!" } else { "&lt;!" });
        rest = &after[2..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}
