//! Decides whether a text that should be plain is HTML.

use super::entities;
use crate::model::Markup;
use crate::model::escape::push_escaped;
use memchr::memmem;
use std::collections::HashSet;

/// Names of the HTML elements that occur in texts.
const HTML: &str = " a abbr acronym address area article aside audio b bdi bdo big blockquote br button caption center \
    cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em fieldset figcaption figure font footer \
    form h1 h2 h3 h4 h5 h6 header hgroup hr i iframe img input ins kbd label legend li main map mark menu meter nav \
    noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section select \
    small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time tr \
    track tt u ul var video wbr embed ";

/// Elements that browsers or word processors used to write.
const FORMER: &str = " nobr blink marquee basefont bgsound spacer layer multicol rb rtc noembed noframes math ";

/// Elements without an end tag.
const VOID: [&str; 4] = ["br", "img", "hr", "wbr"];

/// Maximum number of names whose end tags are looked for in one text.
const PAIRS: usize = 1_000;

/// One tag of a text.
struct GuessedTag<'a> {
    /// Byte offset of its `<`.
    at: usize,
    closing: bool,
    name: &'a str,
    /// Whether white space, a slash or `>` follows the name.
    ends: bool,
}

fn tags(text: &str) -> impl Iterator<Item = GuessedTag<'_>> {
    memchr::memchr_iter(b'<', text.as_bytes()).filter_map(move |at| {
        let rest = &text[at + 1..];
        let (closing, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':' | '-')).unwrap_or(rest.len());
        let name = &rest[..end];
        let ends = rest[end..].starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
        (!name.is_empty()).then_some(GuessedTag { at, closing, name, ends })
    })
}

fn is_in(names: &str, name: &str) -> bool {
    let mut lower = String::with_capacity(name.len() + 2);
    lower.push(' ');
    lower.push_str(&name.to_ascii_lowercase());
    lower.push(' ');
    names.contains(lower.as_str())
}

/// Returns whether this is an element of a word processor (`o:p`, `st1:place`) or one that browsers used to have.
fn is_former(name: &str) -> bool {
    is_in(FORMER, name) || name.contains(':')
}

/// Returns whether a text that should be plain is HTML: it has an HTML end tag, an HTML element that needs none, both tags of any
/// element (`<scp>DNA</scp>`, as publishers write), a comment, or a reference. A tag or reference that HTML does not have is no
/// evidence against it.
pub(super) fn looks_like_html(text: &str) -> bool {
    let is_void = |name: &str| VOID.iter().any(|void| name.eq_ignore_ascii_case(void));
    // `close </p> tag` is about the tag.
    let stands_alone = |tag: &GuessedTag<'_>| {
        let behind = text[tag.at..].strip_prefix("</").and_then(|rest| rest.strip_prefix(tag.name));
        text[..tag.at].ends_with(' ') && behind.is_some_and(|rest| rest.starts_with("> "))
    };
    let proves = |tag: &GuessedTag<'_>| {
        let is_html = || (is_in(HTML, tag.name) || is_former(tag.name)) && !stands_alone(tag);
        tag.ends && if tag.closing { is_html() } else { is_void(tag.name) }
    };
    let refers =
        |at: usize| entities::name_of(&text[at..]).is_some_and(entities::is_known) || entities::is_unended(&text[at..]);
    tags(text).any(|tag| proves(&tag))
        || memchr::memchr_iter(b'&', text.as_bytes()).any(refers)
        || has_pair(text)
        || has_comment(text)
}

/// Returns whether a text has a start tag and an end tag of one name, in this order.
fn has_pair(text: &str) -> bool {
    let mut begun = HashSet::new();
    tags(text).filter(|tag| tag.ends).any(|tag| {
        let name = tag.name.to_ascii_lowercase();
        if tag.closing {
            return begun.contains(&name);
        }
        if begun.len() < PAIRS {
            begun.insert(name);
        }
        false
    })
}

/// Returns whether a text has a comment, or a condition of Word (`<![if !supportLists]>`), with its end.
fn has_comment(text: &str) -> bool {
    [("<!--", "-->"), ("<![if", "<![endif]>")].iter().any(|(start, end)| {
        let begun = memmem::find(text.as_bytes(), start.as_bytes());
        begun.is_some_and(|at| memmem::find(&text.as_bytes()[at..], end.as_bytes()).is_some())
    })
}

