//! A document as a small tree that borrows from it. Mismatched and missing end tags are put right here.

use super::Repairs;
use super::entities::{self, References};
use super::names::{Ns, Tag};
use super::tokens::{Token, Tokens};
use std::borrow::Cow;
use url::Url;

/// Elements nested deeper are taken as children of the last level.
const DEPTH: usize = 200;

/// Elements and texts of one document; what comes after is not read (10 MB of `<a>` would fill 500 MB).
const NODES: usize = 2_000_000;

/// Prefixes that may be bound at once; more mean nothing.
const PREFIXES: usize = 256;

/// Place of a node in its tree.
pub(super) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An element.
    Element,
    /// Characters with references.
    Text,
    /// Characters as they are.
    Cdata,
}

/// An element or a text.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// What it is.
    pub kind: Kind,
    /// What it means.
    pub tag: Tag,
    /// Name as written, or the characters.
    pub text: &'a str,
    attrs: &'a str,
    /// Its end was seen, or implied by what came after it.
    pub closed: bool,
    /// Bytes of the document that it takes, tags included.
    pub span: (usize, usize),
    first: NodeId,
    last: NodeId,
    next: NodeId,
    base: usize,
    lang: usize,
}

/// A document.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    bases: Vec<Option<Url>>,
    langs: Vec<Option<Cow<'a, str>>>,
    /// Its references.
    pub references: References<'a>,
    /// The document was broken off.
    pub cut: bool,
    /// It is Atom, whose texts are what they say they are.
    pub is_atom: bool,
}

/// The outermost node: its children are the document's roots.
pub(super) const TOP: NodeId = 0;

/// No node: no child ever stands where the outermost does.
const NONE: NodeId = TOP;

impl<'a> Tree<'a> {
    /// Reads `text`, whose relative addresses are relative to `base`.
    pub fn read(text: &'a str, base: Option<&Url>, repairs: &mut Repairs) -> Self {
        let mut tree = Self {
            nodes: Vec::with_capacity(64 + text.len() / 48),
            bases: vec![base.cloned()],
            langs: vec![None],
            references: References::default(),
            cut: false,
            is_atom: false,
        };
        tree.nodes.push(Node {
            kind: Kind::Element,
            tag: Tag::Other,
            text: "",
            attrs: "",
            closed: false,
            span: (0, text.len()),
            first: NONE,
            last: NONE,
            next: NONE,
            base: 0,
            lang: 0,
        });
        Builder { tree: &mut tree, open: vec![NONE], bound: Vec::new(), surplus: 0, root_seen: false }
            .run(text, repairs);
        tree
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }

    /// Children, elements and texts, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = self.nodes[id].first;
        std::iter::from_fn(move || {
            let this = at;
            (this != NONE).then(|| {
                at = self.nodes[this].next;
                this
            })
        })
    }

    /// Child elements, in order.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (Tag, NodeId)> + '_ {
        self.children(id).filter(|c| self.nodes[*c].kind == Kind::Element).map(|c| (self.nodes[c].tag, c))
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
        let mut left: Vec<NodeId> = vec![self.nodes[id].first];
        while let Some(at) = left.pop() {
            if at == NONE {
                continue;
            }
            let node = &self.nodes[at];
            left.push(node.next);
            if node.kind == Kind::Element {
                found.push((node.tag, at));
                if enter(node) {
                    left.push(node.first);
                }
            }
        }
        found
    }

    /// Value of an attribute, decoded; the name without prefix, any case.
    pub fn attr(&self, id: NodeId, name: &str) -> Option<Cow<'a, str>> {
        let attrs = self.nodes[id].attrs;
        let (_, value) = attributes(attrs).find(|(n, _)| local(n).eq_ignore_ascii_case(name))?;
        Some(entities::decode(value, &self.references))
    }

    /// All attributes of an element, not decoded.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        attributes(self.nodes[id].attrs)
    }

    /// What relative addresses in this element are relative to.
    pub fn base(&self, id: NodeId) -> Option<&Url> {
        self.bases[self.nodes[id].base].as_ref()
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
        self.langs[self.nodes[id].lang].as_deref()
    }
}

/// The name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Names and raw values; a value may lack its quotes, a name its value.
fn attributes(attrs: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attrs;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/' || c == '"' || c == '\'');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = after;
            return Some((name, ""));
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        rest = after;
        Some((name, value))
    })
}

/// HTML elements that never have an end tag, as far as their names are no feed elements.
fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "wbr", "input"].iter().any(|void| name.eq_ignore_ascii_case(void))
}

/// Elements that hold elements only.
fn is_frame(tag: Tag) -> bool {
    matches!(tag, Tag::Rss | Tag::RdfRoot | Tag::Feed | Tag::Channel | Tag::Item | Tag::Html)
}

