//! Estimates the memory that reading a document may take, before it is read.

use super::tree;

/// Number of copies of a document's bytes in memory at the same time: the body, its text, its entries, and the cleaned entries.
const COPIES: usize = 5;

/// Memory that an element of a text takes while it is cleaned, in bytes: html5ever's node, its children and its attributes.
const ELEMENT: usize = 300;

/// Returns the maximum memory that reading a document takes, in bytes, from its size and its number of tags, escaped ones included.
#[must_use]
pub fn cost(bytes: &[u8]) -> usize {
    let tags = memchr::memchr3_iter(b'<', b'&', b'\\', bytes).count();
    bytes.len().saturating_mul(COPIES) + tags.min(tree::NODES).saturating_mul(ELEMENT)
}
