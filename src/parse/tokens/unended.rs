//! Where comments, CDATA sections and scripts end, also those whose own end is missing.

use super::{ends_with_root, strip_prefix_ignore_case};
use memchr::memmem;
use std::ops::Range;

/// What was found ahead. Each search continues where the last one of its kind ended, whatever the number of parts that need it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Whether the document ends with the end tag of its root.
    ends_with_root: Option<bool>,
    section_start: Next,
    cdata_end: Next,
    comment_end: Next,
    item_start: Next,
    entry_start: Next,
    item_end: Next,
    entry_end: Next,
    script_end: Next,
    style_end: Next,
    textarea_end: Next,
}

/// The next place of something.
#[derive(Debug, Default)]
struct Next {
    /// From where it was searched, and what was found.
    known: Option<(usize, Option<usize>)>,
}

impl Next {
    /// Returns the first place from `at` on. `search` searches a text.
    fn find(&mut self, text: &str, at: usize, search: impl FnOnce(&str) -> Option<usize>) -> Option<usize> {
        match self.known {
            Some((from, found)) if from <= at && found.is_none_or(|place| place >= at) => found,
            _ => {
                let found = search(&text[at..]).map(|place| at + place);
                self.known = Some((at, found));
                found
            }
        }
    }

    fn find_words(&mut self, text: &str, at: usize, words: &str) -> Option<usize> {
        self.find(text, at, |rest| memmem::find(rest.as_bytes(), words.as_bytes()))
    }
}

impl Ahead {
    /// Returns the next `]]>`.
    pub(super) fn cdata_end(&mut self, text: &str, at: usize) -> Option<usize> {
        self.cdata_end.find_words(text, at, "]]>")
    }

    /// Returns the next `-->`.
    pub(super) fn comment_end(&mut self, text: &str, at: usize) -> Option<usize> {
        self.comment_end.find_words(text, at, "-->")
    }

    /// Returns where a CDATA section really ends that begins at `start`, if its own end is missing: at the end tag of the element
    /// `open`. The next `]]>`, at `end`, is that of another section then, if there is one.
    pub(super) fn end_of_open_section(
        &mut self,
        text: &str,
        start: usize,
        end: Option<usize>,
        open: Option<&str>,
    ) -> Option<usize> {
        let open = open?;
        let Some(end) = end else {
            return self.is_whole(text).then(|| find_end_tag(&text[start..], open)).flatten().map(|at| start + at);
        };
        let section = &text[start..end];
        let at = own_end_tag(section, open)?;
        // A section that is about feeds holds such marks too, but not as the next thing that is written.
        let (_, after) = section[at..].split_once('>')?;
        let (between, _) = after.split_once("<![CDATA[")?;
        (between.trim_start().starts_with('<') && between.trim_end().ends_with('>')).then_some(start + at)
    }

    /// Does the same for a comment. It may also stand between entries; then it ends where the next one begins.
    pub(super) fn end_of_open_comment(
        &mut self,
        text: &str,
        start: usize,
        end: Option<usize>,
        open: Option<&str>,
    ) -> Option<usize> {
        let open = open?;
        let Some(end) = end else {
            if !self.is_whole(text) {
                return None;
            }
            let items =
                [self.item_start.find_words(text, start, "<item"), self.entry_start.find_words(text, start, "<entry")];
            let next = items.into_iter().flatten().min();
            let inside = start..next.unwrap_or(text.len());
            return find_end_tag(&text[inside], open).map(|at| start + at).or(next);
        };
        let at = start + own_end_tag(&text[start..end], open)?;
        self.has_end_of_entry(text, at..end).then_some(at)
    }

    /// Returns the end tag of a `script` or `style` whose contents begin at `start`, if they are characters that XML does not allow.
    /// In a page (`of_page`) they always are, as those of `textarea` (HTML 13.1.2).
    pub(super) fn raw_end(&mut self, text: &str, start: usize, name: &str, of_page: bool) -> Option<usize> {
        let next = match name.to_ascii_lowercase().as_str() {
            "script" => &mut self.script_end,
            "style" => &mut self.style_end,
            "textarea" if of_page => &mut self.textarea_end,
            _ => return None,
        };
        let end = next.find(text, start, |rest| find_end_tag(rest, name))?;
        if of_page {
            return Some(end);
        }
        let has_section = self.section_start.find_words(text, start, "<![CDATA[").is_some_and(|at| at < end);
        let is_raw = !has_section && !self.has_end_of_entry(text, start..end);
        (is_raw && memchr::memchr(b'<', &text.as_bytes()[start..end]).is_some()).then_some(end)
    }

    /// Returns whether an entry ends in this part of the text.
    fn has_end_of_entry(&mut self, text: &str, part: Range<usize>) -> bool {
        let ends = [
            self.item_end.find_words(text, part.start, "</item>"),
            self.entry_end.find_words(text, part.start, "</entry>"),
        ];
        ends.into_iter().flatten().any(|at| part.contains(&at))
    }

    fn is_whole(&mut self, text: &str) -> bool {
        *self.ends_with_root.get_or_insert_with(|| ends_with_root(text))
    }
}

fn find_end_tag(text: &str, name: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b"</").find(|at| {
        strip_prefix_ignore_case(&text[at + 2..], name).is_some_and(|rest| rest.trim_start().starts_with('>'))
    })
}

/// Returns the first end tag of this name, unless a start tag of this name precedes it.
fn own_end_tag(text: &str, name: &str) -> Option<usize> {
    let end = find_end_tag(text, name)?;
    let starts = |at: usize| {
        strip_prefix_ignore_case(&text[at + 1..], name)
            .is_some_and(|rest| rest.starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace()))
    };
    (!memchr::memchr_iter(b'<', &text.as_bytes()[..end]).any(starts)).then_some(end)
}