struct Builder<'t, 'a> {
    tree: &'t mut Tree<'a>,
    /// Open elements, outermost first.
    open: Vec<NodeId>,
    /// Prefixes (or none) with what they mean, and how deep they were bound.
    bound: Vec<(&'a str, Ns, usize)>,
    /// Open elements beyond [`DEPTH`].
    surplus: usize,
    root_seen: bool,
}

impl<'a> Builder<'_, 'a> {
    fn run(&mut self, text: &'a str, repairs: &mut Repairs) {
        let mut tokens = Tokens::new(text);
        let mut bare_ampersand = false;
        loop {
            let start = tokens.offset();
            let innermost = self.open.last().copied().unwrap_or(NONE);
            let name = (innermost != NONE).then(|| self.tree.nodes[innermost].text);
            let Some(token) = tokens.next(name) else { break };
            let end = tokens.offset();
            if self.tree.nodes.len() >= NODES {
                repairs.note("too-many-elements");
                self.tree.cut = true;
                break;
            }
            if let Token::Start { attrs: text, .. } | Token::Text(text) = token {
                bare_ampersand |= entities::has_bare_ampersand(text);
            }
            match token {
                Token::Start { name, attrs, empty } => self.start(name, attrs, empty, (start, end), repairs),
                Token::End(name) => self.end(name, end, repairs),
                Token::Text(text) => self.text(Kind::Text, text, (start, end)),
                Token::Cdata(text) => self.text(Kind::Cdata, text, (start, end)),
                Token::Doctype(inside) => self.doctype(inside),
                Token::Cut => self.tree.cut = true,
            }
        }
        if tokens.unclosed_cdata {
            repairs.note("unclosed-cdata");
        }
        if bare_ampersand {
            repairs.note("bare-ampersand");
        }
        if tokens.bare_less_than {
            repairs.note("bare-less-than");
        }
        // What is open now was never ended: `closed` stays false.
        for id in self.open.drain(..) {
            self.tree.nodes[id].span.1 = text.len();
        }
    }

    fn append(&mut self, kind: Kind, tag: Tag, text: &'a str, attrs: &'a str, span: (usize, usize)) -> NodeId {
        let parent = self.open.last().copied().unwrap_or(NONE);
        let id = self.tree.nodes.len();
        let Node { base, lang, last, .. } = self.tree.nodes[parent];
        self.tree.nodes.push(Node {
            kind,
            tag,
            text,
            attrs,
            closed: kind != Kind::Element,
            span,
            first: NONE,
            last: NONE,
            next: NONE,
            base,
            lang,
        });
        if last == NONE {
            self.tree.nodes[parent].first = id;
        } else {
            self.tree.nodes[last].next = id;
        }
        self.tree.nodes[parent].last = id;
        id
    }

    fn text(&mut self, kind: Kind, text: &'a str, span: (usize, usize)) {
        let parent = self.open.last().copied().unwrap_or(NONE);
        if parent == NONE || is_frame(self.tree.nodes[parent].tag) && text.trim_ascii().is_empty() {
            return;
        }
        self.append(kind, Tag::Other, text, "", span);
    }

    fn start(&mut self, name: &'a str, attrs: &'a str, empty: bool, span: (usize, usize), repairs: &mut Repairs) {
        let depth = self.open.len();
        if depth >= DEPTH {
            repairs.note("too-deep");
            self.surplus += usize::from(!empty && !is_void(name));
            self.append(Kind::Element, Tag::Other, name, attrs, span);
            return;
        }
        if !attrs.is_empty() && memchr::memmem::find(attrs.as_bytes(), b"xmlns").is_some() {
            self.bind(attrs, depth, repairs);
        }
        let (prefix, local_name) = name.rsplit_once(':').unwrap_or(("", name));
        let tag = Tag::of(self.vocabulary(prefix, repairs), local_name);
        if tag == Tag::Item {
            self.end_item_before(span.0, repairs);
        }
        let id = self.append(Kind::Element, tag, name, attrs, span);
        if !attrs.is_empty() {
            self.inherit(id);
        }
        if empty || is_void(name) {
            self.tree.nodes[id].closed = true;
            self.unbind(depth);
        } else {
            self.root_seen = true;
            self.open.push(id);
        }
    }

    /// An entry begins inside another one that lacks its end tag.
    fn end_item_before(&mut self, at: usize, repairs: &mut Repairs) {
        let nodes = &self.tree.nodes;
        let Some(level) = self.open.iter().rposition(|id| nodes[*id].tag == Tag::Item) else { return };
        // An entry inside an entry's content is content.
        if self.open[level..].iter().any(|id| matches!(nodes[*id].tag, Tag::Content | Tag::Body | Tag::Source)) {
            return;
        }
        repairs.note("unclosed-tags");
        self.close_down_to(level, at);
    }

