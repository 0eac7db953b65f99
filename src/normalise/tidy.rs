//! Drops from safe HTML what its own text contradicts, and pictures that show nothing.

use super::attributes::split_first;
use super::cut::is_void;
use super::strip::is_inline;
use crate::model::script::Letters;
use std::borrow::Cow;
use std::ops::Range;

/// Minimum number of letters in an inline element whose direction and language are judged like those of a block. In a shorter one,
/// they may be meant for a foreign name.
const INLINE: usize = 40;

/// Returns safe HTML without directions and languages that most letters of their element contradict, and without pictures that have
/// neither an address nor a text, or a single pixel. Editors declare their own direction around any text (Blogger's
/// `<div dir="ltr" trbidi="on">`). An element without letters keeps what it declares, because numbers and signs need it.
pub(super) fn tidy(html: &str) -> Cow<'_, str> {
    if !needs(html) {
        return Cow::Borrowed(html);
    }
    let mut dropped: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    loop {
        let mark = memchr::memchr(b'<', &html.as_bytes()[at..]).map(|n| at + n);
        if let Some(inner) = open.last_mut() {
            inner.letters.count(&html[at..mark.unwrap_or(html.len())]);
        }
        let Some(mark) = mark else { break };
        let Some(end) = memchr::memchr(b'>', &html.as_bytes()[mark..]).map(|n| mark + n) else { break };
        let tag = &html[mark + 1..end];
        if tag.starts_with('/') {
            close(&mut open, &mut dropped);
        } else if !is_void(name_of(tag)) {
            open.push(Open::of(tag, mark + 1));
        } else if is_empty_picture(tag) {
            dropped.push(mark..end + 1);
        }
        at = end + 1;
    }
    while !open.is_empty() {
        close(&mut open, &mut dropped);
    }
    without(html, dropped)
}

/// Returns whether a text has anything to judge. Most have not.
fn needs(html: &str) -> bool {
    let has = |sign: &str| memchr::memmem::find(html.as_bytes(), sign.as_bytes()).is_some();
    let is_empty = |at: usize| {
        let tag = &html[at + 1..];
        is_empty_picture(&tag[..memchr::memchr(b'>', tag.as_bytes()).unwrap_or(tag.len())])
    };
    has(" dir=\"") || has(" lang=\"") || memchr::memmem::find_iter(html.as_bytes(), b"<img").any(is_empty)
}

/// An open element.
#[derive(Default)]
struct Open<'a> {
    letters: Letters,
    /// Minimum number of letters that contradict what it declares.
    least: usize,
    /// Where its direction is declared, and whether it is from right to left.
    direction: Option<(Range<usize>, bool)>,
    /// Where its language is declared.
    language: Option<(Range<usize>, &'a str)>,
}

impl<'a> Open<'a> {
    /// Reads a start tag whose name is at `from`.
    fn of(tag: &'a str, from: usize) -> Self {
        let name = name_of(tag);
        let mut open = Self { least: if is_inline(name) { INLINE } else { 1 }, ..Self::default() };
        // The first two are there for their direction, and code runs as it does whatever its comments are written in.
        if matches!(name, "bdo" | "bdi" | "pre" | "code" | "kbd" | "samp" | "tt" | "var") {
            return open;
        }
        for (place, name, value) in attributes(tag) {
            let place = from + place.start..from + place.end;
            match name {
                "dir" if value.eq_ignore_ascii_case("rtl") => open.direction = Some((place, true)),
                "dir" if value.eq_ignore_ascii_case("ltr") => open.direction = Some((place, false)),
                // `ar-Latn` states the script itself.
                "lang" if !value.split(['-', '_']).any(|part| part.len() == 4) => {
                    open.language = Some((place, value));
                }
                _ => {}
            }
        }
        open
    }
}

/// Ends the innermost element. Its letters are letters of the element around it, too, and so each is counted once.
fn close(open: &mut Vec<Open<'_>>, dropped: &mut Vec<Range<usize>>) {
    let Some(ended) = open.pop() else { return };
    if ended.letters.all() >= ended.least {
        let right = ended.letters.runs_right_to_left();
        let script = ended.letters.script();
        dropped
            .extend(ended.direction.filter(|(_, declared)| right.is_some_and(|right| right != *declared)).map(first));
        dropped.extend(ended.language.filter(|(_, tag)| script.is_some_and(|script| !script.fits(tag))).map(first));
    }
    if let Some(outer) = open.last_mut() {
        outer.letters.add(&ended.letters);
    }
}

fn first<T>((place, _): (Range<usize>, T)) -> Range<usize> {
    place
}

