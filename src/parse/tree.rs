//! A document as a compact tree that borrows from its text. Mismatched and missing end tags are repaired here.

mod builder;

use super::Repairs;
use super::attributes::attributes;
pub(super) use super::attributes::local;
use super::entities::{self, References};
use super::limits::{Limits, Overtime};
use super::names::Tag;
use crate::model::SteppedDeadline;
use builder::Builder;
use std::borrow::Cow;
use url::Url;

/// Maximum length of an `xml:base` that is used, in bytes: every relative address repeats it.
const BASE: usize = 1_024;

/// Maximum number of elements and texts read from one document; the rest is ignored. Ten thousand entries of fifty nodes each
/// need this many, and a large real feed has 20,000. At 32 bytes a node they take 16 MB.
pub(super) const NODES: usize = 500_000;

/// Index of a node in its tree.
pub(super) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// An element.
    Element,
    /// Characters with references that are not decoded yet.
    Text,
    /// Characters without references.
    Cdata,
}

/// An element or a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    /// Whether it is an element or a text.
    pub kind: NodeKind,
    /// The meaning of the element; [`Tag::Other`] for texts.
    pub tag: Tag,
    /// The element's name as written, or the characters of a text.
    pub text: &'a str,
    /// Whether its end tag was found, or implied by what came after it.
    pub closed: bool,
    /// Byte range in the document, tags included.
    pub span: (usize, usize),
}

/// A node as stored: byte offsets as 32 bits, because a hostile document has as many nodes as the limit allows.
#[derive(Debug)]
struct Stored {
    kind: NodeKind,
    tag: Tag,
    closed: bool,
    /// Whether it has children. The first one is the next node: nodes are in document order.
    is_parent: bool,
    /// Byte range of the name or of the characters.
    text: (u32, u32),
    /// Where the attributes end; they begin where the name ends.
    attrs_end: u32,
    span: (u32, u32),
    /// The next sibling.
    next: u32,
    scope: u32,
}

/// The base and the language that apply to nodes: places in [`Tree::bases`] and [`Tree::langs`]. Few elements change them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Inherited {
    base: u32,
    lang: u32,
}

/// Converts an offset or index to its stored form. [`Tree::read`] makes sure that all of them fit.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn long(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Which default namespaces below the root are those of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespaces {
    /// Those with a known address.
    Known,
    /// All except those known for something else.
    AllKnown,
}

/// A document.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    source: &'a str,
    nodes: Vec<Stored>,
    scopes: Vec<Inherited>,
    bases: Vec<Option<Url>>,
    langs: Vec<Option<Cow<'a, str>>>,
    /// Entities declared by the document, and what was repaired while decoding references.
    pub references: References<'a>,
    /// Whether the document is truncated.
    pub cut: bool,
    /// Whether the document has more than is read. The limit that was reached is listed among the repairs.
    pub limited: bool,
    /// The name of the root that the document type before it declares; empty if there is none.
    pub doctype: &'a str,
    /// Number of default namespaces below the root that nobody knows.
    pub unknown_namespaces: usize,
    /// Whether the document is Atom, whose texts are read as they are declared.
    pub is_atom: bool,
    /// The address of the document, where [`Tree::set_base`] replaced it.
    address: Option<Url>,
    /// Once it is over, no node has children: every loop over them ends.
    stepped: SteppedDeadline,
}

/// The outermost node. Its children are the roots of the document.
pub(super) const TOP: NodeId = 0;

/// Stands for "no node": no child ever has the index of the outermost node.
const NONE: NodeId = TOP;

impl<'a> Tree<'a> {
    /// Reads `text` as far as `limits` allow. Relative addresses are resolved against `base`.
    ///
    /// # Errors
    /// When the deadline has passed.
    pub fn read(text: &'a str, base: Option<&Url>, limits: &Limits, repairs: &mut Repairs) -> Result<Self, Overtime> {
        Self::read_with(text, base, limits, Namespaces::Known, repairs)
    }

    /// Does the same as [`Tree::read`], with a choice of namespaces.
    ///
    /// # Errors
    /// When the deadline has passed.
    pub fn read_with(
        text: &'a str,
        base: Option<&Url>,
        limits: &Limits,
        namespaces: Namespaces,
        repairs: &mut Repairs,
    ) -> Result<Self, Overtime> {
        // Offsets are kept in 32 bits.
        let text = &text[..text.floor_char_boundary(long(u32::MAX) - 1)];
        let mut tree = Self {
            source: text,
            nodes: Vec::with_capacity((64 + text.len() / 48).min(NODES)),
            scopes: vec![Inherited::default()],
            bases: vec![base.filter(|base| base.as_str().len() <= BASE).cloned()],
            langs: vec![None],
            references: References::within(limits.expanded),
            cut: false,
            limited: false,
            doctype: "",
            unknown_namespaces: 0,
            is_atom: false,
            address: None,
            stepped: limits.stepped(),
        };
        tree.nodes.push(Stored {
            kind: NodeKind::Element,
            tag: Tag::Other,
            closed: false,
            is_parent: false,
            text: (0, 0),
            attrs_end: 0,
            span: (0, short(text.len())),
            next: 0,
            scope: 0,
        });
        Builder {
            tree: &mut tree,
            namespaces,
            open: vec![NONE],
            last_children: vec![NONE],
            bound: Vec::new(),
            surplus: 0,
            root_seen: false,
            looked_ahead: 0,
        }
        .run(text, limits, repairs)?;
        Ok(tree)
    }

