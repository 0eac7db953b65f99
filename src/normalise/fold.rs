//! Folding, for comparing and searching; never shown.

/// Folds a text: tokens separated by single spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
