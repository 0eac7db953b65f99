//! Elements of other vocabularies inside a feed. Entries in them are not entries of the feed.

use super::names::{Ns, Tag};
use super::tree::{Node, NodeId, Tree};

/// Tells which elements of a document are foreign.
pub(super) struct Foreign<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Whether the root has a prefix.
    is_prefixed: bool,
    /// Whether the document is RSS with entries of its own.
    has_own: bool,
}

impl<'t, 'a> Foreign<'t, 'a> {
    /// Looks at the document whose feed is `root`.
    pub fn of(tree: &'t Tree<'a>, root: NodeId) -> Self {
        let Node { tag, text, .. } = tree.node(root);
        let is_rss = !tree.is_atom && tag != Tag::UrlSet;
        let mut own = tree.descend_by(root, |id, node| node.tag != Tag::Item && !is_container(tree, id, node));
        let has_own = is_rss && own.any(|(tag, id)| tag == Tag::Item && tree.node(id).closed);
        Self { tree, is_prefixed: text.contains(':'), has_own }
    }

    /// Returns whether entries in this element do not belong to the feed.
    pub fn has(&self, id: NodeId, node: &Node<'a>) -> bool {
        let has_vocabulary = || node.text.contains(':') || self.tree.attr(id, "xmlns").is_some();
        if self.tree.is_atom {
            // RFC 4287 6.3.
            return node.tag == Tag::Other && (self.is_prefixed || has_vocabulary());
        }
        // RSS 2.0 says nothing of elements without a prefix. A writer may have put all its entries into one.
        is_container(self.tree, id, node) && (self.has_own || is_of_unknown_vocabulary(self.tree, id, node))
    }
}

/// Returns whether an unknown element contains what follows its start tag. One that was never ended contains nothing.
fn is_container(tree: &Tree<'_>, id: NodeId, node: &Node<'_>) -> bool {
    node.tag == Tag::Other && tree.has_own_end(id)
}

fn is_of_unknown_vocabulary(tree: &Tree<'_>, id: NodeId, node: &Node<'_>) -> bool {
    let prefix = node.text.split_once(':').map(|(prefix, _)| prefix);
    prefix.map_or_else(|| tree.attr(id, "xmlns").is_some(), |prefix| Ns::of_prefix(prefix) == Ns::Other)
}

#[cfg(test)]
mod tests {
    use crate::parse::{ParseContext, read};

    #[test]
    fn entries_of_other_vocabularies_are_not_those_of_the_feed() {
        let item = |title: &str| format!("<item><title>{title}</title></item>");
        let (inside, own) = (item("inside"), item("own"));
        for (channel, want) in [
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box>{own}"), &["own"][..]),
            (format!("{own}<box xmlns='urn:x'><a>{inside}</a></box>"), &["own"]),
            (format!("<related>{inside}</related>{own}"), &["own"]),
            (format!("<items>{inside}</items>"), &["inside"]),
            (format!("<rdf:li>{inside}</rdf:li>"), &["inside"]),
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box>"), &[]),
            (format!("{own}<advert>{inside}"), &["own", "inside"]),
            (format!("{own}<x:advert>{inside}"), &["own", "inside"]),
        ] {
            let rss = format!("<rss version='2.0'><channel><title>F</title>{channel}</channel></rss>");
            let feed = read(rss.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
            let titles = feed.listed.iter().map(|entry| entry.entry.as_ref().unwrap().title.as_ref().unwrap().as_str());
            assert_eq!(titles.collect::<Vec<_>>(), want, "{rss}");
        }
    }
}