    /// Ends the innermost element of this name and all that is open inside it; an end tag of nothing is passed over.
    fn end(&mut self, name: &str, at: usize, repairs: &mut Repairs) {
        if self.surplus > 0 {
            self.surplus -= 1;
            return;
        }
        let nodes = &self.tree.nodes;
        let found = self.open.iter().skip(1).rposition(|id| nodes[*id].text.eq_ignore_ascii_case(name));
        // Mark-up left open inside an entry must not end what the entry stands in.
        let escapes = |level: &usize| {
            !is_frame(nodes[self.open[*level]].tag)
                && self.open[level + 1..].iter().any(|id| nodes[*id].tag == Tag::Item)
        };
        let Some(level) = found.map(|at| at + 1).filter(|level| !escapes(level)) else {
            if !is_void(name) {
                repairs.note("mismatched-tags");
            }
            return;
        };
        if level + 1 < self.open.len() {
            repairs.note("unclosed-tags");
        }
        self.close_down_to(level, at);
    }

    fn close_down_to(&mut self, level: usize, at: usize) {
        for id in self.open.drain(level..) {
            self.tree.nodes[id].closed = true;
            self.tree.nodes[id].span.1 = at;
        }
        self.unbind(level);
    }

    fn unbind(&mut self, depth: usize) {
        while self.bound.last().is_some_and(|(_, _, bound_at)| *bound_at >= depth) {
            self.bound.pop();
        }
    }

    fn bind(&mut self, attrs: &'a str, depth: usize, repairs: &mut Repairs) {
        for (name, value) in attributes(attrs) {
            let prefix = match name.split_once(':') {
                Some((xmlns, prefix)) if xmlns.eq_ignore_ascii_case("xmlns") => prefix,
                None if name.eq_ignore_ascii_case("xmlns") => "",
                _ => continue,
            };
            let ns = Ns::of_address(value);
            if ns.is_none() && !self.root_seen && prefix.is_empty() {
                repairs.note("unknown-namespace");
            }
            let ns = ns.unwrap_or(match prefix {
                // The root is what it is, whatever address an outlet made up for it; so are its descendants.
                "" if !self.root_seen || value.is_empty() => Ns::Core,
                "" => Ns::Other,
                // An address that nobody knows under a customary prefix: some writers get the address wrong.
                prefix => Ns::of_prefix(prefix),
            });
            if self.bound.len() < PREFIXES {
                self.bound.push((prefix, ns, depth));
            }
        }
    }

    fn vocabulary(&self, prefix: &str, repairs: &mut Repairs) -> Ns {
        if let Some((_, ns, _)) = self.bound.iter().rev().find(|(bound, _, _)| *bound == prefix) {
            return *ns;
        }
        if prefix.is_empty() {
            return Ns::Core;
        }
        let ns = Ns::of_prefix(prefix);
        if ns != Ns::Other {
            repairs.note("undeclared-prefixes");
        }
        ns
    }

    /// `xml:base` and `xml:lang` (also without their prefix, as some feeds write them).
    fn inherit(&mut self, id: NodeId) {
        let attrs = self.tree.nodes[id].attrs;
        let has = |word: &[u8]| memchr::memmem::find(attrs.as_bytes(), word).is_some();
        if has(b"base")
            && let Some((_, value)) = attributes(attrs).find(|(name, _)| matches!(*name, "xml:base" | "base"))
        {
            let value = entities::decode(value, &self.tree.references);
            let base = super::address::join(self.tree.bases[self.tree.nodes[id].base].as_ref(), &value);
            if let Some(base) = base {
                self.tree.bases.push(Some(base));
                self.tree.nodes[id].base = self.tree.bases.len() - 1;
            }
        }
        if has(b"lang")
            && let Some((_, value)) = attributes(attrs).find(|(name, _)| matches!(*name, "xml:lang" | "lang"))
        {
            let value = entities::decode(value.trim(), &self.tree.references);
            self.tree.langs.push((!value.is_empty()).then_some(value));
            self.tree.nodes[id].lang = self.tree.langs.len() - 1;
        }
    }

    /// `<!ENTITY name "text">` of the internal subset; external and parameter entities are never followed.
    fn doctype(&mut self, inside: &'a str) {
        for declaration in inside.split("<!ENTITY").skip(1) {
            let mut words = declaration.trim_start().splitn(2, |c: char| c.is_ascii_whitespace());
            let (Some(name), Some(rest)) = (words.next(), words.next()) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some((value, _)) = rest[1..].split_once(quote) {
                self.tree.references.declared.insert(name, value);
            }
        }
    }
}
