//! A document as a small tree that borrows from it. Mismatched and missing end tags are put right here.

mod builder;

use super::Repairs;
use super::attributes::attributes;
pub(super) use super::attributes::local;
use super::entities::{self, References};
use super::limits::{Limits, Overtime};
use super::names::Tag;
use crate::model::Pulse;
use builder::Builder;
use std::borrow::Cow;
use url::Url;

/// Longest `xml:base` that counts, in bytes: every relative address repeats it.
const BASE: usize = 1_024;

/// Elements and texts of one document; what comes after is not read. Ten thousand entries of fifty nodes each need as many, a
/// large real feed has 20,000; at 44 bytes a node they take 22 MB.
pub(super) const NODES: usize = 500_000;

/// Place of a node in its tree.
pub(super) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// An element.
    Element,
    /// Characters with references.
    Text,
    /// Characters as they are.
    Cdata,
}

/// An element or a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    /// What it is.
    pub kind: NodeKind,
    /// What it means.
    pub tag: Tag,
    /// Name as written, or the characters.
    pub text: &'a str,
    /// Its end was seen, or implied by what came after it.
    pub closed: bool,
    /// Bytes of the document that it takes, tags included.
    pub span: (usize, usize),
}

/// A node as the tree keeps it: places in the document as 32 bits, since a hostile document has as many nodes as it may.
#[derive(Debug)]
struct Stored {
    kind: NodeKind,
    tag: Tag,
    closed: bool,
    /// Of its name, or of its characters.
    text: (u32, u32),
    /// The attributes end here; they begin where the name ends.
    attrs_end: u32,
    span: (u32, u32),
    first: u32,
    last: u32,
    next: u32,
    base: u32,
    lang: u32,
}

/// As the tree keeps a place. [`Tree::read`] sees to it that all places fit.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn long(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// A document.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    source: &'a str,
    nodes: Vec<Stored>,
    bases: Vec<Option<Url>>,
    langs: Vec<Option<Cow<'a, str>>>,
    /// Its references.
    pub references: References<'a>,
    /// The document was broken off.
    pub cut: bool,
    /// It has more than is read: what is left out is named among the repairs.
    pub limited: bool,
    /// It is Atom, whose texts are what they say they are.
    pub is_atom: bool,
    /// Once it is over, no node has children: every loop over them ends.
    pulse: Pulse,
}

/// The outermost node: its children are the document's roots.
pub(super) const TOP: NodeId = 0;

/// No node: no child ever stands where the outermost does.
const NONE: NodeId = TOP;

impl<'a> Tree<'a> {
    /// Reads `text`, whose relative addresses are relative to `base`, as far as `limits` allow.
    ///
    /// # Errors
    /// When the deadline has passed.
    pub fn read(text: &'a str, base: Option<&Url>, limits: &Limits, repairs: &mut Repairs) -> Result<Self, Overtime> {
        // Places are kept in 32 bits.
        let text = &text[..text.floor_char_boundary(long(u32::MAX) - 1)];
        let mut tree = Self {
            source: text,
            nodes: Vec::with_capacity((64 + text.len() / 48).min(NODES)),
            bases: vec![base.filter(|base| base.as_str().len() <= BASE).cloned()],
            langs: vec![None],
            references: References::within(limits.expanded),
            cut: false,
            limited: false,
            is_atom: false,
            pulse: limits.pulse(),
        };
        tree.nodes.push(Stored {
            kind: NodeKind::Element,
            tag: Tag::Other,
            closed: false,
            text: (0, 0),
            attrs_end: 0,
            span: (0, short(text.len())),
            first: 0,
            last: 0,
            next: 0,
            base: 0,
            lang: 0,
        });
        Builder { tree: &mut tree, open: vec![NONE], bound: Vec::new(), surplus: 0, root_seen: false }
            .run(text, limits, repairs)?;
        Ok(tree)
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> Node<'a> {
        let Stored { kind, tag, closed, span, .. } = self.nodes[id];
        Node { kind, tag, text: self.text(id), closed, span: (long(span.0), long(span.1)) }
    }

    /// Name as written, or the characters.
    fn text(&self, id: NodeId) -> &'a str {
        let (start, end) = self.nodes[id].text;
        &self.source[long(start)..long(end)]
    }

    /// All that stands in the tag behind its name.
    fn attributes_of(&self, id: NodeId) -> &'a str {
        let Stored { text, attrs_end, .. } = self.nodes[id];
        &self.source[long(text.1)..long(attrs_end.max(text.1))]
    }

    /// Children, elements and texts, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = long(self.nodes[id].first);
        std::iter::from_fn(move || {
            let this = at;
            (this != NONE && !self.pulse.is_over()).then(|| {
                at = long(self.nodes[this].next);
                this
            })
        })
    }

    /// Child elements, in order.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (Tag, NodeId)> + '_ {
        self.children(id).filter(|c| self.nodes[*c].kind == NodeKind::Element).map(|c| (self.nodes[c].tag, c))
    }

    /// The first child element of this meaning.
    pub fn child(&self, id: NodeId, tag: Tag) -> Option<NodeId> {
        self.elements(id).find(|(t, _)| *t == tag).map(|(_, c)| c)
    }

    /// All elements below, in document order; `enter` says whether to look inside one.
    pub fn descend(&self, id: NodeId, enter: impl Fn(Tag) -> bool) -> Vec<(Tag, NodeId)> {
        self.descend_by(id, |node| enter(node.tag))
    }

    /// As [`Tree::descend`], by the node.
    pub fn descend_by(&self, id: NodeId, enter: impl Fn(&Node<'a>) -> bool) -> Vec<(Tag, NodeId)> {
        let mut found = Vec::new();
        let mut left: Vec<NodeId> = vec![long(self.nodes[id].first)];
        while let Some(at) = left.pop() {
            if at == NONE || self.pulse.is_over() {
                continue;
            }
            let stored = &self.nodes[at];
            left.push(long(stored.next));
            if stored.kind == NodeKind::Element {
                found.push((stored.tag, at));
                if enter(&self.node(at)) {
                    left.push(long(stored.first));
                }
            }
        }
        found
    }

    /// Value of an attribute, decoded; the name without prefix, any case.
    pub fn attr(&self, id: NodeId, name: &str) -> Option<Cow<'a, str>> {
        let (_, value) = attributes(self.attributes_of(id)).find(|(n, _)| local(n).eq_ignore_ascii_case(name))?;
        Some(entities::decode(value, &self.references))
    }

    /// All attributes of an element, not decoded.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        attributes(self.attributes_of(id))
    }

    /// What relative addresses in this element are relative to.
    pub fn base(&self, id: NodeId) -> Option<&Url> {
        self.bases[long(self.nodes[id].base)].as_ref()
    }

    /// Whether an `xml:base` is in force in this element: otherwise its base is the document's address.
    pub fn has_own_base(&self, id: NodeId) -> bool {
        self.nodes[id].base != 0
    }

    /// What relative addresses are relative to where no `xml:base` says otherwise.
    pub fn set_base(&mut self, base: Url) {
        self.bases[0] = Some(base);
    }

    /// The language in force in this element (`xml:lang`).
    pub fn lang(&self, id: NodeId) -> Option<&str> {
        self.langs[long(self.nodes[id].lang)].as_deref()
    }
}
