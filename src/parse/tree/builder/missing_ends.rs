//! Ends elements whose end tags are missing where what follows shows it.

use super::super::super::{Repairs, names::Tag, tokens::ends_with_root};
use super::{Builder, NONE, NodeId};

/// How far the end tag of an element with entries inside is looked for, in bytes.
const LONGEST_CONTAINER: usize = 256 * 1024;

/// How many times the length of the document may be looked ahead in all.
const LOOK_AHEAD: usize = 4;

/// Returns whether the tag whose name `text` begins with has this name, in any case.
fn is_named(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && text[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
}

impl Builder<'_, '_> {
    /// Ends an open title or description whose end tag is missing or misspelt because the entry's next element begins.
    pub(super) fn end_text_before(&mut self, at: usize, repairs: &mut Repairs) {
        let [.., parent, inner] = self.open[..] else { return };
        let nodes = &self.tree.nodes;
        let (around, tag) = (nodes[parent].tag, nodes[inner].tag);
        let lacks_end = match tag {
            Tag::Title => matches!(around, Tag::Item | Tag::Channel),
            // Descriptions hold mark-up, which has links too.
            Tag::Description | Tag::Summary if matches!(around, Tag::Item | Tag::Channel | Tag::Feed) => {
                self.lacks_end(parent, inner, at)
            }
            _ => false,
        };
        if lacks_end {
            repairs.note("unclosed-tags");
            self.close_down_to(self.open.len() - 1, at);
        }
    }

    /// Returns whether the element `around`, or the next entry, comes before the end of the element `inner`.
    fn lacks_end(&mut self, around: NodeId, inner: NodeId, at: usize) -> bool {
        let source = self.tree.source;
        if self.looked_ahead > LOOK_AHEAD.saturating_mul(source.len()) {
            return false;
        }
        let (rest, own, outer) = (&source[at..], self.tree.text(inner), self.tree.text(around));
        let mut found = None;
        let mut looked = rest.len();
        for mark in memchr::memchr_iter(b'<', rest.as_bytes()) {
            let tag = &rest[mark + 1..];
            found = match tag.strip_prefix('/') {
                Some(end) if is_named(end, own) => Some(false),
                Some(end) if is_named(end, outer) => Some(true),
                None if is_named(tag, "item") || is_named(tag, "entry") => Some(true),
                _ => continue,
            };
            looked = mark;
            break;
        }
        self.looked_ahead += looked;
        found.unwrap_or(false)
    }

    /// Ends an open entry that lacks its end tag because another entry, an element called `name`, begins.
    pub(super) fn end_item_before(&mut self, name: &str, at: usize, repairs: &mut Repairs) {
        let nodes = &self.tree.nodes;
        let Some(level) = self.open.iter().rposition(|id| nodes[*id].tag == Tag::Item) else { return };
        // An entry inside the content of an entry is content.
        if self.open[level..].iter().any(|id| matches!(nodes[*id].tag, Tag::Content | Tag::Body | Tag::Source)) {
            return;
        }
        // One directly inside an element of another vocabulary belongs to that (RFC 4287 6.3).
        let is_atom = self.open.get(1).is_some_and(|id| nodes[*id].tag == Tag::Feed);
        let inner = self.open.last().copied().unwrap_or(NONE);
        if is_atom && matches!(nodes[inner].tag, Tag::Other | Tag::Foreign) && self.tree.text(inner).contains(':') {
            return;
        }
        if self.open.len() > level + 1 && self.contains_items(inner, name, at) {
            return;
        }
        repairs.note("unclosed-tags");
        self.close_down_to(level, at);
    }

    /// Returns whether the element `inner` contains whole entries from `at` on (a gallery, related articles), rather than lacking its
    /// end tag: that follows behind as many ends of entries as there are beginnings. In a document that breaks off before, it may
    /// have followed.
    fn contains_items(&mut self, inner: NodeId, item: &str, at: usize) -> bool {
        let source = self.tree.source;
        if self.looked_ahead > LOOK_AHEAD.saturating_mul(source.len()) {
            return false;
        }
        let (rest, own) = (&source[at..], self.tree.text(inner));
        let (mut begun, mut ended) = (0_usize, 0_usize);
        for tag in memchr::memchr_iter(b'<', rest.as_bytes()) {
            let (name, ends) = match &rest[tag + 1..] {
                end if end.starts_with('/') => (&end[1..], true),
                start => (start, false),
            };
            if is_named(name, item) {
                let is_empty = name.split('>').next().is_some_and(|tag| tag.ends_with('/'));
                (begun, ended) = (begun + usize::from(!ends), ended + usize::from(ends || is_empty));
                if ended > begun {
                    break;
                }
            } else if ends && is_named(name, own) {
                self.looked_ahead += tag;
                return begun > 0 && begun == ended;
            }
            if tag > LONGEST_CONTAINER {
                break;
            }
        }
        self.looked_ahead += rest.len().min(LONGEST_CONTAINER);
        let is_container = matches!(self.tree.nodes[inner].tag, Tag::Other | Tag::Foreign | Tag::MediaGroup);
        is_container && ended <= begun && rest.len() <= LONGEST_CONTAINER && !ends_with_root(source)
    }
}
