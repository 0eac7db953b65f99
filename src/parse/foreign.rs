//! Elements of other vocabularies inside a feed. Entries in them are not entries of the feed.

use super::limits::{Limits, Overtime};
use super::names::Tag;
use super::tree::{Namespaces, Node, NodeId, Tree};
use super::{Repairs, feed};
use url::Url;

/// Beginnings of names of elements that say that their entries stand elsewhere.
const ELSEWHERE: [&str; 3] = ["related", "recommend", "similar"];

/// Reads a document whose entries may all be in a namespace that nobody knows: serialisers of .NET put the namespace of a class there.
///
/// # Errors
/// When the deadline has passed.
pub(super) fn read_tree<'a>(
    text: &'a str,
    base: Option<&Url>,
    limits: &Limits,
    repairs: &mut Repairs,
) -> Result<Tree<'a>, Overtime> {
    let tree = Tree::read(text, base, limits, repairs)?;
    if tree.unknown_namespaces == 0 || tree.has_any(Tag::Item) {
        return Ok(tree);
    }
    let other = Tree::read_with(text, base, limits, Namespaces::AllKnown, &mut Repairs::default())?;
    // In a document that was cut, entries of its own may have followed.
    let is_whole = feed::find(&other).is_some_and(|root| other.node(root.id).closed);
    if !is_whole || !other.has_any(Tag::Item) {
        return Ok(tree);
    }
    repairs.note("unknown-namespace");
    Ok(other)
}

/// Tells which elements of a document are foreign. In a feed that has no other entries none is: its writer put them there.
pub(super) struct Foreign<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Whether the root has a prefix.
    is_prefixed: bool,
    /// Whether the feed has entries outside foreign elements, or may have had some where it was cut.
    has_own: bool,
}

impl<'t, 'a> Foreign<'t, 'a> {
    /// Looks at the document whose feed is `root`.
    pub fn of(tree: &'t Tree<'a>, root: NodeId) -> Self {
        let mut foreign = Self { tree, is_prefixed: tree.node(root).text.contains(':'), has_own: false };
        let mut own = tree.descend_by(root, |id, node| node.tag != Tag::Item && !foreign.may_be(id, node));
        let has_own = !tree.node(root).closed || own.any(|(tag, id)| tag == Tag::Item && tree.node(id).closed);
        drop(own);
        foreign.has_own = has_own;
        foreign
    }

    /// Returns whether entries in this element do not belong to the feed.
    pub fn has(&self, id: NodeId, node: &Node<'a>) -> bool {
        self.has_own && self.may_be(id, node)
    }

    /// Notes that entries in foreign elements of the feed `root` were left out, or that they were read because there are no others.
    pub fn note(&self, root: NodeId, has_read: bool, repairs: &mut Repairs) {
        if !self.has_own {
            if has_read && self.tree.node(root).tag != Tag::Item {
                repairs.note("foreign-entries-read");
            }
            return;
        }
        let is_entry = |node: &Node<'_>| {
            let is_named = || ["item", "entry"].iter().any(|name| node.text.eq_ignore_ascii_case(name));
            node.closed && (node.tag == Tag::Item || node.tag == Tag::Foreign && is_named())
        };
        let holds_entry = |id| {
            let mut inside = self.tree.descend_by(id, |_, node| !is_entry(node));
            is_entry(&self.tree.node(id)) || inside.any(|(_, id)| is_entry(&self.tree.node(id)))
        };
        let mut all = self.tree.descend_by(root, |id, node| node.tag != Tag::Item && !self.has(id, node));
        if all.any(|(_, id)| self.has(id, &self.tree.node(id)) && holds_entry(id)) {
            repairs.note("foreign-entries");
        }
    }

    /// Returns whether an element is foreign in a feed that has entries of its own. One that was never ended contains nothing.
    fn may_be(&self, id: NodeId, node: &Node<'a>) -> bool {
        let is_foreign = match node.tag {
            Tag::Foreign => true,
            // RFC 4287 6.3.
            Tag::Other if self.tree.is_atom => {
                self.is_prefixed || node.text.contains(':') || self.tree.attr(id, "xmlns").is_some()
            }
            // RSS 2.0 says nothing of elements without a prefix. Some writers group their entries in them.
            Tag::Other => {
                let begins = |name: &str| node.text.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name));
                ELSEWHERE.iter().any(|name| begins(name))
            }
            _ => false,
        };
        is_foreign && self.tree.has_own_end(id)
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::{ParseContext, read};

    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

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
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box>"), &["inside"]),
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box><items>{own}</items>"), &["own"]),
            (format!("<items xmlns='urn:x'>{inside}</items>"), &["inside"]),
            (
                "<item xmlns='urn:x'><title>a</title></item><item xmlns='urn:x'><title>b</title></item>".to_owned(),
                &["a", "b"],
            ),
            (format!("{own}<item xmlns='urn:x'><title>a</title></item>"), &["own"]),
            (format!("{own}<articles>{inside}</articles>"), &["own", "inside"]),
            (format!("{own}<div class='ad'>{inside}</div>"), &["own", "inside"]),
            (format!("{own}<relatedPosts>{inside}</relatedPosts>"), &["own"]),
            (format!("{own}<items><r:Seq xmlns:r='{RDF}'><r:li>{inside}</r:li></r:Seq></items>"), &["own", "inside"]),
            (format!("{own}<advert>{inside}"), &["own", "inside"]),
            (format!("{own}<x:advert>{inside}"), &["own", "inside"]),
        ] {
            let rss = format!("<rss version='2.0'><channel><title>F</title>{channel}</channel></rss>");
            let feed = read(rss.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
            let titles = feed.listed.iter().map(|entry| entry.entry.as_ref().unwrap().title.as_ref().unwrap().as_str());
            assert_eq!(titles.collect::<Vec<_>>(), want, "{rss}");
            let said: Vec<_> = feed.repairs.iter().filter(|name| name.starts_with("foreign-entries")).collect();
            let is_foreign = channel.contains("<x:box") || channel.contains("urn:x") || channel.contains("<related");
            let is_other = feed.repairs.contains(&"unknown-namespace");
            let want: &[_] = match (is_foreign && !is_other, want) {
                (true, ["own"]) => &[&"foreign-entries"],
                (true, _) => &[&"foreign-entries-read"],
                _ => &[],
            };
            assert_eq!(said, want, "{rss}");
        }
    }

    #[test]
    fn entries_in_foreign_elements_of_atom_count_where_there_are_no_others() {
        let entry = |id: &str| format!("<entry><id>{id}</id><title>{id}</title></entry>");
        let (inside, own) = (entry("inside"), entry("own"));
        for (entries, want) in [
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box>{own}"), &["own"][..]),
            (format!("<x:box xmlns:x='urn:x'>{inside}</x:box>"), &["inside"]),
            (format!("<x:advert xmlns:x='urn:x'>{inside}{own}"), &["inside", "own"]),
            (inside.replace("<entry>", "<entry xmlns='urn:x'>"), &["inside"]),
            (format!("{own}{}", inside.replace("<entry>", "<entry xmlns='urn:x'>")), &["own"]),
        ] {
            let atom = format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>{entries}</feed>");
            let feed = read(atom.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
            let titles = feed.listed.iter().map(|entry| entry.entry.as_ref().unwrap().title.as_ref().unwrap().as_str());
            assert_eq!(titles.collect::<Vec<_>>(), want, "{atom}");
        }
    }
}
