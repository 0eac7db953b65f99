//! The elements that the fast path takes, and the names of references.

/// How an element nests, as far as the fast path supports it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// Has no contents.
    Void,
    /// Allowed inside anything.
    Inline,
    /// Not allowed inside a paragraph or a heading.
    Block,
    /// Nests like a block, and contains no block.
    Leaf,
    /// Allowed only directly inside a list.
    Item,
}

/// An element of the fast path.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) nesting: Nesting,
    /// The attributes it may keep besides `dir`, `lang` and `title`.
    pub(super) attributes: &'static [&'static str],
}

const fn element(name: &'static str, nesting: Nesting, attributes: &'static [&'static str]) -> Element {
    Element { name, nesting, attributes }
}

pub(super) static ELEMENTS: [Element; 54] = {
    use Nesting::{Block, Inline, Item, Leaf, Void};
    [
        element("p", Leaf, &[]),
        element("a", Inline, &["href", "hreflang"]),
        element("br", Void, &[]),
        element("img", Void, &["src", "alt", "width", "height", "align"]),
        element("strong", Inline, &[]),
        element("b", Inline, &[]),
        element("em", Inline, &[]),
        element("i", Inline, &[]),
        element("span", Inline, &[]),
        element("div", Block, &[]),
        element("ul", Block, &[]),
        element("ol", Block, &["start"]),
        element("li", Item, &[]),
        element("h1", Leaf, &[]),
        element("h2", Leaf, &[]),
        element("h3", Leaf, &[]),
        element("h4", Leaf, &[]),
        element("h5", Leaf, &[]),
        element("h6", Leaf, &[]),
        element("blockquote", Block, &["cite"]),
        element("figure", Block, &[]),
        element("figcaption", Block, &[]),
        element("u", Inline, &[]),
        element("s", Inline, &[]),
        element("small", Inline, &[]),
        element("big", Inline, &[]),
        element("font", Inline, &[]),
        element("strike", Inline, &[]),
        element("sub", Inline, &[]),
        element("sup", Inline, &[]),
        element("cite", Inline, &[]),
        element("code", Inline, &[]),
        element("tt", Inline, &[]),
        element("kbd", Inline, &[]),
        element("mark", Inline, &[]),
        element("abbr", Inline, &[]),
        element("del", Inline, &["cite", "datetime"]),
        element("ins", Inline, &["cite", "datetime"]),
        element("q", Inline, &["cite"]),
        element("dfn", Inline, &[]),
        element("samp", Inline, &[]),
        element("var", Inline, &[]),
        element("time", Inline, &[]),
        element("hr", Void, &["align", "size", "width"]),
        element("section", Block, &[]),
        element("article", Block, &[]),
        element("header", Block, &[]),
        element("footer", Block, &[]),
        element("aside", Block, &[]),
        element("nav", Block, &[]),
        element("address", Block, &[]),
        element("center", Block, &[]),
        element("wbr", Void, &[]),
        element("pre", Leaf, &[]),
    ]
};

/// Named references that the fast path decodes; feeds hardly use others.
pub(super) const NAMES: [(&str, char); 34] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{A0}'),
    ("hellip", '…'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
    ("ecirc", 'ê'),
    ("ocirc", 'ô'),
    ("acirc", 'â'),
    ("icirc", 'î'),
    ("ugrave", 'ù'),
    ("ucirc", 'û'),
    ("Eacute", 'É'),
    ("iuml", 'ï'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("auml", 'ä'),
    ("szlig", 'ß'),
    ("bull", '•'),
    ("euro", '€'),
    ("middot", '·'),
];