    /// Returns the node with this index.
    pub fn node(&self, id: NodeId) -> Node<'a> {
        let Stored { kind, tag, closed, span, .. } = self.nodes[id];
        Node { kind, tag, text: self.text(id), closed, span: (long(span.0), long(span.1)) }
    }

    /// Returns the element's name as written, or the characters of a text.
    fn text(&self, id: NodeId) -> &'a str {
        let (start, end) = self.nodes[id].text;
        &self.source[long(start)..long(end)]
    }

    /// Returns whether an element with this tag was ended.
    pub fn has_any(&self, tag: Tag) -> bool {
        self.nodes.iter().any(|node| node.tag == tag && node.closed)
    }

    /// Returns everything in the tag after its name.
    pub fn attributes_of(&self, id: NodeId) -> &'a str {
        let Stored { text, attrs_end, .. } = self.nodes[id];
        &self.source[long(text.1)..long(attrs_end.max(text.1))]
    }

    /// Returns the first child, or [`NONE`].
    fn first_child(&self, id: NodeId) -> NodeId {
        if self.nodes[id].is_parent { id + 1 } else { NONE }
    }

    /// Returns the children, elements and texts, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = self.first_child(id);
        std::iter::from_fn(move || {
            let this = at;
            (this != NONE && !self.stepped.is_over()).then(|| {
                at = long(self.nodes[this].next);
                this
            })
        })
    }

    /// Returns the child elements, in order.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (Tag, NodeId)> + '_ {
        self.children(id).filter(|c| self.nodes[*c].kind == NodeKind::Element).map(|c| (self.nodes[c].tag, c))
    }

    /// Returns the first child element with this tag.
    pub fn child(&self, id: NodeId, tag: Tag) -> Option<NodeId> {
        self.elements(id).find(|(t, _)| *t == tag).map(|(_, c)| c)
    }

    /// Returns all elements below, in document order. `enter` decides whether to look inside an element.
    pub fn descend(&self, id: NodeId, enter: impl Fn(Tag) -> bool) -> Vec<(Tag, NodeId)> {
        self.descend_by(id, |_, node| enter(node.tag)).collect()
    }

    /// Does the same as [`Tree::descend`], with `enter` deciding by the node, one element after the other.
    pub fn descend_by(
        &self,
        id: NodeId,
        enter: impl Fn(NodeId, &Node<'a>) -> bool,
    ) -> impl Iterator<Item = (Tag, NodeId)> {
        let mut left: Vec<NodeId> = vec![self.first_child(id)];
        std::iter::from_fn(move || {
            while let Some(at) = left.pop() {
                if at == NONE || self.stepped.is_over() {
                    continue;
                }
                let stored = &self.nodes[at];
                // Not where nothing follows: the list is as long as the nesting is deep.
                if long(stored.next) != NONE {
                    left.push(long(stored.next));
                }
                if stored.kind == NodeKind::Element {
                    if enter(at, &self.node(at)) {
                        left.push(self.first_child(at));
                    }
                    return Some((stored.tag, at));
                }
            }
            None
        })
    }

    /// Returns the value of an attribute, decoded. The name is compared without prefix and in any case.
    pub fn attr(&self, id: NodeId, name: &str) -> Option<Cow<'a, str>> {
        let (_, value) = attributes(self.attributes_of(id)).find(|(n, _)| local(n).eq_ignore_ascii_case(name))?;
        Some(entities::decode(value, &self.references))
    }

    /// Returns all attributes of an element, not decoded.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        attributes(self.attributes_of(id))
    }

    fn scope(&self, id: NodeId) -> Inherited {
        self.scopes[long(self.nodes[id].scope)]
    }

    /// Returns the address that relative addresses in this element are resolved against.
    pub fn base(&self, id: NodeId) -> Option<&Url> {
        self.bases[long(self.scope(id).base)].as_ref()
    }

    /// Returns whether an `xml:base` applies to this element; otherwise its base is that of the document.
    pub fn has_own_base(&self, id: NodeId) -> bool {
        self.scope(id).base != 0
    }

    /// Sets the address that relative addresses are resolved against where no `xml:base` applies.
    pub fn set_base(&mut self, base: Url) {
        self.address = self.bases[0].replace(base);
    }

    /// Returns whether the document is a web page: its document type says so, or it begins with an element of HTML. The tags of
    /// `html`, `head` and `body` may be omitted (HTML 13.1.2.4).
    pub fn is_page(&self) -> bool {
        const ROOTS: [&str; 2] = ["html", "head"];
        const FIRST: [&str; 23] = [
            "title", "meta", "link", "base", "style", "script", "noscript", "body", "p", "div", "a", "h1", "h2", "br",
            "center", "table", "form", "img", "b", "span", "font", "frameset", "main",
        ];
        let begins =
            |names: &[&str]| self.nodes.len() > 1 && names.iter().any(|name| self.text(1).eq_ignore_ascii_case(name));
        let is_xml = self.source.starts_with("<?xml");
        self.doctype.eq_ignore_ascii_case("html") || begins(&ROOTS) || !is_xml && begins(&FIRST)
    }

    /// Returns the address of the document.
    pub fn address(&self) -> Option<&Url> {
        self.address.as_ref().or(self.bases[0].as_ref())
    }

    /// Returns whether an element was ended by its own end tag, and not by what followed it.
    pub fn has_own_end(&self, id: NodeId) -> bool {
        let Node { text: name, span: (start, end), .. } = self.node(id);
        let inside = self.source[start..end].trim_end().strip_suffix('>').unwrap_or_default().trim_end();
        let tag = inside.len().checked_sub(name.len() + 2).and_then(|at| inside.get(at..));
        tag.and_then(|tag| tag.strip_prefix("</")).is_some_and(|end| end.eq_ignore_ascii_case(name))
    }

    /// Returns the language that applies to this element (`xml:lang`).
    pub fn lang(&self, id: NodeId) -> Option<&str> {
        self.langs[long(self.scope(id).lang)].as_deref()
    }
}
