//! Builds the tree from tokens and decides the nesting, whatever the end tags say.

mod missing_ends;

use super::super::{
    Repairs,
    attributes::attributes,
    entities,
    limits::{Limits, Overtime},
    names::{Ns, Tag},
    tokens::{Token, Tokens},
};
use super::{BASE, NODES, NONE, Namespaces, NodeId, NodeKind, Stored, Tree, long, short};
use crate::model::address;
use url::Url;

/// Maximum nesting. Deeper elements become children of the last level.
const DEPTH: usize = 200;

/// Number of tokens read between two checks of the deadline.
const LOOK: usize = 4_096;

/// Returns whether HTML takes the contents of an element of this name for characters, whatever they are.
fn holds_characters(name: &str) -> bool {
    ["script", "style", "textarea"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Maximum number of prefixes bound at once; further ones are ignored.
const PREFIXES: usize = 256;

/// Maximum number of entities that a document may declare; the rest is ignored. HTML has 2,231.
const ENTITIES: usize = 10_000;

/// Returns whether this is an HTML element that never has an end tag and whose name no feed element has.
fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "wbr", "input"].iter().any(|void| name.eq_ignore_ascii_case(void))
}

/// Returns whether an element contains only elements.
fn is_frame(tag: Tag) -> bool {
    matches!(tag, Tag::Rss | Tag::RdfRoot | Tag::Feed | Tag::Channel | Tag::Item | Tag::Html | Tag::UrlSet)
}

pub(super) struct Builder<'t, 'a> {
    pub(super) tree: &'t mut Tree<'a>,
    pub(super) namespaces: Namespaces,
    /// Open elements, outermost first.
    pub(super) open: Vec<NodeId>,
    /// The last child so far of each open element; [`NONE`] for one without children.
    pub(super) last_children: Vec<NodeId>,
    /// Bound prefixes (empty for the default namespace), their meaning, and the depth at which they were bound.
    pub(super) bound: Vec<(&'a str, Ns, usize)>,
    /// Number of open elements beyond [`DEPTH`].
    pub(super) surplus: usize,
    pub(super) root_seen: bool,
    /// Bytes that were looked at ahead of an entry inside another, which may not be more than a few times the document.
    pub(super) looked_ahead: usize,
}

impl<'a> Builder<'_, 'a> {
    pub(super) fn run(&mut self, text: &'a str, limits: &Limits, repairs: &mut Repairs) -> Result<(), Overtime> {
        let mut tokens = Tokens::new(text);
        let mut bare_ampersand = false;
        for count in 0_usize.. {
            if count.is_multiple_of(LOOK) {
                limits.look()?;
            }
            let start = tokens.offset();
            let innermost = self.open.last().copied().unwrap_or(NONE);
            let name = (innermost != NONE).then(|| self.tree.text(innermost));
            let Some(token) = tokens.next(name) else { break };
            let end = tokens.offset();
            if self.tree.nodes.len() >= NODES {
                repairs.note("too-many-elements");
                self.tree.limited = true;
                break;
            }
            if let Token::Start { attrs: text, .. } | Token::Text(text) = token {
                bare_ampersand |= entities::has_bare_ampersand(text);
            }
            match token {
                Token::Start { name, attrs, empty } => {
                    self.start(name, attrs, empty, (start, end), repairs);
                    if !empty
                        && holds_characters(name)
                        && (self.tree.is_page() || self.is_in_text())
                        && let Some(Token::Text(text)) = tokens.raw_contents(name, self.tree.is_page())
                    {
                        self.text(NodeKind::Text, text, (end, tokens.offset()));
                    }
                }
                Token::End(name) => self.end(name, end, repairs),
                Token::Text(text) => self.text(NodeKind::Text, text, (start, end)),
                Token::Cdata(text) => self.text(NodeKind::Cdata, text, (start, end)),
                Token::Doctype(inside) => self.doctype(inside, repairs),
                Token::Cut => self.tree.cut = true,
            }
        }
        if tokens.unclosed_cdata {
            repairs.note("unclosed-cdata");
        }
        if tokens.unclosed_comment {
            repairs.note("unclosed-comments");
        }
        if bare_ampersand {
            repairs.note("bare-ampersand");
        }
        if tokens.bare_less_than {
            repairs.note("bare-less-than");
        }
        // Elements still open here were never ended: `closed` stays false.
        for id in self.open.drain(..) {
            self.tree.nodes[id].span.1 = short(text.len());
        }
        Ok(())
    }