/// Returns a text without these parts of it.
fn without(html: &str, mut parts: Vec<Range<usize>>) -> Cow<'_, str> {
    if parts.is_empty() {
        return Cow::Borrowed(html);
    }
    parts.sort_unstable_by_key(|part| part.start);
    let (mut out, mut copied) = (String::with_capacity(html.len()), 0);
    for part in parts {
        out.push_str(&html[copied..part.start]);
        copied = part.end;
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Returns whether an address leads to a person and not to a page.
pub(super) fn is_contact(address: &str) -> bool {
    let starts = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("mailto:") || starts("tel:")
}

/// Returns whether a tag is a picture that shows nothing: without an address and a text, or of one pixel, which counts visits.
fn is_empty_picture(tag: &str) -> bool {
    if name_of(tag) != "img" {
        return false;
    }
    let (mut shows, mut points) = (false, 0);
    for (_, name, value) in attributes(tag) {
        match name {
            "src" => shows = true,
            "alt" => shows |= !value.trim().is_empty(),
            "width" | "height" => points += usize::from(matches!(value.trim().trim_end_matches("px"), "0" | "1")),
            _ => {}
        }
    }
    !shows || points == 2
}

fn name_of(tag: &str) -> &str {
    tag.split(' ').next().unwrap_or_default()
}

/// Returns the attributes of a tag as the sanitiser writes it: where each is, with the space before it, its name and its value.
fn attributes(tag: &str) -> impl Iterator<Item = (Range<usize>, &str, &str)> {
    let mut at = name_of(tag).len();
    std::iter::from_fn(move || {
        let (name, value, rest) = split_first(&tag[at..])?;
        let place = at..tag.len() - rest.len();
        at = place.end;
        Some((place, name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARABIC: &str = "أعلنت الوزارة يوم الثلاثاء عن برنامج جديد لدعم النقل في المدن الكبرى";
    const FRENCH: &str = "Le ministère a présenté mardi un programme de soutien aux transports urbains";

    #[test]
    fn the_text_decides_its_direction_and_language() {
        for (open, text, close, want) in [
            ("<div dir=\"ltr\">", ARABIC, "</div>", "<div>"),
            ("<div dir=\"rtl\"><p>", FRENCH, "</p></div>", "<div><p>"),
            ("<p dir=\"RTL\" lang=\"ar\">", FRENCH, "</p>", "<p>"),
            ("<p lang=\"en-US\" title=\"a\">", ARABIC, "</p>", "<p title=\"a\">"),
            ("<ul dir=\"ltr\"><li>", ARABIC, "</li></ul>", "<ul><li>"),
            (
                "<div dir=\"ltr\"><div dir=\"rtl\"><span dir=\"ltr\">",
                ARABIC,
                "</span></div></div>",
                "<div><div dir=\"rtl\"><span>",
            ),
        ] {
            assert_eq!(tidy(&format!("{open}{text}{close}")), format!("{want}{text}{close}"), "{open}");
        }
        let mixed = format!("<div dir=\"ltr\">{FRENCH}<p dir=\"rtl\" lang=\"ar\">{ARABIC}</p>{FRENCH}</div>");
        assert_eq!(tidy(&mixed), mixed);
        for right in [
            format!("<div dir=\"rtl\" lang=\"ar\"><p>{ARABIC}</p><p lang=\"fr\" dir=\"ltr\">Le Monde</p></div>"),
            format!("<p dir=\"auto\" lang=\"ar-Latn\">{FRENCH}</p>"),
            format!("<bdo dir=\"rtl\">{FRENCH}</bdo><pre dir=\"ltr\">{ARABIC}</pre>"),
            format!("<p dir=\"rtl\">{ARABIC} <span dir=\"ltr\">نص</span> <span lang=\"ar\">Al Jazeera</span></p>"),
            "<span dir=\"ltr\">+33 1 23 45</span><p dir=\"rtl\">2026 &amp; &lt;&nbsp;</p><p dir=\"rtl\">خبر abc</p>"
                .to_owned(),
            format!("{ARABIC} dir=\"ltr\" <p>{FRENCH}</p>"),
        ] {
            assert_eq!(tidy(&right), right);
        }
    }

    #[test]
    fn pictures_that_show_nothing_are_dropped() {
        for (text, want) in [
            ("<p>a<img>b<img alt=\" \"></p>", "<p>ab</p>"),
            ("<img src=\"https://x.example/?p=1\" height=\"1\" width=\"1\" alt=\"\">a", "a"),
            ("a<img width=\"0\" height=\"0px\" src=\"https://x.example/1.gif\">", "a"),
        ] {
            assert_eq!(tidy(text), want);
        }
        for text in ["<img alt=\"words\">", "<img src=\"https://x.example/p.jpg\" width=\"1\" height=\"100\">"] {
            assert_eq!(tidy(text), text);
        }
    }

    #[test]
    fn nested_declarations_are_read_once() {
        // Each letter would be counted 20,000 times if the contents of each element were read for it.
        let text =
            format!("{}{}{}", "<div dir=\"ltr\">".repeat(20_000), "نص ".repeat(100_000), "</div>".repeat(20_000));
        assert!(!tidy(&text).contains("dir"));
    }
}
