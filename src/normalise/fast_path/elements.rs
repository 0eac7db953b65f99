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

/// An element of the fast path: its name, its nesting, and the attributes it may keep besides `dir`, `lang` and `title`.
pub(super) type Element = (&'static str, Nesting, &'static [&'static str]);

pub(super) const ELEMENTS: [Element; 48] = {
    use Nesting::{Block, Inline, Item, Leaf, Void};
    [
        ("p", Leaf, &[]),
        ("a", Inline, &["href", "hreflang"]),
        ("br", Void, &[]),
        ("img", Void, &["src", "alt", "width", "height", "align"]),
        ("strong", Inline, &[]),
        ("b", Inline, &[]),
        ("em", Inline, &[]),
        ("i", Inline, &[]),
        ("span", Inline, &[]),
        ("div", Block, &[]),
        ("ul", Block, &[]),
        ("ol", Block, &["start"]),
        ("li", Item, &[]),
        ("h1", Leaf, &[]),
        ("h2", Leaf, &[]),
        ("h3", Leaf, &[]),
        ("h4", Leaf, &[]),
        ("h5", Leaf, &[]),
        ("h6", Leaf, &[]),
        ("blockquote", Block, &["cite"]),
        ("figure", Block, &[]),
        ("figcaption", Block, &[]),
        ("u", Inline, &[]),
        ("s", Inline, &[]),
        ("small", Inline, &[]),
        ("big", Inline, &[]),
        ("font", Inline, &[]),
        ("strike", Inline, &[]),
        ("sub", Inline, &[]),
        ("sup", Inline, &[]),
        ("cite", Inline, &[]),
        ("code", Inline, &[]),
        ("tt", Inline, &[]),
        ("kbd", Inline, &[]),
        ("mark", Inline, &[]),
        ("abbr", Inline, &[]),
        ("time", Inline, &[]),
        ("hr", Void, &["align", "size", "width"]),
        ("section", Block, &[]),
        ("article", Block, &[]),
        ("header", Block, &[]),
        ("footer", Block, &[]),
        ("aside", Block, &[]),
        ("nav", Block, &[]),
        ("address", Block, &[]),
        ("center", Block, &[]),
        ("wbr", Void, &[]),
        ("pre", Leaf, &[]),
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
