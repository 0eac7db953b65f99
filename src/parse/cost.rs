//! What reading a document may take of memory, before it is read.

use super::tree;

/// Copies of a document's bytes that are alive at once: the body, its text, what its entries say, and that cleaned.
const COPIES: usize = 5;

/// Memory that reading a document takes at most, in bytes: by its size, and by the tags it has.
#[must_use]
pub fn cost(bytes: &[u8]) -> usize {
    let tags = memchr::memchr_iter(b'<', bytes).count();
    let nodes = tags.saturating_mul(2).min(tree::NODES);
    bytes.len().saturating_mul(COPIES) + nodes * tree::NODE_BYTES
}
