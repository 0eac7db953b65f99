//! A response before parsing.

use crate::{
    fetch::Body,
    model::{FeedUrl, Validators},
};

/// A received document, before it is parsed.
pub(super) struct FetchedDocument {
    pub(super) body: Body,
    pub(super) base: FeedUrl,
    pub(super) content_type: Option<String>,
    pub(super) validators: Validators,
}
