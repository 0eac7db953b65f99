//! Archive pages of a channel (RFC 5005 4), in Atom, for subscribers who were away for a while.
//!
//! A channel's feed lists only its latest stories. Older ones are put on archive pages, in the order of the channel. A page is
//! rendered once, stored as rendered, and never changes. Every story is in the subscribed feed or on a page, because a page is
//! made while the feed still lists its stories. It takes the older half of the feed, so that what other outlets and revisions
//! add to a story in the first hours is on it.

pub use super::packing::{pack, unpack};
use super::{DocumentLinks, Format, History, atom, page_path};
use crate::model::ChannelView;

/// Most stories on a page.
pub const PAGE: u32 = 100;

/// Returns how many stories the next archive page takes, or `None` while it is too early for one.
///
/// `unarchived` is the number of the channel's stories that are on no page yet; the page takes the oldest of them. `limit` is
/// the number of stories the channel's feed lists. Call it again after each page, because a burst of stories fills several.
#[must_use]
pub fn cut(unarchived: u64, limit: u32) -> Option<u32> {
    (unarchived >= u64::from(limit.max(1))).then(|| limit.div_ceil(2).clamp(1, PAGE))
}

/// Returns the path of a channel's archive page. Pages are numbered from 1.
#[must_use]
pub fn path(slug: &str, number: u32) -> String {
    format!("/archive/{slug}/{number}.atom")
}

/// Renders archive page `number`, to be stored as it is. `view` contains the page's stories, newest first.
///
/// # Errors
/// Fails if `public_url` cannot be a base URL, which the configuration rejects.
pub fn render(view: &ChannelView, number: u32) -> Result<Vec<u8>, url::ParseError> {
    let at = |number: u32| view.public_url.join(&path(&view.slug, number)[1..]);
    let current = view.public_url.join(&super::path(&view.slug, Format::Atom)[1..])?;
    let place = DocumentLinks {
        id: current.clone(),
        this: at(number)?,
        page: view.public_url.join(&page_path(&view.slug)[1..])?,
        history: History::Archive {
            current,
            previous: number.checked_sub(1).filter(|&n| n > 0).map(at).transpose()?,
            next: at(number.saturating_add(1))?,
        },
        // It never changes.
        hub: None,
    };
    Ok(atom::render(view, &place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_is_cut_when_the_document_is_full_of_stories_without_one() {
        assert_eq!(cut(99, 100), None);
        assert_eq!(cut(100, 100), Some(50));
        assert_eq!(cut(1, 1), Some(1));
        assert_eq!(cut(5_000, 1_000), Some(PAGE));
        assert_eq!(cut(0, 0), None);
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn what_was_packed_is_unpacked(document in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(unpack(&pack(&document)), Some(document.clone()));
            let _ = unpack(&document);
        }

        /// A subscriber who reads the feed and follows the archive pages gets every story once.
        #[test]
        fn every_story_is_on_the_document_or_on_one_page(arrivals in prop::collection::vec(0_u64..300, 1..20), limit in 1_u32..250) {
            let (mut published, mut paged) = (0, 0);
            for arrival in arrivals {
                published += arrival;
                while let Some(stories) = cut(published - paged, limit) {
                    paged += u64::from(stories);
                    prop_assert!(paged <= published);
                }
                prop_assert!(published - paged < u64::from(limit), "what has no page is on the document");
            }
        }
    }
}
