//! Ends elements whose end tags are missing where what follows shows it.

use super::super::super::{Repairs, names::Tag, tokens::ends_with_root};
use super::{Builder, NONE, NodeId, NodeKind};

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
    /// Ends an open text whose end tag is missing or misspelt because the next element of the entry, with the tag `next`, begins: a title,
    /// a description, an address, a date or a name.
    pub(super) fn end_text_before(&mut self, next: Tag, at: usize, repairs: &mut Repairs) {
        let [.., parent, inner] = self.open[..] else { return };
        let nodes = &self.tree.nodes;
        let (around, tag) = (nodes[parent].tag, nodes[inner].tag);
        let is_other = matches!(next, Tag::Link | Tag::Id | Tag::PubDate | Tag::Description);
        let lacks_end = match tag {
            Tag::Link | Tag::Id | Tag::Comments | Tag::Creator | Tag::Language => self.holds_text(parent, inner, next),
            tag if tag.is_date() => self.holds_text(parent, inner, next),
            _ if !is_other => false,
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

    /// Returns whether an element of a feed or an entry holds a text beside which nothing can stand but a person's details.
    fn holds_text(&self, around: NodeId, inner: NodeId, next: Tag) -> bool {
        let nodes = &self.tree.nodes;
        let is_detail = matches!(next, Tag::Name | Tag::Email | Tag::Url);
        let text = || nodes.get(inner + 1).filter(|child| nodes[inner].is_parent && child.kind != NodeKind::Element);
        matches!(nodes[around].tag, Tag::Item | Tag::Channel | Tag::Feed)
            && !is_detail
            && text().is_some()
            && !self.tree.text(inner + 1).trim_ascii().is_empty()
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

#[cfg(test)]
mod tests {
    use crate::model::Markup;
    use crate::parse::{ParseContext, read};

    #[test]
    fn an_element_without_its_end_ends_before_the_next() {
        let whole = "<link>https://n.example/a</link><guid isPermaLink='false'>1</guid><comments>https://n.example/a#c</comments>\
                     <dc:creator>Ann</dc:creator><pubDate>Mon, 02 Nov 2026 10:30:00 GMT</pubDate><title>T</title>\
                     <description>D</description>";
        let seen = |inside: &str| {
            let text = format!(
                "<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>S</title><item>{inside}</item>\
                 <item><title>U</title></item></channel></rss>"
            );
            let mut feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
            assert_eq!(feed.listed.len(), 2, "{inside}");
            let entry = *feed.listed.remove(0).entry.unwrap();
            let texts = [entry.title, entry.summary].map(|text| text.map(|text: Markup| text.as_str().to_owned()));
            let names: Vec<_> = entry.authors.into_iter().map(|person| person.name).collect();
            (texts, entry.link, entry.comments, entry.id, names, entry.published)
        };
        let want = seen(whole);
        assert_eq!(want.1.as_deref(), Some("https://n.example/a"));
        for end in ["</link>", "</guid>", "</comments>", "</dc:creator>", "</pubDate>"] {
            assert_eq!(seen(&whole.replace(end, "")), want, "{end}");
        }
        let none = ["</link>", "</guid>", "</comments>", "</dc:creator>", "</pubDate>", "</title>"];
        assert_eq!(seen(&none.iter().fold(whole.to_owned(), |text, end| text.replace(end, ""))), want);
    }

    #[test]
    fn mark_up_inside_an_element_does_not_end_it() {
        let text = "<rss><channel><item><title>T</title><link><a href='x'>https://n.example/a</a></link>\
                    <pubDate>on <time>Mon, 02 Nov 2026 10:30:00 GMT</time></pubDate></item></channel></rss>";
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        let entry = feed.listed[0].entry.as_ref().unwrap();
        assert!(entry.published.is_some());
        assert!(feed.repairs.is_empty(), "{:?}", feed.repairs);
    }
}
