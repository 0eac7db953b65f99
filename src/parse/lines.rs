//! Line ends of texts that their writer takes for plain, although they contain a link or an emphasised word.

use crate::model::Markup;

/// Elements that leave a text in its line.
const INLINE: [&str; 22] = [
    "a", "abbr", "b", "big", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span", "strike",
    "strong", "sub", "sup", "tt", "u", "wbr",
];

/// Makes the line ends of HTML lines, if it has no other element that would break them.
pub(super) fn with_lines(markup: Markup) -> Markup {
    match markup {
        Markup::Html(html) => Markup::Html(broken(html.trim()).unwrap_or(html)),
        text @ Markup::Text(_) => text,
    }
}

/// Does the same for any text only if it has no element and an empty line: other line ends may be the writer's margin.
pub(super) fn with_paragraphs(markup: Markup) -> Markup {
    match &markup {
        Markup::Html(html) if !html.contains('<') && (html.contains("\n\n") || html.contains("\n\r\n")) => {
            with_lines(markup)
        }
        _ => markup,
    }
}

fn broken(html: &str) -> Option<String> {
    if !html.contains('\n') {
        return None;
    }
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while !rest.is_empty() {
        let (text, tag) = rest.split_at(memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()));
        for (at, line) in text.split('\n').enumerate() {
            // One empty line is enough.
            out.push_str(if at > 0 && !out.ends_with("<br>\n<br>\n") { "<br>\n" } else { "" });
            out.push_str(line.trim_end_matches('\r'));
        }
        let end = memchr::memchr(b'>', tag.as_bytes()).map_or(tag.len(), |end| end + 1);
        if !tag.is_empty() {
            let name = tag[1..end].trim_start_matches('/');
            let name =
                name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())].to_ascii_lowercase();
            if !INLINE.contains(&name.as_str()) {
                return None;
            }
        }
        out.push_str(&tag[..end]);
        rest = &tag[end..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_lines_without_other_elements() {
        for (html, want) in [
            ("a\n\n<b>b</b>\r\nc\n", "a<br>\n<br>\n<b>b</b><br>\nc"),
            ("<a\nhref='x'>a</a>\nb", "<a\nhref='x'>a</a><br>\nb"),
            ("<p>a</p>\nb", "<p>a</p>\nb"),
            ("a<br>\nb", "a<br>\nb"),
            ("a < b\nc", "a < b\nc"),
            ("<b>a</b> b", "<b>a</b> b"),
        ] {
            assert_eq!(with_lines(Markup::Html(html.to_owned())), Markup::Html(want.to_owned()), "{html}");
        }
        for (html, want) in [("a\n\n\r\n\nb", "a<br>\n<br>\nb"), ("a\nb", "a\nb"), ("a\n\n<b>b</b>", "a\n\n<b>b</b>")] {
            assert_eq!(with_paragraphs(Markup::Html(html.to_owned())), Markup::Html(want.to_owned()), "{html}");
        }
    }
}