    /// Returns whether the innermost element stands in a text of an entry, whose elements are those of HTML.
    fn is_in_text(&self) -> bool {
        let is_text = |tag| matches!(tag, Tag::Description | Tag::Summary | Tag::Content | Tag::Encoded | Tag::Body);
        self.open.iter().rev().skip(1).any(|id| is_text(self.tree.nodes[*id].tag))
    }

    fn append(&mut self, kind: NodeKind, tag: Tag, text: &'a str, attrs: &'a str, span: (usize, usize)) -> NodeId {
        let parent = self.open.last().copied().unwrap_or(NONE);
        let id = self.tree.nodes.len();
        let scope = self.tree.nodes[parent].scope;
        // The offset of `text`, which is a part of the document, in it.
        let start = text.as_ptr().addr() - self.tree.source.as_ptr().addr();
        let end = start + text.len();
        self.tree.nodes.push(Stored {
            kind,
            tag,
            closed: kind != NodeKind::Element,
            is_parent: false,
            text: (short(start), short(end)),
            attrs_end: short(end + attrs.len()),
            span: (short(span.0), short(span.1)),
            next: 0,
            scope,
        });
        self.tree.nodes[parent].is_parent = true;
        if let Some(last) = self.last_children.last_mut() {
            if *last != NONE {
                self.tree.nodes[*last].next = short(id);
            }
            *last = id;
        }
        id
    }

    fn text(&mut self, kind: NodeKind, text: &'a str, span: (usize, usize)) {
        let parent = self.open.last().copied().unwrap_or(NONE);
        if parent == NONE || is_frame(self.tree.nodes[parent].tag) && text.trim_ascii().is_empty() {
            return;
        }
        let link = self.last_children.last().copied().filter(|last| self.is_emptied_link(*last, text));
        if let Some(link) = link {
            self.open.push(link);
            self.last_children.push(NONE);
        }
        self.append(kind, Tag::Other, text, "", span);
        if link.is_some() {
            self.open.pop();
            self.last_children.pop();
        }
    }

    /// Returns whether an address follows an empty link. Serialisers of HTML, in which a link has no content, write
    /// `<link>https://…</link>` so.
    fn is_emptied_link(&self, last: NodeId, text: &str) -> bool {
        let text = text.trim_ascii_start();
        address::is_absolute(text) && last != NONE && {
            let node = &self.tree.nodes[last];
            node.tag == Tag::Link && node.closed && !node.is_parent && self.tree.attributes_of(last).trim().is_empty()
        }
    }

    fn start(&mut self, name: &'a str, attrs: &'a str, empty: bool, span: (usize, usize), repairs: &mut Repairs) {
        let depth = self.open.len();
        if depth >= DEPTH {
            repairs.note("too-deep");
            self.surplus += usize::from(!empty && !is_void(name));
            self.append(NodeKind::Element, Tag::Other, name, attrs, span);
            return;
        }
        if !attrs.is_empty() && memchr::memmem::find(attrs.as_bytes(), b"xmlns").is_some() {
            self.bind(attrs, depth, repairs);
        }
        let (prefix, local_name) = name.rsplit_once(':').unwrap_or(("", name));
        let tag = match Tag::of(self.vocabulary(prefix, repairs), local_name) {
            Tag::Url if self.open.iter().any(|id| self.tree.nodes[*id].tag == Tag::UrlSet) => Tag::Item,
            tag => tag,
        };
        if tag == Tag::Item {
            self.end_item_before(name, span.0, repairs);
        } else if !matches!(tag, Tag::Other | Tag::Foreign) {
            self.end_text_before(tag, span.0, repairs);
        }
        let id = self.append(NodeKind::Element, tag, name, attrs, span);
        if !attrs.is_empty() {
            self.inherit(id);
        }
        if empty || is_void(name) {
            self.tree.nodes[id].closed = true;
            self.unbind(depth);
        } else {
            self.root_seen = true;
            self.open.push(id);
            self.last_children.push(NONE);
        }
    }

