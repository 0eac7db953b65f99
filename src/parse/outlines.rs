//! Reads the outlines of a subscription list (OPML 2.0) with the tolerant reader, for lists that are not well formed.

use super::tree::{TOP, Tree};
use super::{ParseContext, Repairs, entities, limits::Limits};

/// Returns the bytes of a file as text, in the encoding that its mark, its declaration or its bytes say.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    super::charset::decode(bytes, None, None, &mut super::Repairs::default()).text.into_owned()
}

/// One outline: its depth and its decoded attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Number of outlines around it.
    pub depth: usize,
    /// Names and values, in order.
    pub attributes: Vec<(String, String)>,
}

/// Returns all outlines of a text, in order. An unescaped quote inside a value loses only the rest of that value.
#[must_use]
pub fn outlines(text: &str) -> Vec<Outline> {
    // Reading fails only when a deadline passes, and this context has none.
    let limits = Limits::of(&ParseContext::default());
    let Ok(tree) = Tree::read(text, None, &limits, &mut Repairs::default()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut left = vec![(TOP, 0)];
    while let Some((id, depth)) = left.pop() {
        let is_outline = tree.node(id).text.eq_ignore_ascii_case("outline");
        if is_outline {
            let decoded = |value| entities::decode(value, &tree.references).into_owned();
            let attributes = tree.attrs(id).map(|(name, value)| (name.to_owned(), decoded(value))).collect();
            found.push(Outline { depth, attributes });
        }
        let at = left.len();
        left.extend(tree.elements(id).map(|(_, child)| (child, depth + usize::from(is_outline))));
        left[at..].reverse();
    }
    found
}

/// Decodes the references of a value: numbers and all of HTML's names. Anything else stays as it is.
#[must_use]
pub fn decoded(value: &str) -> std::borrow::Cow<'_, str> {
    entities::decode(value, &entities::References::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_a_value_cost_no_outline() {
        let text = "<opml><body><outline text='F'><outline text=\"B\" description=\"calls it \"the world's best\" show\" \
            xmlUrl=\"https://b.example/f?a=1&b=2\"/></outline><outline xmlUrl='https://c.example/f'></body>";
        let urls = |o: &Outline| o.attributes.iter().find(|(name, _)| name == "xmlUrl").map(|(_, url)| url.clone());
        let found = outlines(text);
        let depths: Vec<_> = found.iter().map(|outline| outline.depth).collect();
        assert_eq!(depths, [0, 1, 0]);
        assert_eq!(urls(&found[1]).as_deref(), Some("https://b.example/f?a=1&b=2"));
        assert_eq!(urls(&found[2]).as_deref(), Some("https://c.example/f"));
    }
}