/// Returns a text of unknown type as plain text or as HTML. In HTML, a tag that HTML does not have and that has no end tag (`the
/// <rss> element`) is kept as text.
pub(super) fn guessed(text: String) -> Markup {
    let text = entities::joined(decoded_once(text));
    if !looks_like_html(&text) {
        return Markup::Text(text);
    }
    let ended: HashSet<&str> = tags(&text).filter(|tag| tag.closing).map(|tag| tag.name).collect();
    let is_text = |tag: &GuessedTag<'_>| {
        !tag.closing && !ended.contains(tag.name) && !(tag.ends && (is_in(HTML, tag.name) || is_former(tag.name)))
    };
    let stray: Vec<usize> = tags(&text).filter(is_text).map(|tag| tag.at).collect();
    if stray.is_empty() {
        return Markup::Html(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len() + 3 * stray.len()), 0);
    for at in stray {
        out.push_str(&text[from..at]);
        out.push_str("&lt;");
        from = at + 1;
    }
    out.push_str(&text[from..]);
    Markup::Html(out)
}

/// Returns a title in which pairs of tags with nothing inside or beside them are text (`Replace <b></b> with <strong></strong>`): they
/// would show nothing, so the title is about them. Editors leave such pairs too, but at the edge of a word.
pub(super) fn with_empty_pairs(title: Markup) -> Markup {
    let Markup::Html(html) = &title else { return title };
    let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '<' | '>'));
    let is_pair = |tag: &GuessedTag<'_>| {
        let end = tag.at + tag.name.len() + 2;
        let rest = html.get(end..).unwrap_or_default();
        let own = rest.strip_prefix("</").and_then(|rest| rest.strip_prefix(tag.name)?.strip_prefix('>'));
        // Some write a line break so.
        let is_void = ["br", "hr", "img", "wbr"].iter().any(|name| tag.name.eq_ignore_ascii_case(name));
        !(tag.closing || is_void)
            && html.get(..end).is_some_and(|tag| tag.ends_with('>'))
            && own.is_some_and(|after| is_apart(html[..tag.at].chars().next_back()) && is_apart(after.chars().next()))
    };
    let pairs: Vec<_> = tags(html).filter(is_pair).map(|tag| (tag.at, tag.name.len())).collect();
    if pairs.is_empty() {
        return title;
    }
    let (mut out, mut copied) = (String::with_capacity(html.len() + 12 * pairs.len()), 0);
    for (at, length) in pairs {
        let end = at + 2 * length + "<></>".len();
        out.push_str(&html[copied..at]);
        push_escaped(&mut out, &html[at..end]);
        copied = end;
    }
    out.push_str(&html[copied..]);
    Markup::Html(out)
}

/// Removes the marks of a CDATA section around a text that was escaped twice, and decodes what stands inside.
pub(super) fn decoded_once(text: String) -> String {
    let Some(inside) = text.strip_prefix("&lt;![CDATA[").and_then(|rest| rest.strip_suffix("]]&gt;")) else {
        return text;
    };
    let inside = inside.trim();
    if inside.contains('<') {
        return inside.to_owned();
    }
    entities::decode(inside, &entities::References::default()).into_owned()
}

/// Returns a title whose element declares its type (RFC 4287 3.1.1), escaped so that it is decoded once and not twice. Other
/// titles are decoded once more when they are cleaned, because many writers escape them twice.
pub(super) fn declared(markup: Markup) -> Markup {
    match markup {
        // Cleaning decodes nothing in a plain text that contains mark-up.
        Markup::Text(text) if text.contains('<') => Markup::Text(text),
        // In plain text the ampersand of every reference is escaped.
        Markup::Text(text) => Markup::Text(protected(&text, |_| Some(("&amp;", 1)))),
        // In HTML the references to an ampersand become `&amp;amp;`.
        Markup::Html(text) => Markup::Html(protected(&text, |name| {
            let is_ampersand = matches!(name, "amp" | "AMP" | "#38" | "#038" | "#x26" | "#X26");
            is_ampersand.then_some(("&amp;amp;", name.len() + 2))
        })),
    }
}