    /// Ends the innermost element of this name and everything open inside it. An end tag without a matching element is ignored.
    fn end(&mut self, name: &str, at: usize, repairs: &mut Repairs) {
        if self.surplus > 0 {
            self.surplus -= 1;
            return;
        }
        let nodes = &self.tree.nodes;
        let found = self.open.iter().skip(1).rposition(|id| {
            let (start, end) = nodes[*id].text;
            // Compare lengths first: every end tag is compared with every open element.
            long(end - start) == name.len() && self.tree.text(*id).eq_ignore_ascii_case(name)
        });
        // Mark-up left open inside an entry must not end an element around the entry.
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
            self.tree.nodes[id].span.1 = short(at);
        }
        self.last_children.truncate(level);
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
                // The root and its descendants are recognised whatever namespace address the outlet invented for them.
                "" if !self.root_seen || value.is_empty() => Ns::Core,
                "" => {
                    self.tree.unknown_namespaces += 1;
                    if self.namespaces == Namespaces::AllKnown { Ns::Core } else { Ns::Other }
                }
                // An unknown address under a customary prefix: some writers get the address wrong.
                prefix => Ns::of_prefix(prefix),
            });
            if self.bound.len() >= PREFIXES {
                repairs.note("too-many-namespaces");
                break;
            }
            self.bound.push((prefix, ns, depth));
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

    /// Reads `xml:base` and `xml:lang` (also without prefix, as some feeds write them).
    fn inherit(&mut self, id: NodeId) {
        let attrs = self.tree.attributes_of(id);
        let has = |word: &[u8]| memchr::memmem::find(attrs.as_bytes(), word).is_some();
        let outer = self.tree.scope(id);
        let mut scope = outer;
        if has(b"base")
            && let Some((_, value)) = attributes(attrs).find(|(name, _)| matches!(*name, "xml:base" | "base"))
        {
            let value = entities::decode(value, &self.tree.references);
            let base = address::join(self.tree.base(id), &value);
            // What each base takes counts towards the expansion limit: a short relative one joined to a long one is long.
            if let Some(base) = base.filter(|base| base.as_str().len() <= BASE)
                && self.tree.references.afford(size_of::<Url>() + base.as_str().len())
            {
                self.tree.bases.push(Some(base));
                scope.base = short(self.tree.bases.len() - 1);
            }
        }
        if has(b"lang")
            && let Some((_, value)) = attributes(attrs).find(|(name, _)| matches!(*name, "xml:lang" | "lang"))
        {
            let value = entities::decode(value.trim(), &self.tree.references);
            let value = Some(value).filter(|value| !value.is_empty());
            // Some writers repeat it at every element.
            if value.as_deref() != self.tree.lang(id) {
                self.tree.langs.push(value);
                scope.lang = short(self.tree.langs.len() - 1);
            }
        }
        if scope != outer {
            self.tree.scopes.push(scope);
            self.tree.nodes[id].scope = short(self.tree.scopes.len() - 1);
        }
    }

    /// Reads `<!ENTITY name "text">` of the internal subset. External and parameter entities are never followed.
    fn doctype(&mut self, inside: &'a str, repairs: &mut Repairs) {
        let mut words = inside.split(|c: char| c.is_ascii_whitespace() || c == '[').filter(|word| !word.is_empty());
        let [kind, root] = [words.next(), words.next()].map(Option::unwrap_or_default);
        if kind.eq_ignore_ascii_case("doctype") && !self.root_seen {
            self.tree.doctype = root;
        }
        for declaration in inside.split("<!ENTITY").skip(1) {
            let mut words = declaration.trim_start().splitn(2, |c: char| c.is_ascii_whitespace());
            let (Some(name), Some(rest)) = (words.next(), words.next()) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some((value, _)) = rest[1..].split_once(quote) {
                if self.tree.references.declared.len() >= ENTITIES {
                    repairs.note("too-many-entities");
                    self.tree.limited = true;
                    return;
                }
                self.tree.references.declared.insert(name, value);
            }
        }
    }
}
