//! Estimates the memory that reading a document may take, before it is read.

use super::tree;

/// Number of copies of a document's bytes in memory at the same time: the body, its text, its entries, and the cleaned entries.
const COPIES: usize = 5;

/// Returns the maximum memory that reading a document takes, in bytes, from its size and its number of tags.
#[must_use]
pub fn cost(bytes: &[u8]) -> usize {
    let tags = memchr::memchr_iter(b'<', bytes).count();
    let nodes = tags.saturating_mul(2).min(tree::NODES);
    bytes.len().saturating_mul(COPIES) + nodes * tree::NODE_BYTES
}