/// Replaces the beginnings of references. `escape` returns for the name of a reference what replaces its first bytes, and how many.
fn protected(text: &str, escape: impl Fn(&str) -> Option<(&'static str, usize)>) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for at in memchr::memchr_iter(b'&', text.as_bytes()) {
        if let Some((escaped, length)) = entities::name_of(&text[at..]).and_then(&escape) {
            out.push_str(&text[from..at]);
            out.push_str(escaped);
            from = at + length;
        }
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_needs_mark_up_that_html_has() {
        for text in [
            "<b>x</b>",
            "a &nbsp; b",
            "a<br>b",
            "<p class='x'>y</p>",
            "a <nobr>b</nobr>",
            "<o:p>x</o:p>",
            "<scp>DNA</SCP> y",
            "<!--:en-->a<!--:-->",
            "a <!-- b --> c",
            "<![if !supportLists]>·<![endif]> a",
        ] {
            assert!(looks_like_html(text), "{text}");
        }
        for text in [
            "the <blink> tag",
            "1 < 2 > 0",
            "a & b",
            "the <rss> and </xml> tags",
            "</x> and </x> before <x>",
            "a &unknown; b",
            "<b>",
            "a --> <!-- b",
        ] {
            assert!(!looks_like_html(text), "{text}");
        }
    }

    #[test]
    fn marks_of_cdata_sections_do_not_show() {
        for (text, want) in [
            ("&lt;![CDATA[Hello]]&gt;", "Hello"),
            ("&lt;![CDATA[&lt;p&gt;a &amp;amp; b&lt;/p&gt;]]&gt;", "<p>a &amp; b</p>"),
            ("How <![CDATA[x]]> works", "How <![CDATA[x]]> works"),
        ] {
            assert_eq!(guessed(text.to_owned()).as_str(), want);
        }
    }

    #[test]
    fn an_unknown_tag_does_not_turn_a_text_into_source() {
        for (text, want) in [
            ("a <nobr>b</nobr> <i>c</i>", "a <nobr>b</nobr> <i>c</i>"),
            ("the <rss> element is <b>old</b>", "the &lt;rss> element is <b>old</b>"),
            ("a &foo; <b>x</b>", "a &foo; <b>x</b>"),
            ("<x-y>a</x-y><br>", "<x-y>a</x-y><br>"),
        ] {
            assert_eq!(guessed(text.to_owned()), Markup::Html(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn empty_pairs_of_tags_in_a_title_are_text() {
        for (html, want) in [
            (
                "Replace <b></b> with <strong></strong>",
                "Replace &lt;b&gt;&lt;/b&gt; with &lt;strong&gt;&lt;/strong&gt;",
            ),
            ("<dialog></dialog>, explained", "&lt;dialog&gt;&lt;/dialog&gt;, explained"),
            ("On &quot;<x-y></x-y>&quot; <i>now</i>", "On &quot;&lt;x-y&gt;&lt;/x-y&gt;&quot; <i>now</i>"),
            ("A<b></b> title<i></i>", "A<b></b> title<i></i>"),
            ("A <br></br> title <BR></BR>", "A <br></br> title <BR></BR>"),
            ("<span></span>Title", "<span></span>Title"),
            ("<i class='x'></i> Title <b> </b> <i></b>", "<i class='x'></i> Title <b> </b> <i></b>"),
            ("<p><b></b></p> a <b></bx> <b", "<p><b></b></p> a <b></bx> <b"),
        ] {
            assert_eq!(with_empty_pairs(Markup::Html(html.to_owned())).as_str(), want);
        }
    }

    #[test]
    fn a_declared_title_is_decoded_once() {
        for (markup, want) in [
            (Markup::Html("Why &amp;nbsp; is &#38;c".to_owned()), "Why &amp;amp;nbsp; is &amp;amp;c"),
            (Markup::Text("Write &amp; for &".to_owned()), "Write &amp;amp; for &"),
            (Markup::Text("<b> &amp;".to_owned()), "<b> &amp;"),
        ] {
            assert_eq!(declared(markup).as_str(), want);
        }
    }
}
